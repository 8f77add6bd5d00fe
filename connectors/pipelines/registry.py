"""The dialects of pipeline files, and which one a path speaks."""

from __future__ import annotations

from connectors.pipelines.azure_pipelines import AzurePipelines
from connectors.pipelines.base import Dialect
from connectors.pipelines.bitbucket_pipelines import BitbucketPipelines
from connectors.pipelines.buildkite import Buildkite
from connectors.pipelines.circleci import CircleCI
from connectors.pipelines.drone import Drone
from connectors.pipelines.github_actions import GithubActions
from connectors.pipelines.gitlab_ci import GitlabCi
from connectors.pipelines.jenkinsfile import Jenkinsfile
from connectors.pipelines.tekton import Tekton
from connectors.pipelines.travis import Travis

DIALECTS: tuple[Dialect, ...] = (
    GithubActions(),
    GitlabCi(),
    AzurePipelines(),
    BitbucketPipelines(),
    Buildkite(),
    CircleCI(),
    Drone(),
    Jenkinsfile(),
    Tekton(),
    Travis(),
)
"""All of them. Where two recognise a path, the first one counts."""


def dialect_of(path: str) -> Dialect | None:
    """Return the dialect of a file by its path in a repository, with `/` and without a leading one; `None` for none."""
    return next((dialect for dialect in DIALECTS if dialect.recognises(path)), None)
