"""What reading a cloud costs: ``python -P benchmarks/cloud.py aws|run|google-cloud|azure [--help]``.

`aws` builds a population on moto, the stand-in for AWS, and reads it by the connector with and without the ids of keys.
`run` is a whole `nhi-agent run` over several accounts under the published policy, and what came of it is held against
what was made. `google-cloud` and `azure` read the stand-ins of the tests. Printed are the calls, the calls for a
thousand identities, seconds, peak memory. It ends with 1 when a promise is broken: of seconds none is made, they are
the stand-in's more than ours.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import resource
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.aws_run import proved
from benchmarks.aws_stand_in import ACCOUNTS, Estate
from benchmarks.other_clouds import WAYS, measured
from connectors.aws.connector import AwsConnector, AwsTarget, Patience
from connectors.base import Fingerprinter, Limits, Progress
from connectors.detection.allow_list import AllowList
from connectors.detection.value_detector import ValueDetector
from storage.inventory import Coverage, Gap, Identity, IdentityKind

PROMISED = {True: 850, False: 15}
"""Calls for a thousand users and roles, with the ids of keys and without."""
_IDENTITIES = ("account", "iam", "rolesanywhere")
"""What tells of identities. Each store and safeguard takes a call more a region, however many identities there are."""
_TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
    }
)
_POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "arn:aws:s3:::bucket/*"}],
    }
)


class _Session:
    """What a worker would lend."""

    def __init__(self) -> None:
        self.limits = Limits()
        self.allow_list = AllowList()
        self.deadline = time.monotonic() + 3600.0
        self.scratch = Path("unused")
        self.progress: Progress = lambda stage, done, total: None

    @property
    def fingerprinter(self) -> Fingerprinter:
        """Nothing here has a value.

        Raises:
            NotImplementedError: always.
        """
        raise NotImplementedError

    def detector(self) -> ValueDetector:
        """No settings of workloads are asked for.

        Raises:
            NotImplementedError: always.
        """
        raise NotImplementedError


def main() -> int:
    """Build, read, print; return 1 when a promise is broken."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    modes = asked.add_subparsers(dest="mode", required=True)
    for name in ("aws", "run"):
        mode = modes.add_parser(name)
        mode.add_argument("--users", type=int, default=200)
        mode.add_argument("--roles", type=int, default=300)
        mode.add_argument("--keys", type=int, default=2, help="access keys for each user, two at most")
    modes.choices["run"].add_argument("--secrets", type=int, default=250)
    modes.choices["run"].add_argument("--accounts", type=int, choices=(1, 2), default=2)
    for name in WAYS:
        modes.add_parser(name).add_argument("--count", type=int, default=1000, help="accounts, or applications")
    options = asked.parse_args()
    if options.mode in WAYS:
        return measured(options.mode, options.count)
    return _aws(options) if options.mode == "aws" else _run(options)


def _run(options: argparse.Namespace) -> int:
    estate = Estate(
        users=options.users,
        keys=options.keys,
        roles=options.roles,
        secrets=options.secrets,
        accounts=ACCOUNTS[: options.accounts],
    )
    return proved(estate)


def _aws(options: argparse.Namespace) -> int:
    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        return _measure(f"http://{host}:{port}", options)
    finally:
        server.stop()


def _measure(address: str, options: argparse.Namespace) -> int:
    os.environ.update(AWS_ACCESS_KEY_ID="testing", AWS_SECRET_ACCESS_KEY="testing", AWS_EC2_METADATA_DISABLED="true")
    began = time.perf_counter()
    _populate(address, options)
    print(f"population: {options.users} users, {options.users * options.keys} keys, {options.roles} roles")
    print(f"built in {time.perf_counter() - began:.1f} s")
    return max(_read(address, key_ids=key_ids) for key_ids in PROMISED)


def _populate(address: str, options: argparse.Namespace) -> None:
    import boto3

    iam: Any = boto3.client("iam", region_name="us-east-1", endpoint_url=address)
    for number in range(options.users):
        iam.create_user(UserName=f"user-{number:05}", Tags=[{"Key": "owner", "Value": f"team-{number % 7}"}])
        iam.put_user_policy(UserName=f"user-{number:05}", PolicyName="reads", PolicyDocument=_POLICY)
        for _ in range(options.keys):
            iam.create_access_key(UserName=f"user-{number:05}")
    for number in range(options.roles):
        iam.create_role(RoleName=f"role-{number:05}", AssumeRolePolicyDocument=_TRUST)


def _read(address: str, *, key_ids: bool) -> int:
    target = AwsTarget(endpoint_url=address, regions=("us-east-1",), key_ids=key_ids)
    calls: Counter[str] = Counter()
    identities, gaps = set(), 0
    began = time.perf_counter()
    for one in AwsConnector(Patience(attempts=1)).collect(target, _Session()):
        match one:
            case Coverage():
                calls[one.scope_uid.partition("#")[2]] += one.calls
            case Identity() if one.kind in {IdentityKind.IAM_USER, IdentityKind.IAM_ROLE}:
                identities.add(one.uid)
            case Gap():
                gaps += 1
            case _:
                pass
    wall = time.perf_counter() - began
    total = sum(count for api, count in calls.items() if api.startswith(_IDENTITIES))
    rate = total * 1000 / max(1, len(identities))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> (20 if sys.platform == "darwin" else 10)
    # A thousand identities and their fixed costs: fewer identities bear the same dozen calls.
    of_users = calls["iam-access-keys"] + calls["iam-ssh-public-keys"]
    fixed = total - of_users
    of_each = of_users * 1000 / max(1, len(identities)) + fixed
    kept = of_each <= PROMISED[key_ids]
    print(f"\nkey ids: {'yes' if key_ids else 'no'}")
    print(f"  identities {len(identities)}, calls {total}, wall {wall:.2f} s, gaps {gaps} (what moto lacks)")
    print(f"  calls for stores and safeguards: {calls.total() - total}")
    print(f"  calls for a thousand: {of_each:.0f}, of at most {PROMISED[key_ids]}: {'kept' if kept else 'BROKEN'}")
    print(f"  the same without regard to size: {rate:.0f}")
    print(f"  peak memory {peak} MiB, moto's population included")
    print("  " + ", ".join(f"{api} {count}" for api, count in sorted(calls.items()) if count))
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
