"""Which operations of AWS change a non-human identity, what each means, and where its event names what it changed.

CloudTrail writes the fields of an operation with their first letter small; a few it writes otherwise (`aRN`,
`sSHPublicKeyId`), so case does not count here. What is listed follows "Logging IAM and AWS STS API calls with AWS
CloudTrail", "AWS Secrets Manager entries in CloudTrail" and "AWS Management Console sign-in events" of the AWS
documentation. A request to rotate (`RotateSecret`), a new schedule, a login profile that was updated: none of these
proves a new value, so they are not listed.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from storage.inventory import EventKind, Record

IAM = "iam.amazonaws.com"
SECRETS_MANAGER = "secretsmanager.amazonaws.com"
API_GATEWAY = "apigateway.amazonaws.com"
SIGN_IN = "signin.amazonaws.com"


class About(StrEnum):
    """What kind of thing an operation changes, and so how its event names it."""

    USER = "user"
    """A user, by name; only its making tells its id."""
    ROLE = "role"
    """A role, by name; only its making tells its id."""
    ACCESS_KEY = "access key"
    PASSWORD = "password"
    """The console password of a user, by the user's name."""
    OWN_PASSWORD = "own password"
    """The console password of whoever acts."""
    LOGIN = "login"
    """The user or root who acts."""
    SERVICE_CREDENTIAL = "service-specific credential"
    SSH_KEY = "SSH key"
    CERTIFICATE = "signing certificate"
    OIDC_PROVIDER = "OpenID Connect provider"
    SAML_PROVIDER = "SAML provider"
    SECRET = "secret"
    GATEWAY_KEY = "API key of API Gateway"
    OTHER = "other"
    """A group or policy, which the inventory does not list: it is told by its name."""


class Operation(Record, frozen=True, kw_only=True):
    """One operation."""

    name: str
    """As CloudTrail calls it."""
    service: str
    """Whose it is: several services may have one of the same name."""
    about: About
    """What it changes."""
    kind: EventKind | None
    """What that means; `None` for what only moves a name, and so must be known to follow it."""


def _of(service: str, about: About, **kinds: EventKind | None) -> tuple[Operation, ...]:
    return tuple(Operation(name=name, service=service, about=about, kind=kind) for name, kind in kinds.items())


_MADE, _DELETED, _ROTATED = EventKind.CREATED, EventKind.DELETED, EventKind.ROTATED
_RIGHTS, _TRUST = EventKind.PRIVILEGES_CHANGED, EventKind.TRUST_CHANGED
# What becomes of a thing whose state is set: the request says which.
_SET = EventKind.ACTIVATED

ACCOUNT_OPERATIONS: tuple[Operation, ...] = (
    *_of(IAM, About.USER, CreateUser=_MADE, DeleteUser=_DELETED, UpdateUser=None),
    *_of(IAM, About.ROLE, CreateRole=_MADE, DeleteRole=_DELETED, UpdateAssumeRolePolicy=_TRUST),
    *_of(IAM, About.ACCESS_KEY, CreateAccessKey=_MADE, UpdateAccessKey=_SET, DeleteAccessKey=_DELETED),
    *_of(IAM, About.PASSWORD, CreateLoginProfile=_MADE, DeleteLoginProfile=_DELETED),
    *_of(IAM, About.OWN_PASSWORD, ChangePassword=_ROTATED),
    *_of(
        IAM,
        About.SERVICE_CREDENTIAL,
        CreateServiceSpecificCredential=_MADE,
        ResetServiceSpecificCredential=_ROTATED,
        UpdateServiceSpecificCredential=_SET,
        DeleteServiceSpecificCredential=_DELETED,
    ),
    *_of(IAM, About.SSH_KEY, UploadSSHPublicKey=_MADE, UpdateSSHPublicKey=_SET, DeleteSSHPublicKey=_DELETED),
    *_of(
        IAM,
        About.CERTIFICATE,
        UploadSigningCertificate=_MADE,
        UpdateSigningCertificate=_SET,
        DeleteSigningCertificate=_DELETED,
    ),
    *_of(
        IAM,
        About.USER,
        PutUserPolicy=_RIGHTS,
        DeleteUserPolicy=_RIGHTS,
        AttachUserPolicy=_RIGHTS,
        DetachUserPolicy=_RIGHTS,
        AddUserToGroup=_RIGHTS,
        RemoveUserFromGroup=_RIGHTS,
        PutUserPermissionsBoundary=_RIGHTS,
        DeleteUserPermissionsBoundary=_RIGHTS,
    ),
    *_of(
        IAM,
        About.ROLE,
        PutRolePolicy=_RIGHTS,
        DeleteRolePolicy=_RIGHTS,
        AttachRolePolicy=_RIGHTS,
        DetachRolePolicy=_RIGHTS,
        PutRolePermissionsBoundary=_RIGHTS,
        DeleteRolePermissionsBoundary=_RIGHTS,
    ),
    *_of(
        IAM,
        About.OTHER,
        PutGroupPolicy=_RIGHTS,
        DeleteGroupPolicy=_RIGHTS,
        AttachGroupPolicy=_RIGHTS,
        DetachGroupPolicy=_RIGHTS,
        CreatePolicyVersion=_RIGHTS,
        SetDefaultPolicyVersion=_RIGHTS,
    ),
    *_of(
        IAM,
        About.OIDC_PROVIDER,
        CreateOpenIDConnectProvider=_MADE,
        DeleteOpenIDConnectProvider=_DELETED,
        AddClientIDToOpenIDConnectProvider=_TRUST,
        RemoveClientIDFromOpenIDConnectProvider=_TRUST,
        UpdateOpenIDConnectProviderThumbprint=_TRUST,
    ),
    *_of(IAM, About.SAML_PROVIDER, CreateSAMLProvider=_MADE, UpdateSAMLProvider=_TRUST, DeleteSAMLProvider=_DELETED),
    *_of(SIGN_IN, About.LOGIN, ConsoleLogin=EventKind.USED),
)
"""Those of IAM and of the console, which CloudTrail tells in the home region alone."""

REGIONAL_OPERATIONS: tuple[Operation, ...] = (
    *_of(
        SECRETS_MANAGER,
        About.SECRET,
        CreateSecret=_MADE,
        PutSecretValue=_ROTATED,
        UpdateSecret=_ROTATED,
        RotationSucceeded=_ROTATED,
        RotationFailed=_ROTATED,
        DeleteSecret=_DELETED,
        RestoreSecret=EventKind.ACTIVATED,
    ),
    *_of(API_GATEWAY, About.GATEWAY_KEY, CreateApiKey=_MADE, DeleteApiKey=_DELETED),
)
"""Those that each region tells of its own."""

OPERATIONS: Mapping[tuple[str, str], Operation] = {
    (operation.service, operation.name): operation for operation in (*ACCOUNT_OPERATIONS, *REGIONAL_OPERATIONS)
}
"""By service and name."""
