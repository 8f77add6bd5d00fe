"""All rules, one line each. The order is the order in which they judge a subject and in which they are listed."""

from __future__ import annotations

from typing import Any

from rules.admin_privileges import AdminPrivileges
from rules.audit_log_retention import AuditLogRetention
from rules.base import Rule
from rules.broad_trust import BroadTrust
from rules.confused_deputy import ConfusedDeputy
from rules.coverage_gap import CoverageGap
from rules.disabled_but_present import DisabledButPresent
from rules.environment_isolation import EnvironmentIsolation
from rules.excessive_pipeline_permissions import ExcessivePipelinePermissions
from rules.expired_still_present import ExpiredStillPresent
from rules.expiring_soon import ExpiringSoon
from rules.exposed_secret_at_head import ExposedSecretAtHead
from rules.exposed_secret_in_history import ExposedSecretInHistory
from rules.exposed_secret_in_workload import ExposedSecretInWorkload
from rules.hard_coded_pipeline_secret import HardCodedPipelineSecret
from rules.human_use import HumanUse
from rules.inactive_owner import InactiveOwner
from rules.loose_federation import LooseFederation
from rules.missing_owner import MissingOwner
from rules.no_expiration import NoExpiration
from rules.organization_wide_secret import OrganizationWideSecret
from rules.orphan_secret_slot import OrphanSecretSlot
from rules.persisted_pipeline_credentials import PersistedPipelineCredentials
from rules.privilege_escalation import PrivilegeEscalation
from rules.reused_secret import ReusedSecret
from rules.root_access_key import RootAccessKey
from rules.rotation_not_evidenced import RotationNotEvidenced
from rules.rotation_not_operating import RotationNotOperating
from rules.rotation_overdue import RotationOverdue
from rules.safeguard_off import SafeguardOff
from rules.secrets_handed_over_whole import SecretsHandedOverWhole
from rules.self_hosted_runner_on_public_repository import SelfHostedRunnerOnPublicRepository
from rules.stale_credential import StaleCredential
from rules.stale_secret import StaleSecret
from rules.static_key_reaches_vault import StaticKeyReachesVault
from rules.static_key_where_keyless_exists import StaticKeyWhereKeylessExists
from rules.two_active_keys import TwoActiveKeys
from rules.undeclared_scope import UndeclaredScope
from rules.undefined_secret_reference import UndefinedSecretReference
from rules.untrusted_trigger_reaches_secrets import UntrustedTriggerReachesSecrets
from rules.unused_identity import UnusedIdentity
from rules.unvaulted_parameter import UnvaultedParameter
from rules.unvaulted_secret import UnvaultedSecret
from rules.weak_audit_log import WeakAuditLog
from rules.writable_deploy_key import WritableDeployKey

RULES: tuple[Rule[Any], ...] = (
    UnvaultedSecret(),
    ExposedSecretAtHead(),
    ExposedSecretInHistory(),
    ExposedSecretInWorkload(),
    RotationNotEvidenced(),
    MissingOwner(),
    InactiveOwner(),
    ReusedSecret(),
    RotationOverdue(),
    RotationNotOperating(),
    NoExpiration(),
    ExpiredStillPresent(),
    ExpiringSoon(),
    StaleCredential(),
    StaleSecret(),
    UnusedIdentity(),
    DisabledButPresent(),
    TwoActiveKeys(),
    StaticKeyWhereKeylessExists(),
    RootAccessKey(),
    AdminPrivileges(),
    PrivilegeEscalation(),
    BroadTrust(),
    LooseFederation(),
    ConfusedDeputy(),
    HumanUse(),
    EnvironmentIsolation(),
    UnvaultedParameter(),
    OrganizationWideSecret(),
    WritableDeployKey(),
    SelfHostedRunnerOnPublicRepository(),
    OrphanSecretSlot(),
    UndefinedSecretReference(),
    HardCodedPipelineSecret(),
    StaticKeyReachesVault(),
    UntrustedTriggerReachesSecrets(),
    SecretsHandedOverWhole(),
    ExcessivePipelinePermissions(),
    PersistedPipelineCredentials(),
    WeakAuditLog(),
    AuditLogRetention(),
    SafeguardOff(),
    CoverageGap(),
    UndeclaredScope(),
)

_BY_CODE = {rule.code: rule for rule in RULES}


def rule(code: str) -> Rule[Any]:
    """Return the rule of that code.

    Raises:
        LookupError: no rule is called so; the message names those that exist.
    """
    try:
        return _BY_CODE[code]
    except KeyError as error:
        raise LookupError(f"no rule is called {code!r}; there are: {', '.join(sorted(_BY_CODE))}") from error
