"""CircleCI's configuration: contexts, variables from outside, orbs, and the job's own token.

CircleCI knows no reference to a secret: a job sees the variables of its project and of the contexts its workflow names,
by their names. What the file does not set itself comes from there, or from the image, which the file does not tell.
`<< … >>` is filled in before a job runs; what a parameter stands for is told where it is given.

Documentation: circleci.com/docs/reference/configuration-reference, /docs/contexts, /docs/reference/variables,
/docs/guides/permissions-authentication/openid-connect-tokens, /docs/guides/orchestrate/dynamic-config.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from connectors.pipelines.base import PipelineReading, Unreadable
from connectors.pipelines.hard_coded import secret_like
from connectors.pipelines.notes import EVERYWHERE, Notes, Where, named_scalars, settings, text_line
from connectors.pipelines.own_tokens import cloud_named
from connectors.pipelines.shell_variables import template, windows_script
from connectors.pipelines.telling_slots import static_cloud_key
from connectors.pipelines.yaml_nodes import Mapping, Node, Scalar, documents, items, mapping, text_of
from storage.inventory import Facet, PipelineDialect, PipelineSignal, ReferenceKind

_FILES = re.compile(r"\.circleci/(?:[^/]+/)*[^/@]+\.ya?ml\Z")
_FILLED_IN = re.compile(r"(?<!\\)<<[#/^]?\s*(?:pipeline|parameters|matrix)\.[^<>\n]{1,200}>>")
_NAMED_BY_PARAMETER = re.compile(r"\$\{?<<\s*parameters\.([\w-]{1,100})\s*>>")
_IN_A_KEY = re.compile(r"\{\{\s*\.Environment\.([A-Za-z_]\w*)\s*\}\}")
_NAME = re.compile(r"\$?\{?([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)\}?\Z")
_ORB = re.compile(r"[\w-]{1,64}/[\w-]{1,64}")
_ROLE_KEYS = frozenset({"role_arn", "role-arn", "aws_role_arn"})
_MASKED = "\1"

_PREDEFINED = """
CI CIRCLECI CIRCLE_API_URL CIRCLE_ARTIFACTS CIRCLE_BRANCH CIRCLE_BUILD_NUM CIRCLE_BUILD_URL CIRCLE_COMPARE_URL
CIRCLE_CONTINUATION_KEY CIRCLE_ENV CIRCLE_INTERNAL_TASK_DATA CIRCLE_JOB CIRCLE_NODE_INDEX CIRCLE_NODE_TOTAL
CIRCLE_OIDC_TOKEN CIRCLE_OIDC_TOKEN_V2 CIRCLE_ORGANIZATION_ID CIRCLE_PIPELINE_ID CIRCLE_PIPELINE_NUMBER
CIRCLE_PIPELINE_TRIGGER_SOURCE CIRCLE_PREVIOUS_BUILD_NUM CIRCLE_PR_NUMBER CIRCLE_PR_REPONAME CIRCLE_PR_USERNAME
CIRCLE_PROJECT_ID CIRCLE_PROJECT_REPONAME CIRCLE_PROJECT_USERNAME CIRCLE_PULL_REQUEST CIRCLE_PULL_REQUESTS
CIRCLE_REPOSITORY_URL CIRCLE_SHA1 CIRCLE_SHELL_ENV CIRCLE_STAGE CIRCLE_TAG CIRCLE_TEST_REPORTS CIRCLE_USERNAME
CIRCLE_WORKFLOW_ID CIRCLE_WORKFLOW_JOB_ID CIRCLE_WORKFLOW_WORKSPACE_ID CIRCLE_WORKING_DIRECTORY CIRCLE_JOB_NAME
DOCKER_HOST DOCKER_CERT_PATH DOCKER_TLS_VERIFY NO_PROXY
"""
_KNOWN = frozenset(_PREDEFINED.split())
_OIDC = re.compile(r"\bCIRCLE_OIDC_TOKEN(?:_V2)?\b")
_OF_A_FILE = frozenset({"jobs", "workflows", "commands", "executors", "orbs", "version", "setup", "parameters"})


class CircleCI:
    """Reads `.circleci/config.yml` and its like."""

    dialect = PipelineDialect.CIRCLECI
    provider = "circleci"
    answers = frozenset({Facet.VAULT})

    def recognises(self, path: str) -> bool:
        """Say whether a path is that of a configuration: any YAML below `.circleci/`, which may be continued with."""
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
    """One file: its orbs, its parameters that hold names of variables, and what it says."""

    def __init__(self, root: Mapping) -> None:
        self._root = root
        self._notes = Notes("circleci", keyless=True, predefined=_KNOWN.__contains__)
        self._orbs = {key.text: _orb_name(value) for key, value in mapping(root.get("orbs")).pairs}
        self._inline = [value for _, value in mapping(root.get("orbs")).pairs if isinstance(value, Mapping)]
        self._commands = {key.text for one in (root, *self._inline) for key, _ in mapping(one.get("commands")).pairs}
        self._name_parameters = frozenset(_parameters_that_name(root))

    def read(self) -> PipelineReading:
        root = self._root
        if not _OF_A_FILE & {key.text for key, _ in root.pairs}:
            self._body(root, Where(), set())
            if root.get("steps") is not None:
                self._notes.cannot_tell("it is part of a configuration that is put together from several files")
        if text_of(root.get("setup")) == "true":
            self._notes.cannot_tell("the pipeline goes on with a configuration that is made or chosen while it runs")
        for one in (root, *self._inline):
            self._part(one)
        self._workflows(mapping(root.get("workflows")))
        unread = sorted({name for name in self._orbs.values() if name and _ORB.fullmatch(name)})
        if unread:
            self._notes.cannot_tell(f"orbs bring steps of their own: {', '.join(unread)}")
        return self._notes.reading()

    def _part(self, part: Mapping) -> None:
        """Read what a file or an inline orb defines."""
        self._parameters(part)
        for kind in ("executors", "commands", "jobs"):
            for key, value in mapping(part.get(kind)).pairs:
                body = mapping(value)
                at = Where(job=key.text) if kind == "jobs" else EVERYWHERE
                self._parameters(body)
                self._body(body, at, self._set_by_executor(part, body))

    def _parameters(self, body: Mapping) -> None:
        """Read what parameters are given when nobody gives them anything."""
        for key, value in mapping(body.get("parameters")).pairs:
            default = mapping(value).get("default")
            if not isinstance(default, Scalar):
                continue
            if key.text in self._name_parameters and (named := _NAME.match(default.text)):
                self._ask(named[1], default.line, EVERYWHERE)
            elif key.text not in self._name_parameters:
                self._notes.setting(key.text, default.text, default.line)
                self._notes.variables(template(_without(default.text), default.line, _KNOWN))

    def _set_by_executor(self, part: Mapping, body: Mapping) -> set[str]:
        executor = body.get("executor")
        name = text_of(executor) or text_of(mapping(executor).get("name"))
        used = mapping(mapping(part.get("executors")).get(name or ""))
        return {setting for setting, _ in settings(used.get("environment"))}

    def _body(self, body: Mapping, at: Where, known: set[str]) -> None:
        """Read a job, a command or an executor."""
        for image in items(body.get("docker")):
            self._image(mapping(image), at)
        known |= self._environment(body.get("environment"), at)
        for image in items(body.get("docker"))[:1]:
            known |= {name for name, _ in settings(mapping(image).get("environment"))}
        resource = body.get("resource_class")
        if isinstance(resource, Scalar) and re.match(r"[\w.-]+/[\w.-]+\Z", resource.text):
            self._notes.prove(PipelineSignal.SELF_HOSTED_RUNNER, resource.line, f"resource_class {resource.text}", at)
        shell = text_of(body.get("shell")) or ""
        self._steps(body.get("steps"), at, known, shell)

    def _image(self, image: Mapping, at: Where) -> None:
        """Read how an image is pulled: its registry's login, or a role of AWS."""
        self._environment(image.get("environment"), at)
        for block in ("auth", "aws_auth"):
            for key, value in mapping(image.get(block)).pairs:
                if not isinstance(value, Scalar):
                    continue
                if key.text in _ROLE_KEYS:
                    self._role(value, at)
                    continue
                self._notes.variables(template(_without(value.text), value.line, _KNOWN), at)
                if "$" in value.text:
                    self._notes.named(key.text, value.line, at)
                self._notes.setting(key.text, value.text, value.line, at)

    def _environment(self, node: Node | None, at: Where) -> set[str]:
        """Read variables that the file sets, and return their names. Nothing is expanded in them."""
        names = set()
        for name, value in settings(node):
            names.add(name)
            self._notes.setting(name, _FILLED_IN.sub("$", value.text), value.line, at)
        return names

    def _steps(self, node: Node | None, at: Where, known: set[str], shell: str = "") -> None:
        for step in items(node):
            if not isinstance(step, Mapping):
                self._bare_step(step, at)
                continue
            for key, value in step.pairs:
                if key.text in {"when", "unless"}:
                    self._steps(mapping(value).get("steps"), at, known, shell)
                elif key.text == "run":
                    self._run(value, at, known, shell)
                elif key.text == "add_ssh_keys":
                    self._keys(mapping(value), key.line, at)
                elif key.text in {"save_cache", "restore_cache"}:
                    for _, text in named_scalars(value):
                        for name in _IN_A_KEY.findall(text.text):
                            self._ask(name, text.line, at, known)
                else:
                    self._invoked(key, value, at, known)

    def _bare_step(self, step: Node, at: Where) -> None:
        name = text_of(step) or ""
        if name == "add_ssh_keys":
            self._notes.ask(ReferenceKind.ALL_SECRETS, "ssh keys", step.line, at)
        elif "/" in name:
            self._orb_step(name, Mapping(pairs=(), line=step.line), step.line, at)

    def _keys(self, given: Mapping, line: int, at: Where) -> None:
        """Read which of the project's SSH keys a job gets, by fingerprint; without one, it gets all."""
        wanted = items(given.get("fingerprints"))
        if not wanted:
            self._notes.ask(ReferenceKind.ALL_SECRETS, "ssh keys", line, at)
        for one in wanted:
            name = text_of(one)
            if name and not _FILLED_IN.search(name):
                self._notes.ask(ReferenceKind.STORED_CREDENTIAL, name, one.line, at)
            else:
                self._notes.ask(ReferenceKind.ANY_SECRET, None, one.line, at)

    def _run(self, node: Node, at: Where, known: set[str], shell: str) -> None:
        """Read a command; what it writes into `$BASH_ENV` is set for the steps after it."""
        body = mapping(node)
        command = node if isinstance(node, Scalar) else body.get("command")
        own = self._environment(body.get("environment"), at)
        if not isinstance(command, Scalar):
            return
        line = text_line(command)
        for where, part in enumerate(command.text.split("\n"), line):
            if any(name not in self._name_parameters for name in _NAMED_BY_PARAMETER.findall(part)):
                self._notes.ask(ReferenceKind.ANY_SECRET, None, where, at)
        text = _without(command.text)
        if "powershell" in (text_of(body.get("shell")) or shell) or "cmd" in (text_of(body.get("shell")) or shell):
            self._notes.variables(windows_script(text, line, known | own if own else known).uses, at)
        else:
            found = self._notes.shell(text, line, known | own if own else known, at)
            known |= found.hands_on
        self._own_token(text, line, at)

    def _own_token(self, text: str, line: int, at: Where) -> None:
        """Read what the job's own token is handed to."""
        used = _OIDC.search(text)
        if used is None:
            return
        where = line + text.count("\n", 0, used.start())
        if re.search(r"\bvault\b|/v1/auth/", text):
            self._notes.vault("hashicorp_vault", where, used[0], at, keyless=True)
        elif cloud := cloud_named(text):
            self._notes.keyless(cloud, where, used[0], at)
        else:
            self._notes.cannot_tell(f"line {where} hands the job's own token to something that it does not name")

    def _invoked(self, key: Scalar, value: Node, at: Where, known: set[str]) -> None:
        """Read what a command or a job is given. Steps among it are steps; names of variables are asked for."""
        given = mapping(value)
        for name, node in given.pairs:
            if name.text in {"steps", "pre-steps", "post-steps"} or name.text.endswith(("-steps", "_steps")):
                self._steps(node, at, known)
                continue
            for inner, text in named_scalars(node, name.text):
                self._argument(inner, text, at, known)
        if "/" in key.text:
            self._orb_step(key.text, given, key.line, at)

    def _argument(self, name: str, text: Scalar, at: Where, known: set[str]) -> None:
        if name in _ROLE_KEYS:
            return
        named = _NAME.match(text.text)
        telling = secret_like(name) or static_cloud_key(name) is not None
        if named and (
            name in self._name_parameters
            or telling
            or text.text.startswith("$")
            or secret_like(named[1])
            or static_cloud_key(named[1]) is not None
        ):
            self._ask(named[1], text.line, at, known)
            if static_cloud_key(name) is not None:
                self._notes.named(name, text.line, at)
            return
        self._notes.variables(template(_without(text.text), text_line(text), known), at)
        self._notes.setting(name, _FILLED_IN.sub("$", text.text), text.line, at)

    def _orb_step(self, called: str, given: Mapping, line: int, at: Where) -> None:
        """Read a step or job of an orb whose way into a cloud or vault is known."""
        alias, _, step = called.partition("/")
        orb = self._orbs.get(alias) or ""
        flat = dict(named_scalars(given))
        role = next((flat[key] for key in flat if key in _ROLE_KEYS), None)
        if role is not None:
            self._role(role, at)
        elif orb.startswith("circleci/aws-") and step == "setup" and "profile_name" not in flat:
            for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
                if name.lower() not in flat and name.lower().replace("_", "-") not in flat:
                    self._ask(name, line, at)
        if orb.startswith("circleci/gcp-") and step in {"setup", "initialize"}:
            self._google(flat, line, at)
        if re.search(r"(?:\b|_)(?:vault|onepassword|1password|doppler|akeyless|conjur|infisical)", orb):
            self._notes.vault(orb, line, called, at)

    def _google(self, given: dict[str, Scalar], line: int, at: Where) -> None:
        oidc = given.get("use_oidc") or given.get("use-oidc")
        if oidc is not None and oidc.text == "true":
            self._notes.keyless("google_cloud", oidc.line, "use_oidc", at)
        elif oidc is not None and oidc.text != "false":
            self._notes.cannot_tell(f"line {oidc.line} computes whether the cloud takes the job's own token")
        elif not {"gcloud-service-key", "gcloud_service_key"} & given.keys():
            self._ask("GCLOUD_SERVICE_KEY", line, at)

    def _role(self, role: Scalar, at: Where) -> None:
        """Read a role of AWS that takes the job's own token."""
        computed = "<<" in role.text or "$" in role.text
        self._notes.keyless("aws", role.line, "role_arn", at)
        self._notes.ask(ReferenceKind.FEDERATION, None if computed else role.text, role.line, at)
        self._notes.variables(template(_without(role.text), role.line, _KNOWN), at)

    def _ask(self, name: str, line: int, at: Where, known: set[str] | frozenset[str] = frozenset()) -> None:
        if name not in _KNOWN and name not in known:
            self._notes.ask(ReferenceKind.VARIABLE, name, line, at)

    def _workflows(self, workflows: Mapping) -> None:
        """Read what a workflow gives its jobs: contexts, arguments, further steps."""
        for _, workflow in workflows.pairs:
            for entry in items(mapping(workflow).get("jobs")):
                if isinstance(entry, Scalar) and "/" in entry.text:
                    self._orb_step(entry.text, Mapping(pairs=(), line=entry.line), entry.line, Where(job=entry.text))
                for key, value in mapping(entry).pairs:
                    given = mapping(value)
                    at = Where(job=key.text)
                    for context in items(given.get("context")):
                        self._context(context, at)
                    kept = [pair for pair in given.pairs if pair[0].text not in _OF_A_WORKFLOW]
                    if text_of(given.get("type")) != "approval":
                        self._invoked(key, Mapping(pairs=tuple(kept), line=given.line), at, set())

    def _context(self, context: Node, at: Where) -> None:
        name = text_of(context)
        if name is None or not name.strip():
            return
        computed = _FILLED_IN.search(name) is not None
        self._notes.ask(ReferenceKind.SECRET_GROUP, None if computed else name, context.line, at)
        if computed:
            self._notes.cannot_tell(f"line {context.line} computes the name of a context")


_OF_A_WORKFLOW = frozenset({"context", "requires", "filters", "type", "name", "serial-group", "override-with"})


def _without(text: str) -> str:
    """Return a text in which what is filled in says nothing, and stands in nobody's way."""
    return _FILLED_IN.sub(_MASKED, text).replace("\\<<", "<<")


def _orb_name(node: Node) -> str | None:
    """Return an orb's name without its version; `None` for one that the file writes out."""
    text = text_of(node)
    return text.partition("@")[0] if text else None


def _parameters_that_name(root: Node) -> Iterator[str]:
    """Yield parameters whose arguments are names of variables, wherever the file defines them."""
    stack = [root]
    while stack:
        node = stack.pop()
        if isinstance(node, Mapping):
            for key, value in mapping(node.get("parameters")).pairs:
                if text_of(mapping(value).get("type")) == "env_var_name":
                    yield key.text
            stack.extend(value for _, value in node.pairs)
        else:
            stack.extend(() if isinstance(node, Scalar) else node.items)
