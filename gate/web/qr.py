"""A QR code as one inline SVG element: nothing is fetched, and no inline style is needed (CSP)."""

from __future__ import annotations

from typing import Final

import segno

VERSION_MOST: Final = 30
"""137 modules a side: with their quiet zone two pixels each on the smallest panel. A finer code cannot be scanned."""


def qr_svg(text: str) -> str:
    """Draw *text* dark on white with its quiet zone; give an empty string where it would be too fine to scan."""
    try:
        code = segno.make(text, error="l", micro=False)
    except segno.DataOverflowError:
        return ""
    if int(code.version) > VERSION_MOST:
        return ""
    return code.svg_inline(border=4, light="#fff", omitsize=True, svgclass="qr", lineclass=None)
