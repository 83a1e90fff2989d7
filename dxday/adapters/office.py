"""Office files (OOXML, ECMA-376): told by their parts, and refused for what acts, leads out or unfolds in them."""

import re
import zipfile
import zlib
from io import BytesIO
from xml.parsers import expat

MOST_PARTS = 2000
MOST_UNPACKED = 100_000_000
"""Bytes to which the parts may unfold in all; they are counted while they unfold, one after the other."""

_MOST_KEPT = 30_000_000
"""Bytes of one part of XML: it is looked at as a whole."""
_STEP = 1 << 16

_MAIN = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
}
_MAIN_WITH_MACROS = {
    "docx": "application/vnd.ms-word.document.macroEnabled.main+xml",
    "xlsx": "application/vnd.ms-excel.sheet.macroEnabled.main+xml",
}
_TYPES = "[Content_Types].xml"

_FOREIGN = (
    b"PK\x03\x04",  # another archive
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",  # OLE: an old Office file, macros, an embedded object
    b"MZ",  # a program of Windows
    b"\x7fELF",
    b"%PDF-",
    b"Rar!",
    b"7z\xbc\xaf",
    b"#!",
)
"""How a part begins that is a file of its own."""

_ACTIVE = re.compile(r"macroEnabled|vbaProject|activeX|oleObject|ms-office\.vba|macrosheet", re.I)
_EMBEDDING = frozenset({"package", "control"})
_HIDING = re.compile(r"vbaProject|activeX|/embeddings/|/externalLinks/|/macrosheets/", re.I)
_WEB = re.compile(r"(?:https?://|mailto:|#)", re.I)
_DDE = re.compile(r"\bDDE(?:AUTO)?\b", re.I)


class OfficeBroken(Exception):
    """The archive or one of its parts does not open."""


class OfficeUnfolds(Exception):
    """It unfolds to more than MOST_UNPACKED, or into more than MOST_PARTS."""


class OfficeActive(Exception):
    """It holds a program, another file, or something that is fetched by itself; `what` as the format names it."""

    def __init__(self, what: str) -> None:
        """Keep what was found."""
        super().__init__(what)
        self.what = what


class OfficeLocked(Exception):
    """A part is encrypted."""


def find_form(data: bytes) -> str | None:
    """Return "docx" or "xlsx" by the declared type of the main part, with macros or without; None for another file."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive, archive.open(_TYPES) as part:
            types = {fields.get("ContentType", "") for _, fields in _read(part.read(_STEP * 16)).elements}
    except (*_TROUBLE, OfficeActive):
        return None
    for form in _MAIN:
        if _MAIN[form] in types or _MAIN_WITH_MACROS[form] in types:
            return form
    return None


def check(data: bytes) -> None:
    """Unfold every part within the limits, none to the disk, and raise the first thing for which it is refused.

    Raises OfficeBroken, OfficeUnfolds, OfficeActive or OfficeLocked.  A link that somebody has to follow is no harm;
    a template, picture or object that is fetched from elsewhere is.
    """
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            _check_list(archive.infolist())
            left = MOST_UNPACKED
            for part in archive.infolist():
                begins, size, xml = _unfold(archive, part, left)
                left -= size
                if begins.startswith(_FOREIGN):
                    raise OfficeActive(part.filename[-80:])
                if xml is not None:
                    _check_xml(part.filename, xml)
    except _TROUBLE as error:
        raise OfficeBroken from error


_TROUBLE = (
    expat.ExpatError,
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    KeyError,
    ValueError,
    OSError,
    EOFError,
    NotImplementedError,
    RuntimeError,
)
"""All of these are ways in which zipfile and expat say that an archive or a part is not what it should be."""


def _check_list(parts: list[zipfile.ZipInfo]) -> None:
    """Look at what the archive says of itself, before anything unfolds."""
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
        raise OfficeUnfolds
    if len({part.filename.casefold() for part in parts}) < len(parts):
        raise OfficeBroken
    for part in parts:
        if part.flag_bits & 0x1:
            raise OfficeLocked
        if part.filename.startswith(("/", "\\")) or ".." in re.split(r"[/\\]", part.filename):
            raise OfficeActive(part.filename[-80:])
        if _HIDING.search(part.filename):
            raise OfficeActive(part.filename[-80:])


def _unfold(archive: zipfile.ZipFile, part: zipfile.ZipInfo, left: int) -> tuple[bytes, int, bytes | None]:
    """Return how a part begins, its size, and the whole of one in XML; no more than `left` bytes unfold."""
    is_xml = part.filename.casefold().endswith((".xml", ".rels"))
    kept = bytearray()
    begins, size = b"", 0
    with archive.open(part) as file:
        while piece := file.read(_STEP):
            begins = begins or piece[:16]
            size += len(piece)
            if size > left or (is_xml and size > _MOST_KEPT):
                raise OfficeUnfolds
            if is_xml:
                kept += piece
    return begins, size, bytes(kept) if is_xml else None


def _check_xml(name: str, xml: bytes) -> None:
    read = _read(xml)
    if _DDE.search("".join(read.instructions)):
        raise OfficeActive("DDE")
    for element, fields in read.elements:
        if element == "Relationship":
            _check_relationship(fields)
        elif name == _TYPES and _ACTIVE.search(fields.get("ContentType", "")):
            raise OfficeActive(fields["ContentType"][-80:])


def _check_relationship(fields: dict[str, str]) -> None:
    """Raise OfficeActive for a relationship (ECMA-376 Part 2 §6.5) to what is run, or fetched by itself."""
    kind, target = fields.get("Type", "").rpartition("/")[2], fields.get("Target", "")
    if _ACTIVE.search(kind) or kind in _EMBEDDING:
        raise OfficeActive(kind[:80])
    is_outside = fields.get("TargetMode", "").casefold() == "external"
    if is_outside and not (kind == "hyperlink" and _WEB.match(target)):
        raise OfficeActive(f"{kind[:40]}: {target[:40]}")


class _Read:
    """What of a part in XML is looked at."""

    def __init__(self) -> None:
        self.elements: list[tuple[str, dict[str, str]]] = []
        """Declared types and relationships, with their fields."""
        self.instructions: list[str] = []
        """The instructions of fields in a text, which may be spread over many elements."""
        self._is_instruction = False

    def begin(self, name: str, fields: dict[str, str]) -> None:
        element = name.rpartition(":")[2]
        if element in ("Override", "Default", "Relationship"):
            self.elements.append((element, fields))
        self._is_instruction = element == "instrText"
        if element == "fldSimple":
            self.instructions += [value for key, value in fields.items() if key.endswith("instr")]

    def end(self, _name: str) -> None:
        self._is_instruction = False

    def text(self, text: str) -> None:
        if self._is_instruction:
            self.instructions.append(text)

    def doctype(self, *_: object) -> None:
        raise OfficeActive("DOCTYPE")


def _read(xml: bytes) -> _Read:
    """Read a part without building a tree; entities, which need a DOCTYPE, never unfold."""
    read = _Read()
    parser = expat.ParserCreate()
    parser.StartElementHandler = read.begin
    parser.EndElementHandler = read.end
    parser.CharacterDataHandler = read.text
    parser.StartDoctypeDeclHandler = read.doctype
    parser.Parse(xml, True)
    return read
