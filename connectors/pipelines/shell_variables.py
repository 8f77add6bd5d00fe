r"""Which variables of its environment a shell script asks for, and which names it sets itself.

Most dialects hand text to a POSIX shell. What counts is what the shell would do with it: single quotes and a quoted
here-document keep `$NAME` as it is, `\$` is no variable, a comment is nothing, and what a script has assigned before
it uses it comes from nowhere else. Text that is run by a further shell (`sh -c '…'`, `eval '…'`) is read as such.

The grammar is that of POSIX.1-2017, Shell Command Language, sections 2.2 to 2.10, with what bash adds to quoting and
expansion. The text is passed over once; nothing in it is obeyed.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Container, Iterator
from itertools import pairwise

from storage.inventory import Record

_NESTED_SHELLS = 4
"""How many shells within shells are followed."""

_SET_BY_THE_MACHINE = """
BASH BASHPID BASH_ALIASES BASH_ARGC BASH_ARGV BASH_COMMAND BASH_ENV BASH_LINENO BASH_REMATCH BASH_SOURCE BASH_SUBSHELL
BASH_VERSINFO BASH_VERSION COLUMNS COMSPEC DIRSTACK DISPLAY EDITOR EPOCHREALTIME EPOCHSECONDS EUID FUNCNAME GROUPS
HISTFILE HOME HOSTNAME HOSTTYPE IFS LANG LANGUAGE LC_ALL LC_CTYPE LINENO LINES LOGNAME MACHTYPE OLDPWD OPTARG OPTERR
OPTIND OS OSTYPE PATH PIPESTATUS PPID PROGRAMFILES PS1 PS4 PWD RANDOM REPLY SECONDS SHELL SHELLOPTS SHLVL SRANDOM TEMP
TERM TMP TMPDIR TZ UID USER USERNAME USERPROFILE XDG_CONFIG_HOME XDG_RUNTIME_DIR GOPATH GOROOT JAVA_HOME NVM_DIR
VIRTUAL_ENV PYTHONPATH LD_LIBRARY_PATH DEBIAN_FRONTEND EXITCODE LASTEXITCODE
"""
OF_THE_SHELL = frozenset(_SET_BY_THE_MACHINE.split())
"""Names that a shell, the login or the image of a machine sets: no slot stands behind them."""

_TOKEN = re.compile(
    r"""
    (?P<escape>\\.?)
  | (?P<ansi>\$'(?:[^'\\]|\\.)*'?)
  | (?P<single>'[^']*'?)
  | (?P<double>")
  | (?P<backtick>`)
  | (?P<arithmetic>\$\(\()
  | (?P<substitution>\$\()
  | (?P<brace>\$\{[!\#]?(?:[A-Za-z_]\w*)?(?:\[[^\]}$\n]*\])?(?:[:]?[-=?+])?)
  | (?P<name>\$(?:env:)?[A-Za-z_]\w*)
  | (?P<special>\$[$?@*\#!0-9-])
  | (?P<comment>\#[^\n]*)
  | (?P<here_string><<<)
  | (?P<here><<-?[ \t]*(?:'[^'\n]+'|"[^"\n]+"|\\?[\w.-]+))
  | (?P<newline>\n)
  | (?P<blank>[ \t\r]+)
  | (?P<redirect>[<>]&|&>)
  | (?P<open>\()
  | (?P<close>\))
  | (?P<end>[;&|]+)
  | (?P<shut>\})
  | (?P<plain>[^\\'"`$\#\s;&|(){}<>]+)
  | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_BRACE = re.compile(r"\$\{([!#]?)([A-Za-z_]\w*)?(?:\[[^\]]*\])?(:?[-=?+])?")
_ASSIGNED = re.compile(r"([A-Za-z_]\w*)(?:\[[^\]]*\])?\+?=")
_NAME = re.compile(r"[A-Za-z_]\w*\Z")
_SHELLS = frozenset({"sh", "bash", "dash", "ash", "zsh", "ksh", "su"})
_BEFORE_A_COMMAND = frozenset(
    {"then", "do", "else", "elif", "if", "while", "until", "!", "{", "time", "sudo", "env", "exec", "command", "nohup"}
)
_DECLARING = frozenset({"export", "declare", "typeset", "local", "readonly"})
_CONTAINERS = frozenset({"docker", "podman", "nerdctl", "buildah", "docker-compose"})
_HANDED_ON = re.compile(r"(?:-e|--env|--build-arg)(?:=(?P<name>[A-Za-z_]\w*))?\Z")
_BUILD_SECRET = re.compile(r"(?:^|,)env=([A-Za-z_]\w*)")
_WRITTEN = re.compile(r"(?:^|[\s\"';])(?:export\s+)?([A-Za-z_]\w*)=")
_OTHER_LANGUAGES = re.compile(
    r"""
    os\.environ(?:\.get)?\s?[\[(]\s?\\?["'](?P<python>[A-Za-z_]\w*)
  | os\.getenv\(\s?\\?["'](?P<getenv>[A-Za-z_]\w*)
  | process\.env(?:\.|\[["'])(?P<node>[A-Za-z_]\w*)
  | \bENV(?:\.fetch\(|\[)\s?\\?["'](?P<ruby>[A-Za-z_]\w*)
  | System\.getenv\(\s?\\?["'](?P<java>[A-Za-z_]\w*)
    """,
    re.VERBOSE,
)
_TEMPLATE = re.compile(
    r"(?P<escape>\$\$|\\\$)|\$\{(?P<braced>[A-Za-z_]\w*)(?P<default>:?[-=?+])?|\$(?P<bare>[A-Za-z_]\w*)"
)
_WINDOWS = re.compile(r"\$(?:env:|\{env:)(?P<power>[A-Za-z_]\w*)|%(?P<command>[A-Za-z_]\w*)%", re.IGNORECASE)


class Use(Record, frozen=True, kw_only=True):
    """A variable that a text asks its environment for."""

    name: str | None
    """Its name; `None` where another variable names it (`${!name}`)."""
    line: int
    default: bool = False
    """Whether the text says what holds where the variable is not set (`${NAME:-…}`)."""


class Script(Record, frozen=True, kw_only=True):
    """What a script asks for and sets."""

    uses: tuple[Use, ...] = ()
    """Every use of a name that the script had not set before, by line."""
    sets: frozenset[str] = frozenset()
    """Names that it sets."""
    hands_on: frozenset[str] = frozenset()
    """Names that it writes into the file that `$BASH_ENV` or its like names, for the steps after it."""
    sourced: int | None = None
    """Line of the first file it takes in (`. ./file`), which may set further names; `None` without one."""


class Either(Container[str]):
    """Names that one of several sets holds, without a copy of any of them."""

    def __init__(self, *held: Container[str]) -> None:
        """Take the sets."""
        self._held = held

    def __contains__(self, name: object) -> bool:
        """Say whether one of them holds a name."""
        return any(name in one for one in self._held)


def script(text: str, line: int = 1, known: Container[str] = frozenset()) -> Script:
    """Read a script of a POSIX shell or bash that begins on a line; `known` are names that are set before it."""
    shell = _Shell(text, line, known, 0)
    shell.read()
    uses = shell.uses + list(_of_other_languages(text, line, Either(shell.sets, known)))
    return Script(
        uses=tuple(sorted(uses, key=lambda use: use.line)),
        sets=frozenset(shell.sets),
        hands_on=frozenset(shell.hands_on),
        sourced=shell.sourced,
    )


def template(text: str, line: int = 1, known: Container[str] = frozenset()) -> tuple[Use, ...]:
    r"""Return the variables of a text that a system fills in by itself: it knows no quotes; `$$` and `\$` escape."""
    lines = _Lines(text, line)
    found = []
    for one in _TEMPLATE.finditer(text):
        name = one["braced"] or one["bare"]
        if name is not None and name not in known:
            found.append(Use(name=name, line=lines.at(one.start()), default=one["default"] is not None))
    return tuple(found)


def windows_script(text: str, line: int = 1, known: Container[str] = frozenset()) -> Script:
    """Read a script of PowerShell (`$env:NAME`) or of the command prompt (`%NAME%`)."""
    lines = _Lines(text, line)
    found = [
        Use(name=name, line=lines.at(one.start()))
        for one in _WINDOWS.finditer(text)
        if (name := one["power"] or one["command"]) not in known
    ]
    return Script(uses=tuple(found))


def _of_other_languages(text: str, line: int, known: Container[str]) -> Iterator[Use]:
    lines = _Lines(text, line)
    for one in _OTHER_LANGUAGES.finditer(text):
        name = one[str(one.lastgroup)]
        if name not in known:
            yield Use(name=name, line=lines.at(one.start()))


class _Lines:
    """Tells the line of an offset."""

    def __init__(self, text: str, first: int) -> None:
        self._first = first
        self._ends = [one.start() for one in re.finditer("\n", text)]

    def at(self, offset: int) -> int:
        return self._first + bisect_right(self._ends, offset - 1)


class _Word:
    """One word of a command: its text without quotes, in which an expansion leaves nothing."""

    def __init__(self, line: int) -> None:
        self.line = line
        self.pieces: list[str] = []

    @property
    def text(self) -> str:
        return "".join(self.pieces)


class _Command:
    """The command that is being read: its words, and the variables they name."""

    def __init__(self) -> None:
        self.words: list[_Word] = []
        self.open = False
        self.named: list[str] = []

    def add(self, text: str, line: int) -> None:
        if not self.open:
            self.words.append(_Word(line))
            self.open = True
        self.words[-1].pieces.append(text)


class _Shell:
    """Passes over a text once, with a stack of what is open: quotes, substitutions, braces."""

    def __init__(self, text: str, line: int, known: Container[str], depth: int) -> None:
        self.uses: list[Use] = []
        self.sets: set[str] = set()
        self.hands_on: set[str] = set()
        self.sourced: int | None = None
        self._text = text
        self._lines = _Lines(text, line)
        self._known = known
        self._depth = depth
        self._stack: list[tuple[str, _Command]] = [("", _Command())]
        self._pending: list[tuple[str, bool, bool]] = []

    def read(self, *, document: bool = False) -> None:
        """Read a script; as a `document`, only what is expanded in it."""
        if document:
            self._stack.append(("document", self._stack[0][1]))
        position = 0
        while (token := _TOKEN.match(self._text, position)) is not None:
            position = self._take(token)
        for _, command in self._stack:
            self._finish(command)

    def _take(self, token: re.Match[str]) -> int:
        """Take one token; return where the next begins."""
        inside, command = self._stack[-1]
        kind, line = str(token.lastgroup), self._lines.at(token.start())
        if inside in {"double", "document"} and kind not in _LIVE_IN_QUOTES:
            width = len(token[0]) if kind in {"plain", "blank"} else 1
            command.add(token[0][:width], line)
            return token.start() + width
        match kind:
            case "name":
                self._use(token[0].removeprefix("$").removeprefix("env:"), line)
            case "brace":
                self._brace(token[0], line)
            case "double" | "backtick" | "substitution" | "arithmetic" | "open" | "close" | "shut":
                self._nest(kind, token[0], line)
            case "escape":
                command.add(token[0][1:], line)
            case "single" | "ansi":
                command.add(token[0].removeprefix("$").strip("'"), line)
            case "comment" if command.open or inside == "brace":
                command.add("#", line)
                return token.start() + 1
            case "here" if inside not in {"arithmetic", "brace"}:
                self._expect(token[0], command)
            case "newline" | "end" | "blank":
                return self._pause(kind, token.end())
            case "comment":
                pass
            case _:
                command.add(token[0], line)
        return token.end()

    def _nest(self, kind: str, text: str, line: int) -> None:
        """Open or close what has two ends."""
        inside, command = self._stack[-1]
        closing = {"double": "double", "backtick": "backtick", "close": "substitution", "shut": "brace"}
        if inside == closing.get(kind) or (inside == "arithmetic" and kind == "close"):
            self._stack.pop()
            if inside in {"backtick", "substitution", "arithmetic"}:
                self._finish(command)
        elif kind == "double":
            self._stack.append((kind, command))
            command.add("", line)
        elif kind in {"backtick", "substitution"}:
            command.add("", line)
            self._stack.append((kind, _Command()))
        elif kind == "arithmetic":
            self._stack += [(kind, _Command()), (kind, _Command())]
        elif kind == "open":
            self._finish(command)
            self._stack.append(("arithmetic" if inside == "arithmetic" else "substitution", _Command()))
        else:
            command.add(text, line)
            if kind == "close":
                self._finish(command)

    def _pause(self, kind: str, after: int) -> int:
        """End a word, and a command with it where nothing else goes on."""
        inside, command = self._stack[-1]
        command.open = False
        if kind == "blank" or inside == "brace":
            return after
        if kind == "newline" and self._pending:
            after = self._documents(after)
        self._finish(command)
        return after

    def _brace(self, text: str, line: int) -> None:
        match = _BRACE.match(text)
        sign, name, operator = match.groups() if match is not None else ("", None, None)
        if name is not None:
            self._use(name, line, default=operator is not None)
            if sign == "!":
                self.uses.append(Use(name=None, line=line))
            if operator in {"=", ":="}:
                self.sets.add(name)
        command = self._stack[-1][1]
        command.add("", line)
        self._stack.append(("brace", command))

    def _use(self, name: str, line: int, *, default: bool = False) -> None:
        command = self._stack[-1][1]
        command.add("", line)
        command.named.append(name)
        if name not in self.sets and name not in self._known and name not in OF_THE_SHELL:
            self.uses.append(Use(name=name, line=line, default=default))

    def _expect(self, text: str, command: _Command) -> None:
        """Note a here-document, which begins on the next line: whether it expands, and whether a shell reads it."""
        mark = text.lstrip("<-").strip()
        quoted = mark.startswith(("'", '"', "\\"))
        first = next((word.text for word in command.words if word.text not in _BEFORE_A_COMMAND), "")
        self._pending.append((mark.strip("'\"\\"), not quoted, first.rpartition("/")[2] in _SHELLS))

    def _documents(self, start: int) -> int:
        """Read the here-documents that begin here; return where the script goes on."""
        command = self._stack[-1][1]
        for mark, expands, is_script in self._pending:
            end = re.compile(rf"^[ \t]*{re.escape(mark)}[ \t\r]*$", re.MULTILINE).search(self._text, start)
            body = self._text[start : end.start() if end is not None else len(self._text)]
            if expands or is_script:
                self._read_within(body, self._lines.at(start), document=not is_script)
            if body and not command.words:
                command.add("", self._lines.at(start))
            if body:
                command.words.append(_Word(self._lines.at(start)))
                command.words[-1].pieces.append(body)
            start = end.end() if end is not None else len(self._text)
        self._pending.clear()
        return start

    def _read_within(self, text: str, line: int, *, document: bool = False) -> None:
        """Read what a further shell reads."""
        if self._depth >= _NESTED_SHELLS:
            return
        inner = _Shell(text, line, Either(self.sets, self._known), self._depth + 1)
        inner.read(document=document)
        self.uses += inner.uses
        self.sourced = self.sourced or inner.sourced

    def _finish(self, command: _Command) -> None:
        """Draw from a whole command what it sets, takes in and hands on."""
        words, named = command.words, command.named
        command.words, command.named, command.open = [], [], False
        if "BASH_ENV" in named or "GITHUB_ENV" in named:
            self.hands_on.update(name for word in words for name in _WRITTEN.findall(word.text))
        rest = iter(words)
        for word in rest:
            text = word.text
            if assigned := _ASSIGNED.match(text):
                self.sets.add(assigned[1])
            elif text not in _BEFORE_A_COMMAND:
                self._command(text.rpartition("/")[2] if text != "." else text, list(rest), word.line)

    def _command(self, name: str, words: list[_Word], line: int) -> None:
        texts = [word.text for word in words]
        plain = [text for text in texts if not text.startswith("-")]
        if name in _DECLARING:
            self.sets.update(
                text.partition("=")[0].removesuffix("+")
                for text in plain
                if "=" in text or name not in {"export", "readonly"}
            )
        elif name in {"for", "select"}:
            self.sets.update(texts[:1])
        elif name in {"read", "mapfile", "readarray"}:
            self.sets.update(filter(_NAME.match, plain))
        elif name == "getopts" or (name == "printf" and texts[:1] == ["-v"]):
            self.sets.update(texts[1:2])
        elif name in {"source", "."} and texts:
            self.sourced = self.sourced or line
        elif name in {"eval", "trap", "envsubst"} and words:
            self._read_within(texts[0], words[0].line)
        elif name == "printenv":
            self._hand_on(plain[:1], line)
        elif name in _CONTAINERS:
            self._container(words)
        elif name in _SHELLS:
            self._further_shell(words)

    def _further_shell(self, words: list[_Word]) -> None:
        for option, word in pairwise(words):
            if re.fullmatch(r"-[a-z]*c", option.text):
                self._read_within(word.text, word.line)
                return

    def _container(self, words: list[_Word]) -> None:
        """Read what a container gets of the environment by name alone (`-e NAME`), and what a shell in it runs."""
        for option, word in zip(words, [*words[1:], _Word(0)], strict=True):
            text = option.text
            if handed := _HANDED_ON.match(text):
                self._hand_on([handed["name"] or word.text], option.line)
            elif text == "--secret" or text.startswith("--secret="):
                self._hand_on(_BUILD_SECRET.findall(word.text if text == "--secret" else text[9:]), option.line)
        for index, word in enumerate(words):
            if word.text.rpartition("/")[2] in _SHELLS:
                self._further_shell(words[index + 1 :])
                return

    def _hand_on(self, names: list[str], line: int) -> None:
        for name in names:
            if _NAME.match(name) and name not in self.sets and name not in self._known and name not in OF_THE_SHELL:
                self.uses.append(Use(name=name, line=line))


_LIVE_IN_QUOTES = frozenset({"escape", "double", "backtick", "substitution", "arithmetic", "brace", "name"})
"""What means something between double quotes; in a here-document all of them but the quotes."""
