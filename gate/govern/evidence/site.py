"""The sections about the gate itself: what it is, what it runs with, what it is known not to do."""

from __future__ import annotations

from datetime import datetime
from importlib.metadata import version
from typing import Final

from gate.core.operating import effective_threshold
from gate.errors import GateError
from gate.govern.accuracy import error_rates
from gate.govern.approval import face_approved
from gate.govern.assessment import point_of
from gate.govern.report import Section, Table, facts, flat, when
from gate.settings import SHARED, Settings
from gate.store import Store
from gate.store.account.inventory import inventory
from gate.store.account.signing import fingerprint
from gate.store.keyring.keys import Custody
from gate.vision.manifest import load_manifests

_HIDDEN: Final[dict[str, set[str] | bool]] = {
    "camera": {"source"},  # a stream's address may hold the camera's password
    "broker": {"username", "ca_file", "certificate_file", "key_file"},
    "storage": {"data_dir", "keys_dir", "tpm_tcti"},
    "backup": {"folder"},
    "notice": {"folder"},
    "models_dir": True,
}
_FEW: Final = 5
_LIMITS: Final = (
    (
        "Where no depth camera is fitted, whether a face lives is told by colour alone, which is low assurance: masks and "
        "injected video are not covered. What else passed in tests, docs/liveness.md in the release tells."
    ),
    (
        "The operating point rests on a small test set of public figures in good light; nothing is known about "
        "differences between groups of people, or about the light at this gate."
    ),
    (
        "Counts that leave are shown only where enough different people are in them, and with noise; what an attacker makes "
        "of them, docs/anonymity.md in the release tells."
    ),
    (
        "Who acted on the pages is known as an account, and stays on the device; at the device's own command line, as the "
        "installer and no more."
    ),
    (
        "A deletion ends at the file system: what a flash chip keeps below its own remapping is out of reach, and stays "
        "sealed under keys that were destroyed."
    ),
    (
        "The templates' transform keeps two sites' templates unlinkable without the seed; it does not withstand the "
        "holder of the device's keys."
    ),
    (
        "The audit log finds what was altered. Whoever can write to both folders, data and keys, at a moment when the "
        "gate is not running can remove its newest lines together with the head that is kept apart."
    ),
    (
        "What people do outside the device (the sign, the advice at the desk, the pressure of a queue) is as the "
        "registers say, and was not observed by this software."
    ),
    "This archive says what the software did and found. It is no legal opinion and no audit.",
)


_LIVE_ON: Final = (
    "De-identified live events are on, by the privacy officer: each passage leaves at once, with minute, method and result. "
    "The minute alone can single somebody out, so nothing that comes from this gate is anonymous."
)
_LIVE_OFF: Final = "De-identified live events are off: no single passage is told."


def gate(settings: Settings, store: Store, now: datetime) -> Section:
    """Say whose gate this is and what state face is in."""
    stopped = store.assessments.stopped_at
    approved = face_approved(settings, store)
    return Section(
        "gate",
        "Gate and controller",
        "门禁设备与个人信息处理者",
        (
            (
                "Card and PIN always open this gate. Face is an offer to residents who separately agreed. What the gate "
                "does with their data, and how that is known, follows."
            ),
        ),
        (
            facts(
                controller=settings.site.controller,
                contact=settings.site.contact,
                gate=settings.site.gate_id,
                software=f"gate {version('gate')}",
                written=when(now),
                face_in_the_settings="on" if settings.face.enabled else "off",
                assessment_of_this_configuration="approved" if approved else "not approved: face is locked",
                face_stopped_for_good=when(stopped) or "no",
                fingerprint_of_the_device_key=fingerprint(store.signer.public_key),
            ),
        ),
    )


def how_it_works(settings: Settings) -> Section:
    """Say what happens at the gate and to the data, in plain words."""
    return Section(
        "how-it-works",
        "How it works, in plain words",
        "工作原理",
        (
            (
                "Card and PIN. A resident holds a card to the reader or types unit and PIN at any moment; the gate opens "
                "within two seconds. Face never has to work for that."
            ),
            (
                "Face, for those who agreed. Somebody steps up and touches the screen; the notice stands for its minimum "
                "time; only when the person then chooses face does the camera open. Pictures stay in memory: a network on "
                "the device turns the face in the marked zone into 128 numbers, which are compared with the templates of "
                "those who agreed. A second later pictures and numbers are gone. No picture is ever written or sent."
            ),
            (
                "Agreeing. At the desk, with the person there: the notice is read, a box that is not ticked beforehand is "
                "ticked, the camera looks live. Consent and template are written together or not at all, and a signed "
                "receipt is given."
            ),
            (
                "Withdrawing. At the gate's screen with card or PIN, on the web or at the desk, in no more steps and "
                "without a reason. The template is destroyed with its key, and the key of all templates is changed, so "
                "that an older copy of the database opens none."
            ),
            "What is kept of a passage: time, gate, method, result and reason, without the person, for 30 days.",
            (
                "What leaves the device: how many went in during closed windows, alarms without a person, and the gate's own "
                f"health. {_live(settings)}"
            ),
        ),
    )


def settings_in_force(settings: Settings) -> Section:
    """Show every setting but secrets, addresses of cameras and places on the disk."""
    shown = settings.model_dump(mode="json", exclude=_HIDDEN)
    rows = tuple(flat(shown))
    text = "Left out: the camera's address, logins, and where files lie. Secrets never stand in the settings."
    return Section("settings", "Settings in force", "现行设置", (text,), (Table(("setting", "value"), rows),))


def models(settings: Settings, store: Store) -> Section:
    """Show which networks may load, at what threshold, and how often they err."""
    try:
        manifests = load_manifests(settings.models_dir)
    except GateError as error:
        return Section("models", "Models and accuracy", "模型与准确性", (str(error),))
    rows = tuple(
        (each.name, each.task, each.licence, each.sha256, each.original.sha256) for each in manifests
    )
    tables = [Table(("model", "task", "licence", "sha256 as run", "sha256 as published"), rows)]
    point = point_of(settings, store)
    if point is None:
        return Section(
            "models",
            "Models and accuracy",
            "模型与准确性",
            ("No operating point: face is off.",),
            tuple(tables),
        )
    tables.append(
        facts(
            threshold=f"{effective_threshold(point, settings.face.threshold_at_least):g}",
            margin=f"{point.margin:g}",
            most_templates=point.n_max,
            model_sha256=point.model_sha256,
            measured=str(point.measured),
        )
    )
    return Section("models", "Models and accuracy", "模型与准确性", error_rates(point), tuple(tables))


def keys(store: Store) -> Section:
    """Say where the root key is held, and which epoch is in force."""
    custody = {
        Custody.FILE: "The root key lies in a software file: whoever copies data and keys together can open the data.",
        Custody.CREDENTIAL: "The root key is handed over by systemd; how well it is kept is the system's matter.",
        Custody.PASSPHRASE: "The root key opens with an operator's passphrase.",
        Custody.TPM: "The root key is sealed by the TPM of this device.",
    }
    return Section(
        "keys",
        "Keys and epoch",
        "密钥保管与纪元",
        (
            custody[store.custody],
            (
                "Every record is sealed with AES-256-GCM under a key of its own (R50). Each erasure of a template destroys "
                "its key and changes the epoch; templates of an earlier epoch open nowhere (R51)."
            ),
        ),
        (
            facts(
                custody=store.custody.value,
                epoch_in_force=store.figures.epoch(),
                device_key=fingerprint(store.signer.public_key),
            ),
            Table(
                ("erased", "how many, of the last 3 years"),
                tuple((kind, few(count)) for kind, count in store.figures.tombstones().items()),
                empty="Nothing was erased yet.",
            ),
        ),
    )


def data_inventory() -> Section:
    """Show every column of the database."""
    rows = tuple(
        (each.table, each.column, each.what, each.data_class.value, each.sealed, each.kept)
        for each in inventory()
    )
    text = "Made from the schema itself: every column of every table is in it."
    columns = ("table", "column", "what it holds", "class", "sealed", "kept")
    return Section("inventory", "Data inventory", "数据清单", (text,), (Table(columns, rows),))


def requirements() -> Section:
    """Show the table of requirements with their tests, where the release brought it along."""
    path = SHARED / "docs" / "requirements.md"
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return Section(
            "requirements",
            "Requirements and their tests",
            "要求与测试对照",
            (
                "The table is not part of this installation; it stands in the release as docs/requirements.md.",
            ),
        )
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    width = len(rows[0]) if rows else 0
    whole = [tuple(row) for row in rows[2:] if len(row) == width]
    text = "What was built and which test shows it; engineering notes, not legal advice."
    tables = (Table(tuple(rows[0]), tuple(whole)),) if rows else ()
    return Section("requirements", "Requirements and their tests", "要求与测试对照", (text,), tables)


def limits(settings: Settings) -> Section:
    """Say plainly what is not known, not done, or not in reach."""
    return Section("limits", "Known limits, said plainly", "已知局限", (*_LIMITS, _live(settings)))


def _live(settings: Settings) -> str:
    return _LIVE_ON if settings.events.deidentified_live else _LIVE_OFF


def few(count: int) -> str:
    """Show a count of people or of their acts: below five only that it is (R44's rule for small cells)."""
    return "<5" if count < _FEW else str(count)
