"""GitLab CI: `.gitlab-ci.yml` and the files that such take in.

Sources: docs.gitlab.com/ci/yaml, /ci/variables (predefined variables, escaping with `$$`), /ci/secrets.

Decisions where the file alone does not settle it:

- GitLab does not tell secrets from other variables in the file, so a name that the file does not declare and GitLab
  does not define is a variable that is asked for. Whether a job takes a *secret* is then judged by the name.
- A job is read with what it extends and what `default` gives it, so a template's lines speak for every job that uses
  them. A template that no job of the file uses speaks for itself.
- AWS's tools take keys from the environment without a word in the file: a job that calls them and says nothing of how
  is undetermined.
- Tags name runners of one's own, except where one of them names GitLab's hosted ones; some may be either (`docker`).
"""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Mapping

from connectors.pipelines.base import PipelineReading, Unreadable
from connectors.pipelines.cloud_commands import federates, signs_in
from connectors.pipelines.hard_coded import hard_coded_in, is_value_of, secret_like
from connectors.pipelines.publishing import destination, is_public, publishes, token_given
from connectors.pipelines.reading import Gathering
from connectors.pipelines.shell_names import ShellNames, names_in
from connectors.pipelines.shell_words import Command, commands
from connectors.pipelines.telling_slots import publishing_token, static_cloud_key, trusts_jobs_of
from connectors.pipelines.vault_steps import calls_vault, vault_token
from connectors.pipelines.yaml_nodes import Mapping as Map
from connectors.pipelines.yaml_nodes import Node, Scalar, Sequence, documents, items, mapping, scalars, text_of
from storage.inventory import Facet, PipelineDialect, PipelineSignal, ReferenceKind

_PATH = re.compile(r"(?:.*/)?(?:[^/]*\.)?gitlab-ci\.ya?ml|(?:.*/)?\.gitlab(?:/ci|-ci)/.+\.ya?ml", re.DOTALL)
_GLOBAL = frozenset(
    {"after_script", "before_script", "cache", "default", "image", "include", "services", "spec", "stages", "types"}
    | {"variables", "workflow"}
)
_DEFAULTS = frozenset(
    {"after_script", "artifacts", "before_script", "cache", "hooks", "id_tokens", "image"}
) | frozenset({"interruptible", "retry", "services", "tags", "timeout"})
_KEYWORDS = frozenset(
    {"after_script", "artifacts", "before_script", "cache", "environment", "id_tokens", "image", "needs", "rules"}
    | {"script", "secrets", "services", "tags", "variables"}
)
_TEMPLATE = re.compile(r"\.[\w][\w .:-]{0,200}")
_SCRIPTS = ("before_script", "script", "after_script")
_NO_TEXTS = frozenset(
    {*_SCRIPTS, "coverage", "extends", "id_tokens", "inherit", "needs", "secrets", "stage", "variables"}
)
_PREDEFINED = re.compile(
    r"CI|GITLAB_(?:CI|FEATURES|USER_\w+|ENVIRONMENT_\w+)|TRIGGER_PAYLOAD|CHAT_(?:CHANNEL|INPUT|USER_ID)|FF_\w+"
    r"|CI_(?:API|BUILD|COMMIT|CONCURRENT|CONFIG|DEBUG|DEFAULT|DEPENDENCY_PROXY|DEPLOY_(?:FREEZE|PASSWORD|USER)"
    r"|DISPOSABLE|ENVIRONMENT|EXTERNAL|GITLAB|HAS_OPEN|JOB|KUBERNETES_ACTIVE|MERGE_REQUEST|NODE|OPEN|PAGES|PIPELINE|PROJECT"
    r"|REGISTRY|RELEASE|REPOSITORY|RUNNER|SERVER|SHARED|TEMPLATE|TRIGGER|UPSTREAM)(?:_\w+)?"
)
_HOSTED_TAG = re.compile(r"(?:saas|gitlab-org|shared)(?:-.*)?")
_EITHER_TAG = frozenset({"docker", "linux", "macos", "windows"})
_ENDPOINTS = frozenset({"AWS_ENDPOINT", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_S3_ENDPOINT", "S3_ENDPOINT"})
_ROLE = re.compile(r"arn:aws[\w-]*:iam::[0-9]{12}:role/[\w+=,.@/-]{1,200}")
_VAULTS = {
    "akeyless": "akeyless",
    "aws_secrets_manager": "aws",
    "azure_key_vault": "azure",
    "gcp_secret_manager": "google_cloud",
    "gitlab_secrets_manager": "gitlab",
    "vault": "hashicorp_vault",
}
_AUDIENCES = {"pypi": "pypi", "testpypi": "pypi", "npm:registry.npmjs.org": "npm", "crates.io": "crates.io"}
_DEEPEST = 11
"""Levels of `extends` that GitLab takes."""
_MOST_TEXT = 8 << 20


class GitlabCi:
    """Reads GitLab's pipeline files."""

    dialect = PipelineDialect.GITLAB_CI
    provider = "gitlab"
    answers = frozenset({Facet.VAULT})

    def recognises(self, path: str) -> bool:
        """Say whether a path is one that GitLab reads by itself, or by custom one that it takes in."""
        return _PATH.fullmatch(path) is not None

    def read(self, text: str, path: str) -> PipelineReading:  # noqa: ARG002 - every dialect is asked alike
        """Read one file.

        Raises:
            Unreadable: when it is no mapping, or over a limit.
        """
        found = [
            one for one in documents(text) if not (isinstance(one, Map) and one.key("spec") and len(one.pairs) == 1)
        ]
        if not found:
            raise Unreadable("it holds no pipeline")
        if len(found) != 1 or not isinstance(found[0], Map):
            raise Unreadable("it is not one YAML mapping, as GitLab's pipelines are")
        return _Pipeline(found[0]).reading()


class _Pipeline:
    """One file: what it declares for all jobs, then job by job."""

    def __init__(self, root: Map) -> None:
        self._root = root
        self._text = 0
        self._parts = {key.text: value for key, value in root.pairs}
        default = mapping(root.get("default"))
        self._defaults = {
            key.text: (key, value) for key, value in (*root.pairs, *default.pairs) if key.text in _DEFAULTS
        }
        self.gathered = Gathering()
        self.variables = _values(root.get("variables"))
        for rule in items(mapping(root.get("workflow")).get("rules")):
            self.variables |= _values(mapping(rule).get("variables"))
        self.is_whole = root.get("include") is None

    def reading(self) -> PipelineReading:
        self._include(self._root.get("include"))
        for node in (self._root.get("variables"), self._root.get("workflow")):
            _Job(self, None, Map(pairs=(), line=1)).read_texts(node)
        _Job(self, None, Map(pairs=(), line=1)).read_variables(mapping(self._root.get("variables")))
        jobs = [(key, value) for key, value in self._root.pairs if key.text not in _GLOBAL and isinstance(value, Map)]
        if any(mapping(mapping(one.get("artifacts")).get("reports")).get("dotenv") is not None for _, one in jobs):
            self.gathered.doubt("a job hands on variables that it makes itself: a name may come from there")
        used: set[str] = set()
        for key, value in jobs:
            if not key.text.startswith("."):
                _Job(self, key, self._effective(key.text, value, used)).read()
        known = frozenset((one.line, one.name) for one in self.gathered.reading().references)
        for key, value in jobs:
            if key.text.startswith(".") and key.text not in used:
                self._read_template(key, value, used, known)
        if not jobs:
            _Job(self, None, self._with_defaults(Map(pairs=(), line=1))).read()
        return self.gathered.reading()

    def _read_template(self, key: Scalar, node: Map, used: set[str], known: frozenset[tuple[int, str | None]]) -> None:
        """Read a template that no job extends, unless jobs have its lines by way of an anchor: `known`."""
        whole, self.gathered = self.gathered, Gathering()
        _Job(self, key, self._effective(key.text, node, used)).read()
        own, self.gathered = self.gathered, whole
        references = own.reading().references
        if not references or not known.issuperset((one.line, one.name) for one in references):
            whole.add(own)

    def spend(self, text: str) -> None:
        """Count what is read: templates speak for many jobs.

        Raises:
            Unreadable: when that grows too large.
        """
        self._text += len(text) + 1
        if self._text > _MOST_TEXT:
            raise Unreadable(f"its templates grow to more than {_MOST_TEXT:,} characters")

    def _include(self, node: Node | None) -> None:
        for one in items(node):
            local = mapping(one).get("local") if isinstance(one, Map) else one
            text = text_of(local)
            if text is not None and "://" not in text:
                self.gathered.take_in(text, one.line)
            else:
                self.gathered.doubt(f"what is taken in at line {one.line} stands in another repository")

    def trigger(self, node: Node | None) -> None:
        """Note the pipeline that a job starts: one of files here, or of another project."""
        if node is None:
            return
        files = mapping(node).get("include")
        if files is not None:
            self._include(files)
        else:
            self.gathered.doubt(f"what the project triggered at line {node.line} does with its variables is told there")

    # --- templates ----------------------------------------------------------------------------------------------------

    def _effective(self, name: str, job: Map, used: set[str]) -> Map:
        return self._with_defaults(self._extended(name, job, used, ()))

    def _extended(self, name: str, job: Map, used: set[str], below: tuple[str, ...]) -> Map:
        merged = Map(pairs=(), line=job.line)
        for parent in (one.text for one in items(job.get("extends")) if isinstance(one, Scalar)):
            template = self._parts.get(parent)
            if not isinstance(template, Map) or parent in below or len(below) >= _DEEPEST:
                self.gathered.doubt(f"what the job at line {job.line} extends stands in another file")
                continue
            used.add(parent)
            self.spend(" " * len(template.pairs))
            merged = _merge(merged, self._extended(parent, template, used, (*below, name)))
        return _merge(merged, self._resolved(job, used))

    def _with_defaults(self, job: Map) -> Map:
        inherit = mapping(job.get("inherit")).get("default")
        if text_of(inherit) == "false":
            return job
        own = {key.text for key, _ in job.pairs}
        given = [pair for name, pair in self._defaults.items() if name not in own]
        return Map(pairs=(*((key, self._followed(value, set())) for key, value in given), *job.pairs), line=job.line)

    def _resolved(self, job: Map, used: set[str]) -> Map:
        return Map(pairs=tuple((key, self._followed(value, used)) for key, value in job.pairs), line=job.line)

    def _followed(self, node: Node, used: set[str], depth: int = 0) -> Node:
        """Put in the place of each `!reference [job, key]` what stands there. Its tag is lost; its shape is not."""
        if not isinstance(node, Sequence) or depth > _DEEPEST:
            return node
        path = _path(node, self._parts)
        if path:
            target: Node | None = self._parts.get(path[0])
            for step in path[1:]:
                target = mapping(target).get(step)
            if target is not None:
                used.add(path[0])
                return self._followed(target, used, depth + 1)
            self.gathered.doubt(f"what is referred to at line {node.line} stands in another file")
            return Sequence(items=(), line=node.line)
        return Sequence(items=tuple(self._followed(one, used, depth + 1) for one in node.items), line=node.line)


def _path(node: Sequence, parts: Mapping[str, Node]) -> tuple[str, ...]:
    """Return a list as the path of a `!reference`: a job, and a keyword in it; empty for any other list."""
    path = tuple(one.text for one in node.items if isinstance(one, Scalar))
    if len(path) != len(node.items) or len(path) not in {2, 3} or path[1] not in _KEYWORDS:
        return ()
    return path if _TEMPLATE.fullmatch(path[0]) or isinstance(parts.get(path[0]), Map) else ()


def _merge(below: Map, above: Map) -> Map:
    """Lay one mapping over another, as `extends` does: mappings are merged, all else is replaced."""
    own = {key.text for key, _ in above.pairs}
    kept = [(key, value) for key, value in below.pairs if key.text not in own]
    laid = []
    for key, value in above.pairs:
        under = below.get(key.text)
        both = isinstance(value, Map) and isinstance(under, Map)
        laid.append((key, _merge(mapping(under), mapping(value)) if both else value))
    return Map(pairs=(*kept, *laid), line=above.line)


def _values(node: Node | None) -> dict[str, str]:
    """Return declared variables with their texts; empty for one without a plain value."""
    return {key.text: text_of(_value(value)) or "" for key, value in mapping(node).pairs}


def _value(node: Node) -> Node | None:
    return mapping(node).get("value") if isinstance(node, Map) else node


class _Job:
    """One job with all that it is made of."""

    def __init__(self, pipeline: _Pipeline, key: Scalar | None, node: Map) -> None:
        self._pipeline = pipeline
        self._gathered = pipeline.gathered
        self._key = key
        self._name = key.text if key is not None else None
        self._node = node
        environment = node.get("environment")
        name = mapping(environment).get("name") if isinstance(environment, Map) else environment
        self._environment = text_of(name) or None
        self._id_tokens = mapping(node.get("id_tokens"))
        self._declared = self._all_declared()
        self._takes_secret = False
        self._static_proof: dict[str, tuple[int, str]] = {}
        self._tokens: list[tuple[str, int, str]] = []
        self._vault_tokens: set[str] = set()
        self._vaults: dict[str, tuple[int, str]] = {}
        self._published: set[str] = set()
        self._destinations: dict[str, list[str | None]] = {}
        self._calls_aws: int | None = None

    def _all_declared(self) -> Mapping[str, str]:
        inherited = text_of(mapping(self._node.get("inherit")).get("variables")) != "false"
        declared = _values(self._node.get("variables"))
        for rule in items(self._node.get("rules")):
            declared |= _values(mapping(rule).get("variables"))
        for row in items(mapping(self._node.get("parallel")).get("matrix")):
            declared |= {key.text: "" for key, _ in mapping(row).pairs}
        for made in (self._id_tokens, mapping(self._node.get("secrets"))):
            declared |= {key.text: "" for key, _ in made.pairs}
        return ChainMap(declared, self._pipeline.variables if inherited else {})

    def read(self) -> None:
        """Read all of it."""
        self._read_environment()
        self._read_tags()
        for key, value in self._node.pairs:
            if key.text not in _NO_TEXTS:
                self.read_texts(value)
        own = mapping(self._node.get("variables"))
        self.read_texts(own)
        self.read_variables(own)
        self._read_scripts()
        self._read_secrets()
        self._pipeline.trigger(self._node.get("trigger"))
        self._conclude()

    # --- references ---------------------------------------------------------------------------------------------------

    def read_texts(self, node: Node | None) -> None:
        """Note the names in what is no script."""
        for scalar in scalars(node):
            self._pipeline.spend(scalar.text)
            for name in names_in(scalar.text):
                self._ask(name, scalar.line)

    def _ask(self, name: str, line: int) -> None:
        if not self._is_asked(name):
            return
        defined = False if self._pipeline.is_whole else None
        kind = ReferenceKind.VARIABLE
        self._gathered.refer(kind, name, line, job=self._name, environment=self._environment, defined=defined)
        self._tell(name, line)

    def _is_asked(self, name: str) -> bool:
        return name not in self._declared and not _PREDEFINED.fullmatch(name)

    def _tell(self, name: str, line: int) -> None:
        """Say what is known of a variable from the name under which it is asked for, or handed on."""
        cloud, registry, vault = static_cloud_key(name), publishing_token(name), vault_token(name)
        if cloud is not None:
            self._static_proof.setdefault(cloud, (line, name))
        if registry is not None:
            self._tokens.append((registry, line, name))
        if vault is not None:
            self._vault_tokens.add(vault)
        self._takes_secret = self._takes_secret or secret_like(name) or any((cloud, registry, vault))

    # --- settings -----------------------------------------------------------------------------------------------------

    def read_variables(self, own: Map) -> None:
        """Say what declared variables prove."""
        for key, value in own.pairs:
            scalar = _value(value)
            if not isinstance(scalar, Scalar):
                continue
            if "$" not in scalar.text and is_value_of(key.text, scalar.text):
                self._prove(PipelineSignal.HARD_CODED_VALUE, scalar.line, key.text, f"{scalar.line}{key.text}")
            self._hand_on(key.text, scalar.text, key.line)
        if self._key is None:
            self._conclude()

    def _hand_on(self, name: str, given: str, line: int) -> None:
        """Say what it proves that a name is set to what another holds."""
        if any(self._is_asked(one) for one in names_in(given)) and "$(" not in given:
            self._tell(name, line)
        cloud = federates(name, given)
        if cloud is not None:
            self._prove(PipelineSignal.KEYLESS_CLOUD, line, name, cloud)
        elif name == "AWS_WEB_IDENTITY_TOKEN_FILE":
            self._prove(PipelineSignal.KEYLESS_CLOUD, line, name, "aws")

    def _read_environment(self) -> None:
        environment = self._node.get("environment")
        if self._environment is not None and environment is not None:
            line = environment.line
            self._prove(PipelineSignal.ENVIRONMENT, line, self._environment, "")

    def _read_tags(self) -> None:
        tags = [one for one in items(self._node.get("tags")) if isinstance(one, Scalar)]
        if any(_HOSTED_TAG.fullmatch(one.text) for one in tags):
            return
        named = [one for one in tags if one.text not in _EITHER_TAG]
        if any("$" not in one.text for one in named):
            self._prove(PipelineSignal.SELF_HOSTED_RUNNER, tags[0].line, "tags", "")
        elif named or any(one.text in _EITHER_TAG for one in tags):
            self._gathered.doubt(f"whose machine the job with the tags at line {tags[0].line} runs on cannot be told")

    def _read_secrets(self) -> None:
        for key, value in mapping(self._node.get("secrets")).pairs:
            for kind, vault in _VAULTS.items():
                source = mapping(value).get(kind)
                if source is None:
                    continue
                path = next(
                    (text for name in ("path", "secret_id", "name") if (text := text_of(mapping(source).get(name)))),
                    None,
                )
                self._refer(ReferenceKind.VAULT, text_of(source) or path, key.line)
                self._prove(PipelineSignal.VAULT_USED, key.line, f"secrets: {kind}", vault)
                if self._id_tokens.pairs or mapping(value).get("token") is not None or vault == "gitlab":
                    self._prove(PipelineSignal.VAULT_KEYLESS, key.line, f"secrets: {kind}", vault)
                else:
                    self._gathered.doubt(f"what opens the vault read at line {key.line} cannot be told from this file")

    # --- scripts ------------------------------------------------------------------------------------------------------

    def _read_scripts(self) -> None:
        names = ShellNames()
        for key in _SCRIPTS:
            for scalar in scalars(self._node.get(key)):
                self._pipeline.spend(scalar.text)
                first = scalar.line + 1 if scalar.block else scalar.line
                for command in commands(scalar.text):
                    self._read_command(command, first + command.line if scalar.block else scalar.line)
                for name, line in names.used(scalar.text):
                    self._ask(name, first + line if scalar.block else scalar.line)

    def _read_command(self, command: Command, line: int) -> None:
        for proof in hard_coded_in(command):
            self._prove(PipelineSignal.HARD_CODED_VALUE, line, proof, f"{line}{proof}")
        for name, given in command.assigned:
            self._hand_on(name, given, line)
        sign_in = signs_in(command)
        if sign_in is not None and sign_in.keyless:
            self._prove(PipelineSignal.KEYLESS_CLOUD, line, sign_in.proof, sign_in.cloud)
            role = command.option("--role-arn")
            if role is not None:
                self._refer(ReferenceKind.FEDERATION, self._role(role), line)
        elif sign_in is not None:
            self._static_proof.setdefault(sign_in.cloud, (line, sign_in.proof))
        elif command.words[:1] == ("aws",) and self._calls_aws is None:
            self._calls_aws = line
        call = calls_vault(command)
        if call is not None and call.keyless is not None:
            signal = PipelineSignal.VAULT_KEYLESS if call.keyless else PipelineSignal.VAULT_STATIC
            self._prove(signal, line, call.proof, call.vault)
        elif call is not None and call.reads:
            self._vaults.setdefault(call.vault, (line, call.proof))
        published = publishes(command)
        if published is not None:
            self._published.add(published[0])
            self._destinations.setdefault(published[0], []).append(destination(command))

        token = token_given(command)
        if token is not None and any(self._is_asked(name) for name in names_in(token[2])):
            self._tokens.append((token[0], line, token[1]))

    def _role(self, given: str) -> str | None:
        name = next(names_in(given), None)
        text = self._declared.get(name, "") if name is not None else given
        return text if _ROLE.fullmatch(text) else None

    # --- what only the whole job tells --------------------------------------------------------------------------------

    def _conclude(self) -> None:
        for cloud, (line, proof) in self._static_proof.items():
            if cloud == "aws" and any(name in self._declared for name in _ENDPOINTS):
                self._gathered.doubt(
                    f"whether the key at line {line} is one of AWS cannot be told: another endpoint is set"
                )
            elif not self._gathered.proved(PipelineSignal.KEYLESS_CLOUD, self._name, cloud):
                self._prove(PipelineSignal.STATIC_CLOUD_KEY, line, proof, cloud)
        signs_in_by_token = self._gathered.proved(PipelineSignal.KEYLESS_CLOUD, self._name, "aws")
        has_key = self._gathered.proved(PipelineSignal.STATIC_CLOUD_KEY, self._name, "aws")
        is_told = signs_in_by_token or has_key or "aws" in self._static_proof
        if self._calls_aws is not None and not is_told:
            self._gathered.doubt(f"what aws signs in with at line {self._calls_aws} cannot be told from this file")
        self._conclude_vaults()
        self._conclude_publishing()
        if (
            self._takes_secret
            and self._environment is None
            and self._key is not None
            and not self._key.text.startswith(".")
        ):
            self._prove(PipelineSignal.SECRET_OUTSIDE_ENVIRONMENT, self._key.line, "", "")

    def _conclude_vaults(self) -> None:
        static, keyless = PipelineSignal.VAULT_STATIC, PipelineSignal.VAULT_KEYLESS
        for vault, (line, proof) in self._vaults.items():
            self._prove(PipelineSignal.VAULT_USED, line, proof, vault)
            if any(self._gathered.proved(one, self._name, vault) for one in (static, keyless)):
                continue
            if vault in self._vault_tokens or self._gathered.proved(PipelineSignal.STATIC_CLOUD_KEY, self._name, vault):
                self._prove(static, line, proof, vault)
            elif self._gathered.proved(PipelineSignal.KEYLESS_CLOUD, self._name, vault):
                self._prove(keyless, line, proof, vault)
            else:
                self._gathered.doubt(f"what opens the vault read at line {line} cannot be told from this file")

    def _conclude_publishing(self) -> None:
        for registry, line, proof in self._tokens:
            told = self._destinations.get(registry, [None])
            public = any(address is None or is_public(registry, address) for address in told)
            if not trusts_jobs_of(registry, GitlabCi.provider) or not public:
                continue
            if registry == "npm" and registry not in self._published:
                self._gathered.doubt(
                    f"whether the token of {registry} at line {line} publishes or installs cannot be told"
                )
            else:
                self._prove(PipelineSignal.STATIC_PUBLISHING_TOKEN, line, proof, registry)
        for key, value in self._id_tokens.pairs:
            for audience in items(mapping(value).get("aud")):
                registry_of = _AUDIENCES.get((text_of(audience) or "").removeprefix("https://"))
                if registry_of is not None:
                    self._prove(PipelineSignal.TRUSTED_PUBLISHING, key.line, key.text, registry_of)

    def _refer(self, kind: ReferenceKind, name: str | None, line: int) -> None:
        shown = name if name is not None and "$" not in name else None
        self._gathered.refer(kind, shown, line, job=self._name, environment=self._environment)

    def _prove(self, signal: PipelineSignal, line: int, proof: str, of: str) -> None:
        self._gathered.prove(signal, line, job=self._name, proof=proof, of=of)
