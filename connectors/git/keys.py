"""What the windows of a scan are called: the key says what kind of thing holds a value, and which one.

A blob's key is its bare object id. Everything else has one of these prefixes.
"""

from __future__ import annotations

from collections.abc import Mapping

from storage.inventory import Carrier, Place

COMMIT_KEY = "commit:"
TAG_KEY = "tag:"
NAME_KEY = "name:"
"""A file or folder name of some tree; the rest is the name itself."""
WORKTREE_KEY = "worktree:"
"""A file of a work tree or directory; the rest is its path."""
FILE_NAME_KEY = "filename:"
"""The name of a file that git does not track; the rest is its path."""
REF_KEY = "ref:"
REFLOG_KEY = "reflog:"
CONFIG_KEY = "config:"

OUTSIDE_OBJECTS: Mapping[str, tuple[Carrier, Place]] = {
    WORKTREE_KEY: (Carrier.WORKTREE, Place.WORKTREE),
    FILE_NAME_KEY: (Carrier.WORKTREE, Place.FILE_NAME),
    REF_KEY: (Carrier.METADATA, Place.REF_NAME),
    REFLOG_KEY: (Carrier.LOCAL, Place.REFLOG),
    CONFIG_KEY: (Carrier.METADATA, Place.GIT_CONFIG),
}
"""Prefixes of what is no git object, with where it belongs."""
