"""Jenkinsfiles, declarative and scripted, and the Groovy of shared libraries beside them.

A Jenkinsfile is a program. What it asks for is found by the words of the steps that take credentials, wherever they
stand, and not by running it: a name that is computed is a reference to any secret, unless the file itself says in one
place what the computed name holds. Which secret stands behind an id, only the controller knows.

Steps and settings: jenkins.io/doc/pipeline/steps (credentials-binding, ssh-agent, docker-workflow, pipeline-aws,
hashicorp-vault-plugin, azure-keyvault, git) and jenkins.io/doc/book/pipeline/syntax. Jobs have a token of their own by
the plug-in oidc-provider.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from connectors.pipelines.base import PipelineReading, Unreadable
from connectors.pipelines.groovy_tokens import COMPUTED, Token, tokens
from connectors.pipelines.hard_coded import is_value_of, secret_like
from connectors.pipelines.notes import EVERYWHERE, Notes, Where
from connectors.pipelines.shell_variables import script, windows_script
from connectors.pipelines.telling_slots import static_cloud_key
from storage.inventory import Facet, PipelineDialect, Record, ReferenceKind

_FILES = re.compile(r"(?i)(?:.*/)?(?:jenkinsfile[^/]*|[^/]+\.jenkinsfile)\Z")
_NOT_GROOVY = re.compile(r"(?i)\.(?:md|rst|txt|ya?ml|json|png|svg|html|sh|py|adoc)\Z")
_LIBRARIES = re.compile(r"(?:.*/)?(?:vars|\.?jenkins(?:/.+)?)/[^/]+\.groovy\Z")

_ID_KEY = re.compile(r"(?i)(?:\w*(?:credentials?id|credential_id)s?|kubeconfigid)\Z")
_VARIABLE_KEY = re.compile(r"(?:\w*[vV]ariable|envVariable|envVar)\Z")
_SHELL_STEPS = {"sh": script, "bat": windows_script, "powershell": windows_script, "pwsh": windows_script}
_CLOUD_BINDINGS = {
    "AmazonWebServicesCredentialsBinding": "aws",
    "azureServicePrincipal": "azure",
    "AzureCredentialsBinding": "azure",
    "withKubeConfig": "kubernetes",
    "withKubeCredentials": "kubernetes",
    "googleServiceAccountCredential": "google_cloud",
}
_VAULT_STEPS = {
    "withVault": "hashicorp_vault",
    "vault": "hashicorp_vault",
    "withAzureKeyvault": "azure",
    "azureKeyVault": "azure",
}
_VAULT_BINDINGS = frozenset({"VaultTokenCredentialBinding", "VaultStringCredentialBinding", "vaultString", "vaultFile"})
_STEPS = frozenset(
    {
        "credentials",
        "sshagent",
        "registryCredentialsId",
        "credentialsId",
        "withRegistry",
        "withServer",
        "withAWS",
        "aws",
    }
    | {"withCredentials", "password", "@Library", "library", "libraries", "load"}
    | {*_SHELL_STEPS, *_VAULT_STEPS, *_VAULT_BINDINGS, *_CLOUD_BINDINGS}
)
_TOKENS = 1_000_000
"""Tokens of calls and values that are looked at in one file."""
_REGISTRY = re.compile(r"(ecr|gcr):(?:[\w.-]*:)?(.+)\Z")
_NOT_A_VALUE = re.compile(r"(?i)(?:credential|variable|param|file|path|name|label|id)s?\w{0,2}\Z")


class _Call(Record, frozen=True, kw_only=True):
    """A step with what it is given, in one flat run of tokens."""

    name: str
    line: int
    given: tuple[Token, ...]
    """The tokens between its parentheses, or up to the end of its line."""


class Jenkinsfile:
    """Reads Jenkinsfiles."""

    dialect = PipelineDialect.JENKINS
    provider = "jenkins"
    answers = frozenset({Facet.VAULT})

    def recognises(self, path: str) -> bool:
        """Say whether a path is a Jenkinsfile's, or that of Groovy in a shared library."""
        if _FILES.match(path):
            return not _NOT_GROOVY.search(path)
        return _LIBRARIES.match(path) is not None

    def read(self, text: str, path: str) -> PipelineReading:  # noqa: ARG002  # the seam has it
        """Read one file.

        Raises:
            Unreadable: when it is too long, or nested too deep.
        """
        return _Reading(tokens(text)).read()


class _Reading:
    """One file: its tokens, the texts it gives names to, and what it says."""

    def __init__(self, found: tuple[Token, ...]) -> None:
        self._tokens = found
        self._notes = Notes("jenkins", keyless=True)
        self._constants = _constants(found)
        self._known = frozenset(_declared(found))
        self._left = _TOKENS

    def read(self) -> PipelineReading:
        for run, at in _runs(self._tokens):
            self._run(run, at)
        return self._notes.reading()

    def _run(self, run: tuple[Token, ...], at: list[Where]) -> None:
        """Read tokens in a row, each at its place."""
        ends = _ends(run)
        for index, token in enumerate(run):
            if token.kind != "word":
                if token.kind == "text":
                    self._class_name(token, run, index, at[index])
                continue
            after = run[index + 1] if index + 1 < len(run) else None
            if after is None:
                continue
            if after.text == ":" and after.kind == "sign":
                if _tells(token.text):
                    self._pair(token, self._paid(_value(run, index + 2, ends)), at[index])
            elif after.text == "=" and after.kind == "sign" and not _is(run, index + 2, "="):
                self._assigned(token, self._paid(_value(run, index + 2, ends)), at[index])
            elif token.text in _STEPS and not _is(run, index - 1, "def"):
                given = self._paid(_given(run, index + 1, ends))
                self._step(_Call(name=token.text, line=token.line, given=given), at[index])

    def _paid(self, looked_at: tuple[Token, ...]) -> tuple[Token, ...]:
        """Count what is looked at again and again, so that calls within calls cannot grow without end."""
        self._left -= len(looked_at)
        if self._left < 0:
            raise Unreadable("its calls stand within each other too often")
        return looked_at

    # --- names and what they are given ---------------------------------------------------------------------------

    def _pair(self, key: Token, value: tuple[Token, ...], at: Where) -> None:
        """Read `key: value`, in a call or a map."""
        name = key.text
        if name == "kubeconfigId":
            self._notes.cloud_key("kubernetes", key.line, name, at)
        if _ID_KEY.match(name) or name in {"credentials", "authentication"}:
            self._credential(value, key.line, at)
        elif _VARIABLE_KEY.match(name):
            for text in value:
                if text.kind == "text" and not text.computed and static_cloud_key(text.text) is not None:
                    self._notes.named(text.text, text.line, at)
        elif not _NOT_A_VALUE.search(name):
            self._literal(name, value, at)

    def _assigned(self, key: Token, value: tuple[Token, ...], at: Where) -> None:
        """Read `NAME = value`."""
        if _calls(value, "credentials"):
            self._notes.named(key.text, key.line, at)
        elif _ID_KEY.match(key.text):
            return
        elif not _NOT_A_VALUE.search(key.text):
            self._literal(key.text, value, at)

    def _literal(self, name: str, value: tuple[Token, ...], at: Where) -> None:
        if len(value) == 1 and value[0].kind == "text" and is_value_of(name, value[0].text):
            self._notes.hard_coded(value[0].line, name, at)

    def _class_name(self, token: Token, run: tuple[Token, ...], index: int, at: Where) -> None:
        """Read the name of a binding that is given as text: `$class: 'AmazonWebServicesCredentialsBinding'`."""
        if index < 2 or run[index - 2].text not in {"$class", "class"}:
            return
        if token.text in _CLOUD_BINDINGS:
            self._notes.cloud_key(_CLOUD_BINDINGS[token.text], token.line, token.text, at)
        elif token.text in _VAULT_BINDINGS:
            self._notes.vault("hashicorp_vault", token.line, token.text, at)

    # --- steps -----------------------------------------------------------------------------------------------------

    def _step(self, call: _Call, at: Where) -> None:
        given = call.given
        match call.name:
            case "credentials" if given:
                self._credentials_call(call, at)
            case "sshagent":
                if not _keys(given):
                    self._credential(given, call.line, at)
            case "registryCredentialsId" | "credentialsId":
                self._credential(given, call.line, at)
            case "withRegistry" | "withServer":
                self._registry(call, at)
            case "withCredentials" if given and not any(_ID_KEY.match(key) for key in _keys(given)):
                self._bindings(call, at)
            case "withAWS":
                self._aws(call, at)
            case "sh" | "bat" | "powershell" | "pwsh":
                self._script(call, at)
            case "password" if _keys(given) & {"defaultValue", "value"}:
                self._password(call, at)
            case "@Library" | "library" | "libraries":
                self._notes.cannot_tell("steps come from a shared library, which another repository holds")
            case "load":
                self._load(call)
            case name if name in _VAULT_STEPS:
                self._vault(call, at)
            case name if name in _VAULT_BINDINGS:
                self._notes.vault("hashicorp_vault", call.line, name, at)
            case name if name in _CLOUD_BINDINGS or (name == "aws" and "credentialsId" in _keys(given)):
                if given:
                    self._notes.cloud_key(_CLOUD_BINDINGS.get(name, name), call.line, name, at)
                if not _keys(given):
                    self._credential(given, call.line, at)
            case _:
                pass

    def _credentials_call(self, call: _Call, at: Where) -> None:
        """Read `credentials('id')`; as a parameter, it lets the one who starts the job choose."""
        named = dict(_pairs(call.given))
        if "defaultValue" in named:
            self._credential(named["defaultValue"], call.line, at)
        if named:
            self._notes.ask(ReferenceKind.ANY_SECRET, None, call.line, at)
        else:
            self._credential(call.given, call.line, at)

    def _bindings(self, call: _Call, at: Where) -> None:
        """Read `withCredentials(…)` without an id in it: what it binds is made elsewhere."""
        if not any(_calls(call.given, name) for name in (*_CLOUD_BINDINGS, "credentials")):
            self._notes.ask(ReferenceKind.ANY_SECRET, None, call.line, at)

    def _registry(self, call: _Call, at: Where) -> None:
        """Read `docker.withRegistry(url, 'id')`, in which `ecr:region:id` is a key of AWS."""
        parts = _split(call.given)
        if len(parts) < 2 or _keys(call.given):
            return
        value = parts[1]
        if len(value) == 1 and value[0].kind == "text" and (cloud := _REGISTRY.match(value[0].text)):
            kept_by = {"ecr": "aws", "gcr": "google_cloud"}[cloud[1]]
            self._notes.cloud_key(kept_by, value[0].line, f"{cloud[1]}: of a registry", at)
            name = None if COMPUTED in cloud[2] else cloud[2]
            kind = ReferenceKind.STORED_CREDENTIAL if name else ReferenceKind.ANY_SECRET
            self._notes.ask(kind, name, value[0].line, at)
        else:
            self._credential(value, call.line, at)

    def _aws(self, call: _Call, at: Where) -> None:
        """Read `withAWS`: a stored key, or a role that the machine's own identity takes."""
        named = dict(_pairs(call.given))
        if "credentials" in named:
            self._notes.cloud_key("aws", call.line, "withAWS credentials", at)
        if "role" in named:
            names = self._texts(named["role"])
            for name in names or (None,):
                self._notes.ask(ReferenceKind.FEDERATION, name, call.line, at)
            if "credentials" not in named:
                self._notes.keyless("aws", call.line, "withAWS role", at)
        if "profile" in named:
            self._notes.cannot_tell(f"withAWS at line {call.line} takes a profile of the machine")

    def _vault(self, call: _Call, at: Where) -> None:
        pairs = list(_pairs(call.given, deep=True))
        if call.name == "vault" and "path" not in dict(pairs):
            return
        self._notes.vault(_VAULT_STEPS[call.name], call.line, call.name, at)
        wanted = {"path"} if call.name in {"withVault", "vault"} else {"name"}
        for key, value in pairs:
            if key in wanted:
                for name in self._texts(value) or (None,):
                    self._notes.ask(ReferenceKind.VAULT, name, value[0].line if value else call.line, at)

    def _script(self, call: _Call, at: Where) -> None:
        """Read what a shell is given; of its variables, only those whose names promise a secret can be slots."""
        named = dict(_pairs(call.given))
        for token in named.get("script", call.given[:1]):
            if token.kind != "text":
                continue
            text = token.text.replace(COMPUTED, " ")
            found = _SHELL_STEPS[call.name](text, token.line, self._known)
            for use in found.uses:
                if use.name and (secret_like(use.name) or static_cloud_key(use.name)):
                    self._notes.ask(ReferenceKind.VARIABLE, use.name, use.line, at)
            self._notes.commands(token.text.replace(COMPUTED, "$"), token.line, at, sets=found.sets)

    def _password(self, call: _Call, at: Where) -> None:
        named = dict(_pairs(call.given))
        value = named.get("defaultValue") or named.get("value", ())
        name = (self._texts(named.get("name", ())) or ["password"])[0]
        if len(value) == 1 and value[0].kind == "text" and is_value_of("password", value[0].text):
            self._notes.hard_coded(value[0].line, name, at)

    def _load(self, call: _Call) -> None:
        paths = self._texts(call.given)
        for path in paths:
            self._notes.include(path, call.line)
        if not paths:
            self._notes.cannot_tell(f"line {call.line} takes in a script whose name is computed")

    # --- ids -------------------------------------------------------------------------------------------------------

    def _credential(self, value: tuple[Token, ...], line: int, at: Where) -> None:
        """Note one or several ids, or that they are computed."""
        texts = [token for token in value if token.kind == "text"]
        names = self._texts(value)
        complete = bool(names)
        if not complete and (fallback := _fallback(value)):
            names = self._texts(fallback)
        if not value or (not texts and not names and all(token.text in {"null", "[", "]"} for token in value)):
            return
        for name in names:
            found = next((token.line for token in texts if token.text == name), line)
            if name.strip():
                self._notes.ask(ReferenceKind.STORED_CREDENTIAL, name, found, at)
        if not complete:
            self._notes.ask(ReferenceKind.ANY_SECRET, None, line, at)

    def _texts(self, value: tuple[Token, ...]) -> list[str]:
        """Return the texts that a value can be; none when one of them is computed and nothing says what it holds.

        A list is each of its texts, `a ? 'x' : 'y'` is both, a name is what the file gives it in its only place.
        """
        rest = value
        question = next((i for i, token in enumerate(value) if token.text == "?" and token.kind == "sign"), None)
        if question is not None and not _is(value, question + 1, ":"):
            rest = value[question + 1 :]
        found: list[str] = []
        skip = False
        for index, token in enumerate(rest):
            if skip:
                skip = False
            elif token.kind == "text":
                text = self._resolved(token)
                if text is None:
                    return []
                found.append(text)
            elif token.kind == "word" and token.text in {"env", "this"} and _is(rest, index + 1, "."):
                continue
            elif token.kind == "word":
                if token.text not in self._constants or _is(rest, index + 1, "(") or _is(rest, index + 1, "["):
                    return []
                found.append(self._constants[token.text])
            elif token.text not in {"[", "]", ",", ":", ".", "(", ")", "\n", "?"}:
                return []
        return found

    def _resolved(self, token: Token) -> str | None:
        """Return a text, with what it computes where that is a name with one text."""
        if not token.computed:
            return token.text
        words = [one.text for one in token.inner if one.kind == "word" and one.text != "env"]
        simple = all(one.kind == "word" or one.text == "." for one in token.inner)
        if not simple or len(words) != token.text.count(COMPUTED) or not all(word in self._constants for word in words):
            return None
        pieces = token.text.split(COMPUTED)
        return pieces[0] + "".join(self._constants[word] + piece for word, piece in zip(words, pieces[1:], strict=True))


def _tells(key: str) -> bool:
    """Whether a named argument can say anything."""
    return (
        _ID_KEY.match(key) is not None
        or key in {"credentials", "authentication"}
        or _VARIABLE_KEY.match(key) is not None
        or secret_like(key)
    )


# --- tokens in a row --------------------------------------------------------------------------------------------------

_OPENING = {"(": ")", "[": "]", "{": "}"}


def _is(run: tuple[Token, ...], index: int, text: str) -> bool:
    return 0 <= index < len(run) and run[index].kind != "text" and run[index].text == text


def _ends(run: tuple[Token, ...]) -> dict[int, int]:
    """Return where what opens at an index is closed; what is not closed, at the end."""
    ends, stack = {}, []
    for index, token in enumerate(run):
        if token.kind != "sign":
            continue
        if token.text in _OPENING:
            stack.append(index)
        elif token.text in {")", "]", "}"} and stack and _OPENING[run[stack[-1]].text] == token.text:
            ends[stack.pop()] = index
    return ends | dict.fromkeys(stack, len(run))


_MOST = 400
"""Tokens that one value or one call without parentheses may take: a whole list of bindings, not a whole file."""


def _value(run: tuple[Token, ...], start: int, ends: dict[int, int]) -> tuple[Token, ...]:
    """Return the tokens of a value: up to a comma, a closing sign or the end of the line."""
    while start < len(run) and run[start].kind == "newline":
        start += 1
    index = start
    while index < len(run) and index - start < _MOST:
        token = run[index]
        if token.kind == "sign" and token.text in {",", ")", "]", "}", ";"}:
            break
        if token.kind == "newline" and not _goes_on(run, index):
            break
        index = min(ends[index] + 1 if index in ends else index + 1, start + _MOST)
    return tuple(token for token in run[start:index] if token.kind != "newline")


def _goes_on(run: tuple[Token, ...], index: int) -> bool:
    """Whether an expression goes on after a line's end: an operator stands around it."""
    after = index + 1
    while after < len(run) and run[after].kind == "newline":
        after += 1
    return run[index - 1].text in {"?", ":", "+"} or (after < len(run) and run[after].text in {"?", ":", "+"})


def _given(run: tuple[Token, ...], start: int, ends: dict[int, int]) -> tuple[Token, ...]:
    """Return what a call is given: what its parentheses hold, or the rest of the line, lists followed to their end."""
    if _is(run, start, "("):
        return tuple(token for token in run[start + 1 : min(ends[start], start + _MOST)] if token.kind != "newline")
    if start >= len(run) or (run[start].kind == "sign" and run[start].text != "["):
        return ()
    index = start
    while index < len(run) and index - start < _MOST:
        token = run[index]
        if token.kind == "sign" and token.text in {"{", "}", ")", "]", ";"}:
            break
        if token.kind == "newline" and not (index > start and run[index - 1].text in {",", ":"}):
            break
        index = min(ends[index] + 1 if index in ends else index + 1, start + _MOST)
    return tuple(token for token in run[start:index] if token.kind != "newline")


def _fallback(value: tuple[Token, ...]) -> tuple[Token, ...]:
    """Return what holds where nothing else is given: `name ?: 'x'`."""
    return next((value[i + 2 :] for i in range(len(value)) if _is(value, i, "?") and _is(value, i + 1, ":")), ())


def _split(given: tuple[Token, ...]) -> list[tuple[Token, ...]]:
    """Return what stands between the commas of a call."""
    parts: list[list[Token]] = [[]]
    depth = 0
    for token in given:
        if token.kind == "sign":
            depth += (token.text in _OPENING) - (token.text in {")", "]", "}"})
            if token.text == "," and depth == 0:
                parts.append([])
                continue
        parts[-1].append(token)
    return [tuple(part) for part in parts]


def _pairs(given: tuple[Token, ...], *, deep: bool = False) -> Iterator[tuple[str, tuple[Token, ...]]]:
    """Yield the named arguments of a call; `deep`, those of the lists and maps in it too."""
    ends = _ends(given)
    depth = 0
    for index, token in enumerate(given):
        if token.kind == "sign":
            depth += (token.text in _OPENING) - (token.text in {")", "]", "}"})
        if token.kind == "word" and _is(given, index + 1, ":") and (deep or depth == 0 or given[0].text == "["):
            yield token.text, _value(given, index + 2, ends)


def _keys(given: tuple[Token, ...]) -> set[str]:
    return {token.text for index, token in enumerate(given) if token.kind == "word" and _is(given, index + 1, ":")}


def _calls(value: tuple[Token, ...], name: str) -> bool:
    return any(token.kind == "word" and token.text == name for token in value)


def _runs(found: tuple[Token, ...]) -> Iterator[tuple[tuple[Token, ...], list[Where]]]:
    """Yield the file's tokens, and those that its texts compute, each with the stage it stands in."""
    places = _stages(found)
    yield found, places
    waiting = [(token.inner, at) for token, at in zip(found, places, strict=True) if token.inner]
    while waiting:
        inner, at = waiting.pop()
        yield inner, [at] * len(inner)
        waiting += [(token.inner, at) for token in inner if token.inner]


def _stages(found: tuple[Token, ...]) -> list[Where]:
    """Return the stage of every token: `stage('name') { … }`, the innermost one whose name is text."""
    places, stack, upcoming = [], [EVERYWHERE], None
    for index, token in enumerate(found):
        if token.kind == "word" and token.text == "stage" and _is(found, index + 1, "("):
            name = found[index + 2] if index + 2 < len(found) else token
            upcoming = Where(job=name.text) if name.kind == "text" and not name.computed else stack[-1]
        if token.kind == "sign" and token.text == "{":
            stack.append(upcoming or stack[-1])
            upcoming = None
        places.append(stack[-1])
        if token.kind == "sign" and token.text == "}" and len(stack) > 1:
            stack.pop()
    return places


def _constants(found: tuple[Token, ...]) -> dict[str, str]:
    """Return names that are given a text in one place of the file, and nothing else in any other."""
    given: Counter[str] = Counter()
    texts = {}
    for index, token in enumerate(found[:-2]):
        if token.kind == "word" and _is(found, index + 1, "=") and not _is(found, index + 2, "="):
            given[token.text] += 1
            value, after = found[index + 2], found[index + 3] if index + 3 < len(found) else None
            if value.kind == "text" and not value.computed and (after is None or after.text in {"\n", ";", "}"}):
                texts[token.text] = value.text
    return {name: text for name, text in texts.items() if given[name] == 1}


def _declared(found: tuple[Token, ...]) -> Iterator[str]:
    """Yield the names that the file gives to variables of its shells: bindings, assignments, parameters."""
    for index, token in enumerate(found):
        if token.kind == "word" and (_is(found, index + 1, "=") or _is(found, index - 1, "def")):
            yield token.text
        elif token.kind == "word" and _is(found, index + 1, ":") and index + 2 < len(found):
            value = found[index + 2]
            if value.kind == "text" and (_VARIABLE_KEY.match(token.text) or token.text == "name"):
                yield value.text
        elif token.kind == "text" and (assigned := re.match(r"([A-Za-z_]\w*)\+?=", token.text)):
            yield assigned[1]
        if token.text == "AmazonWebServicesCredentialsBinding":
            yield from ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
