"""Office files: honest ones are taken, what acts, leads out or unfolds in one is found."""

import zipfile
from io import BytesIO

import pytest
from openpyxl import Workbook

from dxday.adapters import office, uploads
from dxday.adapters.uploads import Kind

TYPES = "[Content_Types].xml"
MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
WITH_MACROS = "application/vnd.ms-word.document.macroEnabled.main+xml"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def types(main: str = MAIN, more: str = "") -> str:
    return f'<Types><Override PartName="/word/document.xml" ContentType="{main}"/>{more}</Types>'


def rels(kind: str, target: str, mode: str = "External") -> str:
    return (
        f'<Relationships><Relationship Id="a&gt;" Type="{RELATIONS}/{kind}" Target="{target}" '
        f'TargetMode="{mode}"/></Relationships>'
    )


def document(**parts: str | bytes) -> bytes:
    """A text of Word; `parts` are further ones, or others in their place."""
    usual: dict[str, str | bytes] = {
        TYPES: types(),
        "word/document.xml": "<w:document xmlns:w='w'><w:t>Báo cáo</w:t></w:document>",
    }
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in (usual | parts).items():
            archive.writestr(name, data)
    return out.getvalue()


def workbook() -> bytes:
    out = BytesIO()
    Workbook().save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        document(),
        workbook(),
        document(**{"word/_rels/document.xml.rels": rels("hyperlink", "https://day.example")}),
        document(**{"word/_rels/document.xml.rels": rels("hyperlink", "mailto:a@day.example")}),
        document(**{"word/_rels/document.xml.rels": rels("image", "media/image1.png", "Internal")}),
    ],
    ids=["text", "workbook", "link", "address", "picture inside"],
)
def test_an_honest_file_is_taken(data):
    office.check(data)


@pytest.mark.parametrize(
    ("parts", "what"),
    [
        ({TYPES: types(WITH_MACROS)}, WITH_MACROS),
        ({"word/vbaProject.bin": b"x"}, "word/vbaProject.bin"),
        ({"word/activeX/activeX1.xml": "<x/>"}, "word/activeX/activeX1.xml"),
        ({"word/embeddings/object.bin": b"x"}, "word/embeddings/object.bin"),
        ({"word/media/image1.png": b"MZ\x90"}, "word/media/image1.png"),
        ({"word/media/image2.png": b"PK\x03\x04"}, "word/media/image2.png"),
        ({"word/media/image3.png": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"}, "word/media/image3.png"),
        ({"../evil.xml": "<x/>"}, "../evil.xml"),
        (
            {"word/_rels/settings.xml.rels": rels("attachedTemplate", "https://evil.example/a.dotm")},
            "attachedTemplate: https://evil.example/a.dotm",
        ),
        (
            {"word/_rels/document.xml.rels": rels("image", "https://evil.example/pixel.png")},
            "image: https://evil.example/pixel.png",
        ),
        (
            {"word/_rels/document.xml.rels": rels("hyperlink", "file://evil.example/share")},
            "hyperlink: file://evil.example/share",
        ),
        ({"word/_rels/document.xml.rels": rels("oleObject", "x", "Internal")}, "oleObject"),
        (
            {
                "word/document.xml": "<w:d xmlns:w='w'><w:instrText> DD</w:instrText>"
                "<w:instrText><![CDATA[EAUTO]]> c:\\cmd</w:instrText></w:d>"
            },
            "DDE",
        ),
        ({"word/document.xml": "<w:d xmlns:w='w'><w:fldSimple w:instr=' dde x'/></w:d>"}, "DDE"),
        ({"word/document.xml": "<!DOCTYPE x [<!ENTITY a 'aa'>]><x>&a;</x>"}, "DOCTYPE"),
    ],
)
def test_what_acts_or_leads_out_is_named(parts, what):
    with pytest.raises(office.OfficeActive) as refused:
        office.check(document(**parts))

    assert refused.value.what == what


@pytest.mark.parametrize(
    "parts",
    [
        {"word/media/image1.bmp": b"\0" * 100_000_001},
        {"word/other.xml": b" " * 30_000_001},
        {f"word/media/{n}.txt": b"" for n in range(office.MOST_PARTS)},
    ],
    ids=["bytes", "one part", "parts"],
)
def test_what_unfolds_too_far_is_refused(parts):
    with pytest.raises(office.OfficeUnfolds):
        office.check(document(**parts))


@pytest.mark.parametrize("data", [document()[:200], document(**{"word/document.xml": "<x>"}), b"PK\x03\x04"])
def test_what_does_not_open_is_broken(data):
    with pytest.raises(office.OfficeBroken):
        office.check(data)


@pytest.mark.parametrize(
    ("data", "form"),
    [
        (document(), "docx"),
        (document(**{TYPES: types(WITH_MACROS)}), "docx"),
        (workbook(), "xlsx"),
        (document(**{TYPES: types("application/java-archive")}), None),
        (document()[:100], None),
    ],
    ids=["document", "with macros", "workbook", "archive", "cut off"],
)
def test_the_form_is_told_by_the_declared_main_part(data, form):
    assert office.find_form(data) == form


@pytest.mark.parametrize(
    ("data", "refusal"),
    [
        (document(**{"word/vbaProject.bin": b"x"}), uploads.UploadActive),
        (document(**{"word/media/image1.bmp": b"\0" * 100_000_001}), uploads.UploadUnfolds),
        (document(**{"word/document.xml": "<x>"}), uploads.UploadBroken),
    ],
)
def test_an_upload_is_refused_in_words_for_a_person(data, refusal):
    with pytest.raises(refusal):
        uploads.check_upload("a.docx", data, allowed=frozenset(Kind), max_bytes=10_000_000)


def test_an_upload_is_named_as_it_is():
    checked = uploads.check_upload("a.pdf", document(), allowed=frozenset(Kind), max_bytes=10_000_000)

    assert (checked.kind, checked.filename) == (Kind.DOCX, "a.pdf.docx")
