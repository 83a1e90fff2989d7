"""QR codes, as pictures for pages and paper."""

from io import BytesIO

import segno

_QUIET_ZONE = 4
"""Modules of white on each side (ISO/IEC 18004 §9.1); scanners need them."""


def qr_svg_data_uri(text: str) -> str:
    """Return the QR code as a data: address of an SVG, one unit a module, for the `src` of an image.

    Errors are corrected at level M (15 %) or better where it costs no size.  Raises ValueError for text that is
    too long for a QR code (about 2,300 bytes).
    """
    return str(
        _code(text).svg_data_uri(
            border=_QUIET_ZONE, light="#fff", scale=1, omitsize=True, encode_minimal=True
        )
    )


def qr_png(text: str, scale: int = 8) -> bytes:
    """Return the QR code as a PNG with `scale` pixels a module; raises as `qr_svg_data_uri`."""
    out = BytesIO()
    _code(text).save(out, kind="png", border=_QUIET_ZONE, scale=scale)
    return out.getvalue()


def _code(text: str) -> segno.QRCode:
    return segno.make_qr(text, error="m")
