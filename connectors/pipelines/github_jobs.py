"""A job of a GitHub workflow, or the steps of an action: what it asks for, and what its steps prove together."""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from connectors.pipelines.cloud_commands import federates, signs_in
from connectors.pipelines.github_expressions import (
    Found,
    Origin,
    expressions_in,
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
from connectors.pipelines.publishing import BY_ITSELF, destination, is_public, publishes, token_given
from connectors.pipelines.reading import Gathering
from connectors.pipelines.shell_names import names_in
from connectors.pipelines.shell_words import Command, commands, expression_in
from connectors.pipelines.telling_slots import publishing_token, static_cloud_key, trusts_jobs_of, words_of
from connectors.pipelines.vault_steps import calls_vault, vault_token
from connectors.pipelines.yaml_nodes import Mapping as Map
from connectors.pipelines.yaml_nodes import Node, Scalar, Sequence, items, mapping, text_of
from storage.inventory import PipelineSignal, ReferenceKind

_ENDPOINTS = frozenset({"AWS_ENDPOINT", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_S3_ENDPOINT", "S3_ENDPOINT"})
_FEDERATED_NAME = re.compile(
    r"arn:aws[\w-]*:iam::[0-9]{12}:role/[\w+=,.@/-]{1,200}|acs:ram::[0-9]{1,20}:role/[\w.-]{1,100}"
    r"|projects/[\w-]{1,40}/locations/[\w-]{1,40}/workloadIdentityPools/[\w-]{1,40}/providers/[\w-]{1,40}"
    r"|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
)
_SET_TO = re.compile(r"([A-Za-z_][\w.-]{0,60})[\"']?[ ]?[=:][ ]?[\"']?$")
_Origins = frozenset[Origin]
_SECRET = frozenset({ReferenceKind.SECRET, ReferenceKind.ANY_SECRET, ReferenceKind.ALL_SECRETS})


class Environment(NamedTuple):
    """One level of `env`: of the workflow, of a job, of a step."""

    own: Map
    origins: Mapping[str, _Origins]
    """Where each value is from, those set further out included."""
    is_elsewhere: bool
    """It sets an address in the place of AWS's own."""


class Job:
    """A job, the whole workflow or an action: its references, and what its steps prove together."""

    def __init__(
        self,
        gathered: Gathering,
        *,
        name: str | None,
        environment: str | None,
        declared: frozenset[str] | None,
        environments: list[Environment],
        may_ask_for_token: bool | None,
        above: Job | None = None,
    ) -> None:
        self._gathered = gathered
        self._name = name
        self._environment = environment
        self._declared = declared
        self.environments = environments
        """What `env` sets, from the outside in."""
        self._may_ask_for_token = may_ask_for_token
        self.takes_secret = False
        self._one_password: set[int] = set()
        self._tokens: dict[str, tuple[int, str]] = {}
        self._published: dict[str, tuple[int, str]] = {}
        self._addresses: list[str] = []
        self._destinations: dict[str, list[str | None]] = {}
        self._tokens_above = above._tokens if above is not None else {}  # noqa: SLF001 - of the same class
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
        for found, line in _located(scalar, bare=bare):
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
        is_elsewhere = self._is_elsewhere(own)
        for key, value in own.pairs:
            if isinstance(value, Scalar):
                self._tell_setting(key, value, is_elsewhere=is_elsewhere)

    def _enter(self, own: Map) -> None:
        known = self._known()
        told = {key.text: origins(value.text, known) for key, value in own.pairs if isinstance(value, Scalar)}
        is_elsewhere = self._is_elsewhere(own)
        self.environments.append(Environment(own, _over(told, known), is_elsewhere))

    def _known(self) -> Mapping[str, _Origins]:
        return self.environments[-1].origins if self.environments else {}

    def _is_elsewhere(self, own: Map) -> bool:
        above = bool(self.environments) and self.environments[-1].is_elsewhere
        return above or any(key.text.upper() in _ENDPOINTS for key, _ in own.pairs)

    def read_container(self, node: Node | None) -> None:
        """Read a container or service: its password, its settings."""
        self.refer(node)
        container = mapping(node)
        password = mapping(container.get("credentials")).get("password")
        if isinstance(password, Scalar) and is_value(password.text):
            self._hard_coded(password.line, "credentials.password")
        own = mapping(container.get("env"))
        is_elsewhere = self._is_elsewhere(own)
        for key, value in own.pairs:
            if isinstance(value, Scalar):
                self._tell_setting(key, value, is_elsewhere=is_elsewhere)

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
            self._read_script(run)
        del self.environments[depth:]

    def _tell_setting(self, key: Scalar, value: Scalar, *, is_elsewhere: bool) -> None:
        """Say what a name with its value proves: a lasting key, a token, a value in the open."""
        told = origins(value.text, self._known())
        if Origin.SECRET in told:
            self._tell_secret(key.text, key.line, is_elsewhere=is_elsewhere)
            for name, line in _named_secrets(value):
                self._tell_secret(name, line, is_elsewhere=is_elsewhere)
        elif told == {Origin.LITERAL} and "${{" not in value.text and is_value_of(key.text, value.text):
            self._hard_coded(value.line, key.text)
        cloud = federates(key.text, value.text)
        if cloud is not None:
            self._keyless(cloud, key.line, key.text)

    def _tell_secret(self, name: str, line: int, *, is_elsewhere: bool) -> None:
        cloud, registry, vault = static_cloud_key(name), publishing_token(name), vault_token(name)
        if cloud is not None:
            self._static(cloud, line, name, is_elsewhere=is_elsewhere)
        if registry is not None:
            self._tokens.setdefault(registry, (line, name))
        if vault is not None:
            line_, _ = self._vaults.get(vault, (0, False))
            self._vaults[vault] = (line_, True)

    def _static(self, cloud: str, line: int, proof: str, *, is_elsewhere: bool = False) -> None:
        if cloud == "aws" and is_elsewhere:
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
        is_elsewhere = self._is_elsewhere(given)
        for key, value in given.pairs:
            if not isinstance(value, Scalar):
                continue
            self._tell_setting(key, value, is_elsewhere=is_elsewhere)
            if key.text in ADDRESS_INPUTS and action != "docker/login-action":
                self._addresses.append(value.text)
            if Origin.SECRET not in origins(value.text, self._known()):
                continue
            registry = PUBLISHING_INPUTS.get((action, key.text.lower()))
            if registry is not None:
                self._tokens.setdefault(registry, (key.line, f"{action} {key.text}"))
            cloud = registry_cloud(lambda name: _give(given, name)) if action == "docker/login-action" else None
            if cloud is not None and key.text == "password":
                self._static(cloud, key.line, f"{action} {key.text}", is_elsewhere=is_elsewhere)

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
                self._static(sign_in.cloud, line, f"{action} {key}", is_elsewhere=self._is_elsewhere(given))
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
            for level in self.environments:
                self._note_one_password(level.own)

    def _note_one_password(self, own: Map) -> None:
        """Note the paths that 1Password puts values in the place of, once for each `env`."""
        if id(own) in self._one_password:
            return
        self._one_password.add(id(own))
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

    def _read_script(self, run: Scalar) -> None:
        first = run.line + 1 if run.block else run.line
        is_elsewhere = self._is_elsewhere(Map(pairs=(), line=run.line))
        for name, line in (*_named_secrets(run), *_secrets_under_names(run)):
            self._tell_secret(name, line, is_elsewhere=is_elsewhere)
        told = [
            frozenset[Origin]() if one.expression is None else origins_of(one.expression, self._known())
            for one in expressions_in(run.text)
        ]
        for command in commands(run.text):
            line = first + command.line if run.block else run.line
            self._read_command(command, line)
            given = token_given(command)
            if given is not None and self._is_secret(given[2], told):
                self._tokens.setdefault(given[0], (line, given[1]))

    def _is_secret(self, word: str, told: list[_Origins]) -> bool:
        """Say whether a word of a script stands for a secret: an expression, or a variable that `env` sets."""
        number = expression_in(word)
        if number is not None:
            return number < len(told) and Origin.SECRET in told[number]
        known = self._known()
        return any(Origin.SECRET in known.get(name, frozenset()) for name in names_in(word))

    def _read_command(self, command: Command, line: int) -> None:
        for proof in hard_coded_in(command):
            self._hard_coded(line, proof)
        sign_in = signs_in(command)
        if sign_in is not None:
            tell = self._keyless if sign_in.keyless else self._static
            tell(sign_in.cloud, line, sign_in.proof)
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
            self._destinations.setdefault(published[0], []).append(destination(command))
        if self._checkouts and command.calls("git", "push"):
            self._persists(self._checkouts[0], "git push")

    # --- what only the whole job tells --------------------------------------------------------------------------------

    def conclude(self) -> None:
        """Say what the steps prove together: what opened a vault, where packages go, and by which token."""
        for vault, (line, by_token) in self._vaults.items():
            self._conclude_vault(vault, line, by_token=by_token)
        from_above = {one: told for one, told in self._tokens_above.items() if one in self._published}
        tokens = {**from_above, **self._tokens}
        for registry, (line, proof) in tokens.items():
            self._conclude_token(registry, line, proof)
        for registry, (line, command) in self._published.items():
            has_token = registry in tokens
            if command in BY_ITSELF and self._may_ask_for_token and not has_token and self._goes_public(registry):
                if self.takes_secret:
                    self._gathered.doubt(f"by which token the package at line {line} is published cannot be told")
                else:
                    self._trusted(registry, line, command)

    def conclude_for(self, jobs: list[Job]) -> None:
        """Say of tokens that the whole workflow sets what they do, where none of its jobs has told."""
        published = {registry for job in jobs for registry in job._published}  # noqa: SLF001 - of the same class
        for registry, (line, proof) in self._tokens.items():
            if registry not in published:
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
        if not trusts_jobs_of(registry, "github") or not self._goes_public(registry):
            return
        if registry == "npm" and registry not in self._published:
            self._gathered.doubt(
                f"whether the token of {registry} at line {line} publishes or only installs cannot be told"
            )
            return
        self._gathered.prove(PipelineSignal.STATIC_PUBLISHING_TOKEN, line, job=self._name, proof=proof, of=registry)

    def _goes_public(self, registry: str) -> bool:
        """Say whether a package goes where trusted publishing is: by what a command is told, else by what is set."""
        told = self._destinations.get(registry, [None])
        addresses = [one for one in told if one is not None] + (self._addresses if None in told else [])
        by_itself = None in told and not self._addresses
        return by_itself or any(is_public(registry, address) for address in addresses)

    def _trusted(self, registry: str, line: int, proof: str) -> None:
        self._gathered.prove(PipelineSignal.TRUSTED_PUBLISHING, line, job=self._name, proof=proof, of=registry)


def _over(told: dict[str, _Origins], known: Mapping[str, _Origins]) -> Mapping[str, _Origins]:
    """Lay what one level sets over what is known, without copying that for each of many steps."""
    if not told:
        return known
    maps = known.maps if isinstance(known, ChainMap) else [dict(known)]
    return ChainMap(told, *maps)


def _give(given: Map, name: str) -> str:
    """Return what stands for an input, whose name has no case; empty where nothing does."""
    wanted = words_of(name)
    return next((text_of(value) or "" for key, value in given.pairs if words_of(key.text) == wanted), "")


def _named_secrets(scalar: Scalar) -> Iterator[tuple[str, int]]:
    for found, line in _located(scalar):
        if found.expression is not None:
            yield from ((name, line) for _, name in secrets_in(found.expression) if name is not None)


def _secrets_under_names(scalar: Scalar) -> Iterator[tuple[str, int]]:
    """Yield the names under which a text puts secrets: `NAME=${{ secrets.A }}` in a script or in a file it writes."""
    for found, line in _located(scalar):
        before = scalar.text[max(found.offset - 120, 0) : found.offset]
        name = _SET_TO.search(before)
        if name is not None and found.expression is not None and any(True for _ in secrets_in(found.expression)):
            yield ("NPM_TOKEN" if "//registry.npmjs.org/:_authToken" in before else name[1]), line


def _located(scalar: Scalar, *, bare: bool = False) -> Iterator[tuple[Found, int]]:
    """Yield the expressions of a text with their lines in the file."""
    at, line = 0, scalar.line + 1 if scalar.block else scalar.line
    for found in expressions_in(scalar.text, bare=bare):
        if scalar.block:
            line += scalar.text.count("\n", at, found.offset)
            at = found.offset
        yield found, line
