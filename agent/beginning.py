"""The configuration file to begin with."""

from __future__ import annotations

import json
from pathlib import Path

from agent.configuration import FILE_NAME, json_schema
from agent.errors import OutputFault, UsageFault
from agent.output import write_atomically
from agent.terminal import escaped

SCHEMA_NAME = "nhi-agent.schema.json"

TEMPLATE = f"""\
# yaml-language-server: $schema=./{SCHEMA_NAME}
#
# nhi-agent run sweeps what stands here. Every key may also come from the environment: NHI_AGENT_JOBS,
# NHI_AGENT_POLICY__OWNER. Secrets never stand here: name a variable (token_env, env:NAME) or a file (file:PATH).

# Where the findings and their evidence are kept; by default SQLite in your state directory.
# store: sqlite:////var/lib/nhi-agent/store.db
# store: env:NHI_STORE_URL

# The installation key. A local SQLite store gets one by itself; any other needs a file: nhi-agent key create PATH
# key_file: /etc/nhi-agent/key

# How many repositories are read at once.
# jobs: 2

# From which severity on `run` ends with exit code 1. Whatever could not be read always ends with 3.
fail_on: none

repositories:
  # The name lasts: findings stay with it when the location changes.
  - name: example
    location: .
  # - name: payments
  #   url: https://git.example.com/team/payments.git
  #   token_env: GIT_TOKEN

# Accounts whose identities and credentials are listed. The login of a cloud is what its SDK finds, never a key in here.
# aws:
#   - name: production
#     role_arn: arn:aws:iam::123456789012:role/nhi-agent
#     external_id_env: NHI_EXTERNAL_ID
#   - name: organisation
#     organization: true
#     excluded_accounts: {{"111122223333": closed in March}}
# azure:
#   - name: corporate
#     tenant: 00000000-0000-0000-0000-000000000000
# google_cloud:
#   - name: google
#     organization: "123456789012"
#     excluded_projects: {{acme-old: closed in March}}
# github:
#   - name: acme
#     organization: acme
#     app_id: "123456"
#     app_key_env: NHI_GITHUB_APP_KEY
#     excluded_parts: {{credentialAuthorizations: no single sign-on}}

# Written at the end of every run, whole or not at all.
outputs: []
#  - {{format: jsonl, path: nhi-agent.jsonl}}
#  - {{format: csv, path: nhi-agent.csv}}

# What is changed of detection; docs/detection.md tells all of it. Try formats by `nhi-agent patterns test FILE`.
# detection:
#   # Formats of your own, here or in TOML files (`nhi-agent patterns check FILE`).
#   formats:
#     - id: acme-deploy-token
#       name: Acme deploy token
#       vendor: acme
#       type: access_token
#       expression: 'acme_[A-Za-z0-9]{{32}}'
#       literals: [acme_]
#       preview: acme_
#   format_files: [formats/acme.toml]
#   # Formats that are not looked for, each with the reason.
#   disabled_formats:
#     github-token-legacy: our commit ids stand beside the word token everywhere
#   # What is known and accepted until a day: shown as suppressed, never hidden. Values are named by fingerprint only.
#   allow_list:
#     - path: tests/fixtures/**
#       detector: generic-*
#       reason: made up for the tests
#       expires: 2027-01-31

# Who answers for what: a list of {{owner, email, repository, path, detector, identity, stored_secret, left}}.
# owners_file: owners.yaml
# Who has left: a list of {{email, name, left}}.
# personnel_file: people.yaml

# What your organisation approves. Each run records the digest of this part.
policy:
  name: default
  # owner: Head of Security
  # approved_by: Risk Committee
  # approved_date: 2026-01-31
  default_rotation_days: 90
  # unused_days: 90
  # expiring_days: 30
  # audit_log_days: 365
  # rotation_days: {{access_key: 90, private_key: 365}}
  # remediation_days: {{critical: 7, high: 30, medium: 90, low: 120}}
  # inactive_days: 180
  # Suppressions inside repositories count only when you admit their source.
  # admitted_suppressions: [inline_comment]
  # rules:
  #   reused-secret: {{enabled: true, severity: high}}
"""


def write_beginning(folder: Path) -> tuple[Path, ...]:
    """Write the file and its schema. Where either exists, nothing is written."""
    if not folder.is_dir():
        raise UsageFault(f"there is no folder {escaped(str(folder))}.")
    files = {
        folder / FILE_NAME: TEMPLATE,
        folder / SCHEMA_NAME: json.dumps(json_schema(), indent=1, sort_keys=True) + "\n",
    }
    for path in files:
        if path.exists() or path.is_symlink():
            raise UsageFault(f"{escaped(str(path))} exists already; nothing was written.")
    for path, text in files.items():
        try:
            write_atomically(path, text.encode(), replace=False)
        except OSError as error:
            raise OutputFault(f"{escaped(str(path))} could not be written: {error.strerror}.") from error
    return tuple(files)
