"""Which variables a script takes from outside, where the file does not tell which shell reads it.

For shells of the Bourne family, and PowerShell's `$env:NAME`; `shell_variables` is for a shell that is known. Branches
are not followed: what one branch has set counts as set. In single quotes a shell replaces nothing, but hands the text
on to another that may (`sh -c '...'`), so names in capitals count there too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_PIECE = re.compile(
    r"""
    (?P<escape>\\.|\$\$)
    |(?P<line>\n)
    |(?P<comment>(?<![^\s;|&(])\#[^\n]*)
    |(?P<single>')
    |(?P<double>")
    |(?P<set>(?<![^\s;|&(])[A-Za-z_]\w*(?=\+?=))
    |(?P<loop>(?<![\w$])(?:for|select)[ \t]+(?P<looped>[A-Za-z_]\w*))
    |(?P<read>(?<![\w$])(?:read|local|declare|typeset|mapfile|readarray|getopts)[ \t]+(?P<names>[^;|&<>\n]*))
    |\$(?:\{[\#!]?|(?P<power>[Ee]nv:))?(?P<used>[A-Za-z_]\w*)
    |(?P<end>[;|&])
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_USED = re.compile(r"\$\$\w*|\$\{?([A-Za-z_]\w*)", re.ASCII)
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_POWERSHELL_SET = re.compile(r"[ \t]*=(?!=)")
_CAPITALS = re.compile(r"[A-Z][A-Z0-9_]{2,}")
_OF_THE_SHELL = frozenset(
    {
        "BASH", "BASHPID", "BASH_SOURCE", "BASH_VERSION", "COLUMNS", "EUID", "ErrorActionPreference", "FUNCNAME",
        "HOME", "HOSTNAME", "IFS", "LANG", "LASTEXITCODE", "LC_ALL", "LINENO", "LINES", "LOGNAME", "OLDPWD", "OPTARG",
        "OPTIND", "OSTYPE", "PATH", "PIPESTATUS", "PPID", "PS1", "PSScriptRoot", "PWD", "ProgressPreference", "RANDOM",
        "REPLY", "SECONDS", "SHELL", "SHLVL", "TEMP", "TERM", "TMPDIR", "UID", "USER", "USERPROFILE", "_", "false",
        "null", "true",
    }
)  # fmt: skip
_OF_AWK = frozenset({"FILENAME", "FNR", "FS", "NF", "NR", "OFS", "ORS", "RS"})


class ShellNames:
    """The names that the scripts of one job have set so far; they run one after the other in one shell."""

    def __init__(self) -> None:
        self._set: set[str] = set()
        self._pending: set[str] = set()

    def used(self, script: str) -> Iterator[tuple[str, int]]:
        """Yield the names that a script takes from outside, each as often as it stands, with its line from 0."""
        single = double = False
        line, starts = 0, True
        for match in _PIECE.finditer(script):
            kind, text = match.lastgroup, match[0]
            if kind == "single":
                single = not single if not double else single
            elif kind == "double":
                double = not double if not single else double
            elif kind == "comment" and (single or double):
                yield from ((name, line) for name in names_in(text) if self._from_outside(name))
            elif kind in {"line", "end"} and (kind == "line" or not (single or double)):
                single = single and kind != "line"
                self._set |= self._pending
                self._pending.clear()
                starts = True
            elif kind == "set" and not single and not double:
                self._pending.add(text)
            elif match["looped"] is not None:
                self._pending.add(match["looped"])
            elif match["names"] is not None:
                self._pending.update(_NAME.findall(match["names"]))
                yield from ((name, line) for name in names_in(match["names"]) if self._from_outside(name))
            elif match["used"] is not None:
                name = match["used"]
                if starts and match["power"] is None and not double and _POWERSHELL_SET.match(script, match.end()):
                    self._pending.add(name)
                elif self._from_outside(name) and (not single or (_CAPITALS.fullmatch(name) and name not in _OF_AWK)):
                    yield name, line
            line += text.count("\n")
            starts = kind in {"line", "end"} or (starts and kind is None)
        self._set |= self._pending
        self._pending.clear()

    def _from_outside(self, name: str) -> bool:
        return name not in self._set and name not in _OF_THE_SHELL


def names_in(text: str) -> Iterator[str]:
    """Yield the names in a text that is no script: `$NAME` and `${NAME}`, and not `$$NAME`, which is none."""
    return (match[1] for match in _USED.finditer(text) if match[1] is not None)
