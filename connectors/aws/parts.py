"""What is read of an account, in this order: a line for each part. Later parts use what earlier ones found."""

from __future__ import annotations

from connectors.aws.access_keys import ACCESS_KEYS, REPORTED_KEYS
from connectors.aws.account_authorization import IDENTITIES
from connectors.aws.api_keys import APP_CLIENTS, APPSYNC_KEYS, GATEWAY_KEYS
from connectors.aws.audit_logs import ACCOUNT_LOG, ANALYZERS, PASSWORD_RULES, TRAILS
from connectors.aws.build_projects import PROJECTS
from connectors.aws.console_passwords import CREDENTIAL_REPORT
from connectors.aws.encryption_keys import ENCRYPTION_KEYS
from connectors.aws.event_archive import ARCHIVE
from connectors.aws.event_history import ACCOUNT_HISTORY, REGIONAL_HISTORY
from connectors.aws.identity_providers import OIDC_PROVIDERS, ROLES_ANYWHERE, SAML_PROVIDERS
from connectors.aws.lambda_functions import FUNCTIONS
from connectors.aws.parameters import PARAMETERS
from connectors.aws.reading import Part
from connectors.aws.secrets_manager import SECRETS
from connectors.aws.server_certificates import SERVER_CERTIFICATES
from connectors.aws.service_credentials import SERVICE_CREDENTIALS
from connectors.aws.signing_certificates import SIGNING_CERTIFICATES
from connectors.aws.ssh_public_keys import SSH_PUBLIC_KEYS
from connectors.aws.stack_outputs import STACKS
from connectors.aws.task_definitions import TASK_DEFINITIONS
from connectors.aws.user_data import INSTANCES, TEMPLATES

PARTS: tuple[Part, ...] = (
    IDENTITIES,
    ACCESS_KEYS,
    REPORTED_KEYS,
    SIGNING_CERTIFICATES,
    SSH_PUBLIC_KEYS,
    SERVICE_CREDENTIALS,
    # Whether a user never acted depends on what else it has to act with, so this comes after those.
    CREDENTIAL_REPORT,
    SERVER_CERTIFICATES,
    OIDC_PROVIDERS,
    SAML_PROVIDERS,
    ROLES_ANYWHERE,
    SECRETS,
    PARAMETERS,
    ENCRYPTION_KEYS,
    GATEWAY_KEYS,
    APPSYNC_KEYS,
    APP_CLIENTS,
    FUNCTIONS,
    TASK_DEFINITIONS,
    PROJECTS,
    INSTANCES,
    TEMPLATES,
    STACKS,
    ANALYZERS,
    TRAILS,
    # Whom an event was about shows when all is listed.
    REGIONAL_HISTORY,
    PASSWORD_RULES,
    # Whether the account is logged shows when every region has told its trails.
    ACCOUNT_LOG,
    ACCOUNT_HISTORY,
    # It may take all the time that is left.
    ARCHIVE,
)
