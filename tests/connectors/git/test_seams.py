"""Objects read in windows lose nothing where two windows meet, however long a value is."""

from __future__ import annotations

import random
from string import ascii_letters, digits

from connectors.base import Limits
from tests.connectors.git.conftest import Sweep
from tests.connectors.git.repositories import Repository

KIND = "RSA PRIVATE" + " KEY"


def a_long_key(generator: random.Random) -> str:
    """Return what is shaped like the key of an 8192-bit pair and is none."""
    body = "".join(generator.choices(ascii_letters + digits + "+/", k=6300))
    lines = "\n".join(body[at : at + 64] for at in range(0, len(body), 64))
    return f"-----BEGIN {KIND}-----\n{lines}\n-----END {KIND}-----\n"


def test_long_values_at_every_seam_are_found(repository: Repository, swept: Sweep) -> None:
    """Keys longer than a few kibibytes, one behind the other, in a file that is read in eight windows."""
    generator = random.Random(11)
    keys = 300
    repository.commit({"keys.txt": "".join(a_long_key(generator) for _ in range(keys)).encode()})

    result = swept(repository.path, limits=Limits(whole_object_bytes=1 << 16, window_bytes=1 << 18))

    found = {one.fingerprint for one in result.exposures if one.detector.endswith("private-key")}
    assert len(found) == keys
    assert result.complete
