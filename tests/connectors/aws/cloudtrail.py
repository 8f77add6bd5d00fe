"""Events of CloudTrail for tests, in the form in which AWS documents them, and what answers with them."""

from __future__ import annotations

import gzip
import json
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.connectors.aws.front import Answer, plain
from tests.connectors.aws.workshop import ACCOUNT, Aws

ADA = f"arn:aws:sts::{ACCOUNT}:assumed-role/AWSReservedSSO_x/ada@example.com"
BOT = f"arn:aws:iam::{ACCOUNT}:user/terraform"
NOW = datetime.now(UTC).replace(microsecond=0)


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def event(
    name: str,
    who: str = BOT,
    *,
    when: datetime | None = None,
    source: str = "iam.amazonaws.com",
    request: dict[str, Any] | None = None,
    answer: dict[str, Any] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """One event, a day old unless told otherwise."""
    return {
        "eventVersion": "1.09",
        "userIdentity": {"type": "IAMUser", "arn": who, "accountId": ACCOUNT},
        "eventTime": (when or ago(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventSource": source,
        "eventName": name,
        "awsRegion": "us-east-1",
        "sourceIPAddress": "192.0.2.1",
        "userAgent": "a program",
        "requestParameters": request,
        "responseElements": answer,
        "eventID": str(uuid.uuid4()),
        "recipientAccountId": ACCOUNT,
        **more,
    }


def tell(aws: Aws, *events: dict[str, Any], page: int = 50, **odd: Sequence[str]) -> None:
    """Let CloudTrail tell these, the newest first and so many a page; and by name of an operation, what is no event."""

    def answer(question: Any) -> Answer:
        asked = json.loads(question["LookupAttributes"].replace("'", '"'))[0]
        assert "EventName" == asked["AttributeKey"]
        name, region = asked["AttributeValue"], question["region"]
        began = datetime.fromtimestamp(float(question["StartTime"]), UTC)
        theirs = [
            one
            for one in sorted(events, key=lambda one: str(one["eventTime"]), reverse=True)
            if one["eventName"] == name and one["awsRegion"] == region
            if datetime.fromisoformat(one["eventTime"]) >= began
        ]
        at = int(question.get("NextToken", 0))
        told = [
            {
                "EventName": name,
                "EventTime": datetime.fromisoformat(one["eventTime"]).timestamp(),
                "CloudTrailEvent": json.dumps(one),
            }
            for one in theirs[at : at + page]
        ]
        told += [{"EventName": name, "CloudTrailEvent": one} for one in odd.get(name, ())]
        return plain(Events=told, **({"NextToken": str(at + page)} if at + page < len(theirs) else {}))

    aws.front.answers["LookupEvents"] = answer


class Archive:
    """A bucket of a trail."""

    bucket = "trails-of-acme"

    def __init__(self, aws: Aws, folder: str = "org") -> None:
        self._folder = folder
        self.kept: dict[str, bytes] = {}
        aws.front.answers |= {"ListObjectsV2": self._list, "GetObject": self._get}

    def keep(self, *events: dict[str, Any], day: datetime | None = None, region: str = "us-east-1") -> str:
        """Write a file, and return its key."""
        content = gzip.compress(json.dumps({"Records": events}).encode())
        return self.write(content, day or ago(days=0), region)

    def write(self, content: bytes, day: datetime, region: str = "us-east-1") -> str:
        """Write whatever lies there as a file of a day."""
        folder = f"{self._folder}/AWSLogs/{ACCOUNT}/CloudTrail/{region}/{day:%Y/%m/%d}"
        key = f"{folder}/{ACCOUNT}_CloudTrail_{region}_{uuid.uuid4().hex}.json.gz"
        self.kept[key] = content
        return key

    def _list(self, question: Any) -> Answer:
        asked = dict(parse_qsl(urlsplit(question["path"]).query))
        keys = sorted(key for key in self.kept if key.startswith(asked["prefix"]))
        at = int(asked.get("continuation-token", 0))
        page = keys[at : at + 2]
        more = at + 2 < len(keys)
        contents = "".join(f"<Contents><Key>{key}</Key></Contents>" for key in page)
        token = f"<NextContinuationToken>{at + 2}</NextContinuationToken>" if more else ""
        body = (
            f'<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>{self.bucket}</Name>'
            f"<KeyCount>{len(page)}</KeyCount><IsTruncated>{str(more).lower()}</IsTruncated>{token}{contents}"
            "</ListBucketResult>"
        )
        return Answer(200, "application/xml", body.encode())

    def _get(self, question: Any) -> Answer:
        key = urlsplit(question["path"]).path.removeprefix(f"/{self.bucket}/")
        return Answer(200, "application/x-gzip", self.kept[key])
