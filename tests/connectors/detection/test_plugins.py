"""What a plugin of detect-secrets is not asked about holds nothing that it would see."""

from __future__ import annotations

import random
import re
from functools import cache

import pytest
from detect_secrets.plugins.artifactory import ArtifactoryDetector
from detect_secrets.plugins.keyword import DENYLIST, QUOTES_REQUIRED_DENYLIST_REGEX_TO_GROUP
from hypothesis import given
from hypothesis import strategies as st

from connectors.detection.detect_secrets_adapter import Plugin, load_plugins

SHOWN = st.characters(codec="latin-1")
"""A plugin is shown bytes, each as one character."""


@cache
def plugins() -> dict[str, Plugin]:
    return {plugin.name: plugin for plugin in load_plugins()}


def needed(name: str) -> re.Pattern[bytes]:
    found = plugins()[name].needed
    assert found is not None
    return found


@pytest.mark.parametrize("word", DENYLIST)
def test_the_words_of_the_keyword_plugin_are_all_needed_ones(word: str) -> None:
    for written in (word.replace("_?", ""), word.replace("_?", "_").upper()):
        assert needed("KeywordDetector").search(written.encode("latin-1"))


@given(st.one_of([st.from_regex(expression, alphabet=SHOWN) for expression in QUOTES_REQUIRED_DENYLIST_REGEX_TO_GROUP]))
def test_what_the_keyword_plugin_sees_holds_a_needed_word(text: str) -> None:
    assert needed("KeywordDetector").search(text.encode("latin-1"))


@given(st.one_of([st.from_regex(expression, alphabet=SHOWN) for expression in ArtifactoryDetector.denylist]))
def test_what_the_artifactory_plugin_sees_holds_a_needed_text(text: str) -> None:
    assert needed("ArtifactoryDetector").search(text.encode("latin-1"))


def test_a_value_behind_a_needed_word_is_seen() -> None:
    value = random.Random(8).randbytes(9).hex()
    assert list(plugins()["KeywordDetector"].values(f'password = "{value}Q"'.encode()))
    assert not list(plugins()["KeywordDetector"].values(f'title = "{value}Q"'.encode()))
