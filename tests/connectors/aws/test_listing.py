"""What is told of an account in which there is one of everything."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from storage.inventory import (
    Coverage,
    CoverageStatus,
    Credential,
    CredentialType,
    Facet,
    Identity,
    IdentityKind,
    PrivilegeLevel,
    Scope,
    TrustKind,
)
from tests.connectors.aws.front import Answer, error, iam, plain
from tests.connectors.aws.workshop import ACCOUNT, Aws, Inventory

END = datetime(2031, 5, 4, tzinfo=UTC)
END_BY_MOTO = datetime(2012, 5, 8, 1, 2, 3, 4000, tzinfo=UTC)
"""What moto says of every server certificate."""


def certificate() -> tuple[str, str]:
    """A certificate that ends on END, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "signer")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(END - timedelta(days=90))
        .not_valid_after(END)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return made.public_bytes(serialization.Encoding.PEM).decode(), private.decode()


def trust(**principal: Any) -> str:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def policy(*actions: str, resource: str = "*") -> str:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def one_of_everything(aws: Aws) -> dict[str, str]:
    """Fill the account; return the ids of what is in it."""
    made: dict[str, str] = {}
    client = aws.client("iam")
    public, private = certificate()
    made["user"] = client.create_user(UserName="deployer")["User"]["UserId"]
    client.create_group(GroupName="operators")
    client.add_user_to_group(GroupName="operators", UserName="deployer")
    client.put_group_policy(GroupName="operators", PolicyName="run", PolicyDocument=policy("iam:PassRole", "lambda:*"))
    managed = client.create_policy(
        PolicyName="look", PolicyDocument=policy("s3:GetObject", resource="arn:aws:s3:::b/*")
    )
    client.attach_user_policy(UserName="deployer", PolicyArn=managed["Policy"]["Arn"])
    made["key"] = client.create_access_key(UserName="deployer")["AccessKey"]["AccessKeyId"]
    client.create_login_profile(UserName="deployer", Password="x" * 12)
    made["signing"] = client.upload_signing_certificate(UserName="deployer", CertificateBody=public)["Certificate"][
        "CertificateId"
    ]
    made["ssh"] = client.upload_ssh_public_key(UserName="deployer", SSHPublicKeyBody="ssh-rsa AAAA")["SSHPublicKey"][
        "SSHPublicKeyId"
    ]
    made["server"] = client.upload_server_certificate(
        ServerCertificateName="edge", CertificateBody=public, PrivateKey=private
    )["ServerCertificateMetadata"]["ServerCertificateId"]
    made["role"] = client.create_role(
        RoleName="builder", AssumeRolePolicyDocument=trust(AWS="arn:aws:iam::999999999999:root")
    )["Role"]["RoleId"]
    client.create_open_id_connect_provider(
        Url="https://token.actions.githubusercontent.com", ClientIDList=["sts.amazonaws.com"], ThumbprintList=["a" * 40]
    )
    client.create_saml_provider(Name="company", SAMLMetadataDocument="m" * 1024)
    aws.front.answers["ListServiceSpecificCredentials"] = lambda _: iam(
        "ListServiceSpecificCredentials",
        "<ServiceSpecificCredentials><member><UserName>deployer</UserName><Status>Active</Status>"
        "<ServiceName>bedrock.amazonaws.com</ServiceName><CreateDate>2026-01-01T00:00:00Z</CreateDate>"
        "<ExpirationDate>2031-05-04T00:00:00Z</ExpirationDate>"
        "<ServiceSpecificCredentialId>ACCAEXAMPLE</ServiceSpecificCredentialId></member></ServiceSpecificCredentials>",
    )
    aws.front.answers["ListTrustAnchors"] = lambda _: plain(
        trustAnchors=[
            {
                "trustAnchorId": "anchor-1",
                "trustAnchorArn": "arn:aws:rolesanywhere:us-east-1:123456789012:trust-anchor/anchor-1",
                "name": "factory",
                "enabled": True,
                "source": {"sourceType": "CERTIFICATE_BUNDLE", "sourceData": {"x509CertificateData": public}},
            }
        ]
    )
    aws.front.answers["ListSubjects"] = lambda _: plain(
        subjects=[
            {
                "subjectId": "subject-1",
                "subjectArn": "arn:aws:rolesanywhere:us-east-1:123456789012:subject/subject-1",
                "x509Subject": "CN=machine-7",
                "enabled": True,
                "lastSeenAt": "2026-11-01T00:00:00Z",
            }
        ]
    )
    return made


@pytest.fixture
def made(aws: Aws) -> dict[str, str]:
    return one_of_everything(aws)


@pytest.fixture
def seen(aws: Aws, made: dict[str, str]) -> Inventory:
    return aws.collect()


def test_all_of_it_is_read_and_nothing_is_missing(
    aws: Aws, made: dict[str, str], seen: Inventory, subtests: pytest.Subtests
) -> None:
    with subtests.test("every scope is complete"):
        assert {CoverageStatus.COMPLETE} == {seen.coverage(str(one.api), one.region).status for one in seen.of(Scope)}
        assert [] == seen.gaps
    with subtests.test("identities"):
        assert {
            (IdentityKind.IAM_USER, f"aws:user:{made['user']}"),
            (IdentityKind.IAM_ROLE, f"aws:role:{made['role']}"),
            (IdentityKind.ACCOUNT_ROOT, f"aws:account-root:{ACCOUNT}"),
            (
                IdentityKind.IDENTITY_PROVIDER,
                f"aws:oidc-provider:arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com",
            ),
            (IdentityKind.IDENTITY_PROVIDER, f"aws:saml-provider:arn:aws:iam::{ACCOUNT}:saml-provider/company"),
            (IdentityKind.IDENTITY_PROVIDER, "aws:trust-anchor:anchor-1"),
            (IdentityKind.WORKLOAD, "aws:roles-anywhere-subject:subject-1"),
        } == {(one.kind, one.uid) for one in seen.of(Identity)}
    with subtests.test("credentials"):
        assert {
            (CredentialType.ACCESS_KEY, f"aws:access-key:{made['key']}"),
            (CredentialType.PASSWORD, f"aws:password:{made['user']}"),
            (CredentialType.PASSWORD, f"aws:password:{ACCOUNT}"),
            (CredentialType.CERTIFICATE, f"aws:signing-certificate:{made['signing']}"),
            (CredentialType.PRIVATE_KEY, f"aws:ssh-public-key:{made['ssh']}"),
            (CredentialType.CERTIFICATE, f"aws:server-certificate:{made['server']}"),
            (CredentialType.API_KEY, "aws:service-specific-credential:ACCAEXAMPLE"),
        } == {(one.type, one.uid) for one in seen.of(Credential)}
    with subtests.test("each credential says whose it is"):
        theirs = {one.identity_uid for one in seen.of(Credential) if one.kind != "server certificate"}
        assert {f"aws:user:{made['user']}", f"aws:account-root:{ACCOUNT}"} == theirs
    with subtests.test("an access key: id, age, last use, status"):
        (key,) = seen.credentials("access key")
        assert (made["key"], True, "Active", None) == (
            key.public_identifier,
            key.enabled,
            key.status,
            key.last_used_time,
        )
        assert key.created_time is not None
        assert key.created_time.tzinfo is UTC
        assert {Facet.ROTATION, Facet.LAST_USE, Facet.EXPIRATION, Facet.STATUS} == key.observed
    with subtests.test("what ends says when"):
        ends = {one.kind: one.expiration_time for one in seen.of(Credential) if one.expiration_time}
        assert {
            "signing certificate": END,
            "service-specific credential": END,
            "server certificate": END_BY_MOTO,
        } == ends
    with subtests.test("what a group grants is its member's"):
        user = seen.identity("deployer", "iam")
        assert ("operators/run", PrivilegeLevel.ESCALATION) == (user.privileges[0].name, user.privileges[0].level)
        assert {"look", "operators/run"} == {one.name for one in user.privileges}
        assert Facet.PRIVILEGES in user.observed
    with subtests.test("who is trusted"):
        role = seen.identity("builder")
        assert [(TrustKind.ACCOUNT, "arn:aws:iam::999999999999:root", None)] == [
            (one.kind, one.principal, one.external) for one in role.trusts
        ]
        provider = seen.identity("token.actions.githubusercontent.com")
        assert {"aud": ("sts.amazonaws.com",)} == provider.trusts[0].conditions
    with subtests.test("the root"):
        root = seen.identity("root")
        assert PrivilegeLevel.ADMIN is root.privileges[0].level
        assert {"mfa": "true"} == root.attributes
    with subtests.test("the account says how old its report is"):
        assert "credential_report_time" in seen.resources[-1].attributes
    with subtests.test("a user with an SSH key may have acted with it: nobody claims that it never did"):
        assert Facet.LAST_USE not in seen.identity("deployer", "iam-credential-report").observed
    with subtests.test("another reading says the same"):
        # But for the number of calls: the report is prepared by now.
        first, second = (
            [one for one in inventory.all if not isinstance(one, Coverage)] for inventory in (seen, aws.collect())
        )
        assert first == second


def test_a_user_that_never_acted_says_so(aws: Aws) -> None:
    client = aws.client("iam")
    client.create_user(UserName="idle")
    client.create_access_key(UserName="idle")

    seen = aws.collect()

    user = seen.identity("idle", "iam-credential-report")
    assert (None, True) == (user.last_used_time, Facet.LAST_USE in user.observed)
    assert datetime(2015, 4, 22, tzinfo=UTC) == user.last_use_tracked_since


def test_a_user_that_acts_says_when(aws: Aws) -> None:
    client = aws.client("iam")
    client.create_user(UserName="busy")
    key = client.create_access_key(UserName="busy")["AccessKey"]
    aws.client(
        "sts", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"]
    ).get_caller_identity()

    seen = aws.collect()

    (told,) = seen.credentials("access key")
    assert told.last_used_time is not None
    assert told.last_used_time == seen.identity("busy", "iam-credential-report").last_used_time


def test_only_those_are_asked_for_keys_who_have_some(aws: Aws) -> None:
    client = aws.client("iam")
    for number in range(4):
        client.create_user(UserName=f"user-{number}")
    client.create_access_key(UserName="user-2")

    aws.collect()

    assert 1 == aws.front.asked.count("ListAccessKeys")
    assert 0 == aws.front.asked.count("GetAccessKeyLastUsed")
    assert 0 == aws.front.asked.count("ListSigningCertificates")


def test_a_report_that_is_old_does_not_say_who_has_no_keys(aws: Aws) -> None:
    aws.client("iam").create_user(UserName="user")
    aws.front.report_made -= timedelta(hours=3)

    seen = aws.collect()

    assert 1 == aws.front.asked.count("ListAccessKeys")
    assert ["younger_than_report"] == [one.reason for one in seen.coverage("iam-signing-certificates").exclusions]


@pytest.mark.parametrize(
    "denied", ["ListAccessKeys", "ListSigningCertificates", "ListSSHPublicKeys", "ListServiceSpecificCredentials"]
)
def test_all_credentials_of_a_user_are_known_only_when_each_kind_was_listed(denied: str, aws: Aws) -> None:
    client = aws.client("iam")
    client.create_user(UserName="user")
    client.create_access_key(UserName="user")
    client.upload_signing_certificate(UserName="user", CertificateBody=certificate()[0])
    client.create_role(RoleName="role", AssumeRolePolicyDocument=trust(Service="ec2.amazonaws.com"))

    whole = aws.collect()
    aws.front.spoil(denied, error("AccessDenied", 403))
    part = aws.collect()

    assert Facet.CREDENTIALS in whole.identity("user", "iam-credential-report").observed
    assert Facet.CREDENTIALS not in part.identity("user", "iam-credential-report").observed
    for seen in (whole, part):
        assert Facet.CREDENTIALS in seen.identity("role").observed
        assert Facet.CREDENTIALS in seen.identity("root").observed


def test_without_key_ids_nobody_is_asked_alone(aws: Aws) -> None:
    client = aws.client("iam")
    user = client.create_user(UserName="deployer")["User"]["UserId"]
    client.create_access_key(UserName="deployer")
    client.create_access_key(UserName="deployer")

    seen = aws.collect(key_ids=False)

    keys = seen.credentials("access key")
    assert [None, None] == [key.public_identifier for key in keys]
    assert 2 == len({key.uid for key in keys})
    assert {f"aws:user:{user}"} == {key.identity_uid for key in keys}
    assert not {"ListAccessKeys", "ListSSHPublicKeys", "ListSigningCertificates"} & set(aws.front.asked)
    assert ["ssh_public_keys"] == [one.reason for one in seen.coverage("iam-reported-keys").exclusions]
    assert [] == seen.gaps


def test_roles_of_aws_itself_are_told_apart(aws: Aws) -> None:
    client = aws.client("iam")
    client.create_service_linked_role(AWSServiceName="ecs.amazonaws.com")
    client.create_role(
        RoleName="AWSReservedSSO_Admin_0a", AssumeRolePolicyDocument=trust(Federated="arn:aws:iam::1:saml-provider/x")
    )
    client.create_role(RoleName="ours", AssumeRolePolicyDocument=trust(Service="ec2.amazonaws.com"))

    seen = aws.collect()

    roles = {one.name: one.provider_managed for one in seen.of(Identity) if one.kind is IdentityKind.IAM_ROLE}
    assert {"AWSServiceRoleForecs": True, "AWSReservedSSO_Admin_0a": True, "ours": False} == roles
    assert ["policies_of_service_linked_roles"] == [one.reason for one in seen.coverage("iam").exclusions]


def test_no_tag_but_of_owner_and_environment_is_passed_on(aws: Aws) -> None:
    tags = {"company:Owner-Email": "ada@example.com", "Stage": "qa", "note": "call me", "password": "open sesame"}
    aws.client("iam").create_user(UserName="tagged", Tags=[{"Key": key, "Value": tags[key]} for key in tags])

    seen = aws.collect()

    user = seen.identity("tagged", "iam")
    assert (["ada@example.com"], "qa") == ([owner.email for owner in user.owners], user.environment)
    assert not any(word in repr(seen.all) for word in ("call me", "open sesame"))


def test_a_user_who_is_renamed_while_read_keeps_its_key(aws: Aws) -> None:
    """Its former name is nobody's any more: that is no proof that its key was deleted."""
    client = aws.client("iam")
    client.create_user(UserName="former")
    key = client.create_access_key(UserName="former")["AccessKey"]["AccessKeyId"]

    def rename(answer: Answer) -> Answer:
        client.update_user(UserName="former", NewUserName="newer")
        return answer

    aws.front.spoil("GetAccountAuthorizationDetails", rename, at=1)
    seen = aws.collect()

    assert [key] == [one.public_identifier for one in seen.credentials("access key")]
    assert CoverageStatus.COMPLETE is seen.coverage("iam-access-keys").status


def test_without_a_listing_of_users_a_lost_name_is_a_gap(aws: Aws) -> None:
    client = aws.client("iam")
    client.create_user(UserName="former")
    client.create_access_key(UserName="former")
    aws.front.spoil("ListUsers", error("AccessDenied", 403))
    aws.front.spoil("ListAccessKeys", error("NoSuchEntity", 404))

    seen = aws.collect()

    assert CoverageStatus.COMPLETE is not seen.coverage("iam-access-keys").status
    assert "iam:ListUsers" in {one.permission for one in seen.gaps}
