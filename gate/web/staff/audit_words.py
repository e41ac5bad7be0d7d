"""What the audit log's words mean, in English; the catalogue holds the other language."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from gate.web.languages import marked as _

ACTORS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "gate": _("The gate by itself"),
        "resident": _("A resident"),
        "desk": _("The desk"),
        "installer": _("The device's command line"),
        "staff": _("Somebody of the staff"),
        "token": _("A program with a token"),
        "key": _("A key that signs orders"),
    }
)

ACTIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "started": _("Gate started"),
        "notice-published": _("Notice published"),
        "person-added": _("Resident entered"),
        "person-corrected": _("Resident's record corrected"),
        "person-removed": _("Resident removed"),
        "tenancy-ended": _("Tenancy ended"),
        "credential-issued": _("Card or PIN issued"),
        "credential-revoked": _("Card or PIN revoked"),
        "consent-given": _("Consent to face given"),
        "consent-refused": _("Face declined"),
        "consent-reconfirmed": _("Consent to face confirmed anew"),
        "consent-withdrawn": _("Consent to face withdrawn"),
        "consent-expired": _("Consent to face ended by time"),
        "consent-invalidated": _("Consent to face ended by the gate"),
        "face-restricted": _("Face left alone at somebody's wish"),
        "face-released": _("Face used again at somebody's wish"),
        "epoch-rotated": _("Key of all face templates changed"),
        "retention-ran": _("Deletion by age ran"),
        "retention-failed": _("Deletion by age failed for a record"),
        "backup-made": _("Backup made"),
        "backup-restored": _("Backup restored"),
        "recovery-shared": _("Recovery secret split and handed out"),
        "request-opened": _("Request of a person received"),
        "request-closed": _("Request of a person answered"),
        "record-exported": _("A person's own record exported"),
        "minor-opened": _("A child's record opened with a second approval"),
        "assessment-approved": _("Impact assessment approved"),
        "register-changed": _("Register changed"),
        "evidence-exported": _("Evidence archive made"),
        "audit-exported": _("Audit log exported"),
        "service-stopped": _("Face ended for good"),
        "tampered": _("Case opened, or records found altered"),
        "tamper-cleared": _("Tampering looked into and cleared"),
        "clock-accepted": _("Clock accepted as right"),
        "hours-set": _("Weekly hours set"),
        "hours-removed": _("Weekly hours removed"),
        "hours-given": _("Weekly hours given to somebody"),
        "door-hours-set": _("The door's own hours set"),
        "device-key-offered": _("Key offered to a device"),
        "device-key-confirmed": _("Device paired"),
        "device-key-forgotten": _("Device's key forgotten"),
        "lockdown-begun": _("Lockdown begun"),
        "lockdown-ended": _("Lockdown ended"),
        "passphrase-changed": _("Passphrase of the root key changed"),
        "setup-code-made": _("Set-up code printed"),
        "account-created": _("Account created"),
        "account-invited": _("Account invited"),
        "account-changed": _("Account changed"),
        "account-disabled": _("Account disabled"),
        "account-reset": _("Account's password and second factor taken back"),
        "signed-in": _("Signed in"),
        "password-changed": _("Password changed"),
        "second-factor-changed": _("Second factor changed"),
        "passkey-added": _("Passkey added"),
        "passkey-removed": _("Passkey removed"),
        "recovery-codes-made": _("Recovery codes made"),
        "recovery-code-used": _("Recovery code used"),
        "sessions-ended": _("Sessions ended"),
        "token-made": _("Token made for a program"),
        "token-revoked": _("Token of a program revoked"),
        "approval-asked": _("Second person's approval asked for"),
        "approval-allowed": _("Allowed as the second person"),
        "approval-denied": _("Refused as the second person"),
        "approval-used": _("Approval used"),
        "settings-changed": _("Settings changed"),
        "door-released": _("Door released by staff"),
        "alarm-acknowledged": _("Alarm acknowledged"),
        "people-imported": _("Residents imported from a file"),
        "people-exported": _("Residents exported to a file"),
        "authority-made": _("The gate's own certificate authority made"),
        "certificate-made": _("Certificate of the pages made"),
        "order-taken": _("Signed order over the network taken"),
        "order-refused": _("Signed order over the network refused"),
    }
)
