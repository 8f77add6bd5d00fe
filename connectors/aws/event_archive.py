"""What a trail has kept in its bucket: the same events, for as long as the bucket keeps them.

CloudTrail writes a file every few minutes for each region, below `AWSLogs/ACCOUNT/CloudTrail/REGION/YEAR/MONTH/DAY/`
("CloudTrail log file examples" of AWS). Days are read from today backwards, all regions of a day together, so that
what was read is whole since a day; what was not reached in time, or is over a limit, is a gap. Of each file the records
of the operations that count are looked at, and nothing else is taken apart.

CloudTrail writes no file for a time in which nothing happened. A day without any file looks like a day on which the
trail was off, so the evidence begins after it.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta

import msgspec

from connectors.aws.credential_history import leads
from connectors.aws.event_history import DELAY, MOST_EVENTS
from connectors.aws.event_operations import OPERATIONS
from connectors.aws.event_subjects import events
from connectors.aws.reading import HOPELESS, IN_A_ROW, Part, Reading
from connectors.aws.refusals import CallFailed, Trouble
from connectors.aws.store_calls import GET_OBJECT, LIST_OBJECTS
from connectors.aws.target import archive_place
from connectors.aws.told_events import Told, told_event
from storage.inventory import GapReason, Observation

MOST_FILE_BYTES = 32 << 20
"""Of one file as it is kept; CloudTrail's own are far smaller."""
MOST_TEXT_BYTES = 256 << 20
"""Of one file unpacked."""
_MOST_EMPTY_DAYS = 31
"""After so many days in a row without a file the archive is held to have begun later."""
_FOLDER = "AWSLogs"


class _Record(msgspec.Struct):
    """What tells whether a record of a file counts."""

    eventSource: str = ""  # noqa: N815 - AWS's name
    eventName: str = ""  # noqa: N815 - AWS's name
    recipientAccountId: str = ""  # noqa: N815 - AWS's name


class _File(msgspec.Struct):
    """A file of CloudTrail, its records not taken apart."""

    Records: list[msgspec.Raw]


_FILES = msgspec.json.Decoder(_File)
_RECORDS = msgspec.json.Decoder(_Record)


class _Archive:
    """How far the archive of one account was read."""

    def __init__(self, reading: Reading, bucket: str, folder: str) -> None:
        self.reading = reading
        self.bucket = bucket
        self.folder = folder
        self.found: dict[str, Told] = {}
        self.files = 0
        self.failures = 0
        self.over = False
        """Whether nothing more is read."""

    def day(self, regions: Sequence[str], day: date) -> tuple[int, bool]:
        """Read a day; return how many files it has, and whether all of them were read."""
        before, whole = self.files, True
        for region in regions:
            prefix = f"{self.folder}/{region}/{day:%Y/%m/%d}/"
            try:
                for key in list(self._keys(prefix)):
                    whole = self._file(key) and whole
                    if self.over:
                        return self.files - before, False
            except CallFailed as failed:
                if not self.files:
                    raise
                self._missed(failed, "Some days of the archive were not listed")
                whole = False
            if self.over:
                return self.files - before, False
        return self.files - before, whole

    def _keys(self, prefix: str) -> Iterator[str]:
        for page in self.reading.pages(LIST_OBJECTS, Bucket=self.bucket, Prefix=prefix):
            if not isinstance(page.get("KeyCount"), int):
                raise CallFailed(LIST_OBJECTS, Trouble.MALFORMED)
            for told in page.get("Contents") or ():
                if str(told.get("Key")).endswith(".json.gz"):
                    yield str(told["Key"])

    def _file(self, key: str) -> bool:
        reading, most = self.reading, self.reading.account.target.archive_files
        reading.expected += 1
        if self.files >= most or len(self.found) >= MOST_EVENTS:
            self.over = True
            detail = (
                f"The archive has more than the {most:,} files that one run reads (`archive_files`); the rest was left."
            )
            reading.gap(GapReason.LIMIT, detail)
            return False
        self.files += 1
        try:
            packed = reading.content(GET_OBJECT, MOST_FILE_BYTES, Bucket=self.bucket, Key=key)
        except CallFailed as failed:
            self._missed(failed, "Some files of the archive were not read")
            return False
        self.failures = 0
        text = _unpacked(packed)
        if text is None:
            reading.gap(GapReason.LIMIT, "Some files of the archive are over the limit of size.", locator=key)
            return False
        return self._records(text, key)

    def _records(self, text: bytes, key: str) -> bool:
        """Take in the records of a file; say whether all of them could be read."""
        try:
            told = list(_told(text, self.reading.account.number))
        except (ValueError, RecursionError):
            self.reading.gap(GapReason.MALFORMED, "Some files of the archive could not be read.", locator=key)
            return False
        self.reading.fetched += 1
        self.found.update((one.event_id, one) for one in told)
        return True

    def _missed(self, failed: CallFailed, what: str) -> None:
        self.reading.missed(failed, what)
        self.failures += 1
        self.over = failed.trouble in HOPELESS or failed.denied or self.failures >= IN_A_ROW


def read_archive(reading: Reading) -> Iterator[Observation]:
    """Yield what the archive tells of one account, and who made what is listed.

    Raises:
        CallFailed: when nothing at all was told.
    """
    account, target = reading.account, reading.account.target
    bucket, prefix = archive_place(str(target.archive))
    reading.source = f"the archive of CloudTrail in {bucket}"
    reading.left_out("older_events", f"What happened more than {target.archive_days} days ago was not read.")
    base = prefix if _FOLDER in prefix.split("/") else "/".join(filter(None, (prefix, _FOLDER)))
    archive = _Archive(reading, bucket, f"{base}/{account.number}/CloudTrail")
    regions = sorted({*account.regions, target.home_region})
    _read_days(archive, regions, target.archive_days)
    if not archive.files and reading.whole:
        detail = (
            "The archive holds no file of this account: name the bucket and what comes before AWSLogs in `archive`."
        )
        reading.gap(GapReason.DENIED, detail)
    told = list(archive.found.values())
    yield from leads(reading, told)
    yield from events(reading, told, reading.since_time)


def _read_days(archive: _Archive, regions: Sequence[str], days: int) -> None:
    """Read the days from today backwards, and note since when they are whole."""
    reading = archive.reading
    began, until = reading.account.began_time, reading.account.began_time - DELAY
    unbroken, empty = True, 0
    for number in range(days + 1):
        day = began.date() - timedelta(days=number)
        files, whole = archive.day(regions, day)
        empty = 0 if files else empty + 1
        # Today may be too young to have a file.
        unbroken = unbroken and whole and (files > 0 or number == 0)
        if unbroken and files:
            since = datetime(day.year, day.month, day.day, tzinfo=UTC)
            reading.since_time, reading.until_time = min(since, until), until
        if archive.over or empty > _MOST_EMPTY_DAYS:
            return


def _unpacked(packed: bytes | None) -> bytes | None:
    """Return the text of a file; empty where it is damaged, `None` where it is too large."""
    if packed is None:
        return None
    unpacking = zlib.decompressobj(wbits=31)
    try:
        text = unpacking.decompress(packed, MOST_TEXT_BYTES)
    except zlib.error:
        return b""
    if unpacking.unconsumed_tail:
        return None
    return text if unpacking.eof else b""


def _told(text: bytes, account: str) -> Iterator[Told]:
    """Yield the events of one account that count. Raises `ValueError` for what is no file of CloudTrail."""
    for raw in _FILES.decode(text).Records:
        head = _RECORDS.decode(raw)
        if (head.eventSource, head.eventName) in OPERATIONS and head.recipientAccountId in (account, ""):
            told = told_event(msgspec.json.decode(raw))
            if told is not None:
                yield told


ARCHIVE = Part(
    api="cloudtrail-archive",
    what="events of the archive",
    read=read_archive,
    wanted=lambda target: target.archive is not None,
)
