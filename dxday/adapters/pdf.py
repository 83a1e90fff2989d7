"""Paper: HTML to PDF, with our own fonts and nothing fetched from anywhere."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import Any

import pydyf  # type: ignore[import-untyped]  # pydyf comes without types
import weasyprint
from weasyprint.css import ColorProfile
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from dxday.adapters import fonts

ROOT = Path(__file__).resolve().parents[2]

ASSET_FOLDERS = (ROOT / "static" / "img", ROOT / "templates" / "pdf")
"""Where `asset:` addresses lead: pictures of our own."""

_ASSET_TYPES = {".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg"}

_lock = Lock()


class SourceRefused(ValueError):
    """The document names something that paper may not fetch, or that is not there; the message is the addresses."""


@dataclass(frozen=True)
class PdfAttachment:
    """A file inside the PDF; the ending of its name tells its type (ISO 19005-3 §6.8)."""

    name: str
    data: bytes
    description: str
    made_at: datetime
    relationship: str = "Data"


def render_pdf(
    html: str,
    *,
    title: str,
    lang: str,
    variant: str | None = "pdf/a-3a",
    attachments: Sequence[PdfAttachment] = (),
    made_at: datetime | None = None,
) -> bytes:
    """Return the HTML document as a PDF; the same arguments give the same bytes.

    `lang` is a BCP 47 tag.  Our fonts are known by their families; only `data:`, `font:` and `asset:` addresses are
    fetched, and any other raises SourceRefused.  `variant` is a claim that WeasyPrint writes (ISO 19005-3 for
    pdf/a-3a: tagged, archivable, may carry attachments); that it holds is for a validator to say.  Raises
    FontMissing when a family is not installed.
    """
    fonts.check_fonts(fonts.FAMILIES)
    with _lock:  # the shared font configuration and fetcher serve one document at a time
        _FETCHER.refused.clear()
        try:
            document = weasyprint.HTML(string=html, base_url=_NO_BASE, url_fetcher=_FETCHER).render(
                font_config=_font_configuration(), stylesheets=[_font_styles()], pdf_variant=variant
            )
            document.metadata.title = title
            document.metadata.lang = lang
            if made_at is not None:
                document.metadata.created = document.metadata.modified = made_at.astimezone(UTC).strftime(
                    "%Y-%m-%dT%H:%M:%SZ"
                )
            document.metadata.attachments = [_attachment(attachment) for attachment in attachments]
            if variant is not None:
                document.color_profiles["srgb"] = _srgb()
            written: bytes = document.write_pdf(
                finisher=_tell_attachments_once, pdf_variant=variant, output_intent="the profile given"
            )
        except FatalURLFetchingError as error:
            raise SourceRefused(", ".join(_FETCHER.refused)) from error
        if _FETCHER.refused:  # WeasyPrint swallows what goes wrong inside an SVG picture
            raise SourceRefused(", ".join(_FETCHER.refused))
    return written


def render_official(
    html: str, *, title: str, made_at: datetime, attachments: Sequence[PdfAttachment] = ()
) -> bytes:
    """Return a document of `pdf/_decree30.html` as PDF/A-3a; the same arguments give the same bytes.

    A character that none of our faces can draw is replaced by a box, so that no other face slips in.
    """
    undrawable = str.maketrans(dict.fromkeys(fonts.missing_glyphs(html), _BOX))
    return render_pdf(
        html.translate(undrawable), title=title, lang="vi", made_at=made_at, attachments=attachments
    )


_BOX = "\u25a1"


class _HouseFetcher(URLFetcher):  # type: ignore[misc]  # WeasyPrint comes without types
    """Fetches inline data, our fonts and our pictures; it holds no way to the network or to other files."""

    def __init__(self) -> None:
        super().__init__(allowed_protocols={"data"}, allow_redirects=False, fail_on_errors=True)
        for protocol in ("http", "https", "ftp", "file"):
            self.handle_open.pop(protocol, None)
        self.refused: list[str] = []

    def fetch(self, url: str, headers: dict[str, str] | None = None) -> URLFetcherResponse:
        """Return what the address names; raise SourceRefused for any other address."""
        scheme, _, name = url.partition(":")
        if scheme == "data":
            return super().fetch(url, headers)
        if scheme == "font":
            for font in fonts.installed():
                if font.path.name == name:
                    return URLFetcherResponse(url, font.path.read_bytes(), {"Content-Type": "font/ttf"})
        if scheme == "asset" and re.fullmatch(r"[a-z0-9-]+\.[a-z]+", name):
            media_type = _ASSET_TYPES.get(Path(name).suffix)
            for folder in ASSET_FOLDERS:
                if media_type and (folder / name).is_file():
                    return URLFetcherResponse(url, (folder / name).read_bytes(), {"Content-Type": media_type})
        self.refused.append(url[:200])
        raise SourceRefused(url[:200])


_FETCHER = _HouseFetcher()

# A base that nothing can be joined to: relative addresses reach the fetcher as they are, and are refused there.
_NO_BASE = "nowhere:"


@cache
def _font_configuration() -> FontConfiguration:
    """Return the one configuration of this process; a new one for each document leaks and is slower."""
    return FontConfiguration()


@cache
def _font_styles() -> weasyprint.CSS:
    return weasyprint.CSS(string=fonts.style_sheet(), font_config=_font_configuration(), url_fetcher=_FETCHER)


@cache
def _srgb_bytes() -> bytes:
    return files("weasyprint.pdf").joinpath("sRGB2014.icc").read_bytes()


def _srgb() -> ColorProfile:
    """Return WeasyPrint's own sRGB profile, which it would open for each document and leave open.

    A new one each time: a profile that was written once writes other bytes the second time.
    """
    return ColorProfile(
        BytesIO(_srgb_bytes()), "sRGB2014.icc", "relative-colorimetric", (["r"], ["g"], ["b"])
    )


def _attachment(attachment: PdfAttachment) -> weasyprint.Attachment:
    made_at = attachment.made_at.astimezone(UTC)
    return weasyprint.Attachment(
        string=attachment.data,
        name=attachment.name,
        description=attachment.description,
        created=made_at,
        modified=made_at,
        relationship=attachment.relationship,
        url_fetcher=_FETCHER,
    )


def _tell_attachments_once(_document: Any, pdf: pydyf.PDF) -> None:
    """Mend WeasyPrint 70, which names each attachment twice among the associated files."""
    if "AF" in pdf.catalog:
        pdf.catalog["AF"] = pydyf.Array(dict.fromkeys(pdf.catalog["AF"]))
