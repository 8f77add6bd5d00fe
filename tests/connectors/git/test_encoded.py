"""Encoded secrets in a repository: found with path, line and the way to read them, committed or not."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

from connectors.base import Limits
from connectors.git.target import Mode
from storage.inventory import Carrier, Place
from tests.connectors.detection.decoding.encoded import base64_of, tar_of, zip_of
from tests.connectors.git.conftest import Sweep
from tests.connectors.git.repositories import Repository, a_token

TOKENS = [a_token(number) for number in range(60, 70)]


def line(number: int) -> bytes:
    return b"# first\ntoken = '" + TOKENS[number] + b"'\n"


def files() -> dict[str, bytes]:
    secret = b"apiVersion: v1\nkind: Secret\ndata:\n  token: " + base64_of(TOKENS[2]) + b"\n"
    return {
        "backup.zip": zip_of({"conf/app.env": line(0) * 3}),
        "backup.tar.gz": gzip.compress(tar_of({"etc/app.env": line(1)})),
        "deploy/secret.yaml": secret,
        "env.b64": b"# our .env\n\nENV=" + base64_of(b"USER=x\n" + line(3)) + b"\n",
        "app.js": b"let a = 1\nlet t = 'ghp_' + '" + TOKENS[4][4:] + b"'\n",
    }


WANTED = [
    ("backup.zip", 1, ("zip:conf/app.env",), Place.ARCHIVE_MEMBER),
    ("backup.tar.gz", 1, ("gzip", "tar:etc/app.env"), Place.ARCHIVE_MEMBER),
    ("deploy/secret.yaml", 4, ("base64",), Place.BLOB),
    ("env.b64", 3, ("base64",), Place.BLOB),
    ("app.js", 2, ("joined-literals",), Place.BLOB),
]


def test_what_is_encoded_in_history_is_found(repository: Repository, swept: Sweep) -> None:
    first = repository.commit(files())
    for path in files():
        (repository.path / path).unlink()
    repository.commit(message="hide it")

    result = swept(repository.path)

    for token, (path, number, decoding, place) in zip(TOKENS, WANTED, strict=False):
        (one,) = result.occurrences(token)
        assert (one.path, one.line, one.decoding, one.place) == (path, number, decoding, place)
        assert (one.carrier, one.commit, one.at_head) == (Carrier.REFS, first, False)
    assert result.complete


def test_what_is_encoded_on_disk_stays_the_file_that_it_is(
    repository: Repository, swept: Sweep, tmp_path: Path
) -> None:
    repository.commit({"a": b"clean\n"})
    for path, content in files().items():
        repository.write(path, content)

    result = swept(repository.path)

    for token, (path, number, decoding, _) in zip(TOKENS, WANTED, strict=False):
        (one,) = result.occurrences(token)
        assert (one.path, one.line, one.decoding) == (path, number, decoding)
        assert (one.carrier, one.place) == (Carrier.WORKTREE, Place.UNTRACKED)


def test_a_staged_archive_is_opened(repository: Repository, swept: Sweep) -> None:
    repository.commit({"a": b"clean\n"})
    repository.write("b.zip", zip_of({"x": line(0) * 3, "y": gzip.compress(b"")[:12]}))
    repository.run("add", "b.zip")

    result = swept(repository.path, mode=Mode.STAGED)

    (one,) = result.occurrences(TOKENS[0])
    assert (one.place, one.decoding) == (Place.INDEX, ("zip:x",))
    assert result.exclusions() >= {"damaged_container"}


def test_a_new_version_of_an_archive_is_the_same_place(repository: Repository, swept: Sweep) -> None:
    first = repository.commit({"b.zip": zip_of({"x": line(0) * 3})})
    repository.commit({"b.zip": zip_of({"x": line(0) * 3, "y": b"more"})})

    (one,) = swept(repository.path).occurrences(TOKENS[0])

    assert (one.versions, one.commit, one.at_head) == (2, first, True)


def test_what_could_not_be_decoded_is_declared_and_closes_nothing(repository: Repository, swept: Sweep) -> None:
    bomb = gzip.compress(bytes(30 << 20))
    cut = zip_of({"a": os.urandom(4000)})[:2000]
    repository.commit({"bomb.gz": bomb, "cut.zip": cut, "x.7z": b"7z\xbc\xaf\x27\x1c" + bytes(64)})
    repository.write("untracked.zip", cut)

    result = swept(repository.path)

    assert result.complete
    told = {
        (carrier, one.reason): one.count for carrier, coverage in result.coverage.items() for one in coverage.exclusions
    }
    assert told[Carrier.REFS, "decoding_limit"] == 1
    assert told[Carrier.REFS, "damaged_container"] == 1
    assert told[Carrier.REFS, "unopened_container"] == 1
    assert told[Carrier.WORKTREE, "damaged_container"] == 1


def test_of_an_archive_over_the_limit_the_beginning_is_read_and_that_is_said(
    repository: Repository, swept: Sweep
) -> None:
    archive = zip_of({"x": line(0) * 3, "y": os.urandom(400_000)})
    repository.commit({"large.zip": archive})
    repository.write("larger.zip", archive + b"\0")
    small = Limits(whole_object_bytes=1 << 16, window_bytes=1 << 16, window_overlap_bytes=1 << 12)

    result = swept(repository.path, limits=small)

    assert {(one.path, one.decoding) for one in result.occurrences(TOKENS[0])} == {
        ("large.zip", ("zip:x",)),
        ("larger.zip", ("zip:x",)),
    }
    assert "large_container" in result.exclusions()
    assert result.complete


def test_names_of_members_are_shown_safely_and_hold_no_value(repository: Repository, swept: Sweep) -> None:
    repository.commit(
        {
            "a.zip": zip_of({"\x1b[31m\u202egnp.exe": line(0) * 3}),
            "b.zip": zip_of({f"{TOKENS[1].decode()}.env": line(2) * 3}),
        }
    )

    result = swept(repository.path)

    (one,) = result.occurrences(TOKENS[0])
    assert one.decoding == ("zip:\\x1b[31m\\u202egnp.exe",)
    (other,) = result.occurrences(TOKENS[2])
    assert other.decoding == ("zip:****.env",)
    assert result.places(TOKENS[1]) == {(Carrier.REFS, Place.BLOB, "b.zip")}
    assert not any(token.decode() in repr(result.observations) for token in TOKENS)


def test_an_encoded_value_in_a_name_or_an_author_is_masked(repository: Repository, swept: Sweep) -> None:
    name = "ghp%5F" + TOKENS[0][4:].decode()
    author = base64_of(b"k=" + TOKENS[1]).decode()
    repository.commit({f"x/{name}.txt": b"clean\n"}, GIT_AUTHOR_NAME=author)

    result = swept(repository.path)

    assert {place for _, place, _ in result.places(TOKENS[0])} == {Place.FILE_NAME}
    assert result.one(TOKENS[0]).occurrences[0].decoding == ("percent",)
    assert name not in repr(result.observations)
    assert author not in repr(result.observations)
