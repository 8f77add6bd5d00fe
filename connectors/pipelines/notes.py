"""What a dialect notes while it reads a file, and what the names of slots tell by themselves.

Dialects find slots; what follows from a slot's name is the same for all of them: a lasting key of a cloud where the CI
system's own token could stand for it, a token of a registry that would take that token, the secret that opens a vault.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet

from connectors.pipelines.base import PipelineReading
from connectors.pipelines.literals import is_hard_coded
from connectors.pipelines.shell_signals import signs
from connectors.pipelines.shell_variables import Script, Use, script
from connectors.pipelines.telling_slots import publishing_token, static_cloud_key, trusts_jobs_of
from connectors.pipelines.yaml_nodes import Mapping, Node, Scalar, Sequence
from storage.inventory import PipelineFact, PipelineReference, PipelineSignal, Record, ReferenceKind

_VAULT_SECRETS = re.compile(
    r"(?:^|_)(?:VAULT_TOKEN|VAULT_SECRET_ID|VAULT_APPROLE_SECRET_ID|OP_SERVICE_ACCOUNT_TOKEN|OP_CONNECT_TOKEN"
    r"|DOPPLER_TOKEN|AKEYLESS_ACCESS_KEY|INFISICAL_TOKEN|INFISICAL_CLIENT_SECRET|BWS_ACCESS_TOKEN"
    r"|CONJUR_AUTHN_API_KEY)\Z"
)
"""Variables by which the tools of a vault are given a lasting secret, as their vendors name them."""


class Where(Record, frozen=True, kw_only=True):
    """The part of a file that is being read."""

    job: str | None = None
    """Its job or stage."""
    environment: str | None = None
    """The environment that it stands in."""


EVERYWHERE = Where()
"""What stands outside of every job."""


class Notes:
    """Takes down references and facts, each once, and hands them out by line."""

    def __init__(self, provider: str, *, keyless: bool, predefined: Callable[[str], bool] = lambda _: False) -> None:
        """Begin for a CI system.

        `keyless` says whether its jobs have a token that a cloud could take, `predefined` which variables it sets.
        """
        self._predefined = predefined
        self._provider = provider
        self._keyless = keyless
        self._references: dict[PipelineReference, None] = {}
        self._facts: dict[PipelineFact, None] = {}
        self._undetermined: dict[str, None] = {}
        self._includes: dict[str, None] = {}

    def ask(
        self, kind: ReferenceKind, name: str | None, line: int, at: Where = EVERYWHERE, *, defined: bool | None = None
    ) -> None:
        """Note what is asked for, and what its name tells."""
        reference = PipelineReference(
            kind=kind, name=name, line=line, job=at.job, environment=at.environment, defined=defined
        )
        self._references[reference] = None
        if name is not None and kind in {ReferenceKind.SECRET, ReferenceKind.VARIABLE}:
            self.named(name, line, at)

    def named(self, name: str, line: int, at: Where = EVERYWHERE) -> None:
        """Note what the name tells under which a job gets a secret, whatever the slot behind it is called."""
        if self._keyless and static_cloud_key(name) is not None:
            self.prove(PipelineSignal.STATIC_CLOUD_KEY, line, name, at)
        registry = publishing_token(name)
        if registry is not None and trusts_jobs_of(registry, self._provider):
            self.prove(PipelineSignal.STATIC_PUBLISHING_TOKEN, line, name, at)
        if _VAULT_SECRETS.search(name):
            self.prove(PipelineSignal.VAULT_USED, line, name, at)
            self.prove(PipelineSignal.VAULT_STATIC, line, name, at)

    def prove(self, signal: PipelineSignal, line: int, proof: str, at: Where = EVERYWHERE) -> None:
        """Note a fact."""
        self._facts[PipelineFact(signal=signal, line=line, job=at.job, proof=proof)] = None

    def cannot_tell(self, sentence: str) -> None:
        """Note what the file alone does not tell."""
        self._undetermined[sentence] = None

    def include(self, path: str) -> None:
        """Note a further file of the repository."""
        self._includes[path] = None

    def setting(self, name: str, text: str, line: int, at: Where = EVERYWHERE) -> None:
        """Note a setting that holds a secret in the file itself."""
        if is_hard_coded(name, text):
            self.prove(PipelineSignal.HARD_CODED_VALUE, line, name, at)

    def variables(self, uses: tuple[Use, ...], at: Where = EVERYWHERE) -> None:
        """Note variables that come from outside of the file."""
        for use in uses:
            if use.name is None:
                self.ask(ReferenceKind.ANY_SECRET, None, use.line, at)
            elif not self._predefined(use.name):
                self.ask(ReferenceKind.VARIABLE, use.name, use.line, at)

    def commands(self, text: str, line: int, at: Where = EVERYWHERE) -> None:
        """Note what the commands of a script prove."""
        for sign in signs(text, line):
            self.prove(sign.signal, sign.line, sign.proof, at)
            if sign.kind is not None:
                self.ask(sign.kind, sign.name, sign.line, at)

    def shell(self, text: str, line: int, known: AbstractSet[str], at: Where = EVERYWHERE) -> Script:
        """Note all that a script says: its variables from outside, and what its commands prove."""
        found = script(text, line, known)
        self.variables(found.uses, at)
        self.commands(text, line, at)
        if found.sourced is not None:
            self.cannot_tell(f"a script at line {found.sourced} takes in another file, which may set variables")
        return found

    def reading(self) -> PipelineReading:
        """Hand out what was noted."""
        return PipelineReading(
            references=tuple(sorted(self._references, key=lambda one: one.line)),
            facts=tuple(sorted(self._facts, key=lambda one: one.line)),
            undetermined=tuple(self._undetermined),
            includes=tuple(self._includes),
        )


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
