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
from collections.abc import Iterator, Mapping

from connectors.pipelines.base import PipelineReading, Unreadable
from connectors.pipelines.cloud_commands import federates, signs_in
from connectors.pipelines.github_expressions import (
    Context,
    Expression,
    Index,
    Literal,
    Origin,
    expressions_in,
    literals_in,
    origins,
    origins_of,
    secrets_in,
)
from connectors.pipelines.github_steps import (
    ADDRESS_INPUTS,
    CLOUD_SIGN_INS,
    PUBLISHING_ACTIONS,
    PUBLISHING_INPUTS,
    TRUSTED_PUBLISHERS,
    CloudSignIn,
    keeps_token_in_tree,
    registry_cloud,
    uploads_tree,
    vault_use,
)
from connectors.pipelines.hard_coded import hard_coded_in, is_value, is_value_of
from connectors.pipelines.publishing import BY_ITSELF, destination, is_public, publishes
from connectors.pipelines.reading import Gathering
from connectors.pipelines.shell_words import Command, commands
from connectors.pipelines.telling_slots import publishing_token, static_cloud_key, trusts_jobs_of, words_of
from connectors.pipelines.vault_steps import calls_vault, vault_token
from connectors.pipelines.yaml_nodes import Mapping as Map
from connectors.pipelines.yaml_nodes import Node, Scalar, Sequence, documents, items, mapping, scalars, text_of
from storage.inventory import PipelineDialect, PipelineSignal, ReferenceKind

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
_HOSTED = re.compile(r"(?:ubuntu|windows|macos)-[\w.-]{1,60}")
_ENDPOINTS = frozenset({"AWS_ENDPOINT", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_S3_ENDPOINT", "S3_ENDPOINT"})
_FEDERATED_NAME = re.compile(
    r"arn:aws[\w-]*:iam::[0-9]{12}:role/[\w+=,.@/-]{1,200}|acs:ram::[0-9]{1,20}:role/[\w.-]{1,100}"
    r"|projects/[\w-]{1,40}/locations/[\w-]{1,40}/workloadIdentityPools/[\w-]{1,40}/providers/[\w-]{1,40}"
    r"|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
)
_Origins = frozenset[Origin]
_SECRET = frozenset({ReferenceKind.SECRET, ReferenceKind.ANY_SECRET, ReferenceKind.ALL_SECRETS})


class GithubActions:
    """Reads workflows and actions."""

    dialect = PipelineDialect.GITHUB_ACTIONS
    provider = "github"

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
    job = _Job(gathered, name=None, environment=None, declared=None, environments=[], may_ask_for_token=None)
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

    def _job(
        self, name: str | None, environment: str | None, above: _Job | None = None, own: Node | None = None
    ) -> _Job:
        return _Job(
            self._gathered,
            name=name,
            environment=environment,
            declared=self._declared,
            environments=list(above.environments) if above is not None else [],
            may_ask_for_token=self._may_ask_for_token(own),
            above=above,
        )

    def _read_job(self, key: Scalar, node: Map, whole: _Job) -> _Job:
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
            _runner(self._gathered, key.text, node)
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


def _read_call(gathered: Gathering, job: _Job, node: Map, called: str) -> None:
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


def _runner(gathered: Gathering, job: str, node: Map) -> None:
    """Say whether a job runs on a machine of one's own."""
    runs_on = node.get("runs-on")
    if runs_on is None:
        return
    if isinstance(runs_on, Map) and runs_on.get("labels") is None:
        gathered.doubt(f"whose machines the runner group of job {job} has cannot be told")
        return
    labels = [one for node_ in items(mapping(runs_on).get("labels") or runs_on) for one in _labels(node_, node)]
    if any(label is not None and label.lower() == "self-hosted" for label in labels):
        gathered.prove(PipelineSignal.SELF_HOSTED_RUNNER, runs_on.line, job=job, proof="self-hosted")
    elif not all(label is not None and _HOSTED.fullmatch(label.lower()) for label in labels):
        gathered.doubt(f"whose machine job {job} runs on cannot be told from its label")


def _labels(node: Node, job: Map) -> Iterator[str | None]:
    """Yield the labels that a text may stand for; `None` for one that cannot be told."""
    if not isinstance(node, Scalar):
        yield from (text_of(one) for one in items(node))
        return
    found = expressions_in(node.text)
    if not found:
        yield node.text.strip()
    for one in found:
        match one.expression:
            case None:
                yield None
            case Index(of=Context(name="matrix"), key=Literal(text=axis)):
                yield from _matrix(job, axis)
            case expression:
                yield from _possible(expression)


def _possible(expression: Expression) -> Iterator[str | None]:
    texts = list(literals_in(expression))
    if any("self-hosted" in text for text in texts):
        yield "self-hosted"
    elif {Origin.ELSEWHERE, Origin.SETTING, Origin.SECRET}.isdisjoint(origins_of(expression, {})):
        yield from (text for text in texts if _HOSTED.fullmatch(text))
    else:
        yield None


def _matrix(job: Map, axis: str) -> Iterator[str | None]:
    matrix = mapping(mapping(job.get("strategy")).get("matrix"))
    values = [*items(matrix.get(axis)), *(mapping(one).get(axis) for one in items(matrix.get("include")))]
    known = [value for value in values if value is not None]
    if not known:
        yield None
    for value in known:
        for one in items(value):
            text = text_of(one)
            yield None if text is None or "${{" in text else text.strip()


class _Job:
    """A job, the whole workflow or an action: its references, and what its steps prove together."""

    def __init__(
        self,
        gathered: Gathering,
        *,
        name: str | None,
        environment: str | None,
        declared: frozenset[str] | None,
        environments: list[tuple[Map, Mapping[str, _Origins]]],
        may_ask_for_token: bool | None,
        above: _Job | None = None,
    ) -> None:
        self._gathered = gathered
        self._name = name
        self._environment = environment
        self._declared = declared
        self.environments = environments
        """What `env` sets from the outside in, with where each value is from."""
        self._may_ask_for_token = may_ask_for_token
        self.takes_secret = False
        self._tokens: list[tuple[str, int, str]] = []
        self._published: dict[str, tuple[int, str]] = {}
        self._addresses: list[str] = []
        self._tokens_above = above._tokens if above is not None else []  # noqa: SLF001 - of the same class
        self._vaults: dict[str, tuple[int, bool]] = dict(above._vaults) if above is not None else {}  # noqa: SLF001
        self._checkouts: list[int] = []

    # --- references ---------------------------------------------------------------------------------------------------

    def note(self, kind: ReferenceKind, name: str | None, line: int) -> None:
        """Note that this job asks for something."""
        is_declared = None if self._declared is None or name is None else name.lower() in self._declared
        defined = is_declared if kind is ReferenceKind.SECRET else None
        self._gathered.refer(kind, name, line, job=self._name, environment=self._environment, defined=defined)
        self.takes_secret = self.takes_secret or kind in _SECRET
        if kind is ReferenceKind.ANY_SECRET:
            self._gathered.doubt(f"which secret is asked for at line {line} is only known when the workflow runs")

    def refer(self, node: Node | None, key: Scalar | None = None) -> None:
        """Note every secret that is asked for under a node."""
        match node:
            case Scalar():
                self._refer_in(node, bare=key is not None and key.text == "if")
            case Sequence():
                for item in node.items:
                    self.refer(item)
            case Map():
                for own, value in node.pairs:
                    self.refer(value, own)
            case None:
                return

    def _refer_in(self, scalar: Scalar, *, bare: bool) -> None:
        at, line = 0, scalar.line + 1 if scalar.block else scalar.line
        for found in expressions_in(scalar.text, bare=bare):
            if scalar.block:
                line += scalar.text.count("\n", at, found.offset)
                at = found.offset
            if found.expression is None:
                if not bare and "secrets" in scalar.text.lower():
                    self._gathered.doubt(f"an expression at line {line} cannot be read")
                continue
            for kind, name in secrets_in(found.expression):
                self.note(kind, name, line)

    # --- settings and steps -------------------------------------------------------------------------------------------

    def read_environment(self, node: Node | None, *, is_environment: bool = True) -> None:
        """Read names with values: of `env`, or of what is handed on as secrets."""
        own = mapping(node)
        self.refer(node)
        if is_environment:
            self._enter(own)
        for key, value in own.pairs:
            if isinstance(value, Scalar):
                self._tell_setting(key, value, own)

    def _enter(self, own: Map) -> None:
        known = self._known()
        told = {key.text: origins(value.text, known) for key, value in own.pairs if isinstance(value, Scalar)}
        self.environments.append((own, {**known, **told}))

    def _known(self) -> Mapping[str, _Origins]:
        return self.environments[-1][1] if self.environments else {}

    def read_container(self, node: Node | None) -> None:
        """Read a container or service: its password, its settings."""
        self.refer(node)
        container = mapping(node)
        password = mapping(container.get("credentials")).get("password")
        if isinstance(password, Scalar) and is_value(password.text):
            self._hard_coded(password.line, "credentials.password")
        for key, value in mapping(container.get("env")).pairs:
            if isinstance(value, Scalar):
                self._tell_setting(key, value, mapping(container.get("env")))

    def read_steps(self, node: Node | None) -> None:
        """Read steps in their order."""
        for step in items(node):
            if isinstance(step, Map):
                self._read_step(step)

    def _read_step(self, step: Map) -> None:
        for key, value in step.pairs:
            if key.text != "env":
                self.refer(value, key)
        depth = len(self.environments)
        self.read_environment(step.get("env"))
        uses, run = text_of(step.get("uses")), step.get("run")
        if uses is not None:
            self._read_use(step, uses)
        if isinstance(run, Scalar):
            self._read_script(step, run)
        del self.environments[depth:]

    def _tell_setting(self, key: Scalar, value: Scalar, beside: Map) -> None:
        """Say what a name with its value proves: a lasting key, a token, a value in the open."""
        told = origins(value.text, self._known())
        if Origin.SECRET in told:
            self._tell_secret(key.text, key.line, beside)
            for name in _named_secrets(value.text):
                self._tell_secret(name, value.line, beside)
        elif told == {Origin.LITERAL} and "${{" not in value.text and is_value_of(key.text, value.text):
            self._hard_coded(value.line, key.text)
        cloud = federates(key.text, value.text)
        if cloud is not None:
            self._keyless(cloud, key.line, key.text)

    def _tell_secret(self, name: str, line: int, beside: Map) -> None:
        cloud, registry, vault = static_cloud_key(name), publishing_token(name), vault_token(name)
        if cloud is not None:
            self._static(cloud, line, name, beside)
        if registry is not None:
            self._tokens.append((registry, line, name))
        if vault is not None:
            line_, _ = self._vaults.get(vault, (0, False))
            self._vaults[vault] = (line_, True)

    def _static(self, cloud: str, line: int, proof: str, beside: Map | None = None) -> None:
        names = {key.text.upper() for key, _ in beside.pairs} if beside is not None else set()
        for own, _ in self.environments:
            names |= {key.text.upper() for key, _ in own.pairs}
        if cloud == "aws" and names & _ENDPOINTS:
            self._gathered.doubt(
                f"whether the key at line {line} is one of AWS cannot be told: another endpoint is set"
            )
            return
        self._gathered.prove(PipelineSignal.STATIC_CLOUD_KEY, line, job=self._name, proof=proof, of=cloud)

    def _keyless(self, cloud: str, line: int, proof: str) -> None:
        self._gathered.prove(PipelineSignal.KEYLESS_CLOUD, line, job=self._name, proof=proof, of=cloud)

    def _hard_coded(self, line: int, proof: str) -> None:
        self._gathered.prove(PipelineSignal.HARD_CODED_VALUE, line, job=self._name, proof=proof, of=f"{line}{proof}")

    # --- actions ------------------------------------------------------------------------------------------------------

    def _read_use(self, step: Map, uses: str) -> None:
        line = step.line
        key = step.key("uses")
        if key is not None:
            line = key.line
        if uses.startswith("./"):
            self._gathered.take_in(uses, line)
        action, _, version = uses.strip().partition("@")
        action = action.lower()
        given = mapping(step.get("with"))
        self._read_inputs(action, given)
        self._read_checkout(action, version, line, given)
        sign_in = CLOUD_SIGN_INS.get(action)
        if sign_in is not None:
            self._sign_in(sign_in, action, line, given)
        self._read_vault(action, line, given)
        if action in PUBLISHING_ACTIONS:
            self._published.setdefault(PUBLISHING_ACTIONS[action], (line, action))
        if action in TRUSTED_PUBLISHERS:
            registry, lasting = TRUSTED_PUBLISHERS[action]
            if not lasting or not _give(given, lasting):
                self._trusted(registry, line, action)

    def _read_inputs(self, action: str, given: Map) -> None:
        for key, value in given.pairs:
            if not isinstance(value, Scalar):
                continue
            self._tell_setting(key, value, given)
            if key.text in ADDRESS_INPUTS and action != "docker/login-action":
                self._addresses.append(value.text)
            if Origin.SECRET not in origins(value.text, self._known()):
                continue
            registry = PUBLISHING_INPUTS.get((action, key.text.lower()))
            if registry is not None:
                self._tokens.append((registry, key.line, f"{action} {key.text}"))
            cloud = registry_cloud(lambda name: _give(given, name)) if action == "docker/login-action" else None
            if cloud is not None and key.text == "password":
                self._static(cloud, key.line, f"{action} {key.text}")

    def _sign_in(self, sign_in: CloudSignIn, action: str, line: int, given: Map) -> None:
        """Say how an action signs in: by a lasting key, by the job's token, or that it cannot be told."""
        federated = next((name for name in sign_in.federated if _give(given, name)), None)
        if federated is not None:
            name = _give(given, federated).strip()
            self.note(ReferenceKind.FEDERATION, name if _FEDERATED_NAME.fullmatch(name) else None, line)
        key = next((name for name in sign_in.lasting if _give(given, name)), None)
        if key is not None:
            told = origins(_give(given, key), self._known())
            if sign_in.temporary and _give(given, sign_in.temporary):
                self._gathered.doubt(f"how long the key at line {line} lasts cannot be told")
            elif told & {Origin.SECRET, Origin.LITERAL, Origin.SETTING} and Origin.ELSEWHERE not in told:
                self._static(sign_in.cloud, line, f"{action} {key}", given)
            else:
                self._gathered.doubt(
                    f"whether the key at line {line} lasts cannot be told: it is not from a secret here"
                )
        elif federated is not None:
            self._sign_in_by_token(sign_in, action, federated, line, given)

    def _sign_in_by_token(self, sign_in: CloudSignIn, action: str, federated: str, line: int, given: Map) -> None:
        own_machine = _give(given, "auth-type").upper() == "IDENTITY"
        chained = _give(given, "role-chaining").strip().lower() == "true"
        if not own_machine and not chained and (not sign_in.needs_token or self._may_ask_for_token):
            self._keyless(sign_in.cloud, line, f"{action} {federated}")
        elif not self._gathered.proved(PipelineSignal.STATIC_CLOUD_KEY, self._name, sign_in.cloud):
            self._gathered.doubt(f"what opens the identity at line {line} cannot be told from this file")

    def _read_vault(self, action: str, line: int, given: Map) -> None:
        use = vault_use(action, lambda name: _give(given, name))
        if use is None:
            return
        for path in use.paths:
            self.note(ReferenceKind.VAULT, path if "${{" not in path else None, line)
        self._gathered.prove(PipelineSignal.VAULT_USED, line, job=self._name, proof=action, of=use.vault)
        if use.keyless is not None:
            self._open_vault(use.vault, line, action, keyless=use.keyless)
        elif use.by_cloud:
            self._vaults.setdefault(use.vault, (line, False))
        else:
            known = self._vaults.get(use.vault, (line, False))
            self._vaults[use.vault] = (line, known[1])
        if use.vault == "1password":
            for own, _ in self.environments:
                for key, value in own.pairs:
                    if isinstance(value, Scalar) and value.text.strip().startswith("op://"):
                        self.note(ReferenceKind.VAULT, value.text.strip(), key.line)

    def _open_vault(self, vault: str, line: int, proof: str, *, keyless: bool) -> None:
        signal = PipelineSignal.VAULT_KEYLESS if keyless else PipelineSignal.VAULT_STATIC
        self._gathered.prove(signal, line, job=self._name, proof=proof, of=vault)

    def _read_checkout(self, action: str, version: str, line: int, given: Map) -> None:
        if action == "actions/checkout":
            keeps = _give(given, "persist-credentials").strip().lower()
            if keeps == "true":
                self._persists(line, "persist-credentials: true")
            elif not keeps and keeps_token_in_tree(version):
                self._checkouts.append(line)
        elif self._checkouts and uploads_tree(action, version, lambda name: _give(given, name)):
            self._persists(self._checkouts[0], action)

    def _persists(self, line: int, proof: str) -> None:
        self._gathered.prove(PipelineSignal.PERSISTED_CREDENTIALS, line, job=self._name, proof=proof)

    # --- scripts ------------------------------------------------------------------------------------------------------

    def _read_script(self, step: Map, run: Scalar) -> None:
        first = run.line + 1 if run.block else run.line
        for name in _named_secrets(run.text):
            self._tell_secret(name, run.line, mapping(step.get("env")))
        for command in commands(run.text):
            self._read_command(command, first + command.line if run.block else run.line)

    def _read_command(self, command: Command, line: int) -> None:
        for proof in hard_coded_in(command):
            self._hard_coded(line, proof)
        sign_in = signs_in(command)
        if sign_in is not None:
            (self._keyless if sign_in.keyless else self._static)(sign_in.cloud, line, sign_in.proof)
        for name, given in command.assigned:
            cloud = federates(name, given)
            if cloud is not None:
                self._keyless(cloud, line, name)
        call = calls_vault(command)
        if call is not None and call.keyless is not None:
            self._open_vault(call.vault, line, call.proof, keyless=call.keyless)
        elif call is not None and call.reads:
            self._gathered.prove(PipelineSignal.VAULT_USED, line, job=self._name, proof=call.proof, of=call.vault)
            self._vaults[call.vault] = (line, self._vaults.get(call.vault, (0, False))[1])
        published = publishes(command)
        if published is not None:
            self._published.setdefault(published[0], (line, published[1]))
            address = destination(command)
            self._addresses += [address] if address is not None else []
        if self._checkouts and command.calls("git", "push"):
            self._persists(self._checkouts[0], "git push")

    # --- what only the whole job tells --------------------------------------------------------------------------------

    def conclude(self) -> None:
        """Say what the steps prove together: what opened a vault, where packages go, and by which token."""
        for vault, (line, by_token) in self._vaults.items():
            self._conclude_vault(vault, line, by_token=by_token)
        from_above = [token for token in self._tokens_above if token[0] in self._published]
        tokens = [*self._tokens, *from_above]
        for registry, line, proof in tokens:
            self._conclude_token(registry, line, proof)
        for registry, (line, command) in self._published.items():
            has_token = any(one == registry for one, _, _ in tokens)
            if command in BY_ITSELF and self._may_ask_for_token and not has_token and self._goes_public(registry):
                if self.takes_secret:
                    self._gathered.doubt(f"by which token the package at line {line} is published cannot be told")
                else:
                    self._trusted(registry, line, command)

    def conclude_for(self, jobs: list[_Job]) -> None:
        """Say of tokens that the whole workflow sets what they do, where none of its jobs has told."""
        for registry, line, proof in self._tokens:
            if not any(registry in job._published for job in jobs):  # noqa: SLF001 - of the same class
                self._conclude_token(registry, line, proof)

    def _conclude_vault(self, vault: str, line: int, *, by_token: bool) -> None:
        """Say what opened a vault that was read; a token without anything that was read tells nothing."""
        if line == 0:
            return
        static, keyless = PipelineSignal.STATIC_CLOUD_KEY, PipelineSignal.KEYLESS_CLOUD
        told = (PipelineSignal.VAULT_STATIC, PipelineSignal.VAULT_KEYLESS)
        if by_token or self._gathered.proved(static, self._name, vault):
            self._open_vault(vault, line, vault, keyless=False)
        elif self._gathered.proved(keyless, self._name, vault):
            self._open_vault(vault, line, vault, keyless=True)
        elif not any(self._gathered.proved(one, self._name, vault) for one in told):
            self._gathered.doubt(f"what opens the vault read at line {line} cannot be told from this file")

    def _conclude_token(self, registry: str, line: int, proof: str) -> None:
        if not trusts_jobs_of(registry, GithubActions.provider) or not self._goes_public(registry):
            return
        if registry == "npm" and registry not in self._published:
            self._gathered.doubt(
                f"whether the token of {registry} at line {line} publishes or only installs cannot be told"
            )
            return
        self._gathered.prove(PipelineSignal.STATIC_PUBLISHING_TOKEN, line, job=self._name, proof=proof, of=registry)

    def _goes_public(self, registry: str) -> bool:
        return not self._addresses or any(is_public(registry, address) for address in self._addresses)

    def _trusted(self, registry: str, line: int, proof: str) -> None:
        self._gathered.prove(PipelineSignal.TRUSTED_PUBLISHING, line, job=self._name, proof=proof, of=registry)


def _give(given: Map, name: str) -> str:
    """Return what stands for an input, whose name has no case; empty where nothing does."""
    wanted = words_of(name)
    return next((text_of(value) or "" for key, value in given.pairs if words_of(key.text) == wanted), "")


def _named_secrets(text: str) -> Iterator[str]:
    for found in expressions_in(text):
        if found.expression is not None:
            yield from (name for _, name in secrets_in(found.expression) if name is not None)
