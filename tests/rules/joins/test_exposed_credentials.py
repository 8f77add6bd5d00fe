"""What follows for an exposed value from what is listed: pure, provider by provider."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.joins.exposed_credentials import AWS_KEYS, AWS_KEYS_WITHOUT_IDS, join
from rules.joins.shared_identifiers import accounts_of, aws_account, key, keys_of, split
from storage.inventory import (
    Confidence,
    CoverageStatus,
    CredentialType,
    Facet,
    Gap,
    GapReason,
    IdentityKind,
    JoinCandidate,
    Joined,
    JoinedFacts,
    JoinSubject,
    LinkKind,
    ListReading,
    PrivilegeLevel,
    Scope,
    SecretExposure,
    Validity,
)
from tests.rules.builders import (
    AS_OF,
    CREDENTIALS,
    IDENTITIES,
    a_credential,
    a_gap,
    a_privilege,
    an_exposure,
    an_identity,
    days_ago,
)

NUMBER, ADDRESS, KEY_ID = "1" * 21, "deploy@acme-prod.iam.gserviceaccount.com", "ab" * 20
CLIENT = str(uuid.UUID(int=5))
PROJECT = "gcp:project:1"


def concluded(exposure: SecretExposure, *candidates: JoinCandidate, **fields: Any) -> JoinedFacts:
    subject = JoinSubject(thing=exposure, keys=keys_of(exposure), candidates=candidates, **fields)
    return join(subject, AS_OF)


def verdict(exposure: SecretExposure, *candidates: JoinCandidate, **fields: Any) -> tuple[Validity, str]:
    told = concluded(exposure, *candidates, **fields).joined
    return told.validity, told.reason


# --- Google -----------------------------------------------------------------------------------------------------------


def a_key_file(**told: str) -> SecretExposure:
    facts = {"private_key_id": KEY_ID, "client_email": ADDRESS, "client_id": NUMBER, **told}
    return an_exposure(
        vendor="google", type=CredentialType.SERVICE_ACCOUNT_KEY,
        public_identifiers={name: fact for name, fact in facts.items() if fact},
    )  # fmt: skip


def an_account(**fields: Any) -> Any:
    told = {
        "uid": f"gcp:service_account:{NUMBER}", "kind": IdentityKind.SERVICE_ACCOUNT, "name": ADDRESS,
        "provider": "gcp", "resource_uid": PROJECT, "aliases": (ADDRESS, NUMBER),
    }  # fmt: skip
    return an_identity(**{**told, **fields})


def a_google_key(**fields: Any) -> Any:
    told = {
        "uid": f"gcp:service_account_key:{NUMBER}/{KEY_ID}", "type": CredentialType.SERVICE_ACCOUNT_KEY,
        "kind": "service account key", "provider": "gcp", "resource_uid": PROJECT, "public_identifier": KEY_ID,
    }  # fmt: skip
    return a_credential(**{**told, **fields})


def of_account(sort: str = "gcp:service-account", **fields: Any) -> JoinCandidate:
    told = {"key": key(sort, NUMBER if sort.endswith("account") else ADDRESS), "identity": an_account()}
    return JoinCandidate(**{**told, **fields})


def test_both_sides_of_a_google_key_have_the_same_key() -> None:
    assert set(keys_of(a_google_key())) | set(keys_of(an_account())) == set(keys_of(a_key_file()))


def test_a_google_key_is_live_by_its_id() -> None:
    one = JoinCandidate(key=keys_of(a_google_key())[0], credential=a_google_key(), identity=an_account())
    facts = concluded(a_key_file(), one, of_account())

    assert facts.joined.validity is Validity.LIVE
    assert facts.joined.reason == f"service account key {KEY_ID} of service account {ADDRESS} is listed and works"
    assert [(link.kind, link.target_uid, link.confidence) for link in facts.links] == [
        (LinkKind.EXPOSURE_CREDENTIAL, a_google_key().uid, Confidence.HIGH)
    ]


@pytest.mark.parametrize(
    ("account", "validity", "words"),
    [
        pytest.param(of_account(), Validity.UNKNOWN, "does not list it", id="the account does not list it"),
        pytest.param(
            of_account(identity=an_account(observed=frozenset())),
            Validity.UNKNOWN, "were not all listed; iam.serviceAccountKeys.list was denied", id="denied",
        ),
        pytest.param(
            of_account(present=False, identity_present=False),
            Validity.REVOKED, "was deleted", id="deleted, by unique id",
        ),
        pytest.param(
            of_account("gcp:service-account-email", present=False, identity_present=False),
            Validity.UNKNOWN, "the file alone says", id="deleted, by an e-mail that may be given anew",
        ),
        pytest.param(None, Validity.UNKNOWN, "no project that was read holds its service account", id="out of scope"),
    ],
)  # fmt: skip
def test_a_google_key_that_is_not_listed(account: JoinCandidate | None, validity: Validity, words: str) -> None:
    gap = a_gap(reason=GapReason.DENIED, permission="iam.serviceAccountKeys.list")
    reading = a_reading("iam.serviceAccountKeys", PROJECT, CoverageStatus.PARTIAL, gap)
    told = verdict(a_key_file(), *([account] if account else []), readings=(reading,))
    assert told[0] is validity
    assert words in told[1]


def a_reading(api: str, resource_uid: str, status: CoverageStatus, *gaps: Gap, **fields: Any) -> ListReading:
    scope = Scope(uid=f"{resource_uid}#{api}", connector="x", resource_uid=resource_uid, name=api, api=api)
    return ListReading(scope=scope, status=status, gaps=gaps, **fields)


# --- Entra ------------------------------------------------------------------------------------------------------------


def a_client_secret() -> SecretExposure:
    return an_exposure(
        vendor="azure", type=CredentialType.CLIENT_SECRET, public_identifiers={"client_id": CLIENT.upper()}
    )


def an_application(kind: IdentityKind = IdentityKind.APPLICATION, **fields: Any) -> JoinCandidate:
    identity = an_identity(
        uid=f"entra:{kind}", kind=kind, name="billing", provider="entra", attributes={"app_id": CLIENT},
        privileges=(a_privilege(PrivilegeLevel.ADMIN),),
    )  # fmt: skip
    return JoinCandidate(**{"key": keys_of(identity)[0], "identity": identity, **fields})


@pytest.mark.parametrize(
    ("found", "words"),
    [
        pytest.param([], f"no tenant that was read knows the application {CLIENT}", id="out of scope"),
        pytest.param([an_application()], "no client secret of it is listed any more", id="without secrets"),
        pytest.param(
            [an_application(siblings=(a_credential(type=CredentialType.CLIENT_SECRET),))],
            "which of its client secrets it is, no id tells", id="with secrets",
        ),
        pytest.param([an_application(present=False, identity_present=False)], "was deleted", id="deleted"),
    ],
)  # fmt: skip
def test_what_stands_beside_a_client_secret_says_whose_it_is_and_ends_nothing(
    found: list[JoinCandidate], words: str
) -> None:
    facts = concluded(a_client_secret(), *found)
    assert facts.joined.validity is Validity.UNKNOWN
    assert words in facts.joined.reason
    assert [(link.kind, link.confidence) for link in facts.links] == [
        (LinkKind.EXPOSURE_IDENTITY, Confidence.MEDIUM) for _ in found
    ]
    assert facts.joined.privilege is (PrivilegeLevel.ADMIN if found else None)


# --- storage accounts -------------------------------------------------------------------------------------------------


def a_storage_key() -> SecretExposure:
    return an_exposure(
        detector="azure-storage-connection-string", vendor="azure", public_identifiers={"account": "shopfiles"}
    )


def stored(name: str, *, present: bool = True, **fields: Any) -> JoinCandidate:
    told = {
        "uid": f"azure:storage-account-key:shopfiles/{name}", "kind": "storage account key", "provider": "azure",
        "name": name, "public_identifier": f"shopfiles/{name}", "attributes": {"account": "shopfiles"},
        "identity_uid": None,
    }  # fmt: skip
    credential = a_credential(**{**told, **fields})
    return JoinCandidate(key=keys_of(credential)[0], credential=credential, present=present)


@pytest.mark.parametrize(
    ("found", "validity"),
    [
        pytest.param([], Validity.UNKNOWN, id="out of scope"),
        pytest.param([stored("key1"), stored("key2")], Validity.UNKNOWN, id="one of two that work"),
        pytest.param(
            [stored("key1", last_rotated_time=days_ago(1)), stored("key2", last_rotated_time=days_ago(1))],
            Validity.ROTATED, id="both replaced since",
        ),
        pytest.param(
            [stored("key1", last_rotated_time=days_ago(1)), stored("key2", last_rotated_time=days_ago(9))],
            Validity.UNKNOWN, id="one replaced before it was found",
        ),
        pytest.param([stored("key1", last_rotated_time=days_ago(1))], Validity.UNKNOWN, id="the other one not listed"),
        pytest.param(
            [stored("key1", enabled=False), stored("key2", enabled=False)], Validity.REVOKED, id="no keys taken"
        ),
        pytest.param(
            [stored("key1", present=False), stored("key2", present=False)],
            Validity.UNKNOWN, id="the account deleted, or moved to a subscription that nobody read",
        ),
    ],
)  # fmt: skip
def test_a_storage_key_ended_when_both_keys_did(found: list[JoinCandidate], validity: Validity) -> None:
    assert verdict(a_storage_key(), *found, first_time=days_ago(3))[0] is validity


# --- SSH, and the others ----------------------------------------------------------------------------------------------


def test_a_private_key_is_joined_by_its_fingerprint_where_both_sides_tell_it() -> None:
    exposure = an_exposure(public_identifiers={"ssh_fingerprint": "SHA256:" + "A" * 43})
    deploy_key = a_credential(kind="deploy key", provider="github", public_identifier="SHA256:" + "A" * 43)
    assert keys_of(exposure) == keys_of(deploy_key)

    one = JoinCandidate(key=keys_of(deploy_key)[0], credential=deploy_key)
    assert verdict(exposure, one)[0] is Validity.LIVE
    assert verdict(exposure) == (Validity.UNKNOWN, "nothing that was read lists such a credential")


@pytest.mark.parametrize(
    "exposure",
    [
        pytest.param(an_exposure(), id="no identifier"),
        pytest.param(
            an_exposure(vendor="aws", public_identifiers={"access_key_id": "ASIA" + "A" * 16}), id="a session"
        ),
        pytest.param(
            an_exposure(vendor="other", public_identifiers={"access_key_id": "AKIA" + "A" * 16}), id="not AWS"
        ),
        pytest.param(an_exposure(public_identifiers={"client_id": CLIENT}), id="a client id beside something else"),
    ],
)
def test_most_values_have_nothing_to_be_joined_by(exposure: SecretExposure) -> None:
    assert keys_of(exposure) == ()


def test_an_id_that_no_account_can_have_made_tells_none() -> None:
    assert aws_account("AKIA" + "P" + "7" * 15) is None
    assert aws_account("AKIA" + "QAAB" * 4) is not None


def test_a_key_says_what_it_is_of() -> None:
    assert split(key("ssh:fingerprint", "SHA256:a:b")) == ("ssh:fingerprint", "SHA256:a:b")


AWS = an_exposure(vendor="aws", public_identifiers={"access_key_id": "AKIA" + "QAAB" * 4})
READINGS = st.builds(
    a_reading,
    st.sampled_from(["iam-access-keys", "iam-reported-keys", "iam.serviceAccountKeys"]),
    st.sampled_from([*accounts_of(AWS), PROJECT]),
    st.sampled_from([CoverageStatus.PARTIAL, CoverageStatus.DENIED]),
)
CANDIDATES = st.builds(
    JoinCandidate,
    key=st.sampled_from(
        [*keys_of(AWS), *keys_of(a_key_file()), *keys_of(a_client_secret()), *keys_of(a_storage_key())]
    ),
    credential=CREDENTIALS.filter(lambda one: one.enabled is not False and one.expiration_time is None),
    confirmed=st.booleans(),
    identity=st.none() | IDENTITIES.filter(lambda one: one.enabled is not False),
)


@given(
    st.sampled_from([AWS, a_key_file(), a_client_secret(), a_storage_key()]),
    st.lists(CANDIDATES, max_size=3).map(tuple),
    st.lists(READINGS, max_size=3).map(tuple),
)
def test_without_a_proof_nothing_ends(
    exposure: SecretExposure, candidates: tuple[JoinCandidate, ...], readings: tuple[ListReading, ...]
) -> None:
    """Whatever is there and whatever was refused: what is present, not disabled and not over has not ended."""
    subject = JoinSubject(
        thing=exposure, keys=keys_of(exposure), accounts=accounts_of(exposure), candidates=candidates,
        readings=readings, first_time=AS_OF + timedelta(days=10**5),
    )  # fmt: skip
    facts = join(subject, AS_OF)
    assert facts.joined.validity in {Validity.LIVE, Validity.UNKNOWN}
    assert facts == join(subject, AS_OF)
    assert not facts.joined.reason.endswith(".")


def test_rights_that_were_not_all_read_are_no_small_rights() -> None:
    def privilege(*levels: PrivilegeLevel, observed: frozenset[Facet]) -> PrivilegeLevel | None:
        holder = an_identity(privileges=tuple(map(a_privilege, levels)), observed=observed)
        credential = a_credential(public_identifier="AKIA" + "QAAB" * 4)
        told: Joined = concluded(AWS, JoinCandidate(key=keys_of(AWS)[0], credential=credential, identity=holder)).joined
        return told.privilege

    everything = frozenset(Facet)
    assert privilege(observed=frozenset()) is None
    assert privilege(PrivilegeLevel.LIMITED, observed=frozenset()) is None
    assert privilege(PrivilegeLevel.ADMIN, observed=frozenset()) is PrivilegeLevel.ADMIN
    assert privilege(observed=everything) is PrivilegeLevel.LIMITED
    assert privilege(PrivilegeLevel.WILDCARD, observed=everything) is PrivilegeLevel.WILDCARD


def test_the_lists_are_called_as_their_connectors_call_them() -> None:
    from connectors.aws.access_keys import ACCESS_KEYS, REPORTED_KEYS

    assert (ACCESS_KEYS.api, REPORTED_KEYS.api) == (AWS_KEYS, AWS_KEYS_WITHOUT_IDS)
