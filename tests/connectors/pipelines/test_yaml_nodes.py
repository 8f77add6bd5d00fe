from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.pipelines.base import Unreadable
from connectors.pipelines.yaml_nodes import Scalar, documents, items, mapping, scalars, text_of


def test_every_value_knows_its_line() -> None:
    (root,) = documents("on: push\njobs:\n  build:\n    steps:\n    - run: |\n        make\n")
    steps = mapping(mapping(mapping(root).get("jobs")).get("build")).get("steps")
    (step,) = items(steps)

    run = mapping(step).get("run")

    assert mapping(root).key("on") == Scalar(text="on", line=1)
    assert isinstance(run, Scalar)
    assert (run.text, run.line, run.block) == ("make\n", 5, True)


def test_a_merged_key_gives_way_to_the_mappings_own() -> None:
    (root,) = documents("base: &base {a: one, b: two}\nuse:\n  <<: *base\n  b: three\n")

    use = mapping(mapping(root).get("use"))

    assert (text_of(use.get("a")), text_of(use.get("b"))) == ("one", "three")


def test_several_documents_are_read_and_empty_ones_left_out() -> None:
    assert [text_of(mapping(one).get("kind")) for one in documents("---\nkind: a\n---\n---\nkind: b\n")] == ["a", "b"]


def test_aliases_that_grow_without_end_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    with pytest.raises(Unreadable, match="grow"):
        documents("\n".join(lines))


def test_a_list_that_holds_itself_is_refused() -> None:
    with pytest.raises(Unreadable):
        documents("a: &a [*a]")


@pytest.mark.parametrize("depth", [70, 5_000, 200_000])
def test_deep_nesting_is_refused(depth: int) -> None:
    with pytest.raises(Unreadable):
        documents("[" * depth + "]" * depth)


def test_a_tag_builds_nothing() -> None:
    (root,) = documents("a: !!python/object/apply:os.system ['true']\n")

    assert [one.text for one in scalars(root)] == ["true"]


@given(st.text(max_size=200))
def test_any_text_is_a_tree_or_unreadable(text: str) -> None:
    with suppress(Unreadable):
        assert all(one.line >= 1 for one in documents(text))
