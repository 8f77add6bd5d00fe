"""A value is taken out of the words of a repository wherever a stroke or a URL stands around it."""

from __future__ import annotations

import pytest

from connectors.detection.catalogue import Catalogue, shipped_catalogue
from connectors.detection.detector import Detector
from connectors.detection.shapes import samples
from connectors.fingerprint import KeyedFingerprinter
from connectors.git.masking import Masker
from storage.inventory import Resource
from tests.compiled import compiled_patterns

SECRET = samples("{alnum:20}", 5, 1)[0].decode()
TOKEN = samples("{github:ghp_}", 5, 1)[0].decode()
STROKED = f"{SECRET[:9]}/{SECRET[9:]}+/x"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (f"https://svc:{SECRET}@idp.corp.net/realm", SECRET),
        (f"see https://svc:{SECRET}@idp.corp.net", SECRET),
        (f"backup/{TOKEN}/old", TOKEN),
        (f"ci/password='{STROKED}'", STROKED),
        (f"tar:x/password={SECRET}.txt", SECRET),
    ],
    ids=["a URL", "a URL in a sentence", "a part of a path", "a value with strokes", "a file's name in an archive"],
)
def test_a_value_in_a_name_is_masked(name: str, value: str) -> None:
    formats = tuple(entry for entry in shipped_catalogue().formats if entry.id == "github-personal-access-token")
    detector = Detector(
        Catalogue(formats), KeyedFingerprinter([("0badcafe", b"k" * 32)]), cache_directory=compiled_patterns()
    )
    record = Resource(uid="shop", kind="git_repository", name=name, location="/srv/shop")
    masker = Masker()

    masker.look_through(record, detector)

    masked = masker.masked(record)
    assert value not in masked.name
    assert "****" in masked.name
