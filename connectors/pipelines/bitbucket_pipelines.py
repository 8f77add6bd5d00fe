"""Bitbucket Pipelines: variables from outside, deployments, pipes, and the step's own token.

A step sees the variables of its workspace, its repository and its deployment by their names, secured or not; the file
does not tell them apart. A pipe that is given no key takes the variables of the usual names by itself.

Documentation: support.atlassian.com/bitbucket-cloud/docs/bitbucket-pipelines-configuration-reference,
/docs/variables-and-secrets, /docs/integrate-pipelines-with-resource-servers-using-oidc, /docs/configure-your-runner.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from connectors.pipelines.base import PipelineReading, Unreadable
from connectors.pipelines.hard_coded import secret_like
from connectors.pipelines.notes import Notes, Where, named_scalars, settings, text_line
from connectors.pipelines.own_tokens import cloud_named
from connectors.pipelines.shell_variables import template
from connectors.pipelines.telling_slots import static_cloud_key
from connectors.pipelines.yaml_nodes import Mapping, Node, Scalar, Sequence, documents, items, mapping, text_of
from storage.inventory import Facet, PipelineDialect, PipelineSignal, Record, ReferenceKind

_FILES = re.compile(r"bitbucket-pipelines\.ya?ml\Z|\.bitbucket/(?:[^/]+/)*[^/]+\.ya?ml\Z")
_PREDEFINED = """
CI BITBUCKET_API_URL BITBUCKET_BOOKMARK BITBUCKET_BRANCH BITBUCKET_BUILD_NUMBER BITBUCKET_CLONE_DIR BITBUCKET_COMMIT
BITBUCKET_DEPLOYMENT_ENVIRONMENT BITBUCKET_DEPLOYMENT_ENVIRONMENT_UUID BITBUCKET_DOCKER_HOST_INTERNAL
BITBUCKET_EXIT_CODE BITBUCKET_GIT_HTTP_ORIGIN BITBUCKET_GIT_SSH_ORIGIN BITBUCKET_PACKAGES_TOKEN
BITBUCKET_PACKAGES_USERNAME BITBUCKET_PARALLEL_STEP BITBUCKET_PARALLEL_STEP_COUNT BITBUCKET_PIPELINE_UUID
BITBUCKET_PIPE_SHARED_STORAGE_DIR BITBUCKET_PIPE_STORAGE_DIR BITBUCKET_PROJECT_KEY BITBUCKET_PROJECT_UUID
BITBUCKET_PR_DESTINATION_BRANCH BITBUCKET_PR_DESTINATION_COMMIT BITBUCKET_PR_ID BITBUCKET_REPO_FULL_NAME
BITBUCKET_REPO_IS_PRIVATE BITBUCKET_REPO_OWNER BITBUCKET_REPO_OWNER_UUID BITBUCKET_REPO_SLUG BITBUCKET_REPO_UUID
BITBUCKET_SSH_KEY_FILE BITBUCKET_STEP_OIDC_TOKEN BITBUCKET_STEP_RUN_NUMBER BITBUCKET_STEP_TRIGGERER_UUID
BITBUCKET_STEP_UUID BITBUCKET_TAG BITBUCKET_WORKSPACE BITBUCKET_STEP_NAME BITBUCKET_TEST_METADATA_FILE_PATH
DOCKER_HOST
"""
_KNOWN = frozenset(_PREDEFINED.split())
_ROLE_KEYS = frozenset({"AWS_OIDC_ROLE_ARN", "oidc-role"})
_VAULT_PIPE = re.compile(r"(?i)vault|1password|doppler|akeyless|secrets-?manager|conjur")


class _Step(Record, frozen=True, kw_only=True):
    """A step, and what it has of the stage or list around it."""

    body: Mapping
    deployment: Scalar | None


class BitbucketPipelines:
    """Reads `bitbucket-pipelines.yml`."""

    dialect = PipelineDialect.BITBUCKET_PIPELINES
    provider = "bitbucket"
    answers = frozenset({Facet.VAULT})

    def recognises(self, path: str) -> bool:
        """Say whether a path is the one that Bitbucket reads, or of a file in its folder."""
        return _FILES.match(path) is not None

    def read(self, text: str, path: str) -> PipelineReading:  # noqa: ARG002  # the seam has it
        """Read one file.

        Raises:
            Unreadable: when it is no YAML, or its root is no mapping.
        """
        found = documents(text)
        if not found:
            return PipelineReading()
        if not isinstance(found[0], Mapping):
            raise Unreadable("its root is no mapping")
        return _Reading(found[0]).read()


class _Reading:
    """One file: what its custom pipelines ask the one who starts them, and what it says."""

    def __init__(self, root: Mapping) -> None:
        self._root = root
        self._notes = Notes("bitbucket", keyless=True, predefined=_KNOWN.__contains__)

    def read(self) -> PipelineReading:
        root, definitions = self._root, mapping(self._root.get("definitions"))
        self._image(root.get("image"), Where())
        self._runner(mapping(root.get("options")).get("runs-on"), Where())
        for _, service in mapping(definitions.get("services")).pairs:
            self._service(mapping(service))
        pipelines = mapping(root.get("pipelines"))
        for key, value in pipelines.pairs:
            if key.text == "default":
                self._pipeline(value)
            else:
                for _, one in mapping(value).pairs:
                    self._pipeline(one)
        for _, value in mapping(definitions.get("pipelines")).pairs:
            self._pipeline(value)
        return self._notes.reading()

    def _pipeline(self, node: Node) -> None:
        """Read one pipeline: a list of steps, or one that is taken from another repository."""
        imported = mapping(node).get("import")
        if imported is not None:
            self._notes.cannot_tell(f"line {imported.line} takes in a pipeline that another repository holds")
            return
        asked = {
            name
            for item in items(node)
            for variable in items(mapping(item).get("variables"))
            if (name := text_of(mapping(variable).get("name")))
        }
        self._asked_for(node)
        for step in _steps(node, None):
            self._step(step, set(asked))

    def _asked_for(self, node: Node) -> None:
        for item in items(node):
            for variable in items(mapping(item).get("variables")):
                name, default = text_of(mapping(variable).get("name")), mapping(variable).get("default")
                if name and isinstance(default, Scalar):
                    self._notes.setting(name, default.text, default.line)

    def _step(self, step: _Step, known: set[str]) -> None:
        body = step.body
        deployment = step.deployment
        own = body.get("deployment")
        deployment = own if isinstance(own, Scalar) else deployment
        name = text_of(body.get("name"))
        at = Where(job=name, environment=deployment.text if deployment else None)
        if deployment is not None:
            self._notes.prove(PipelineSignal.ENVIRONMENT, deployment.line, deployment.text, at, of=deployment.text)
        self._image(body.get("image"), at)
        self._runner(body.get("runs-on"), at)
        oidc = text_of(body.get("oidc")) == "true"
        self._own_token(body, at)
        for block in ("script", "after-script"):
            for item in items(body.get(block)):
                if isinstance(item, Scalar):
                    self._command(item, at, known)
                elif mapping(item).get("pipe") is not None:
                    self._pipe(mapping(item), at, known, oidc=oidc)

    def _runner(self, labels: Node | None, at: Where) -> None:
        for label in items(labels):
            if text_of(label) in {"self.hosted", "self-hosted"}:
                self._notes.prove(PipelineSignal.SELF_HOSTED_RUNNER, label.line, "runs-on self.hosted", at)

    def _command(self, command: Scalar, at: Where, known: set[str]) -> None:
        line = text_line(command)
        found = self._notes.shell(command.text, line, known, at)
        known |= found.sets
        self._outside(((use.name, use.line) for use in found.uses), at)

    def _own_token(self, body: Mapping, at: Where) -> None:
        """Read what the step's own token is handed to, by any of its commands."""
        proof = "BITBUCKET_STEP_OIDC_TOKEN"
        script = [item for item in items(body.get("script")) if isinstance(item, Scalar)]
        using = next((item for item in script if proof in item.text), None)
        if using is None:
            return
        line = text_line(using) + using.text.count("\n", 0, using.text.index(proof))
        text = "\n".join(item.text for item in script)
        if re.search(r"\bvault\b|/v1/auth/", text):
            self._notes.vault("hashicorp_vault", line, proof, at, keyless=True)
        elif cloud := cloud_named(text):
            self._notes.keyless(cloud, line, proof, at)
        else:
            self._notes.cannot_tell(f"line {line} hands the step's own token to something that it does not name")

    def _pipe(self, item: Mapping, at: Where, known: set[str], *, oidc: bool) -> None:
        pipe = item.get("pipe")
        line = pipe.line if pipe else item.line
        name = (text_of(pipe) or "").partition(":")[0]
        given = mapping(item.get("variables"))
        names = {key.text for key, _ in given.pairs}
        for key, value in given.pairs:
            for _, text in named_scalars(value):
                self._argument(key, text, at, known)
        if not names & _ROLE_KEYS and not {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} & names:
            if name.startswith("atlassian/aws-"):
                self._notes.cannot_tell(
                    f"the pipe at line {line} takes a key or a role from variables that it is not given"
                )
        elif oidc and names & _ROLE_KEYS:
            self._notes.keyless("aws", line, "AWS_OIDC_ROLE_ARN", at)
        if _VAULT_PIPE.search(name):
            self._notes.vault(name, line, name, at)

    def _argument(self, key: Scalar, text: Scalar, at: Where, known: set[str]) -> None:
        """Read one variable of a pipe."""
        uses = template(text.text, text_line(text), known)
        self._notes.variables(uses, at)
        self._outside(((use.name, use.line) for use in uses), at)
        if key.text in _ROLE_KEYS:
            computed = "$" in text.text
            self._notes.ask(ReferenceKind.FEDERATION, None if computed else text.text, text.line, at)
        elif uses and static_cloud_key(key.text) is not None:
            self._notes.named(key.text, key.line, at)
            self._outside(iter([(key.text, key.line)]), at)
        else:
            self._notes.setting(key.text, text.text, text.line, at)

    def _outside(self, uses: Iterator[tuple[str | None, int]], at: Where) -> None:
        """Note a secret that is taken outside of every deployment, where its name says that it is one."""
        for name, line in uses:
            if name is None or name in _KNOWN or at.environment is not None:
                continue
            if secret_like(name) or static_cloud_key(name):
                self._notes.prove(PipelineSignal.SECRET_OUTSIDE_ENVIRONMENT, line, name, at)

    def _image(self, image: Node | None, at: Where) -> None:
        """Read how an image is pulled: its registry's login, a key of AWS, or a role that takes the step's token."""
        if isinstance(image, Scalar):
            self._notes.variables(template(image.text, image.line, _KNOWN), at)
        for key, text in named_scalars(image) if isinstance(image, Mapping) else ():
            self._notes.variables(template(text.text, text.line, _KNOWN), at)
            if key == "oidc-role":
                self._notes.keyless("aws", text.line, "image oidc-role", at)
                self._notes.ask(ReferenceKind.FEDERATION, None if "$" in text.text else text.text, text.line, at)
            elif key in {"access-key", "secret-key"}:
                self._notes.cloud_key("aws", text.line, f"image {key}", at)
                self._notes.setting("secret-key" if key == "secret-key" else "", text.text, text.line, at)
            else:
                self._notes.setting(key, text.text, text.line, at)

    def _service(self, service: Mapping) -> None:
        self._image(service.get("image"), Where())
        for block in ("variables", "environment"):
            for name, value in settings(service.get(block)):
                self._notes.variables(template(value.text, value.line, _KNOWN))
                self._notes.setting(name, value.text, value.line)


def _steps(node: Node | None, deployment: Scalar | None) -> Iterator[_Step]:
    """Yield the steps of a pipeline, of its stages and of what runs side by side, in the file's order."""
    stack: list[tuple[Node | None, Scalar | None]] = [(node, deployment)]
    while stack:
        one, around = stack.pop()
        if isinstance(one, Sequence):
            stack.extend((item, around) for item in reversed(one.items))
        elif isinstance(one, Mapping):
            own = one.get("deployment")
            around = own if isinstance(own, Scalar) else around
            for key, value in reversed(one.pairs):
                if key.text == "step" and isinstance(value, Mapping):
                    yield _Step(body=value, deployment=around)
                elif key.text in {"stage", "parallel", "steps"}:
                    stack.append((value, around))
