"""``-f jsonl``: the canonical record, one JSON object a line. Every other format is a view of it.

Each line holds ``kind`` and ``schema_version``, keys sorted, in ASCII. A field of a record that is itself called
``kind`` appears under the record's name (``run_kind``, ``resource_kind``, ``exception_kind``). Within a major version
of the schema fields are only added.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, BinaryIO

import msgspec

from agent.export.base import RunReport, days_exposed, owner_active
from agent.export.evidence import evidence, made_and_deleted
from storage.inventory import (
    SCHEMA_VERSION,
    Assessment,
    Coverage,
    Credential,
    Event,
    Finding,
    Gap,
    Identity,
    IdentityState,
    Link,
    Owner,
    Pipeline,
    Record,
    Resource,
    RiskException,
    Run,
    Safeguard,
    Scope,
    SecretExposure,
    SecretReference,
    StoredSecret,
    StoredSecretState,
    Validity,
)

KINDS: Mapping[str, type[Record]] = {
    "run": Run,
    "scope": Scope,
    "coverage": Coverage,
    "gap": Gap,
    "resource": Resource,
    "exposure": SecretExposure,
    "reference": SecretReference,
    "identity": Identity,
    "credential": Credential,
    "stored_secret": StoredSecret,
    "safeguard": Safeguard,
    "pipeline": Pipeline,
    "event": Event,
    "link": Link,
    "assessment": Assessment,
    "finding": Finding,
    "exception": RiskException,
}
"""The record behind each kind of line, in the order in which lines are written."""

_COMPUTED: Mapping[str, Mapping[str, Any]] = {
    "run": {
        "complete": {"type": "boolean"},
        "own_formats": {"type": "array", "items": {"type": "string"}},
        "disabled_formats": {"type": "object", "additionalProperties": {"type": "string"}},
        "expired_allowances": {"type": "array", "items": {"type": "string"}},
        "unvisited": {"type": "array", "items": {"type": "string"}},
    },
    "resource": {
        "evidence": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["not_read", "since_time", "source", "until_time"],
                "properties": {
                    "source": {"type": "string"},
                    "since_time": {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]},
                    "until_time": {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]},
                    "not_read": {"type": "array", "items": {"type": "string"}},
                },
            },
        },
        "made_and_deleted": {"type": "object", "additionalProperties": {"type": "integer", "minimum": 1}},
    },
    "exposure": {"days_exposed": {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "null"}]}},
    "identity": {"present": {"type": "boolean"}},
    "credential": {"present": {"type": "boolean"}},
    "stored_secret": {"present": {"type": "boolean"}},
    "safeguard": {"present": {"type": "boolean"}},
    "pipeline": {"present": {"type": "boolean"}},
    "finding": {
        "control_ids": {"type": "array", "items": {"type": "string"}},
        "title": {"type": "string"},
        "repository": {"type": "string"},
        "validity": {"anyOf": [{"enum": sorted(Validity)}, {"type": "null"}]},
    },
    "exception": {"approved": {"type": "boolean"}},
}
_ACTIVE = {"anyOf": [{"type": "boolean"}, {"type": "null"}]}


class JsonLines:
    """Writes the canonical records."""

    name = "jsonl"
    summary = "the canonical records, one JSON object a line"

    def write(self, report: RunReport, stream: BinaryIO) -> None:
        """Write a line for each record: first the run, then what was covered and what was not, then the rest."""
        for line in lines(report):
            stream.write(json.dumps(line, sort_keys=True, ensure_ascii=True, separators=(", ", ": ")).encode("ascii"))
            stream.write(b"\n")


def lines(report: RunReport) -> Iterator[dict[str, Any]]:
    """Yield the records as plain objects, in an order that depends on their names alone."""
    yield _run(report)
    yield from _ordered("scope", report.scopes)
    yield from _ordered("coverage", report.coverage)
    yield from _ordered("gap", report.gaps)
    for resource in sorted((*report.resources, *report.workloads), key=lambda resource: resource.uid):
        yield _resource(resource, report)
    for exposure in sorted(report.exposures, key=lambda exposure: exposure.uid):
        yield _exposure(exposure, report)
    yield from _ordered("reference", report.references)
    for identity in report.identities:
        yield _identity(identity, report)
    for credential in report.credentials:
        yield {**line("credential", credential.credential), "present": credential.present}
    for slot in report.stored_secrets:
        yield _stored_secret(slot, report)
    for safeguard in report.safeguards:
        yield {**line("safeguard", safeguard.safeguard), "present": safeguard.present}
    for pipeline in report.pipelines:
        row = line("pipeline", pipeline.pipeline)
        _say_who_is_active(row, pipeline.pipeline.owners, report)
        yield {**row, "present": pipeline.present}
    for event in sorted(report.events, key=lambda event: (event.time, event.uid)):
        yield line("event", event)
    yield from _ordered("link", report.links)
    yield from _ordered("assessment", report.assessments)
    for finding in sorted(report.findings, key=lambda finding: finding.uid):
        yield _finding(finding, report)
    for exception in sorted(report.exceptions, key=lambda exception: exception.uid):
        yield {**line("exception", exception), "approved": exception.approved}


def schema() -> dict[str, Any]:
    """JSON Schema of one line."""
    (references, definitions) = msgspec.json.schema_components(
        KINDS.values(), ref_template="#/$defs/{name}"
    )  # keyed by the records' class names
    names = {kind: reference["$ref"].rpartition("/")[2] for kind, reference in zip(KINDS, references, strict=True)}
    for kind, name in names.items():
        _adapt(definitions[name], kind)
    definitions["Owner"]["properties"]["active"] = _ACTIVE
    definitions["Owner"]["required"] = sorted({*definitions["Owner"]["properties"]})
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"nhi-agent canonical record {SCHEMA_VERSION}",
        "type": "object",
        "required": ["kind", "schema_version"],
        "oneOf": [{"$ref": f"#/$defs/{name}"} for name in names.values()],
        "$defs": definitions,
    }


def _adapt(definition: dict[str, Any], kind: str) -> None:
    """Turn a record's schema into that of its line."""
    properties = definition["properties"]
    if "kind" in properties:
        properties[f"{kind}_kind"] = properties.pop("kind")
    properties.update(_COMPUTED.get(kind, {}))
    properties["kind"] = {"const": kind}
    properties["schema_version"] = {"type": "string", "pattern": r"^1\.[0-9]+$"}
    # Every field is written, also where it is empty: a reader need not know our defaults.
    definition["required"] = sorted(properties)


def _ordered(kind: str, records: tuple[Record, ...]) -> Iterator[dict[str, Any]]:
    rows = [line(kind, record) for record in records]
    yield from sorted(rows, key=lambda row: json.dumps(row, sort_keys=True))


def line(kind: str, record: Record) -> dict[str, Any]:
    """One record as a plain object, named by its kind."""
    row: dict[str, Any] = msgspec.to_builtins(record, order="deterministic")
    if "kind" in row:
        row[f"{kind}_kind"] = row.pop("kind")
    return {**row, "kind": kind, "schema_version": SCHEMA_VERSION}


def _run(report: RunReport) -> dict[str, Any]:
    """The run, and what its policy changed of detection."""
    return {
        **line("run", report.run),
        "complete": report.complete,
        "own_formats": sorted(report.policy.own_formats),
        "disabled_formats": dict(sorted(report.policy.disabled_formats.items())),
        "expired_allowances": list(report.expired_allowances()),
        "unvisited": sorted(scope.uid for scopes in report.unvisited.values() for scope in scopes),
    }


def _resource(resource: Resource, report: RunReport) -> dict[str, Any]:
    """The resource, since when its logs give evidence, and what was made and deleted without being listed."""
    return {
        **line("resource", resource),
        "evidence": [msgspec.to_builtins(one) for one in evidence(report).get(resource.uid, ())],
        "made_and_deleted": dict(made_and_deleted(report, resource.uid)),
    }


def _identity(state: IdentityState, report: RunReport) -> dict[str, Any]:
    row = line("identity", state.identity)
    _say_who_is_active(row, state.identity.owners, report)
    return {**row, "present": state.present}


def _stored_secret(state: StoredSecretState, report: RunReport) -> dict[str, Any]:
    row = line("stored_secret", state.stored_secret)
    _say_who_is_active(row, state.stored_secret.owners, report)
    return {**row, "present": state.present}


def _say_who_is_active(row: dict[str, Any], owners: Sequence[Owner], report: RunReport) -> None:
    for shown, owner in zip(row["owners"], owners, strict=True):
        shown["active"] = owner_active(owner, report.run.as_of, report.policy)


def _exposure(exposure: SecretExposure, report: RunReport) -> dict[str, Any]:
    row = line("exposure", exposure)
    _say_who_is_active(row, exposure.owners, report)
    return {**row, "days_exposed": days_exposed(exposure, report.run.as_of)}


def _finding(finding: Finding, report: RunReport) -> dict[str, Any]:
    page = report.rules_by_code.get(finding.rule)
    exposure = report.exposures_by_uid.get(finding.subject_uid)
    return {
        **line("finding", finding),
        "control_ids": list(page.control_ids) if page else [],
        "title": page.title if page else finding.rule,
        "repository": report.repository_name(finding),
        "validity": exposure.validity if exposure else None,
    }
