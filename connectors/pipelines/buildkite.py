r"""Buildkite's pipelines: secrets of the cluster, variables from outside, plugins, and the job's own token.

A file is filled in when it is uploaded (`$NAME`, whatever quotes stand around it), and what is left of `$$NAME` or
`\$NAME` is seen by the job's shell. Both come from the environment of a job: from hooks of the agent, from settings of
the pipeline or from the build, which the file does not tell.

Documentation: buildkite.com/docs/pipelines (command step, environment variables, secrets) and /docs/agent/cli/reference
(secret, oidc, pipeline); plugins by their own pages at github.com/buildkite-plugins.
"""

from __future__ import annotations

import re

from connectors.pipelines.base import PipelineReading, Unreadable
from connectors.pipelines.hard_coded import secret_like
from connectors.pipelines.notes import EVERYWHERE, Notes, Where, named_scalars, settings, text_line
from connectors.pipelines.own_tokens import cloud_named
from connectors.pipelines.shell_variables import Either, Use, script, template
from connectors.pipelines.telling_slots import static_cloud_key
from connectors.pipelines.yaml_nodes import Mapping, Node, Scalar, Sequence, documents, items, mapping, text_of
from storage.inventory import Facet, PipelineDialect, ReferenceKind

_FILES = re.compile(r"(?:.*/)?\.?buildkite(?:/(?:[^/]+/)*[^/]+)?\.(?:ya?ml|json)\Z")
_OWN = re.compile(r"BUILDKITE(?:_\w+)?\Z|CI\Z")
_THEIRS = re.compile(r"BUILDKITE_(?:API\w*TOKEN|ANALYTICS_TOKEN|ORG\w*TOKEN|GRAPHQL\w*TOKEN|TEST_\w*TOKEN)\Z")
"""Variables that begin as Buildkite's own do, and that people set."""
_SECRET_GET = re.compile(
    r"\bbuildkite-agent\s+secret\s+get\b((?:[ \t]+(?:--?[\w-]+(?:=\S+)?|[\"']?[\w${}.-]+[\"']?))*)"
)
_WITH_A_VALUE = re.compile(r"--?(?:format|job|endpoint|agent-access-token|log-level|profile)[ \t]+\S+")
_OIDC = re.compile(r"\bbuildkite-agent\s+oidc\s+request-token\b[^\n]{0,300}")
_UPLOAD = re.compile(r"\bbuildkite-agent\s+pipeline\s+upload\b[ \t]*([^\s|;&<>\"']*)")
_SET_FOR_LATER = re.compile(r"\bbuildkite-agent\s+env\s+set\b[ \t]+[\"']?([A-Za-z_]\w*)=")
_OPAQUE = re.compile(r"(?:hook|queue|label|key|depends_on|branches|if|agents|concurrency_group)\Z")


class Buildkite:
    """Reads `.buildkite/pipeline.yml` and its like."""

    dialect = PipelineDialect.BUILDKITE
    provider = "buildkite"
    answers = frozenset({Facet.VAULT})

    def recognises(self, path: str) -> bool:
        """Say whether a path is one that `pipeline upload` takes by itself, or lies in Buildkite's folder."""
        return _FILES.match(path) is not None

    def read(self, text: str, path: str) -> PipelineReading:  # noqa: ARG002  # the seam has it
        """Read one file.

        Raises:
            Unreadable: when it is no YAML, or neither a pipeline nor a list of steps.
        """
        found = documents(text)
        if not found:
            return PipelineReading()
        if isinstance(found[0], Scalar):
            raise Unreadable("it is neither a pipeline nor a list of steps")
        return _Reading(found[0]).read()


class _Reading:
    """One file and what it says."""

    def __init__(self, root: Node) -> None:
        self._root = root
        self._notes = Notes("buildkite", keyless=True)

    def read(self) -> PipelineReading:
        root = self._root
        known = self._environment(mapping(root).get("env"), EVERYWHERE)
        known |= self._secrets(mapping(root).get("secrets"), EVERYWHERE)
        self._notify(mapping(root).get("notify"), EVERYWHERE)
        self._steps(root if isinstance(root, Sequence) else mapping(root).get("steps"), known)
        return self._notes.reading()

    def _steps(self, node: Node | None, known: set[str]) -> None:
        """Read steps; those of a group are steps as well."""
        stack = [item for item in reversed(items(node)) if isinstance(item, Mapping)]
        while stack:
            step = stack.pop()
            inner = step.get("steps")
            if inner is not None:
                stack.extend(item for item in reversed(items(inner)) if isinstance(item, Mapping))
                continue
            self._step(step, known)

    def _step(self, step: Mapping, known: set[str]) -> None:
        at = Where(job=next((name for key in ("key", "label", "name") if (name := text_of(step.get(key)))), None))
        nested = next((one for key in ("command", "script") if isinstance(one := step.get(key), Mapping)), None)
        if nested is not None:
            self._step(nested, known)
        own = known | self._environment(step.get("env"), at) | self._secrets(step.get("secrets"), at)
        own |= self._plugins(step.get("plugins"), at, own)
        build = mapping(step.get("build"))
        self._environment(build.get("env"), at)
        for key in ("command", "commands", "script"):
            self._commands(step.get(key), at, own)
        self._notify(step.get("notify"), at)

    def _commands(self, node: Node | None, at: Where, known: set[str]) -> None:
        """Read what runs in the job's one shell."""
        for command in items(node):
            if not isinstance(command, Scalar):
                continue
            line = text_line(command)
            escaped = command.text.replace("$$", "$").replace("\\$", "$")
            found = script(escaped, line, known)
            uploaded = template(command.text, line, Either(known, found.sets))
            for use in sorted({*found.uses, *uploaded}, key=lambda one: (one.line, one.name or "")):
                self._variable(use, at)
            self._notes.commands(escaped, line, at, sets=Either(known, found.sets))
            self._agent(escaped, line, at)
            known |= found.sets | set(_SET_FOR_LATER.findall(escaped))

    def _variable(self, use: Use, at: Where) -> None:
        if use.name is None:
            self._notes.ask(ReferenceKind.ANY_SECRET, None, use.line, at)
        elif not _OWN.match(use.name) or _THEIRS.match(use.name):
            self._notes.ask(ReferenceKind.VARIABLE, use.name, use.line, at)

    def _agent(self, text: str, line: int, at: Where) -> None:
        """Read what the agent's own command is asked for."""
        to_a_vault, to_a_cloud = re.search(r"\bvault\b", text) is not None, cloud_named(text)
        for where, part in enumerate(text.split("\n"), line):
            for one in _SECRET_GET.finditer(part):
                self._asked_by_name(one[1], where, at)
            for token in _OIDC.finditer(part):
                audience = cloud_named(token[0])
                self._own_token(where, at, vault=to_a_vault and not audience, cloud=audience or to_a_cloud)
            for upload in _UPLOAD.finditer(part):
                if re.fullmatch(r"[\w./-]+\.(?:ya?ml|json)", upload[1]):
                    self._notes.include(upload[1].removeprefix("./"), where)
                elif part.find("|", 0, upload.start()) >= 0 or upload[1]:
                    self._notes.cannot_tell("further steps are made by a program while the pipeline runs")

    def _asked_by_name(self, words: str, line: int, at: Where) -> None:
        for word in _WITH_A_VALUE.sub(" ", words).split():
            name = word.strip("\"'")
            if not name.startswith("-"):
                self._secret(name, line, at)

    def _own_token(self, line: int, at: Where, *, vault: bool, cloud: str | None) -> None:
        """Read what the job's own token is handed to."""
        proof = "buildkite-agent oidc request-token"
        if vault:
            self._notes.vault("hashicorp_vault", line, proof, at, keyless=True)
        elif cloud:
            self._notes.keyless(cloud, line, proof, at)
        else:
            self._notes.cannot_tell(f"line {line} hands the job's own token to something that it does not name")

    def _environment(self, node: Node | None, at: Where) -> set[str]:
        """Read variables that the file sets; what is taken over from outside is filled in when it is uploaded."""
        names = set()
        for name, value in settings(node):
            for use in template(value.text, text_line(value)):
                self._variable(use, at)
                if use.name is not None and static_cloud_key(name) is not None:
                    self._notes.named(name, value.line, at)
            self._notes.setting(name, value.text, value.line, at)
            names.add(name)
        return names

    def _secrets(self, node: Node | None, at: Where) -> set[str]:
        """Read `secrets:`, a list of names or a mapping of variables to names; return the variables."""
        if isinstance(node, Mapping):
            for key, value in node.pairs:
                if name := text_of(value):
                    self._secret(name, value.line, at)
                    self._notes.named(key.text, value.line, at)
            return {key.text for key, _ in node.pairs}
        names = {name for item in items(node) if (name := text_of(item))}
        for item in items(node):
            if name := text_of(item):
                self._secret(name, item.line, at)
        return names

    def _secret(self, name: str, line: int, at: Where) -> None:
        computed = "$" in name or "{{" in name
        kind = ReferenceKind.ANY_SECRET if computed else ReferenceKind.SECRET
        self._notes.ask(kind, None if computed else name, line, at)

    def _notify(self, node: Node | None, at: Where) -> None:
        for name, text in named_scalars(node):
            for use in template(text.text, text.line):
                self._variable(use, at)
            self._notes.setting(name, text.text, text.line, at)

    # --- plugins ---------------------------------------------------------------------------------------------------

    def _plugins(self, node: Node | None, at: Where, known: set[str]) -> set[str]:
        """Read what plugins are given; return the variables that they set."""
        names: set[str] = set()
        entries = [node] if isinstance(node, Mapping) else items(node)
        for entry in entries:
            if isinstance(entry, Mapping):
                for key, value in entry.pairs:
                    names |= self._plugin(key, value, at, known)
            elif isinstance(entry, Scalar):
                names |= self._plugin(entry, Mapping(pairs=(), line=entry.line), at, known)
        return names

    def _plugin(self, key: Scalar, value: Node, at: Where, known: set[str]) -> set[str]:
        name = re.sub(r"#.*|-buildkite-plugin", "", key.text).removesuffix(".git").rpartition("/")[2]
        given = mapping(value)
        for use in template(key.text, key.line, known):
            self._variable(use, at)
        if name == "secrets":
            return self._secrets(given.get("variables"), at) | self._secrets(given.get("env"), at)
        for inner, text in named_scalars(value):
            self._argument(inner, text, at, known)
        match name:
            case "aws-assume-role-with-web-identity" | "gcp-workload-identity-federation" | "azure-login":
                self._notes.keyless(name.partition("-")[0].replace("gcp", "google_cloud"), key.line, name, at)
                for wanted in ("role-arn", "audience", "service-account", "client-id"):
                    one = given.get(wanted)
                    if isinstance(one, Scalar) and wanted != "audience":
                        self._notes.ask(ReferenceKind.FEDERATION, _whole(one.text), one.line, at)
            case "vault-secrets":
                self._vault(given, key, at)
            case "aws-sm" | "aws-ssm" | "gcp-secret-manager" | "gcp-secret-manager-secrets" | "azure-keyvault":
                self._manager(given, name, key, at)
                return {inner.text for block in ("env", "parameters") for inner, _ in mapping(given.get(block)).pairs}
            case "aws-assume-role" | "assume-role":
                self._notes.cannot_tell(f"the plugin at line {key.line} takes a role by what the machine has")
            case _:
                if re.search(r"op-|1password|doppler|vault|chamber|akeyless", name):
                    self._notes.vault(name, key.line, name, at)
        return set()

    def _vault(self, given: Mapping, key: Scalar, at: Where) -> None:
        """Read the plugin of HashiCorp's Vault: a path, and how it signs in."""
        self._notes.vault("hashicorp_vault", key.line, "vault-secrets", at)
        for path in items(given.get("path")):
            if isinstance(path, Scalar):
                self._notes.ask(ReferenceKind.VAULT, _whole(path.text), path.line, at)
        method = mapping(given.get("auth")).get("method")
        if isinstance(method, Scalar):
            static = method.text in {"approle", "token", "userpass"}
            keyless = method.text in {"jwt", "aws", "gcp", "azure", "kubernetes", "oidc"}
            if static or keyless:
                self._notes.vault("hashicorp_vault", method.line, f"auth method {method.text}", at, keyless=keyless)
        for wanted in ("secret-env", "jwt-env", "token-env"):
            named = mapping(given.get("auth")).get(wanted)
            if isinstance(named, Scalar) and "$" not in named.text:
                self._notes.ask(ReferenceKind.VARIABLE, named.text, named.line, at)

    def _manager(self, given: Mapping, name: str, key: Scalar, at: Where) -> None:
        """Read a plugin of a cloud's secret manager, which goes by what the machine is."""
        self._notes.vault(_CLOUD_OF.get(name.partition("-")[0], name), key.line, name, at)
        for block in ("env", "parameters", "secrets"):
            for inner, text in named_scalars(given.get(block)):
                if inner not in {"json-key", "region"}:
                    self._notes.ask(ReferenceKind.VAULT, _whole(text.text), text.line, at)
        for one in items(given.get("file")):
            wanted = mapping(one).get("secret-id")
            if isinstance(wanted, Scalar):
                self._notes.ask(ReferenceKind.VAULT, _whole(wanted.text), wanted.line, at)

    def _argument(self, name: str, text: Scalar, at: Where, known: set[str]) -> None:
        """Read what a plugin is given: names of variables are asked for, variables filled in."""
        if _OPAQUE.match(name):
            return
        for use in template(text.text, text_line(text), known):
            self._variable(use, at)
        listed = name in {"environment", "env", "args", "build-args", "secrets", "propagate-environment-variables"}
        by_name = name.endswith(("-env", "_env"))
        if (listed or by_name) and re.fullmatch(r"[A-Z][A-Z0-9_]*", text.text) and text.text not in known:
            if name != "secrets" or secret_like(text.text):
                self._variable(Use(name=text.text, line=text.line), at)
        elif listed and "=" in text.text:
            inner, _, value = text.text.partition("=")
            self._notes.setting(inner, value, text.line, at)
        elif not by_name:
            self._notes.setting(name, text.text, text.line, at)


_CLOUD_OF = {"aws": "aws", "gcp": "google_cloud", "azure": "azure"}


def _whole(name: str) -> str | None:
    """Return a name that stands there as such; `None` for one that is computed."""
    return None if "$" in name or "{{" in name else name
