"""What is known under lost keys alone is found again by where it stands, or stays as it is."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from storage.errors import NotAllowed
from storage.inventory import Carrier, FindingStatus, Observation, Place, Scope, SecretExposure
from storage.rebinding import Anchors, pairs
from storage.records import KeyState
from storage.store import Store
from tests.storage.builders import a_scope, a_tag, an_exposure, an_occurrence, do_run, seen

TREE = a_scope(carrier=Carrier.WORKTREE)
FILE: dict[str, Any] = {
    "place": Place.UNTRACKED,
    "carrier": Carrier.WORKTREE,
    "path": ".env",
    "blob": None,
    "at_head": None,
}


def at(
    number: int, key: str = "k1", scope: Scope | None = None, *, detector: str = "t", **place: Any
) -> SecretExposure:
    occurrence = an_occurrence(**{"line": 1, "column": 5, "commit": "c" * 40, **place})
    return an_exposure(number, scope, fingerprint=a_tag(number, key), detector=detector, occurrences=(occurrence,))


def lose(store: Store, *observations: Observation) -> dict[int, str]:
    """Run under one key, give that up for another; return the uids of what was known by its number."""
    store.register_key("k1", "check 1")
    do_run(store, observations)
    assert store.adopt_keys({"k2": "check 2"}) == ["k1"]
    return uids(store)


def uids(store: Store) -> dict[int, str]:
    return {int(exposure.fingerprint.rpartition(":")[2], 16): exposure.uid for exposure in store.exposures()}


def key_states(store: Store) -> dict[str, KeyState]:
    entries = store.keys()
    return {entry.kid: entry.state for entry in entries}


def test_the_same_bytes_are_the_same_value(store: Store) -> None:
    """Whatever path they are known by, and however many they are; what was decoded is no longer its carrier."""
    places: list[dict[str, Any]] = [
        {},
        {"column": 40},
        {"line": 2},
        {"blob": "d" * 40},
        {"blob": None, "place": Place.COMMIT_MESSAGE, "path": None},
        {"blob": None, "place": Place.COMMIT_MESSAGE, "path": None, "commit": "e" * 40},
        {"decoding": ("base64",)},
    ]
    known = lose(store, *seen(*(at(n, **place) for n, place in enumerate(places)), at(9, detector="other")))
    before = store.counts()

    moved = [at(n, "k2", **{**place, **({"path": "moved.py"} if place.get("blob", "") else {})}) for n, place in
             enumerate(places)]  # fmt: skip
    summary = do_run(store, seen(*moved, at(9, "k2", detector="other")))

    assert (summary.new_exposures, summary.transitions, summary.gone_observations) == (0, {}, 0)
    assert uids(store) == known
    assert store.counts() == {**before, "runs": 2}
    assert {(exposure.fingerprint[:6], *exposure.aliases) for exposure in store.exposures()} == {("v1:k2:",)}
    assert [store.exposure_uid(a_tag(n)) for n in known] == list(known.values())


@pytest.mark.parametrize(
    "there",
    [
        pytest.param({"blob": "d" * 40}, id="another version of the file"),
        pytest.param({"line": 2}, id="another line"),
        pytest.param({"column": 6}, id="another column"),
        pytest.param({"detector": "other"}, id="another format"),
        pytest.param({"decoding": ("base64",)}, id="decoded"),
        pytest.param({"scope": a_scope("till")}, id="another repository"),
    ],
)
def test_other_bytes_are_a_new_value_and_the_former_stays_open(store: Store, there: dict[str, Any]) -> None:
    known = lose(store, *seen(at(1)))

    summary = do_run(store, [*seen(*() if "scope" in there else (at(2, "k2", **there),)),
                             *(seen(at(2, "k2", **there), **there) if "scope" in there else ())])  # fmt: skip

    assert summary.new_exposures == 1
    assert summary.gone_observations == 0
    assert uids(store)[1] == known[1]
    (former,) = [finding for finding in store.findings(rule="at-head") if finding.subject_uid == known[1]]
    assert former.status is FindingStatus.NEW
    assert store.exposure(known[1]).present


def test_outside_objects_the_place_must_be_the_same(store: Store) -> None:
    names: dict[str, Any] = {"line": None, "column": None, "place": Place.FILE_NAME}
    first = (at(1, scope=TREE, **FILE), at(2, scope=TREE, **{**FILE, "line": 2}), at(3, path="a", **names))
    known = lose(store, *seen(first[2]), *seen(*first[:2], scope=TREE))

    # Two file names on one blob are not told apart by it.
    again = (at(1, "k2", TREE, **FILE), at(2, "k2", TREE, **{**FILE, "line": 3}), at(3, "k2", path="b", **names))
    summary = do_run(store, [*seen(again[2]), *seen(*again[:2], scope=TREE)])

    assert summary.new_exposures == 2
    assert store.exposure_uid(a_tag(1, "k2")) == known[1]
    assert store.exposure_uid(a_tag(2, "k2")) not in known.values()
    assert store.exposure_uid(a_tag(3, "k2")) not in known.values()


def test_what_is_ambiguous_stays_apart(store: Store) -> None:
    known = lose(store, *seen(at(1), at(2)))
    assert do_run(store, seen(at(3, "k2"))).new_exposures == 1
    assert set(known.values()) < set(uids(store).values())


def test_two_new_values_do_not_share_a_former_one(store: Store) -> None:
    lose(store, *seen(at(1)))
    assert do_run(store, seen(at(2, "k2"), at(3, "k2"))).new_exposures == 2


def test_an_object_says_more_than_a_place(store: Store) -> None:
    """A value left a file that now holds another one, and is still known from history."""
    known = lose(store, *seen(at(1)), *seen(at(1, scope=TREE, **FILE), scope=TREE))

    summary = do_run(store, [*seen(at(1, "k2")), *seen(at(2, "k2", TREE, **FILE), scope=TREE)])

    assert summary.new_exposures == 1
    assert store.exposure_uid(a_tag(1, "k2")) == known[1]


def test_a_tag_says_more_than_where_a_value_stands(store: Store) -> None:
    """What one of its tags names is that, though it stands now where something else stood."""
    store.register_key("k1", "check 1")
    do_run(store, seen(at(1), an_exposure(2, fingerprint=a_tag(2), aliases=(a_tag(2, "k0"),), occurrences=())))
    known = uids(store)
    store.adopt_keys({"k2": "check 2", "k0": "check 0"})

    there = an_exposure(2, fingerprint=a_tag(2, "k2"), aliases=(a_tag(2, "k0"),), detector="t")
    there = msgspec.structs.replace(there, occurrences=at(1).occurrences)
    assert do_run(store, seen(there)).new_exposures == 0

    assert uids(store) == known
    assert store.exposure_uid(a_tag(2, "k2")) == known[2]


def test_what_was_gone_says_nothing_of_what_stands_there_now(store: Store) -> None:
    store.register_key("k1", "check 1")
    do_run(store, seen(at(1, scope=TREE, **FILE), scope=TREE))
    do_run(store, seen(scope=TREE))
    store.adopt_keys({"k2": "check 2"})

    assert do_run(store, seen(at(2, "k2", TREE, **FILE), scope=TREE)).new_exposures == 1


def test_what_is_not_seen_again_keeps_no_place_from_being_clean(store: Store) -> None:
    """The exposure stays open; the repository, read whole without a secret in it, has none."""
    known = lose(store, *seen(at(1)))

    do_run(store, seen())

    assert store.exposure(known[1]).present
    assert {finding.rule: finding.status for finding in store.findings()} == {
        "at-head": FindingStatus.NEW,
        "leaked": FindingStatus.NEW,
        "unvaulted": FindingStatus.RESOLVED,
    }


def test_once_bound_it_is_known_like_any_other(store: Store) -> None:
    known = lose(store, *seen(at(1)))
    do_run(store, seen(at(1, "k2")))

    do_run(store, seen())
    assert [(each.uid, each.present) for each in store.exposures()] == [(known[1], False)]
    do_run(store, seen(at(1, "k2", path="elsewhere.py", blob="f" * 40)))
    assert [(each.uid, each.present) for each in store.exposures()] == [(known[1], True)]


def test_a_key_that_was_kept_recognises_what_it_tagged(store: Store) -> None:
    """Of two keys one is lost: what the other knows is found by its tag, wherever it went, and goes when it is gone."""
    store.register_key("k0", "check 0")
    store.register_key("k1", "check 1")
    both = at(1)
    do_run(store, seen(an_exposure(1, fingerprint=both.fingerprint, aliases=(a_tag(1, "k0"),))))
    assert store.adopt_keys({"k2": "check 2", "k0": "check 0"}) == ["k1"]
    assert key_states(store) == {
        "k0": KeyState.PREVIOUS,
        "k1": KeyState.LOST,
        "k2": KeyState.ACTIVE,
    }

    assert do_run(store, seen()).gone_observations == 1
    again = an_exposure(1, fingerprint=a_tag(1, "k2"), aliases=(a_tag(1, "k0"),))
    assert do_run(store, seen(again)).new_exposures == 0


def test_a_key_of_the_same_name_is_not_adopted(store: Store) -> None:
    store.register_key("k1", "check 1")
    with pytest.raises(NotAllowed, match="is not this one"):
        store.adopt_keys({"k2": "check 2", "k1": "another"})
    assert key_states(store) == {"k1": KeyState.ACTIVE}


def test_more_than_fit_into_one_part(store: Store) -> None:
    known = lose(store, *seen(*(at(number, line=number) for number in range(1, 1203))))
    summary = do_run(store, seen(*(at(number, "k2", line=number) for number in reversed(range(1, 1203)))))
    assert (summary.new_exposures, summary.transitions) == (0, {})
    assert uids(store) == known


def test_a_doubtful_word_of_an_object_is_not_overruled_by_a_place() -> None:
    """Two former values claim the object; that a third stood in the same line decides nothing."""

    def anchored(exact: str, likely: str) -> Anchors:
        return Anchors(exact=frozenset((name,) for name in exact), likely=frozenset((name,) for name in likely))

    old = {"one": anchored("x", ""), "two": anchored("x", ""), "three": anchored("", "y")}
    assert list(pairs(old, {"tag": anchored("x", "y")})) == []
    assert list(pairs(old, {"tag": anchored("", "y")})) == [("tag", "three")]
