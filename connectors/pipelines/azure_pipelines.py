"""Azure Pipelines: pipelines and the templates that they are made of.

Sources: learn.microsoft.com/azure/devops/pipelines (YAML schema, variables, expressions, task reference).

Decisions where the file alone does not settle it:

- Azure does not tell secrets from other variables in the file, so a `$(name)` that nothing in reach declares is a
  variable that is asked for. In a script it may be a command of the shell instead: the usual ones are left out.
- Whether a service connection lasts or is federated, and whether a variable group is linked to a vault, stands in the
  project's settings: undetermined, unless the script uses the federated token in the open.
- A pool by name, without an image, has machines of one's own.
"""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Iterator, MutableMapping

from connectors.pipelines.base import PipelineReading, Unreadable
from connectors.pipelines.cloud_commands import federates, signs_in
from connectors.pipelines.github_expressions import (
    Call,
    Context,
    Expression,
    Index,
    Literal,
    Operation,
    constant,
    expressions_in,
)
from connectors.pipelines.hard_coded import hard_coded_in, is_value_of, secret_like
from connectors.pipelines.reading import Gathering
from connectors.pipelines.shell_words import Command, commands
from connectors.pipelines.telling_slots import publishing_token, static_cloud_key
from connectors.pipelines.vault_steps import calls_vault, vault_token
from connectors.pipelines.yaml_nodes import Mapping as Map
from connectors.pipelines.yaml_nodes import Node, Scalar, Sequence, documents, items, scalars, text_of
from storage.inventory import Facet, PipelineDialect, PipelineSignal, ReferenceKind

_PATH = re.compile(
    r"(?:.*/)?(?:[^/]*[._-])?azure-pipelines?[^/]*\.ya?ml|(?:.*/)?\.?azure-pipelines/.+\.ya?ml"
    r"|(?:.*/)?\.(?:ado|azuredevops)/.+\.ya?ml",
    re.DOTALL,
)
_MACRO = re.compile(r"\$\(([A-Za-z_][\w.-]*)\)", re.ASCII)
_SET_BY_SCRIPT = re.compile(r"task\.setvariable[ ]+variable=([\w.-]+)", re.ASCII)
_PREDEFINED = re.compile(
    r"(?:agent|build|checks|common|environment|pipeline|release|resources|strategy|system)\..*|tf_build|rev|date",
    re.DOTALL,
)
_COMMANDS = frozenset(
    {
        "arch", "basename", "cat", "date", "dirname", "env", "find", "git", "hostname", "id", "jobs", "ls", "mktemp",
        "nproc", "pwd", "tty", "uname", "uuidgen", "whoami", "get-date", "get-location",
    }
)  # fmt: skip
_SCRIPTS = frozenset({"bash", "inline", "inlinescript", "powershell", "pwsh", "script"})
_ROOT_KEYS = frozenset({"extends", "jobs", "parameters", "resources", "stages", "steps", "trigger", "variables"})
_CONNECTIONS = frozenset(
    {
        "awscredentials", "azureconnection", "azureresourcemanagerconnection",
        "azuresubscription", "azuresubscriptionendpoint", "backendservicearm", "connectedservicename",
        "connectedservicenamearm", "containerregistry", "customendpoint",
        "dockerregistryendpoint", "dockerregistryserviceconnection", "environmentserviceconnection", "externalendpoint",
        "externalendpoints", "gcpserviceconnection", "githubconnection", "kubernetesserviceconnection",
        "kubernetesserviceendpoint", "nugetserviceconnections", "publishendpoint", "publishfeedcredentials",
        "pythondownloadserviceconnections", "pythonuploadserviceconnection",
        "serviceconnection", "sonarcloud", "sonarqube", "sshendpoint",
    }
)  # fmt: skip
"""Inputs of tasks that take the name of a service connection, in small letters."""
_SECURE_FILES = frozenset({"certsecurefile", "provprofilesecurefile", "securefile", "sshkeysecurefile"})
_Declared = MutableMapping[str, str]


class AzurePipelines:
    """Reads pipelines and templates of Azure DevOps."""

    dialect = PipelineDialect.AZURE_PIPELINES
    provider = "azure_devops"
    answers = frozenset({Facet.VAULT, Facet.CREDENTIALS})

    def recognises(self, path: str) -> bool:
        """Say whether a path has one of the usual names: Azure takes any, which stands in the project's settings."""
        return _PATH.fullmatch(path) is not None

    def read(self, text: str, path: str) -> PipelineReading:  # noqa: ARG002 - every dialect is asked alike
        """Read one file.

        Raises:
            Unreadable: when it is no pipeline and no template, or over a limit.
        """
        found = documents(text)
        if len(found) != 1 or not isinstance(found[0], Map):
            raise Unreadable("it is not one YAML mapping, as Azure's pipelines are")
        root = _flat(found[0])
        if _ROOT_KEYS.isdisjoint(key.text for key, _ in root.pairs):
            raise Unreadable("it has no stages, jobs, steps or variables, and so is no pipeline")
        return _Pipeline(root).reading()


def _flat(node: Node | None) -> Map:
    """Return a mapping in which what stands under `${{ if ... }}:` stands beside the rest."""
    pairs: list[tuple[Scalar, Node]] = []
    for key, value in node.pairs if isinstance(node, Map) else ():
        if key.text.startswith("${{") and isinstance(value, Map):
            pairs.extend(_flat(value).pairs)
        else:
            pairs.append((key, value))
    return Map(pairs=tuple(pairs), line=node.line if node is not None else 1)


def _entries(node: Node | None) -> Iterator[Map]:
    """Yield the mappings of a list, those under `${{ if ... }}:` and `${{ each ... }}:` too."""
    for one in items(node):
        if not isinstance(one, Map):
            continue
        if one.pairs and all(key.text.startswith("${{") for key, _ in one.pairs):
            for _, value in one.pairs:
                yield from _entries(value)
        else:
            yield _flat(one)


class _Pipeline:
    """One file: what it declares for all, then stage by stage, job by job."""

    def __init__(self, root: Map) -> None:
        self._root = root
        self.gathered = Gathering()
        self.names_steps = frozenset(
            text.lower() for step in _every_step(root) if (text := text_of(step.get("name"))) is not None
        )
        self.is_whole = True
        """Nothing else may declare a variable: no group, no template."""

    def reading(self) -> PipelineReading:
        self.is_whole = not any(
            one.get("group") is not None or one.get("template") is not None for one in _every_variable(self._root)
        )
        whole = _Job(self, None, None, {}, line=self._root.line)
        whole.declare(self._root.get("variables"))
        for key, value in self._root.pairs:
            if key.text in {"parameters", "resources", "name"}:
                whole.refer(value, key)
        self._resources(whole, self._root.get("resources"))
        whole.declare_matrix(_flat(self._root.get("strategy")).get("matrix"))
        whole.read_pool(self._root.get("pool"))
        self._stages(self._root, whole)
        whole.conclude()
        return self.gathered.reading()

    def _stages(self, node: Map, above: _Job) -> None:
        """Read what a pipeline, a template or its parameters hold: stages, jobs, steps."""
        for stage in _entries(node.get("stages")):
            self._template(stage, above)
            name = text_of(stage.get("stage"))
            if name is None:
                continue
            own = self.job(name, None, above, stage.line)
            own.declare(stage.get("variables"))
            own.read_pool(stage.get("pool"))
            own.refer(stage.get("condition"), stage.key("condition"))
            self._jobs(stage, own)
            own.conclude()
        self._jobs(node, above)
        above.read_steps(node.get("steps"))
        self._template(_flat(node.get("extends")), above)

    def _jobs(self, node: Map, above: _Job) -> None:
        for job in _entries(node.get("jobs")):
            self._template(job, above)
            name = text_of(job.get("job")) or text_of(job.get("deployment"))
            if name is None:
                continue
            environment = job.get("environment") if job.get("deployment") is not None else None
            named = _flat(environment).get("name") if isinstance(environment, Map) else environment
            own = self.job(name, text_of(named), above, job.line)
            if environment is not None and text_of(named):
                own.prove(PipelineSignal.ENVIRONMENT, environment.line, text_of(named) or "", "")
            own.declare(job.get("variables"))
            own.declare_matrix(_flat(job.get("strategy")).get("matrix"))
            own.read_pool(job.get("pool"))
            for key in ("condition", "container", "services", "environment"):
                own.refer(job.get(key), job.key(key))
            own.read_steps(job.get("steps"))
            for steps in _lifecycle(job.get("strategy")):
                own.read_steps(steps)
            own.conclude()

    def job(self, name: str | None, environment: str | None, above: _Job, line: int) -> _Job:
        return _Job(self, name, environment, above.declared, line=line)

    def _template(self, node: Map, above: _Job) -> None:
        template = node.get("template")
        if template is None:
            return
        above.template(template)
        parameters = _flat(node.get("parameters"))
        inner = ("stages", "jobs", "steps")
        for key, value in parameters.pairs:
            if key.text not in inner:
                above.refer(value, key)
        self._stages(
            Map(pairs=tuple(pair for pair in parameters.pairs if pair[0].text in inner), line=node.line), above
        )

    def _resources(self, whole: _Job, node: Node | None) -> None:
        for kind in ("repositories", "containers", "pipelines", "packages"):
            for one in _entries(_flat(node).get(kind)):
                for key, value in one.pairs:
                    if key.text in {"endpoint", "connection", "azureSubscription"} and isinstance(value, Scalar):
                        whole.connect(value)


def _lifecycle(strategy: Node | None) -> Iterator[Node]:
    """Yield the steps of a deployment's strategy."""
    for _, kind in _flat(strategy).pairs:
        for key, hook in _flat(kind).pairs:
            if key.text == "on":
                yield from (steps for _, one in _flat(hook).pairs if (steps := _flat(one).get("steps")) is not None)
            elif (steps := _flat(hook).get("steps")) is not None:
                yield steps


def _every_step(node: Node | None) -> Iterator[Map]:
    match node:
        case Map():
            if any(key.text in {"task", "script", "bash", "pwsh", "powershell"} for key, _ in node.pairs):
                yield node
            for _, value in node.pairs:
                yield from _every_step(value)
        case Sequence():
            for one in node.items:
                yield from _every_step(one)
        case _:
            return


def _every_variable(node: Node | None) -> Iterator[Map]:
    match node:
        case Map():
            for key, value in node.pairs:
                if key.text == "variables" and isinstance(value, Sequence):
                    yield from _entries(value)
                else:
                    yield from _every_variable(value)
        case Sequence():
            for one in node.items:
                yield from _every_variable(one)
        case _:
            return


class _Job:
    """A job, a stage or the whole file: what is declared in its reach, what it asks for, what it proves."""

    def __init__(
        self, pipeline: _Pipeline, name: str | None, environment: str | None, declared: _Declared, *, line: int
    ) -> None:
        self._pipeline = pipeline
        self._gathered = pipeline.gathered
        self._name = name
        self._environment = environment or None
        self._line = line
        self.declared: MutableMapping[str, str] = ChainMap({}, declared)
        self._secret_line: int | None = None
        self._vault_tokens: set[str] = set()
        self._vaults: dict[str, tuple[int, str]] = {}

    # --- what is declared ---------------------------------------------------------------------------------------------

    def declare(self, node: Node | None) -> None:
        """Read variables: a mapping of names, or a list of names, groups and templates."""
        if isinstance(node, Map):
            named = [(key, value) for key, value in _flat(node).pairs if isinstance(value, Scalar)]
        else:
            entries = list(_entries(node))
            for one in entries:
                self._declare_many(one)
            named = [
                (key, value)
                for one in entries
                if (key := _scalar(one.get("name"))) and (value := _scalar(one.get("value")))
            ]
        self.declared.update({key.text.lower(): value.text for key, value in named})
        for key, value in named:
            self.refer(value, key)
            self._hand_on(key.text, value, key.line)

    def _declare_many(self, one: Map) -> None:
        group, template = one.get("group"), one.get("template")
        if group is not None:
            self._refer(ReferenceKind.SECRET_GROUP, self._plain(text_of(group)), group.line)
            self._gathered.doubt(
                f"whether the variable group at line {group.line} is linked to a vault stands in its settings"
            )
        if template is not None:
            self.template(template)

    def declare_matrix(self, node: Node | None) -> None:
        """Take in the names that a matrix sets."""
        for _, row in _flat(node).pairs:
            self.declared.update({key.text.lower(): "" for key, _ in _flat(row).pairs})

    def template(self, template: Node) -> None:
        """Note a template: a file here, or in another repository."""
        path, _, repository = (text_of(template) or "").partition("@")
        if repository not in {"", "self"}:
            self._gathered.doubt(f"what the template at line {template.line} holds stands in another repository")
        else:
            self._gathered.take_in(path, template.line)

    # --- references ---------------------------------------------------------------------------------------------------

    def refer(self, node: Node | None, key: Scalar | None = None, *, is_script: bool = False) -> None:
        """Note every variable that is asked for under a node."""
        match node:
            case Scalar():
                self._refer_in(node, bare=key is not None and key.text == "condition", is_script=is_script)
            case Sequence():
                for one in node.items:
                    self.refer(one)
            case Map():
                for own, value in node.pairs:
                    self.refer(value, own, is_script=own.text.lower() in _SCRIPTS)
            case None:
                return

    def _refer_in(self, scalar: Scalar, *, bare: bool, is_script: bool) -> None:
        at, line = 0, scalar.line + 1 if scalar.block else scalar.line
        for match in _MACRO.finditer(scalar.text):
            if scalar.block:
                line += scalar.text.count("\n", at, match.start())
                at = match.start()
            if not (is_script and match[1].lower() in _COMMANDS):
                self._ask(match[1], line)
        text = scalar.text.strip()
        is_runtime = text.startswith("$[") and text.endswith("]")
        inside = (expressions_in(text[2:-1] if is_runtime else text, bare=True)) if bare or is_runtime else ()
        for found in (*inside, *(expressions_in(scalar.text) if not inside else ())):
            if found.expression is not None:
                for name in _variables_in(found.expression):
                    self._ask(
                        name,
                        scalar.line + 1 + scalar.text.count("\n", 0, found.offset) if scalar.block else scalar.line,
                    )

    def _ask(self, name: str, line: int) -> None:
        if not self._is_asked(name):
            return
        defined = False if self._pipeline.is_whole else None
        kind = ReferenceKind.VARIABLE
        self._gathered.refer(kind, name, line, job=self._name, environment=self._environment, defined=defined)
        self._tell(name, line)

    def _is_asked(self, name: str) -> bool:
        small = name.lower()
        is_made = small in self.declared or small.partition(".")[0] in self._pipeline.names_steps
        return not is_made and not _PREDEFINED.fullmatch(small)

    def _tell(self, name: str, line: int) -> None:
        cloud, vault = static_cloud_key(name), vault_token(name)
        if cloud is not None:
            self.prove(PipelineSignal.STATIC_CLOUD_KEY, line, name, cloud)
        if vault is not None:
            self._vault_tokens.add(vault)
        if self._secret_line is None and (cloud or vault or publishing_token(name) or secret_like(name)):
            self._secret_line = line

    def _hand_on(self, name: str, value: Scalar, line: int) -> None:
        """Say what it proves that a name is set to a text."""
        if any(self._is_asked(one) for one in _MACRO.findall(value.text)):
            self._tell(name, line)
        elif "$" not in value.text and is_value_of(name, value.text):
            self._hard_coded(value.line, name)
        cloud = federates(name, value.text)
        if cloud is not None:
            self.prove(PipelineSignal.KEYLESS_CLOUD, line, name, cloud)

    def connect(self, value: Scalar) -> None:
        """Note a service connection."""
        self._refer(ReferenceKind.STORED_CREDENTIAL, self._plain(value.text), value.line)
        self._gathered.doubt(f"whether the service connection at line {value.line} is federated stands in its settings")

    def _plain(self, text: str | None) -> str | None:
        """Return a text with what is declared put in; `None` where the rest is only known to the run."""
        shown = _MACRO.sub(lambda match: self.declared.get(match[1].lower(), match[0]), text or "")
        return shown if shown and "$" not in shown else None

    def _refer(self, kind: ReferenceKind, name: str | None, line: int) -> None:
        self._gathered.refer(kind, name, line, job=self._name, environment=self._environment)

    # --- pools and steps ----------------------------------------------------------------------------------------------

    def read_pool(self, node: Node | None) -> None:
        """Say whether a pool has machines of one's own."""
        if node is None:
            return
        pool = _flat(node)
        name = text_of(node) if isinstance(node, Scalar) else text_of(pool.get("name"))
        if name is None or pool.get("vmImage") is not None or name in {"", "server", "Azure Pipelines"}:
            return
        if "$" in name:
            self._gathered.doubt(f"whose machines the pool at line {node.line} has cannot be told")
        elif not name.startswith("Hosted"):
            self.prove(PipelineSignal.SELF_HOSTED_RUNNER, node.line, name, "")

    def read_steps(self, node: Node | None) -> None:
        """Read steps in their order."""
        for step in _entries(node):
            self._read_step(step)

    def _read_step(self, step: Map) -> None:
        template = step.get("template")
        if template is not None:
            self.template(template)
        for scalar in scalars(step):
            self.declared.update({name.lower(): "" for name in _SET_BY_SCRIPT.findall(scalar.text)})
        self.refer(step)
        for key, value in _flat(step.get("env")).pairs:
            if isinstance(value, Scalar):
                self._hand_on(key.text, value, key.line)
        if (
            text_of(step.get("checkout")) is not None
            and (text_of(step.get("persistCredentials")) or "").lower() == "true"
        ):
            self.prove(PipelineSignal.PERSISTED_CREDENTIALS, step.line, "persistCredentials: true", "")
        self._read_task(step)
        for key, value in (*step.pairs, *_flat(step.get("inputs")).pairs):
            if key.text.lower() in _SCRIPTS and isinstance(value, Scalar):
                self._read_script(value)

    def _read_task(self, step: Map) -> None:
        task, inputs = (text_of(step.get("task")) or "").lower(), _flat(step.get("inputs"))
        uses_token = any("idtoken" in one.text.lower() for one in scalars(inputs))
        for key, value in inputs.pairs:
            small = key.text.lower()
            if not isinstance(value, Scalar) or small in _SCRIPTS:
                continue
            if small in _SECURE_FILES:
                self._refer(ReferenceKind.STORED_CREDENTIAL, self._plain(value.text), value.line)
            elif small in _CONNECTIONS and ".azurecr.io" not in value.text:
                self._connect_task(value, uses_token=uses_token)
            else:
                self._hand_on(key.text, value, key.line)
        if task.startswith("azurekeyvault@"):
            self._read_key_vault(step, inputs)

    def _connect_task(self, value: Scalar, *, uses_token: bool) -> None:
        if uses_token:
            self._refer(ReferenceKind.STORED_CREDENTIAL, self._plain(value.text), value.line)
            self.prove(PipelineSignal.KEYLESS_CLOUD, value.line, "idToken", "azure")
        else:
            self.connect(value)

    def _read_key_vault(self, step: Map, inputs: Map) -> None:
        given = {key.text.lower(): text_of(value) or "" for key, value in inputs.pairs}
        names = [name.strip() for name in (given.get("secretsfilter") or "*").split(",") if name.strip()]
        self.declared.update({name.lower(): "" for name in names})
        for name in names:
            self._refer(ReferenceKind.VAULT, self._plain(f"{given.get('keyvaultname', '')}/{name}"), step.line)
        self.prove(PipelineSignal.VAULT_USED, step.line, "AzureKeyVault", "azure")
        if "*" in names:
            self._pipeline.is_whole = False

    def _read_script(self, script: Scalar) -> None:
        for command in commands(script.text):
            self._read_command(command, script.line + 1 + command.line if script.block else script.line)

    def _read_command(self, command: Command, line: int) -> None:
        for proof in hard_coded_in(command):
            self._hard_coded(line, proof)
        for name, given in command.assigned:
            cloud = federates(name, given)
            if cloud is not None:
                self.prove(PipelineSignal.KEYLESS_CLOUD, line, name, cloud)
            if any(self._is_asked(one) for one in _MACRO.findall(given)):
                self._tell(name, line)
        sign_in = signs_in(command)
        if sign_in is not None:
            signal = PipelineSignal.KEYLESS_CLOUD if sign_in.keyless else PipelineSignal.STATIC_CLOUD_KEY
            self.prove(signal, line, sign_in.proof, sign_in.cloud)
        call = calls_vault(command)
        if call is not None and call.keyless is not None:
            self.prove(
                PipelineSignal.VAULT_KEYLESS if call.keyless else PipelineSignal.VAULT_STATIC,
                line,
                call.proof,
                call.vault,
            )
        elif call is not None and call.reads:
            self._vaults.setdefault(call.vault, (line, call.proof))

    def _hard_coded(self, line: int, proof: str) -> None:
        self.prove(PipelineSignal.HARD_CODED_VALUE, line, proof, f"{line}{proof}")

    def prove(self, signal: PipelineSignal, line: int, proof: str, of: str) -> None:
        """Note a sign of this job."""
        self._gathered.prove(signal, line, job=self._name, proof=proof, of=of)

    def conclude(self) -> None:
        """Say what only the whole job tells."""
        static, keyless = PipelineSignal.VAULT_STATIC, PipelineSignal.VAULT_KEYLESS
        for vault, (line, proof) in self._vaults.items():
            self.prove(PipelineSignal.VAULT_USED, line, proof, vault)
            if vault in self._vault_tokens or self._gathered.proved(PipelineSignal.STATIC_CLOUD_KEY, self._name, vault):
                self.prove(static, line, proof, vault)
            elif self._gathered.proved(PipelineSignal.KEYLESS_CLOUD, self._name, vault):
                self.prove(keyless, line, proof, vault)
            elif not any(self._gathered.proved(one, self._name, vault) for one in (static, keyless)):
                self._gathered.doubt(f"what opens the vault read at line {line} cannot be told from this file")
        if self._secret_line is not None and self._environment is None:
            self.prove(PipelineSignal.SECRET_OUTSIDE_ENVIRONMENT, self._secret_line, "", "")


def _scalar(node: Node | None) -> Scalar | None:
    return node if isinstance(node, Scalar) else None


def _variables_in(expression: Expression) -> Iterator[str]:
    """Yield the variables that an expression names."""
    match expression:
        case Index(of=Context(name="variables"), key=key) if key is not None and (name := constant(key)) is not None:
            yield name
        case Index(of=of, key=key):
            yield from _variables_in(of)
            if key is not None:
                yield from _variables_in(key)
        case Call(arguments=parts) | Operation(parts=parts):
            for part in parts:
                yield from _variables_in(part)
        case Literal() | Context():
            return
