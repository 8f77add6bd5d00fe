"""Which service principals are Microsoft's own: they are shown as such and not dropped, for they may hold rights here.

Two tests, of which one is enough, since neither alone is right: the application is a known one of Microsoft's, or it is
registered in a tenant of Microsoft's, of which there are several. An application id is unique in the whole of Entra, so
nobody else can register one under it.
"""

from __future__ import annotations

from connectors.azure.answers import ServicePrincipal

TENANTS = frozenset(
    {
        "f8cdef31-a31e-4b4a-93e4-5f571e91255a",
        "72f988bf-86f1-41af-91ab-2d7cd011db47",
        "ea8a4392-515e-481f-879e-6571ff2a8a36",
        "cdc5aeea-15c5-4db6-b079-fcadd2505dc2",
    }
)
APPLICATIONS = frozenset(
    {
        "00000001-0000-0000-c000-000000000000",  # Azure ESTS service
        "00000002-0000-0000-c000-000000000000",  # Azure AD Graph
        "00000002-0000-0ff1-ce00-000000000000",  # Exchange Online
        "00000003-0000-0000-c000-000000000000",  # Microsoft Graph
        "00000003-0000-0ff1-ce00-000000000000",  # SharePoint Online
        "00000004-0000-0ff1-ce00-000000000000",  # Skype for Business
        "00000006-0000-0ff1-ce00-000000000000",  # Office portal
        "00000007-0000-0ff1-ce00-000000000000",  # Exchange Online Protection
        "00000009-0000-0000-c000-000000000000",  # Power BI
        "00000012-0000-0000-c000-000000000000",  # Rights Management
        "04b07795-8ddb-461a-bbee-02f9e1bf7b46",  # Azure CLI
        "14d82eec-204b-4c2f-b7e8-296a70dab67e",  # Graph command line tools
        "1950a258-227b-4e31-a9cf-717495945fc2",  # Azure PowerShell
        "1b730954-1685-4b74-9bfd-dac224a7b894",  # Azure AD PowerShell
        "1fec8e78-bce4-4aaf-ab1b-5451cc387264",  # Teams
        "499b84ac-1321-427f-aa17-267ca6975798",  # Azure DevOps
        "797f4846-ba00-4fd7-ba43-dac1f8f63013",  # Azure Resource Manager
        "872cd9fa-d31f-45e0-9eab-6e460a02d1f1",  # Visual Studio
        "c44b4083-3bb0-49c1-b47d-974e53cbdf3c",  # Azure portal
        "cfa8b339-82a2-471a-a3c9-0fc0be7a4093",  # Key Vault
        "d3590ed6-52b3-4102-aeff-aad2292ab01c",  # Office
        "de8bc8b5-d9f9-48b1-a8ad-b748da725064",  # Graph Explorer
        "e406a681-f3d4-42a8-90b6-c2b029497af1",  # Azure Storage
    }
)


def is_first_party(principal: ServicePrincipal) -> bool:
    """Say whether Microsoft makes it and looks after it."""
    return principal.app_id.lower() in APPLICATIONS or (principal.app_owner_organization_id or "").lower() in TENANTS
