"""Splits the repositories of a run over several jobs, the same way on every machine and every night."""

from __future__ import annotations

import hashlib


def in_shard(name: str, shard: tuple[int, int]) -> bool:
    """Whether a repository belongs to part `i` of `n`, counted from 1: by a hash of its name, so others do not move."""
    part, parts = shard
    return (
        int.from_bytes(hashlib.sha256(name.encode("utf-8", "surrogateescape")).digest()[:8], "big") % parts == part - 1
    )
