"""Builds the table of how words are spelled: ``python -m connectors.detection.word_table FOLDER …``.

Reads the identifiers, comments and texts of Python sources below some folders (the standard library and installed
packages will do), splits them where case changes and at signs, and counts which letter follows which two. Written is
``word_table.txt`` beside this module: one line for each two letters, and on it one sign for each letter that may
follow, whose place in `COSTS` is the cost in quarters of a bit. ``^`` stands for a word's beginning, ``$`` for its end.
"""

from __future__ import annotations

import math
import re
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import product
from pathlib import Path

TABLE = Path(__file__).with_name("word_table.txt")
LETTERS = "abcdefghijklmnopqrstuvwxyz"
COSTS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

_PIECE = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_SMOOTHING = 0.02
_SEEN_OFTEN = 3
"""A piece seen in fewer files is as likely a stretch of data as a word."""


def words_of(folders: Iterable[Path]) -> Counter[str]:
    """Count in how many files each word stands."""
    seen: Counter[str] = Counter()
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            text = path.read_text(encoding="utf-8", errors="replace")
            seen.update({piece.lower() for piece in _PIECE.findall(text) if 3 <= len(piece) <= 20})
    return Counter({word: math.ceil(math.log2(count + 1)) for word, count in seen.items() if count >= _SEEN_OFTEN})


def table_of(words: Counter[str]) -> str:
    """Turn words into the table's text: frequent words weigh more, but only by the logarithm of their count."""
    followed: dict[str, Counter[str]] = {}
    for word, weight in words.items():
        spelled = f"^^{word}$"
        for index in range(len(spelled) - 2):
            followed.setdefault(spelled[index : index + 2], Counter())[spelled[index + 2]] += weight
    lines = []
    for first, second in product("^" + LETTERS, repeat=2):
        counts = followed.get(first + second, Counter())
        total = counts.total() + _SMOOTHING * 27 * 10
        costs = [-math.log2((counts[letter] + _SMOOTHING * 10) / total) for letter in LETTERS + "$"]
        lines.append(f"{first}{second} " + "".join(COSTS[min(len(COSTS) - 1, round(cost * 4))] for cost in costs))
    return "\n".join(lines) + "\n"


def write(folders: Sequence[Path], table: Path) -> int:
    """Count the words below the folders, put the table in its place, and return their number.

    Raises:
        ValueError: for what is no folder, and where there are no words: a table of nothing would spoil detection.
    """
    for folder in folders:
        if not folder.is_dir():
            raise ValueError(f"{folder} is no folder")
    words = words_of(folders)
    if not words:
        raise ValueError(f"no word stands in {_SEEN_OFTEN} Python sources below these folders; nothing was written")
    beside = table.with_name(f".{table.name}.new")
    beside.write_text(table_of(words), encoding="ascii")
    beside.replace(table)
    return len(words)


def main() -> None:
    """Write the table."""
    import argparse

    parser = argparse.ArgumentParser(
        prog="python -m connectors.detection.word_table",
        description="Builds the table of how words are spelled from Python sources, in place of the present one.",
    )
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER", help="folder of Python sources")
    parser.add_argument("-o", "--output", type=Path, default=TABLE, help="where to write [default: the table in use]")
    given = parser.parse_args()
    try:
        count = write(given.folders, given.output)
    except (OSError, ValueError) as error:
        parser.error(str(error))
    sys.stderr.write(f"{count} words\n")


if __name__ == "__main__":
    main()
