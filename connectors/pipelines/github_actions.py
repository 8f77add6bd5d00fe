"""GitHub Actions: workflows, reusable ones among them, and the actions of a repository.

Sources: docs.github.com/actions/reference (workflow syntax, contexts, metadata syntax) and the actions' own pages.

Decisions where the file alone does not settle it:

- `GITHUB_TOKEN` is no slot: it is made for the job and ends with it.
- A reference to `env.X` is none: what `env` sets is one, where it stands.
- A key that comes out of another step or an input may last or not: it is undetermined, and no fact. So is one for an
  object storage of another vendor, where a job sets another endpoint.
- `role-to-assume` without a key is keyless only where the job is given `id-token: write`: without it, the action uses
  what is already on the machine.
- Checkouts keep the job's token by default, so that alone tells nothing. It is a fact where a file asks for it, where a
  later step of the job uploads the tree with its `.git` (checkout below 6), or where a script pushes with it.
- A trigger that outsiders can pull counts where the workflow takes a secret; `if:` conditions that may hold them off
  are not judged.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from connectors.pipelines.base import PipelineReading, Unreadable
from connectors.pipelines.github_jobs import Job
from connectors.pipelines.github_runners import tell_runner
from connectors.pipelines.reading import Gathering
from connectors.pipelines.yaml_nodes import Mapping as Map
from connectors.pipelines.yaml_nodes import Node, Scalar, documents, items, mapping, scalars, text_of
from storage.inventory import Facet, PipelineDialect, PipelineSignal, ReferenceKind

_WORKFLOW = re.compile(r"\.github/workflows/[^/]+\.ya?ml")
_ACTION = re.compile(r"(?:.*/)?action\.ya?ml", re.DOTALL)
_OUTSIDERS = frozenset(
    {
        "discussion",
        "discussion_comment",
        "fork",
        "issue_comment",
        "issues",
        "pull_request_target",
        "watch",
        "workflow_run",
    }
)


class GithubActions:
    """Reads workflows and actions."""

    dialect = PipelineDialect.GITHUB_ACTIONS
    provider = "github"
    answers = frozenset({Facet.VAULT, Facet.TRUST, Facet.CREDENTIALS, Facet.PRIVILEGES})

    def recognises(self, path: str) -> bool:
        """Say whether a path is a workflow's, which GitHub runs from one folder alone, or an action's."""
        return bool(_WORKFLOW.fullmatch(path) or _ACTION.fullmatch(path))

    def read(self, text: str, path: str) -> PipelineReading:  # noqa: ARG002 - every dialect is asked alike
        """Read one workflow or action.

        Raises:
            Unreadable: when it is neither, or over a limit.
        """
        found = documents(text)
        if len(found) != 1 or not isinstance(found[0], Map):
            raise Unreadable("it is not one YAML mapping, as workflows and actions are")
        root = found[0]
        if isinstance(root.get("jobs"), Map):
            return _Workflow(root).reading()
        if isinstance(root.get("runs"), Map):
            return _action(root)
        raise Unreadable("it has neither jobs nor runs, and so is no workflow and no action")


def _action(root: Map) -> PipelineReading:
    """Read an action of the repository's own: what its steps do; what its inputs hold only its callers know."""
    gathered = Gathering()
    runs = mapping(root.get("runs"))
    outputs = [mapping(one).get("value") for _, one in mapping(root.get("outputs")).pairs]
    defaults = [mapping(one).get("default") for _, one in mapping(root.get("inputs")).pairs]
    job = Job(gathered, name=None, environment=None, declared=None, environments=[], may_ask_for_token=None)
    for node in (*defaults, *outputs, *(value for key, value in runs.pairs if key.text != "steps")):
        job.refer(node)
    job.read_steps(runs.get("steps"))
    job.conclude()
    return gathered.reading()


class _Workflow:
    """One workflow: its own settings, then job by job."""

    def __init__(self, root: Map) -> None:
        self._root = root
        self._gathered = Gathering()
        self._triggers = _triggers(root.get("on"))
        call = mapping(self._triggers.get("workflow_call"))
        is_called = "workflow_call" in self._triggers
        self._declared = (
            frozenset(key.text.lower() for key, _ in mapping(call.get("secrets")).pairs) if is_called else None
        )
        self._only_called = is_called and len(self._triggers) == 1

    def reading(self) -> PipelineReading:
        whole = self._job(None, None)
        call = mapping(self._triggers.get("workflow_call"))
        for _, output in mapping(call.get("outputs")).pairs:
            whole.refer(mapping(output).get("value"))
        for key in ("run-name", "defaults", "concurrency"):
            whole.refer(self._root.get(key))
        whole.read_environment(self._root.get("env"))
        self._permissions(self._root, None)
        jobs = mapping(self._root.get("jobs"))
        read = [whole, *(self._read_job(key, mapping(value), whole) for key, value in jobs.pairs)]
        whole.conclude_for(read[1:])
        if any(job.takes_secret for job in read):
            for trigger in sorted(_OUTSIDERS & self._triggers.keys()):
                line = self._line_of_trigger(trigger)
                self._gathered.prove(PipelineSignal.UNTRUSTED_TRIGGER, line, proof=trigger, of=trigger)
        return self._gathered.reading()

    def _job(self, name: str | None, environment: str | None, above: Job | None = None, own: Node | None = None) -> Job:
        return Job(
            self._gathered,
            name=name,
            environment=environment,
            declared=self._declared,
            environments=list(above.environments) if above is not None else [],
            may_ask_for_token=self._may_ask_for_token(own),
            above=above,
        )

    def _read_job(self, key: Scalar, node: Map, whole: Job) -> Job:
        environment = node.get("environment")
        name = text_of(mapping(environment).get("name")) if isinstance(environment, Map) else text_of(environment)
        job = self._job(key.text, name or None, whole, node.get("permissions"))
        if name and environment is not None:
            self._gathered.prove(PipelineSignal.ENVIRONMENT, environment.line, job=key.text, proof=name)
        self._permissions(node, key)
        calls = text_of(node.get("uses"))
        for field, value in node.pairs:
            if field.text not in {"env", "steps", "secrets", "container", "services"}:
                job.refer(value, field)
        job.read_environment(node.get("env"))
        if calls is not None:
            _read_call(self._gathered, job, node, calls)
        else:
            tell_runner(self._gathered, key.text, node)
        for container in (node.get("container"), *(one for _, one in mapping(node.get("services")).pairs)):
            job.read_container(container)
        job.read_steps(node.get("steps"))
        job.conclude()
        takes = job.takes_secret or whole.takes_secret
        if takes and not name and calls is None:
            self._gathered.prove(PipelineSignal.SECRET_OUTSIDE_ENVIRONMENT, key.line, job=key.text)
        return job

    def _permissions(self, node: Map, job: Scalar | None) -> None:
        """Say what is granted to the job's token here; of a job without a word of its own, that nothing is."""
        name = job.text if job is not None else None
        key, granted = node.key("permissions"), node.get("permissions")
        match granted:
            case None if job is None or self._root.key("permissions") is not None:
                return
            case None if self._only_called:
                self._gathered.doubt("what the token of its jobs may do is decided by the workflow that calls it")
            case None:
                self._gathered.prove(PipelineSignal.PERMISSIONS_BY_DEFAULT, job.line if job else 1, job=name)
            case Scalar(text="write-all", line=line):
                self._gathered.prove(
                    PipelineSignal.PERMISSIONS_WRITE_ALL, line, job=name, proof="permissions: write-all"
                )
            case Map() | Scalar(text="read-all"):
                line = key.line if key is not None else granted.line
                self._gathered.prove(PipelineSignal.PERMISSIONS_LIMITED, line, job=name, proof="permissions")
            case _:
                self._gathered.doubt(f"what the permissions at line {granted.line} grant cannot be told")

    def _may_ask_for_token(self, own: Node | None) -> bool | None:
        """Say whether a job may ask for a token of its own; `None` where a caller decides."""
        granted = own if own is not None else self._root.get("permissions")
        if granted is None:
            return None if self._declared is not None else False
        return text_of(granted) == "write-all" or text_of(mapping(granted).get("id-token")) == "write"

    def _line_of_trigger(self, trigger: str) -> int:
        on = self._root.get("on")
        if isinstance(on, Map) and (key := on.key(trigger)) is not None:
            return key.line
        return next((one.line for one in scalars(on) if one.text == trigger), 1)


def _triggers(on: Node | None) -> Mapping[str, Node | None]:
    if isinstance(on, Map):
        return {key.text: value for key, value in on.pairs}
    return {one.text: None for one in items(on) if isinstance(one, Scalar)}


def _read_call(gathered: Gathering, job: Job, node: Map, called: str) -> None:
    """Read the call of a reusable workflow, and what is handed to it."""
    line = node.line
    key = node.key("uses")
    if key is not None:
        line = key.line
    if called.startswith("./"):
        gathered.take_in(called, line)
    else:
        gathered.doubt(f"what the workflow called at line {line} does is told in another repository")
    given = node.get("secrets")
    if isinstance(given, Scalar) and given.text.strip() == "inherit":
        job.note(ReferenceKind.ALL_SECRETS, None, given.line)
    else:
        job.read_environment(given, is_environment=False)
