"""What a dialect notes while it reads a file, and what the names of slots tell by themselves.

Dialects find slots; what follows from a slot's name is the same for all of them: a lasting key of a cloud where the CI
system's own token could stand for it, a token of a registry that would take that token, the secret that opens a vault.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterator

from connectors.pipelines.base import PipelineReading
from connectors.pipelines.cloud_commands import federates, signs_in
from connectors.pipelines.hard_coded import hard_coded_in, is_value_of, password_in_address
from connectors.pipelines.publishing import publishes
from connectors.pipelines.reading import Gathering
from connectors.pipelines.shell_variables import Either, Script, Use, script
from connectors.pipelines.shell_words import Command, commands
from connectors.pipelines.telling_slots import publishing_token, static_cloud_key, trusts_jobs_of
from connectors.pipelines.vault_paths import path_read
from connectors.pipelines.vault_steps import calls_vault, vault_token
from connectors.pipelines.yaml_nodes import Mapping, Node, Scalar, Sequence
from storage.inventory import PipelineSignal, Record, ReferenceKind

_ONE_VARIABLE = re.compile(r"\$\{?([A-Za-z_]\w*)\}?")


class Where(Record, frozen=True, kw_only=True):
    """The part of a file that is being read."""

    job: str | None = None
    """Its job or stage."""
    environment: str | None = None
    """The environment that it stands in."""


EVERYWHERE = Where()
"""What stands outside of every job."""


class Notes:
    """Takes down references and facts, each once, draws what follows from them together, and hands them out by line."""

    def __init__(self, provider: str, *, keyless: bool, predefined: Callable[[str], bool] = lambda _: False) -> None:
        """Begin for a CI system.

        `keyless` says whether its jobs have a token that a cloud could take, `predefined` which variables it sets.
        """
        self._provider = provider
        self._keyless = keyless
        self._predefined = predefined
        self._gathered = Gathering()
        self._asked: set[tuple[object, ...]] = set()
        self._vaults: dict[tuple[str | None, str], int] = {}
        self._vault_tokens: dict[tuple[str | None, str], int] = {}
        self._tokens: dict[tuple[str | None, str], tuple[int, str]] = {}
        self._published: set[tuple[str | None, str]] = set()
        self._calls_aws: dict[str | None, int] = {}

    def ask(
        self, kind: ReferenceKind, name: str | None, line: int, at: Where = EVERYWHERE, *, defined: bool | None = None
    ) -> None:
        """Note what is asked for, once for each line and job, and what its name tells."""
        if (kind, name, line, at) in self._asked:
            return
        self._asked.add((kind, name, line, at))
        self._gathered.refer(kind, name, line, job=at.job, environment=at.environment, defined=defined)
        if name is not None and kind in {ReferenceKind.SECRET, ReferenceKind.VARIABLE}:
            self.named(name, line, at)

    def named(self, name: str, line: int, at: Where = EVERYWHERE) -> None:
        """Note what the name tells under which a job gets a secret, whatever the slot behind it is called."""
        cloud, registry, vault = static_cloud_key(name), publishing_token(name), vault_token(name)
        if cloud is not None:
            self.cloud_key(cloud, line, name, at)
        if registry is not None and trusts_jobs_of(registry, self._provider):
            self._tokens.setdefault((at.job, registry), (line, name))
        if vault is not None:
            self._vault_tokens.setdefault((at.job, vault), line)

    def cloud_key(self, cloud: str, line: int, proof: str, at: Where = EVERYWHERE) -> None:
        """Note a lasting key of a cloud, where a job's own token could stand for it."""
        if self._keyless:
            self.prove(PipelineSignal.STATIC_CLOUD_KEY, line, proof, at, of=cloud)

    def keyless(self, cloud: str, line: int, proof: str, at: Where = EVERYWHERE) -> None:
        """Note that a cloud takes the job's own token."""
        self.prove(PipelineSignal.KEYLESS_CLOUD, line, proof, at, of=cloud)

    def vault(self, vault: str, line: int, proof: str, at: Where = EVERYWHERE, *, keyless: bool | None = None) -> None:
        """Note that secrets come from a vault, and how it is opened where that is told."""
        self.prove(PipelineSignal.VAULT_USED, line, proof, at, of=vault)
        self._vaults.setdefault((at.job, vault), line)
        if keyless is not None:
            signal = PipelineSignal.VAULT_KEYLESS if keyless else PipelineSignal.VAULT_STATIC
            self.prove(signal, line, proof, at, of=vault)

    def prove(self, signal: PipelineSignal, line: int, proof: str, at: Where = EVERYWHERE, *, of: str = "") -> None:
        """Note a fact, once for each job and thing it is of."""
        self._gathered.prove(signal, line, job=at.job, proof=proof, of=of)

    def cannot_tell(self, sentence: str) -> None:
        """Note what the file alone does not tell."""
        self._gathered.doubt(sentence)

    def include(self, path: str, line: int) -> None:
        """Note a further file of the repository."""
        self._gathered.take_in(path, line)

    def setting(self, name: str, text: str, line: int, at: Where = EVERYWHERE) -> None:
        """Note a setting that holds a secret in the file itself; an address may carry one under any name."""
        if is_value_of(name, text) or password_in_address(text):
            self.hard_coded(line, name, at)

    def hard_coded(self, line: int, proof: str, at: Where = EVERYWHERE) -> None:
        """Note a value that stands in the file itself."""
        self.prove(PipelineSignal.HARD_CODED_VALUE, line, proof, at, of=f"{line}{proof}")

    def variables(self, uses: tuple[Use, ...], at: Where = EVERYWHERE) -> None:
        """Note variables that come from outside of the file."""
        for use in uses:
            if use.name is None:
                self.ask(ReferenceKind.ANY_SECRET, None, use.line, at)
            elif not self._predefined(use.name):
                self.ask(ReferenceKind.VARIABLE, use.name, use.line, at)

    def commands(self, text: str, line: int, at: Where = EVERYWHERE, *, sets: Container[str] = frozenset()) -> None:
        """Note what the commands of a script prove; `sets` are names that it sets itself."""
        for command in commands(text):
            self._command(command, line + command.line, at)
            for name, given in command.assigned:
                outside = _ONE_VARIABLE.fullmatch(given)
                if outside is not None and outside[1] not in sets:
                    self.named(name, line + command.line, at)

    def _command(self, command: Command, line: int, at: Where) -> None:
        for proof in hard_coded_in(command):
            self.hard_coded(line, proof, at)
        sign_in = signs_in(command)
        if sign_in is not None:
            (self.keyless if sign_in.keyless else self.cloud_key)(sign_in.cloud, line, sign_in.proof, at)
        elif command.words[:1] == ("aws",):
            self._calls_aws.setdefault(at.job, line)
        for name, given in command.assigned:
            cloud = federates(name, given)
            if cloud is not None:
                self.keyless(cloud, line, name, at)
        call = calls_vault(command)
        if call is not None and (call.reads or call.keyless is not None):
            self.vault(call.vault, line, call.proof, at, keyless=call.keyless)
        path = path_read(command)
        if path is not None:
            self.ask(ReferenceKind.VAULT, path[0], line, at)
        published = publishes(command)
        if published is not None:
            self._published.add((at.job, published[0]))

    def shell(self, text: str, line: int, known: Container[str], at: Where = EVERYWHERE) -> Script:
        """Note all that a script says: its variables from outside, and what its commands prove."""
        found = script(text, line, known)
        self.variables(found.uses, at)
        self.commands(text, line, at, sets=Either(found.sets, known))
        if found.sourced is not None:
            self.cannot_tell(f"a script at line {found.sourced} takes in another file, which may set variables")
        return found

    def reading(self) -> PipelineReading:
        """Draw the conclusions, and hand out what was noted."""
        for (job, registry), (line, name) in self._tokens.items():
            if any(registry == one and (job is None or job == by) for by, one in self._published):
                signal = PipelineSignal.STATIC_PUBLISHING_TOKEN
                self._gathered.prove(signal, line, job=job, proof=name, of=registry)
            else:
                self.cannot_tell(
                    f"whether the token of {registry} at line {line} publishes or only installs cannot be told"
                )
        for (job, vault), line in self._vaults.items():
            self._opened(job, vault, line)
        for job, line in self._calls_aws.items() if self._keyless else ():
            signs = (PipelineSignal.STATIC_CLOUD_KEY, PipelineSignal.KEYLESS_CLOUD)
            if not any(self._gathered.proved(one, job, "aws") for one in signs):
                self.cannot_tell(f"by which key or role the call of AWS at line {line} is made cannot be told")
        return self._gathered.reading()

    def _opened(self, job: str | None, vault: str, line: int) -> None:
        """Say what opens a vault that is read: a token in reach, or what signs in to the cloud that keeps it."""
        proved = self._gathered.proved
        static = (job, vault) in self._vault_tokens or (None, vault) in self._vault_tokens
        if static or proved(PipelineSignal.STATIC_CLOUD_KEY, job, vault):
            self._gathered.prove(PipelineSignal.VAULT_STATIC, line, job=job, proof=vault, of=vault)
        elif proved(PipelineSignal.KEYLESS_CLOUD, job, vault):
            self._gathered.prove(PipelineSignal.VAULT_KEYLESS, line, job=job, proof=vault, of=vault)
        elif not any(proved(one, job, vault) for one in (PipelineSignal.VAULT_STATIC, PipelineSignal.VAULT_KEYLESS)):
            self.cannot_tell(f"what opens the vault read at line {line} cannot be told from this file")


def text_line(scalar: Scalar) -> int:
    """Return the line on which a scalar's own text begins."""
    return scalar.line + 1 if scalar.block else scalar.line


def named_scalars(node: Node | None, name: str = "") -> Iterator[tuple[str, Scalar]]:
    """Yield every scalar under a node with the key that it stands under; in a list, the key of the list."""
    stack: list[tuple[str, Node | None]] = [(name, node)]
    while stack:
        key, one = stack.pop()
        match one:
            case Scalar():
                yield key, one
            case Sequence():
                stack.extend((key, item) for item in reversed(one.items))
            case Mapping():
                stack.extend((inner.text, value) for inner, value in reversed(one.pairs))
            case None:
                pass


def settings(node: Node | None) -> Iterator[tuple[str, Scalar]]:
    """Yield names and texts of a block of variables: a mapping, or a list of `NAME=text` or of mappings."""
    match node:
        case Mapping():
            yield from ((key.text, value) for key, value in node.pairs if isinstance(value, Scalar))
        case Sequence():
            for item in node.items:
                yield from settings(item)
        case Scalar() if "=" in node.text:
            name, _, text = node.text.partition("=")
            yield name.strip(), Scalar(text=text, line=node.line, plain=node.plain, block=node.block)
        case _:
            pass
