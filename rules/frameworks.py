"""The controls that findings bear on: ids of the frameworks, each with a line in our own words.

Sources. OWASP Non-Human Identities Top 10 2025: the project's ``2025/docs/top-10-2025.md``. NIST CSF 2.0 and NIST
SP 800-53 Rev. 5: NIST's publications. SOC 2: AICPA's Trust Services Criteria of 2017 with the points of focus of 2022,
whose text is under copyright: nothing of it stands here but the ids of the criteria.

Every finding about a non-human identity carries two *programme anchors*, NHI2:2025 and PR.AA-03, by which the whole
programme is known, and beside them its precise ids, of which the first is the primary one. PR.AA-03 speaks of
authentication; that credentials are *managed* is PR.AA-01, which therefore stands first among the CSF's. A coverage gap
is a fault of our own operation: it carries no id of the NHI Top 10.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

from storage.inventory import Record


class Framework(StrEnum):
    """Whose list an id belongs to, with its version."""

    OWASP_NHI = "OWASP NHI Top 10 2025"
    NIST_CSF = "NIST CSF 2.0"
    AICPA_TSC = "AICPA TSC 2017 (rev. 2022)"
    NIST_800_53 = "NIST SP 800-53 Rev. 5"


class Control(Record, frozen=True, kw_only=True):
    """One item of one framework."""

    framework: Framework
    reference: str
    """The official id, as its publisher writes it."""
    paraphrase: str
    """One line in our own words."""
    aliases: tuple[str, ...] = ()
    """Other spellings that are understood, and never written."""


def _nhi(number: int, paraphrase: str) -> Control:
    return Control(
        framework=Framework.OWASP_NHI,
        reference=f"NHI{number}:2025",
        paraphrase=paraphrase,
        aliases=(f"NHI-{number:02}", f"NHI{number}"),
    )


def _csf(reference: str, paraphrase: str) -> Control:
    return Control(framework=Framework.NIST_CSF, reference=reference, paraphrase=paraphrase)


def _tsc(reference: str, paraphrase: str) -> Control:
    return Control(framework=Framework.AICPA_TSC, reference=reference, paraphrase=paraphrase)


def _sp(reference: str, paraphrase: str) -> Control:
    return Control(framework=Framework.NIST_800_53, reference=reference, paraphrase=paraphrase)


CONTROLS: tuple[Control, ...] = (
    _nhi(1, "An identity outlives its purpose or the person who answered for it."),
    _nhi(2, "A secret stands where it was never meant to be kept: code, history, logs, messages."),
    _nhi(3, "A third party's product that holds our credentials is broken into."),
    _nhi(4, "An identity proves itself by a method that is outdated or weak."),
    _nhi(5, "An identity may do far more than its work asks for."),
    _nhi(6, "A pipeline reaches the cloud by a fixed key, or by a trust that accepts too much."),
    _nhi(7, "A secret never ends, or ends so late that a leak stays useful for years."),
    _nhi(8, "One identity serves both test and production."),
    _nhi(9, "One identity serves several applications, so that each can act as the others."),
    _nhi(10, "People work by hand through a machine's identity, and nobody can tell who did it."),
    _csf("GV.RM-01", "The aims of risk management, such as rotation periods, are set and agreed."),
    _csf("GV.RM-04", "It is laid down which responses to a risk are acceptable."),
    _csf("GV.RR-02", "It is settled who has which role, responsibility and authority, and that is enforced."),
    _csf("GV.RR-04", "Joining, moving and leaving of people takes cybersecurity into account."),
    _csf("GV.OV-03", "How well risk management performs is measured and looked at again."),
    _csf("ID.AM-02", "Software, services and systems are listed in an inventory."),
    _csf("ID.AM-08", "Assets are managed from their beginning to their end."),
    _csf("ID.RA-06", "Responses to risks are chosen, ranked, planned and followed up."),
    _csf("ID.RA-07", "Changes and exceptions are weighed, recorded and followed up."),
    _csf("ID.IM-01", "Evaluations lead to improvements."),
    _csf("PR.AA-01", "Identities and credentials of users, services and hardware are managed."),
    _csf("PR.AA-02", "Identities are proved to be whose they are said to be, and bound to credentials."),
    _csf("PR.AA-03", "Users, services and hardware prove who they are."),
    _csf("PR.AA-04", "What one system asserts of an identity to another is protected and checked."),
    _csf("PR.AA-05", "Permissions are defined, kept to the least needed, separated and reviewed."),
    _csf("PR.DS-01", "Data at rest are protected."),
    _csf("PR.PS-01", "How systems are set up is managed, and kept so."),
    _csf("PR.PS-04", "Logs are written, and can be watched."),
    _csf("PR.PS-06", "Software is developed by secure practices, and they are watched."),
    _csf("DE.CM-03", "What people do with technology is watched for adverse events."),
    _csf("DE.CM-09", "Software, runtimes and their data are watched for adverse events."),
    _csf("RS.MI-02", "What an incident brought in is removed for good."),
    _tsc("CC1.5", "People are held to account for their part in internal control."),
    _tsc("CC2.1", "Controls rest on information that is relevant, complete and right."),
    _tsc("CC4.1", "Evaluations show, again and again, that controls exist and work."),
    _tsc("CC5.3", "Policies say what is expected and procedures put it into practice."),
    _tsc("CC6.1", "Logical access, credentials and keys included, is restricted and managed."),
    _tsc("CC6.2", "Access is authorised before it is given and taken back when it is no longer due."),
    _tsc("CC6.3", "Access follows roles, least privilege and separation of duties, and is adjusted."),
    _tsc("CC6.6", "Access from outside the boundary is guarded against."),
    _tsc("CC7.2", "Systems are watched for signs of attack, error and misuse."),
    _tsc("CC7.3", "Events are weighed for whether they are incidents."),
    _tsc("CC7.4", "Known security incidents are answered by a set procedure."),
    _tsc("CC8.1", "Changes are authorised, tested, approved and documented."),
    _sp("AC-2", "Accounts are managed, each with somebody who answers for it."),
    _sp("AC-2(3)", "Accounts without use, purpose or owner are disabled in time."),
    _sp("AC-2(9)", "Shared accounts are allowed only under stated conditions."),
    _sp("AC-6", "Nobody and nothing may do more than the work asks for."),
    _sp("AU-11", "Records of what was done are kept for as long as the organisation has set."),
    _sp("CA-7", "Controls are monitored continuously."),
    _sp("IA-5", "Authenticators are issued, protected, changed and withdrawn by rule."),
    _sp("IA-5(7)", "No unencrypted fixed authenticator is embedded in code or stored files."),
    _sp("IA-9", "Services and applications are identified and prove who they are."),
    _sp("SC-12", "Cryptographic keys are issued, kept and replaced by rule."),
)
"""Every control that the product knows."""

_BY_NAME = {name.casefold(): control for control in CONTROLS for name in (control.reference, *control.aliases)}


def control(name: str) -> Control:
    """Return the control of that id or alias, in any case: ``NHI-02`` is ``NHI2:2025``.

    Raises:
        LookupError: no control is called so.
    """
    try:
        return _BY_NAME[name.casefold()]
    except KeyError as error:
        raise LookupError(f"no control is called {name!r}; write an id such as NHI2:2025, PR.AA-01 or CC6.1") from error


ANCHORS: tuple[Control, ...] = (control("NHI2:2025"), control("PR.AA-03"))
"""What every finding about a non-human identity carries."""

POLICY_CONTROLS: tuple[Control, ...] = (control("GV.RM-01"),)
"""What an approved policy, with its thresholds, is evidence for: the policy as a whole, not a single finding."""


def nhi_controls(*names: str) -> tuple[Control, ...]:
    """Return the controls of a rule about identities: its precise ones, the primary first, then the anchors."""
    return tuple(dict.fromkeys((*(control(name) for name in names), *ANCHORS)))


def operation_controls(*names: str) -> tuple[Control, ...]:
    """Return the controls of a rule about the product's own operation, which no anchor belongs to."""
    return tuple(control(name) for name in names)


class Mapped(Protocol):
    """Whatever bears on controls: a rule."""

    @property
    def frameworks(self) -> tuple[Control, ...]:
        """The controls, the primary one first."""
        ...


def control_ids(rule: Mapped) -> tuple[str, ...]:
    """Return the official ids that a rule's findings carry, the primary one first, for exports."""
    return tuple(control.reference for control in rule.frameworks)
