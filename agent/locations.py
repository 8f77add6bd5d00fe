"""What a location of a repository or store looks like, without asking anybody: path or URL, with credentials or not."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from connectors.git.configuration import without_user_information

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
# host:path and user@host:path, as git reads them; a single letter before the colon would be a drive.
_SCP_LIKE = re.compile(r"(?:[A-Za-z0-9._-]+@[A-Za-z0-9._-]+|[A-Za-z0-9._-]{2,}):(?!//)\S+")


def is_url(location: str) -> bool:
    """Whether a location names a place to clone from rather than a path."""
    return bool(_SCHEME.match(location) or _SCP_LIKE.fullmatch(location))


def carries_credentials(location: str, *, password_only: bool = False) -> bool:
    """Whether a URL holds a password, or a user name where that is often a token. ``ssh://git@…`` is neither."""
    if not _SCHEME.match(location):
        return False
    try:
        parts = urlsplit(location)
        user, password = parts.username, parts.password
    except ValueError:
        return "@" in location
    # A slash in a password ends what a URL calls its authority: user and password then pass for host and port.
    if not user and ":" in parts.netloc and "@" in parts.path:
        return True
    return bool(password) or (bool(user) and not password_only and parts.scheme not in {"ssh", "git+ssh"})


def shown(location: str) -> str:
    """A location without its user information, query and fragment, fit to be printed."""
    return without_user_information(location)
