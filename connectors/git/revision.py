"""Finding the commit that a person means: ``main``, ``origin/main``, ``v1.2``, ``HEAD~3``, an abbreviated id.

Names are looked up by our own reader, since the quarantined repository that git sees has no refs; git is asked only
about object ids and steps behind them, both of a form that can be nothing else.
"""

from __future__ import annotations

import os
import re

from connectors.git.command import GitCommand, GitFailed
from connectors.git.references import References

_SPELLED = re.compile(r"(?P<name>.+?)(?P<steps>(?:[~^]\d{0,7})*)", re.DOTALL)
_ID = re.compile(r"[0-9a-f]{4,64}")
_PREFIXES = (b"", b"refs/", b"refs/tags/", b"refs/heads/", b"refs/remotes/")


def find_commit(command: GitCommand, references: References, revision: str) -> str | None:
    """Return the full id of the commit that `revision` names, or `None` when it names none."""
    spelled = _SPELLED.fullmatch(revision)
    if spelled is None:
        return None
    start = _named(references, spelled["name"])
    if start is None:
        return None
    try:
        found = command.run(
            ["rev-parse", "--verify", "--quiet", "--end-of-options", f"{start}{spelled['steps']}^{{commit}}"]
        )
    except GitFailed:
        return None
    return found.decode("ascii").strip() or None


def _named(references: References, name: str) -> str | None:
    """Return an object id for a ref's name, ``HEAD`` or an id, abbreviated or whole."""
    if name in {"HEAD", "@"}:
        return references.head
    raw = os.fsencode(name)
    for prefix in _PREFIXES:
        if prefix + raw in references.refs:
            return references.refs[prefix + raw]
    if raw + b"/HEAD" in {ref.removeprefix(b"refs/remotes/") for ref in references.refs}:
        return references.refs[b"refs/remotes/" + raw + b"/HEAD"]
    return name if _ID.fullmatch(name) else None
