"""What people upload: found out from its content, opened for good, and refused when it could do harm."""

import re
import struct
import unicodedata
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from io import BytesIO

import pikepdf
from PIL import Image, ImageFile

from dxday.adapters import office
from dxday.core.errors import RuleBroken
from dxday.core.i18n import lazy_gettext

MOST_PIXELS = 50_000_000
"""A picture of a large camera; more is a bomb or a mistake (200 MB once it is unpacked)."""

_LONGEST_NAME = 120

# An uploaded PDF must not fill the memory when it unfolds.  The limits hold for the whole process and are set
# before any thread opens a file.
pikepdf.settings.set_qpdf_limits(
    flate_max_memory=64 * 1024 * 1024,
    png_max_memory=64 * 1024 * 1024,
    tiff_max_memory=64 * 1024 * 1024,
    run_length_max_memory=64 * 1024 * 1024,
    parser_max_nesting=100,
    doc_max_warnings=1000,
)

_ACTING = frozenset(
    "/JavaScript /Launch /SubmitForm /ImportData /RichMediaExecute /Rendition /GoToE /EmbeddedFile".split()
)
"""Kinds of action (ISO 32000-1 §12.6.4) that run, send or open something, and the type of a file inside."""

_CARRYING = frozenset({"/JS", "/JavaScript", "/EF", "/EmbeddedFiles", "/XFA", "/RichMediaContent"})
"""Keys that hold a script, a form of scripts or another file."""

_RESERVED = re.compile(r'[<>:"|?*]')


class Kind(StrEnum):
    """What can be told from content; the value is the media type under which it is given out."""

    PDF = "application/pdf"
    PNG = "image/png"
    JPEG = "image/jpeg"
    TEXT = "text/plain"
    DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


_ENDINGS: dict[Kind, tuple[str, ...]] = {
    Kind.PDF: (".pdf",),
    Kind.PNG: (".png",),
    Kind.JPEG: (".jpg", ".jpeg"),
    Kind.TEXT: (".txt", ".md", ".csv"),
    Kind.DOCX: (".docx",),
    Kind.XLSX: (".xlsx",),
}


@dataclass(frozen=True)
class CheckedUpload:
    """An upload that was opened and found good; the name is clean and ends as its content is."""

    kind: Kind
    media_type: str
    filename: str
    size: int
    sha256: str


class UploadRefused(RuleBroken):
    """The file cannot be taken."""

    sentence = lazy_gettext("This file cannot be taken.")


class UploadEmpty(UploadRefused):
    """There is nothing in it."""

    sentence = lazy_gettext("The file is empty.")


class UploadTooLarge(UploadRefused):
    """More bytes than are allowed; facts: `limit` in bytes, `most` in words."""

    sentence = lazy_gettext("The file is too large: at most %(most)s are taken.")

    def __init__(self, *, limit: int) -> None:
        """Keep the limit, in bytes."""
        most = f"{limit // 1_000_000} MB" if limit >= 1_000_000 else f"{max(limit // 1000, 1)} kB"
        super().__init__(limit=limit, most=most)


class UploadNotAllowed(UploadRefused):
    """Its content is of no kind that is taken here; facts: `found` (may be None), `allowed`, `kinds`."""

    sentence = lazy_gettext(
        "Files of this kind are not taken here, whatever they are called. Taken are: %(kinds)s."
    )

    def __init__(self, *, found: Kind | None, allowed: frozenset[Kind]) -> None:
        """Keep what was found and what would have been taken."""
        super().__init__(found=found, allowed=allowed, kinds=", ".join(sorted(kind.name for kind in allowed)))


class UploadBroken(UploadRefused):
    """It does not open."""

    sentence = lazy_gettext("The file is damaged and does not open. Save it again, or make a new one.")


class UploadTooManyPixels(UploadRefused):
    """The picture would need too much memory; fact: `megapixels`."""

    sentence = lazy_gettext("The picture has too many pixels: at most %(megapixels)s million are taken.")


class UploadHasScript(UploadRefused):
    """A PDF that runs, sends, opens or hides something; fact: `what`, as the format names it."""

    sentence = lazy_gettext(
        "The PDF holds a program, a form that sends data, or another file (%(what)s). "
        "Print it to a new PDF and take that."
    )


class UploadActive(UploadRefused):
    """An Office file that runs, fetches or hides something; fact: `what`, as the format names it."""

    sentence = lazy_gettext(
        "The document holds a macro, another file, or something that is fetched from elsewhere (%(what)s). "
        "Save it as PDF and take that."
    )


class UploadUnfolds(UploadRefused):
    """A packed file that unfolds to far more than it is; fact: `megabytes`."""

    sentence = lazy_gettext(
        "The file is packed and unfolds to more than %(megabytes)s MB. Make its pictures smaller, or save it as PDF."
    )


class UploadLocked(UploadRefused):
    """A file that is encrypted, with or without a password."""

    sentence = lazy_gettext("The file is protected. Save it without a password or restrictions.")


def check_upload(filename: str, data: bytes, *, allowed: frozenset[Kind], max_bytes: int) -> CheckedUpload:
    """Open the upload, find out what it is, and return it with a clean name.

    Size, in bytes, is checked first, then the kind, then the content.  Raises UploadEmpty, UploadTooLarge,
    UploadNotAllowed, UploadBroken, UploadTooManyPixels, UploadHasScript, UploadActive, UploadUnfolds or UploadLocked.
    """
    if not data:
        raise UploadEmpty
    if len(data) > max_bytes:
        raise UploadTooLarge(limit=max_bytes)
    kind = find_kind(data)
    if kind is None or kind not in allowed:
        raise UploadNotAllowed(found=kind, allowed=allowed)
    if kind is Kind.PDF:
        _check_pdf(data)
    elif kind in (Kind.PNG, Kind.JPEG):
        _check_picture(kind, data)
    elif kind in (Kind.DOCX, Kind.XLSX):
        _check_office(data)
    return CheckedUpload(
        kind=kind,
        media_type=kind.value,
        filename=clean_name(filename, kind),
        size=len(data),
        sha256=sha256(data).hexdigest(),
    )


def find_kind(data: bytes) -> Kind | None:
    """Return what the content is, by its first bytes or because it is plain text; None for anything else."""
    if data.startswith(b"%PDF-"):
        return Kind.PDF
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return Kind.PNG
    if data.startswith(b"\xff\xd8\xff"):
        return Kind.JPEG
    if data.startswith(b"PK\x03\x04"):
        form = office.find_form(data)
        return Kind[form.upper()] if form else None
    return Kind.TEXT if _is_text(data) else None


def clean_name(filename: str, kind: Kind) -> str:
    """Return a name to show and to save under: no path, nothing hidden, an ending that fits, at most 120 letters."""
    name = re.split(r"[/\\]", unicodedata.normalize("NFC", filename))[-1]
    name = "".join(
        letter for letter in name if unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
    )
    name = " ".join(_RESERVED.sub("_", name).split()).strip(". ")
    ending = next((end for end in _ENDINGS[kind] if name.casefold().endswith(end)), "")
    stem = name[: len(name) - len(ending)].rstrip(". ")
    ending = ending or _ENDINGS[kind][0]
    return (stem[: _LONGEST_NAME - len(ending)].rstrip(". ") or "file") + ending


def _is_text(data: bytes) -> bool:
    try:
        text = data.decode("utf-8", "strict")
    except UnicodeDecodeError:
        return False
    return not any(unicodedata.category(letter) == "Cc" and letter not in "\t\n\r" for letter in set(text))


def _check_picture(kind: Kind, data: bytes) -> None:
    # WeasyPrint switches this on for the whole process when it is imported; half a picture is broken here.
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        with Image.open(BytesIO(data), formats=[kind.name]) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise UploadTooManyPixels(megapixels=MOST_PIXELS // 1_000_000)
            picture.verify()
        with Image.open(BytesIO(data), formats=[kind.name]) as picture:
            picture.load()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise UploadTooManyPixels(megapixels=MOST_PIXELS // 1_000_000) from error
    except (
        OSError,
        SyntaxError,
        ValueError,
        TypeError,
        IndexError,
        EOFError,
        struct.error,
        zlib.error,
    ) as error:
        # All of these are ways in which Pillow says that the picture is broken.
        raise UploadBroken from error


def _check_office(data: bytes) -> None:
    try:
        office.check(data)
    except office.OfficeLocked as error:
        raise UploadLocked from error
    except office.OfficeActive as error:
        raise UploadActive(what=error.what) from error
    except office.OfficeUnfolds as error:
        raise UploadUnfolds(megabytes=office.MOST_UNPACKED // 1_000_000) from error
    except office.OfficeBroken as error:
        raise UploadBroken from error


def _check_pdf(data: bytes) -> None:
    try:
        with pikepdf.open(BytesIO(data)) as pdf:
            if pdf.is_encrypted:
                raise UploadLocked
            if not len(pdf.pages):
                raise UploadBroken
            for page in pdf.pages:
                _ = page.mediabox
            for what in _harmful(pdf):
                raise UploadHasScript(what=what)
    except pikepdf.PasswordError as error:
        raise UploadLocked from error
    except (
        pikepdf.PdfError,
        ValueError,
        TypeError,
        KeyError,
        IndexError,
        AttributeError,
        RuntimeError,
    ) as error:
        # All of these are ways in which pikepdf says that an object is not what it should be.
        raise UploadBroken from error


def _harmful(pdf: pikepdf.Pdf) -> Iterator[str]:
    """Find what acts or carries in every object of the file, also in those that no page names."""
    waiting: list[pikepdf.Object] = [pdf.trailer, *pdf.objects]
    while waiting:
        thing = waiting.pop()
        if isinstance(thing, pikepdf.Stream):
            thing = thing.stream_dict
        if isinstance(thing, pikepdf.Dictionary):
            yield from (str(key) for key in thing if key in _CARRYING)
            for key in ("/S", "/Type"):
                value = thing.get(key)
                if isinstance(value, pikepdf.Name) and str(value) in _ACTING:
                    yield str(value)
            children = [child for _, child in thing.items()]
        elif isinstance(thing, pikepdf.Array):
            children = list(thing)
        else:
            continue
        # What is named by number comes by itself; only what is written in place is looked into here.
        waiting.extend(
            child
            for child in children
            if isinstance(child, (pikepdf.Dictionary, pikepdf.Array)) and not child.is_indirect
        )
