"""The notice on paper: a sign for the gate, and the full text as a page of its own. Each is one file, nothing fetched."""

from __future__ import annotations

from gate.core.notices import LANGUAGES, Form, Published
from gate.web.pages import FOLDER, Pages
from gate.web.qr import qr_svg
from gate.web.texts import blocks_of


def print_notice(kind: str, notice: Published, *, gate_id: str, address: str) -> str:
    """Give the HTML of *kind*, ``sign`` or ``page``, in every language; *address* is where the sign's code leads."""
    form = Form.SHORT if kind == "sign" else Form.FULL
    return Pages().render(
        f"printed/{kind}.html",
        LANGUAGES[0],
        gate_id=gate_id,
        notice=notice,
        texts={language: blocks_of(text) for language, text in notice.in_form(form).items()},
        digests={language: f"SHA-256 {notice.sha256[language, form]}" for language in LANGUAGES},
        style=(FOLDER / "static" / f"printed-{kind}.css").read_text(encoding="utf-8"),
        address=address,
        code=qr_svg(address) if address else "",
    )
