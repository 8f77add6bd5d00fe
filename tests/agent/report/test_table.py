"""The table: what was not seen comes first, the worst secret comes next, and nothing foreign paints the screen."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.export.base import RunReport
from agent.report.table import Floors, print_report
from agent.terminal import console
from storage.inventory import (
    Carrier,
    Confidence,
    CoverageStatus,
    Exclusion,
    FindingStatus,
    Joined,
    OwnerRole,
    OwnerSource,
    Place,
    SecretReference,
    Severity,
    SubjectKind,
    Suppression,
    SuppressionSource,
    Validity,
    git_scope_uid,
)
from tests.builders import (
    REPOSITORY,
    a_coverage,
    a_finding,
    a_gap,
    a_report,
    a_resource,
    a_scope,
    a_secret_exposure,
    an_occurrence,
    an_owner,
)

WISH = Suppression(source=SuppressionSource.INLINE_COMMENT, reason="allow")


@pytest.fixture(params=[80, 160], ids=lambda width: f"{width} columns")
def width(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setenv("COLUMNS", str(request.param))
    return int(request.param)


def printed(report: RunReport, floors: Floors | None = None) -> str:
    stream = io.StringIO()
    print_report(report, console(stream, colour=True), floors or Floors())
    return stream.getvalue()


@pytest.mark.usefixtures("width")
def test_a_secret_is_told_whole() -> None:
    text = printed(a_report())

    for part in (
        "HIGH", "GitHub personal access token (ghp_****)", "app/settings.py:12", "2020-01-01 Ada Author", "2,515 days",
        "HEAD", "Ada Author?", "new", a_finding().uid[:10],
    ):  # fmt: skip
        assert part in text


def test_no_line_is_wider_than_asked(width: int) -> None:
    long = an_occurrence(path="/".join(["folder"] * 40))

    text = printed(a_report(gaps=(a_gap(),), exposures=(a_secret_exposure(occurrences=(long, an_occurrence())),)))

    assert all(len(line) <= width for line in text.splitlines())


def test_gaps_come_before_anything_found() -> None:
    report = a_report(gaps=(a_gap(),), coverage=(a_coverage(status=CoverageStatus.PARTIAL, fetched=1231),))

    text = printed(report)

    assert text.index("INCOMPLETE") < text.index("3 objects are missing") < text.index("GitHub personal access token")
    assert "history 1,231 of 1,234" in text
    assert "Close the gaps" in text


def test_what_was_left_out_on_purpose_is_told() -> None:
    left_out = Exclusion(reason="lfs", detail="files kept in LFS", count=3)

    assert "left out: files kept in LFS (3)" in printed(a_report(coverage=(a_coverage(exclusions=(left_out,)),)))


def test_nothing_found_is_said_of_what_was_read() -> None:
    text = printed(a_report(exposures=(), findings=()))

    assert "No secrets found in what was read." in text
    assert "Next" not in text


def order(report: RunReport) -> list[str]:
    text = printed(report)
    names = [exposure.name for exposure in report.exposures]
    return sorted(names, key=text.index)


def of(name: str, **changes: object) -> object:
    return a_secret_exposure(uid=name, name=name, remediation="", **changes)


def test_the_worst_comes_first() -> None:
    exposures = (
        of("suppressed one", occurrences=(an_occurrence(suppressed=WISH),), severity=Severity.CRITICAL),
        of("expired one", validity=Validity.EXPIRED),
        of("low one", severity=Severity.LOW),
        of("old one", at_head=False),
        of("unsure one", confidence=Confidence.MEDIUM),
        of("plain one"),
        of("critical one", severity=Severity.CRITICAL),
        of("live one", validity=Validity.LIVE, severity=Severity.LOW),
    )

    assert [
        "live one", "critical one", "plain one", "old one", "unsure one", "low one", "expired one", "suppressed one",
    ] == order(a_report(exposures=exposures, findings=()))  # fmt: skip


def test_it_is_said_why_a_value_is_live_or_not_known_to_be() -> None:
    told = Joined(validity=Validity.LIVE, reason="access key one is listed and works", identity_uid="i", privilege=None)
    unread = Joined(validity=Validity.UNKNOWN, reason="the AWS account 1 was not read")
    exposures = (
        of("live one", validity=Validity.LIVE, joined=told),
        of("first one", joined=unread),
        of("second one", joined=unread),
        of("other one"),
    )
    text = " ".join(printed(a_report(exposures=exposures)).split())

    assert "live one (ghp_****): live: access key one is listed and works; unknown rights" in text
    assert "2 secrets: unknown: the AWS account 1 was not read" in text
    assert "Live or dead" not in printed(a_report())


def test_a_suppressed_secret_is_shown_as_unapproved() -> None:
    text = printed(a_report(exposures=(a_secret_exposure(occurrences=(an_occurrence(suppressed=WISH),)),)))

    assert "suppressed, unapproved" in text


def test_low_confidence_is_counted_and_can_be_shown() -> None:
    report = a_report(exposures=(a_secret_exposure(confidence=Confidence.LOW, name="doubtful"),))

    assert "doubtful" not in printed(report)
    assert "1 more of lower confidence: --confidence low shows them." in printed(report)
    assert "doubtful" in printed(report, Floors(confidence=Confidence.LOW))


def standing(carrier: Carrier, place: Place = Place.BLOB) -> dict[str, object]:
    return {"occurrences": (an_occurrence(carrier=carrier, place=place, commit=None, at_head=None),)}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"at_head": True}, "HEAD"),
        ({"at_head": False}, "history"),
        ({"at_head": False, "in_history": False, "first_commit": None, **standing(Carrier.WORKTREE)}, "work tree"),
        ({"at_head": False, "in_history": False, "first_commit": None, **standing(Carrier.LOCAL)}, "dangling"),
        ({"at_head": False, **standing(Carrier.LOCAL, Place.REFLOG)}, "reflog"),
        ({"at_head": False, **standing(Carrier.METADATA, Place.GIT_CONFIG)}, "configuration"),
        ({"at_head": False, **standing(Carrier.METADATA, Place.REF_NAME)}, "refs"),
        ({"present": False, "at_head": False}, "gone, not revoked"),
    ],
)
def test_where_it_stands(changes: dict[str, object], words: str) -> None:
    assert words in printed(a_report(exposures=(a_secret_exposure(**changes),)))


@pytest.mark.parametrize(
    ("owners", "words"),
    [
        ((), "nobody"),
        ((an_owner(),), "Ada Author?"),
        ((an_owner(), an_owner(name="Platform", role=OwnerRole.ACCOUNTABLE)), "Platform"),
        ((an_owner(left=True),), "(left)"),
    ],
)
def test_whose_it_is(owners: tuple[object, ...], words: str) -> None:
    assert words in printed(a_report(exposures=(a_secret_exposure(owners=owners),)))


def test_several_repositories_are_told_apart() -> None:
    other = a_resource(uid="other", name="other")

    assert "payments: app/settings.py:12" in printed(a_report(resources=(a_resource(), other)))


def test_of_many_repositories_only_those_with_faults_are_listed() -> None:
    uids = [f"r{at}" for at in range(30)]
    report = a_report(
        resources=tuple(a_resource(uid=uid, name=f"{uid} name") for uid in uids),
        scopes=tuple(a_scope(uid=git_scope_uid(uid, Carrier.REFS, None), resource_uid=uid) for uid in uids),
        coverage=tuple(
            a_coverage(
                scope_uid=git_scope_uid(uid, Carrier.REFS, None),
                status=CoverageStatus.PARTIAL if uid == "r7" else CoverageStatus.COMPLETE,
            )
            for uid in uids
        ),
    )

    text = printed(report)

    assert "30 repositories" in text
    assert "r7 name" in text
    assert "r8 name" not in text


def test_every_open_finding_is_counted() -> None:
    finding = a_finding(rule="unvaulted-secret", subject_uid=REPOSITORY, subject_kind=SubjectKind.RESOURCE)

    text = " ".join(printed(a_report(findings=(a_finding(), finding))).split())

    assert "Open findings: exposed-secret-at-head (1), unvaulted-secret (1);" in text


def test_the_next_step_is_to_rotate() -> None:
    text = printed(a_report())

    assert "Rotate or revoke first" in text
    assert "Revoke it at https://github.com/settings/tokens." in text
    assert f"findings show {a_finding().uid[:10]}" in text


def test_resolved_findings_ask_for_nothing() -> None:
    assert "Next" not in printed(a_report(findings=(a_finding(status=FindingStatus.RESOLVED),)))


@pytest.mark.parametrize("columns", [80, 110, 120, 135, 150, 160])
def test_the_reference_is_never_cut(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    long = an_occurrence(path="/".join(["a-longer-folder"] * 10))
    exposures = (
        a_secret_exposure(occurrences=(long,), owners=(an_owner(name="Anne-Marie Longer-Name", left=True),)),
        a_secret_exposure(uid="gone", present=False, at_head=False, name="Service account key of some cloud"),
    )

    text = printed(a_report(exposures=exposures))

    assert a_finding().uid[:10] in text.split()
    assert all(len(line) <= columns for line in text.splitlines())


def test_what_was_gone_before_it_was_committed_is_not_listed() -> None:
    gone = a_secret_exposure(present=False, at_head=False, in_history=False, first_commit=None)

    assert "No secrets found" in printed(a_report(exposures=(gone,)))


def test_a_part_shows_only_what_stands_in_it() -> None:
    gone = a_secret_exposure(present=False, at_head=False)

    assert "gone, not revoked" in printed(a_report(exposures=(gone,)))
    assert "No secrets found" in printed(a_report(exposures=(gone,), scopes=(a_scope(part=True),)))


def test_history_is_not_named_where_nothing_was_committed() -> None:
    fresh = a_secret_exposure(in_history=False, at_head=False, first_commit=None)

    text = printed(a_report(exposures=(fresh,)))

    assert "stays in history" not in text
    assert "What is not committed: take it out" in text


def test_what_is_not_committed_is_told_apart_from_what_is() -> None:
    fresh = a_secret_exposure(uid="fresh", in_history=False, at_head=False, first_commit=None)

    text = printed(a_report(exposures=(fresh, a_secret_exposure())))

    assert "stays in history" in text
    assert "What is not committed: take it out" in text
    assert "1 not committed, and so one severity less" in text


@pytest.mark.parametrize("part", [True, False], ids=["staged", "history not read"])
def test_what_is_staged_is_not_committed_and_what_was_not_read_is_unknown(*, part: bool) -> None:
    place = an_occurrence(carrier=Carrier.WORKTREE, place=Place.INDEX, commit=None, at_head=None)
    staged = a_secret_exposure(in_history=None, at_head=None, first_commit=None, occurrences=(place,))

    text = printed(a_report(exposures=(staged,), scopes=(a_scope(part=part, carrier=Carrier.WORKTREE),)))

    assert ("not committed" in text) is part
    assert ("unknown" in text) is not part
    assert ("stays in history" in text) is not part


def test_a_secret_without_a_finding_can_still_be_referred_to() -> None:
    text = printed(a_report(exposures=(a_secret_exposure(uid="0123456789abcdef"),), findings=()))

    assert "no finding" in text
    assert "findings show 0123456789" in text


def test_the_place_that_was_read_and_folders_are_named() -> None:
    text = printed(a_report(resources=(a_resource(kind="directory"),), coverage=(a_coverage(fetched=1, expected=1),)))

    assert "Looked at 1 folder, 1 object, 5.7 MB" in text
    assert "payments (/srv/payments): history 1" in text


def test_a_commit_is_shown_before_the_git_directory_s_own_texts() -> None:
    own = an_occurrence(carrier=Carrier.METADATA, place=Place.GIT_CONFIG, path=".git/COMMIT_EDITMSG", at_head=None)
    message = an_occurrence(place=Place.COMMIT_MESSAGE, path=None, line=None, at_head=None)

    assert "commit message" in printed(a_report(exposures=(a_secret_exposure(occurrences=(own, message)),)))


def test_public_identifiers_alone_are_counted() -> None:
    reference = SecretReference(
        uid="r1", scope_uid="s", detector="d", name="AWS access key id", vendor="aws", public_identifiers={}
    )

    text = " ".join(printed(a_report(references=(reference,))).split())

    assert "Also seen: 1 public identifier without the secret: AWS access key id (1);" in text


@settings(max_examples=25)
@given(st.text(alphabet=st.characters(exclude_categories=()), min_size=1), st.sampled_from([80, 160]))
def test_foreign_text_paints_nothing(text: str, width: int) -> None:
    name = f"[red]{text}"
    report = a_report(
        resources=(a_resource(name=name),),
        gaps=(a_gap(detail=name, locator=name),),
        exposures=(
            a_secret_exposure(name=name, occurrences=(an_occurrence(path=name),), owners=(an_owner(name=name),)),
        ),
    )
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("COLUMNS", str(width))
        shown = printed(report)

    assert not set(shown) & set("\x1b\x07\r\x9b\u202e\u200b\u2066")
    assert shown.encode("utf-8")


def test_the_owner_shown_is_the_one_that_wins() -> None:
    """The owners file stands before CODEOWNERS, however the two are called and however sure each is."""
    team = an_owner(
        name="Platform team",
        role=OwnerRole.ACCOUNTABLE,
        source=OwnerSource.OWNERS_FILE,
        confidence=Confidence.MEDIUM,
    )
    handle = an_owner(
        name="@acme/platform", role=OwnerRole.ACCOUNTABLE, source=OwnerSource.CODEOWNERS, confidence=Confidence.HIGH
    )

    text = printed(a_report(exposures=(a_secret_exposure(owners=(team, handle)),)))

    assert "Platform team" in text
    assert "@acme/platform" not in text


@pytest.mark.parametrize(
    ("branch", "standing"), [("refs/heads/main", "HEAD"), ("refs/heads/feature", "HEAD or default")]
)
def test_a_checkout_of_another_branch_does_not_say_that_head_holds_it(branch: str, standing: str) -> None:
    text = printed(a_report(resources=(a_resource(head_ref=branch),)))

    assert standing in text
    assert ("HEAD or default" in text) == (branch != "refs/heads/main")
