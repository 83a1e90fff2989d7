"""Paper: what other programs see in our PDFs, and what the making of one must never fetch."""

import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from urllib.parse import quote

import pikepdf
import psutil
import pytest

from dxday.adapters import fonts, pdf
from dxday.adapters.qr import qr_svg_data_uri
from dxday.core.vietnamese import alphabet

SHARED = Path(__file__).resolve().parents[3] / "shared"
VERAPDF = SHARED / "tools" / "verapdf" / "check"
MADE_AT = datetime(2026, 10, 10, 1, 0, tzinfo=UTC)
ADDRESS = "https://dxday.example/v/0123456789abcdefghjkmnpqrs"

VOWELS = "aàảãáạ ăằẳẵắặ âầẩẫấậ eèẻẽéẹ êềểễếệ iìỉĩíị oòỏõóọ ôồổỗốộ ơờởỡớợ uùủũúụ ưừửữứự yỳỷỹýỵ"
LOWER = f"{VOWELS} bcdđghklmnpqrstvx"
LETTERS = f"{LOWER} {LOWER.upper()}"
"""The 178 letters of Vietnamese, in groups."""

VIETNAMESE_FONTS = [font for font in fonts.installed() if font.family != "Mukta"]

poppler = pytest.mark.skipif(shutil.which("pdftotext") is None, reason="no poppler-utils to read PDFs with")


def page(body: str, style: str = "") -> str:
    return f"""<!doctype html><html lang="vi"><head><meta charset="utf-8"><title>x</title>
    <style>@page {{ size: 297mm 210mm; margin: 10mm }} body {{ font: 12pt "Be Vietnam Pro", Mukta }} {style}</style>
    </head><body>{body}</body></html>"""


def render(body: str, style: str = "", **options) -> bytes:
    options = {"title": "Giấy khen số 42", "lang": "vi", "made_at": MADE_AT, **options}
    return pdf.render_pdf(page(body, style), **options)


def ask(program: str, *arguments: str | Path) -> str:
    return subprocess.run([program, *map(str, arguments)], check=True, capture_output=True).stdout.decode()


def text_of(data: bytes, folder: Path) -> str:
    (folder / "read.pdf").write_bytes(data)
    return " ".join(ask("pdftotext", "-layout", folder / "read.pdf", "-").split())


def fonts_of(data: bytes, folder: Path) -> set[str]:
    """Return the names of the embedded fonts; fail if one is not embedded."""
    (folder / "fonts.pdf").write_bytes(data)
    rows = ask("pdffonts", folder / "fonts.pdf").splitlines()[2:]
    assert [row for row in rows if not re.search(r" yes yes yes +\d+ +0$", row)] == []
    return {row.split()[0].partition("+")[2] for row in rows}


def test_there_are_178_letters():
    assert len(set(LETTERS) - {" "}) == 178
    assert set(LETTERS) - {" "} == set(alphabet())


@poppler
@pytest.mark.parametrize("font", VIETNAMESE_FONTS, ids=lambda font: font.address)
def test_every_letter_is_drawn_by_the_face_itself_and_read_back(font, tmp_path):
    style = f'p {{ font: {font.style} {font.weight} 11pt "{font.family}" }}'

    data = render(f"<p>{LETTERS}</p>", style)

    assert text_of(data, tmp_path) == LETTERS
    assert {name.replace("-", "").casefold() for name in fonts_of(data, tmp_path)} == {
        font.path.stem.replace("-", "").removesuffix("Regular").casefold()
    }


@poppler
def test_hindi_is_drawn_by_mukta_alone(tmp_path):
    data = render('<p lang="hi">राष्ट्रीय डिजिटल परिवर्तन दिवस</p><p lang="hi"><b>प्रमाण पत्र</b></p>', lang="hi")

    assert fonts_of(data, tmp_path) == {"Mukta", "Mukta-Bold"}


@poppler
def test_title_language_tags_and_time_are_in_the_file(tmp_path):
    (tmp_path / "a.pdf").write_bytes(render("<h1>Giấy khen</h1><p>Nguyễn Văn Mẫu</p>"))

    told = dict(
        line.split(":", 1)
        for line in ask("pdfinfo", "-isodates", tmp_path / "a.pdf").splitlines()
        if ":" in line
    )

    assert {
        name: told[name].strip() for name in ("Title", "Tagged", "JavaScript", "Pages", "CreationDate")
    } == {
        "Title": "Giấy khen số 42",
        "Tagged": "yes",
        "JavaScript": "no",
        "Pages": "1",
        "CreationDate": "2026-10-10T01:00:00Z",
    }
    with pikepdf.open(tmp_path / "a.pdf") as file:
        assert str(file.Root.Lang) == "vi"
        assert (
            str(file.open_metadata()["pdfaid:part"]) + str(file.open_metadata()["pdfaid:conformance"]) == "3A"
        )
    structure = ask("pdfinfo", "-struct-text", tmp_path / "a.pdf")
    assert re.findall(r'(H1|P) |"([^"]+)"', structure.replace("\n", " \n")) == [
        ("H1", ""),
        ("", "Giấy khen"),
        ("P", ""),
        ("", "Nguyễn Văn Mẫu"),
    ]


def test_the_same_document_is_the_same_bytes():
    attachment = pdf.PdfAttachment("credential.json", b"{}", "Credential", MADE_AT)
    body = f'<p>Nguyễn Văn Mẫu</p><img alt="QR" src="{qr_svg_data_uri(ADDRESS)}">'

    assert len({render(body, attachments=[attachment]) for _ in range(3)}) == 1


def test_an_attachment_is_carried_whole_and_named_once():
    attachment = pdf.PdfAttachment("credential.json", b'{"name": "M\xe1\xba\xabu"}', "Chứng nhận số", MADE_AT)

    with pikepdf.open(BytesIO(render("<p>x</p>", attachments=[attachment]))) as file:
        specification = file.attachments["credential.json"]
        embedded = specification.get_file()

        assert embedded.read_bytes() == attachment.data
        assert (specification.description, embedded.mime_type) == ("Chứng nhận số", "application/json")
        assert len(file.Root.AF) == 1
        assert str(file.Root.AF[0].AFRelationship) == "/Data"


@poppler
def test_a_picture_of_our_own_and_inline_data_are_drawn(tmp_path):
    own = next(path.name for folder in pdf.ASSET_FOLDERS for path in sorted(folder.glob("*.svg")))
    body = f'<img alt="Dấu hiệu" src="asset:{own}"><img alt="QR" src="{qr_svg_data_uri(ADDRESS)}">'

    data = render(body, "img { width: 4cm }")
    (tmp_path / "a.pdf").write_bytes(data)
    ask("pdftoppm", "-r", "150", "-png", "-singlefile", tmp_path / "a.pdf", tmp_path / "a")

    if shutil.which("zbarimg") is None:
        pytest.skip("no zbarimg to scan with")
    assert ask("zbarimg", "--quiet", "--raw", tmp_path / "a.png").strip() == ADDRESS


class _Bait(BaseHTTPRequestHandler):
    """Answers everything, also with a way on to a file, and counts who came."""

    asked: list[str] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if self.path.startswith("/redirect"):
            self.send_response(302)
            self.send_header("Location", "file:///etc/passwd")
        else:
            self.send_response(200)
            self.send_header("Content-Type", "image/svg+xml")
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def bait() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Bait)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    _Bait.asked.clear()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"><image href="{}"/></svg>'
WAYS = {
    "picture": '<img alt="" src="{}">',
    "background": '<p style="background: url({})">x</p>',
    "list mark": '<ul style="list-style-image: url({})"><li>x</li></ul>',
    "generated": "<style>p::before {{ content: url({}) }}</style><p>x</p>",
    "style sheet": '<link rel="stylesheet" href="{}">',
    "import": "<style>@import url({});</style>",
    "font": '<style>@font-face {{ font-family: Foreign; src: url({}) }}</style><p style="font-family: Foreign">x</p>',
    "object": '<object data="{}"></object>',
    "embed": '<embed src="{}">',
    "link to a file inside": '<a rel="attachment" href="{}">x</a>',
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("path", ["picture.svg", "redirect"])
def test_the_network_is_never_asked(way, path, bait):
    with pytest.raises(pdf.SourceRefused):
        render(way.format(f"http://127.0.0.1:{bait.server_port}/{path}"))

    assert _Bait.asked == []


def test_a_picture_inside_a_picture_is_not_fetched_either(bait):
    inner = SVG.format(f"http://127.0.0.1:{bait.server_port}/inner.svg")

    with pytest.raises(pdf.SourceRefused):
        render(f'<img alt="" src="data:image/svg+xml,{quote(inner)}">')

    assert _Bait.asked == []


@pytest.mark.parametrize(
    "address",
    [
        "file:///etc/passwd",
        "FILE:///etc/passwd",
        "file:/etc/passwd",
        "ftp://127.0.0.1/x.png",
        "https://127.0.0.1/x.png",
        "//127.0.0.1/x.png",
        "/etc/passwd",
        "mark.svg",
        "../static/img/mark.svg",
        "asset:../../pyproject.toml",
        "asset:/etc/passwd",
        "asset:%2e%2e/x.svg",
        "asset:certificate.css",
        "asset:nothing.svg",
        "font:../../../etc/passwd",
        "font:Nothing.ttf",
        "unknown:x",
    ],
)
@pytest.mark.parametrize("way", ["picture", "background", "style sheet"])
def test_every_other_address_is_refused(address, way):
    with pytest.raises(pdf.SourceRefused):
        render(WAYS[way].format(address))


def test_a_base_address_opens_no_way(bait):
    with pytest.raises(pdf.SourceRefused):
        render(f'<base href="http://127.0.0.1:{bait.server_port}/"><img alt="" src="x.svg">')

    assert _Bait.asked == []


def test_a_refusal_harms_no_later_document():
    before = render("<p>x</p>")
    with pytest.raises(pdf.SourceRefused):
        render('<img alt="" src="file:///etc/passwd">')

    assert render("<p>x</p>") == before


def test_what_the_html_would_attach_is_neither_fetched_nor_attached(bait):
    data = render(f'<link rel="attachment" href="http://127.0.0.1:{bait.server_port}/x"><p>x</p>')

    with pikepdf.open(BytesIO(data)) as file:
        assert list(file.attachments) == []
    assert _Bait.asked == []


def test_links_to_the_world_are_kept_as_links():
    with pikepdf.open(BytesIO(render(f'<a href="{ADDRESS}">xem</a>'))) as file:
        assert [str(note.A.URI) for note in file.pages[0].Annots] == [ADDRESS]


def test_all_families_are_here():
    assert fonts.families_here() == fonts.FAMILIES


def test_what_no_face_can_draw_is_named_once():
    assert fonts.missing_glyphs(f"{LETTERS} 0123456789 .,;:–—“”… №") == []
    assert fonts.missing_glyphs("राष्ट्रीय डिजिटल\u200d परिवर्तन\n") == []
    assert fonts.missing_glyphs("李 Lý 李明 😀") == ["李", "明", "😀"]


def test_what_one_family_cannot_draw_is_named():
    assert fonts.missing_glyphs("Nghệ An दिवस", families=["Tinos"]) == ["द", "ि", "व", "स"]
    assert fonts.missing_glyphs(LETTERS, families=["Tinos"]) == []
    assert fonts.missing_glyphs("Đ", families=[]) == ["Đ"]


def test_a_family_that_is_not_installed_is_named_and_not_replaced():
    with pytest.raises(fonts.FontMissing, match="not installed: Times New Roman"):
        fonts.missing_glyphs("x", families=["Tinos", "Times New Roman"])


def test_threads_that_render_at_once_get_each_their_own_document():
    def made(number: int) -> bytes:
        return render(f"<h1>Giấy khen {number}</h1><p>{LETTERS}</p>")

    alone = [made(number) for number in range(6)]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(made, range(6)))

    assert together == alone


@pytest.mark.slow
def test_a_hundred_more_documents_take_no_more_memory():
    def make(count: int) -> int:
        for number in range(count):
            render(f'<h1>Số {number}</h1><img alt="QR" src="{qr_svg_data_uri(f"{ADDRESS}{number}")}">')
        return psutil.Process().memory_info().rss

    warm = make(40)

    assert make(100) - warm < 12 * 1024 * 1024


@pytest.mark.real_data
@pytest.mark.skipif(
    not VERAPDF.exists() or shutil.which("java") is None, reason="no veraPDF beside this checkout"
)
@pytest.mark.parametrize("lang", ["vi", "hi"])
def test_verapdf_finds_pdf_a_3a_with_an_attachment(lang, tmp_path):
    attachment = pdf.PdfAttachment("credential.json", b"{}", "Credential", MADE_AT)
    words = {"vi": LETTERS, "hi": "राष्ट्रीय डिजिटल परिवर्तन दिवस, क्षेत्र, ज्ञान"}[lang]
    code = qr_svg_data_uri(ADDRESS)
    body = (
        f'<h1>Giấy khen</h1><p lang="{lang}">{words}</p><p class="official">x</p><img alt="QR" src="{code}">'
    )
    (tmp_path / "a.pdf").write_bytes(
        render(body, ".official { font-family: Tinos }", lang=lang, attachments=[attachment])
    )

    done = subprocess.run([VERAPDF, "3a", tmp_path / "a.pdf"], capture_output=True, text=True)
    if done.returncode == 2:
        pytest.skip(f"veraPDF does not run here: {done.stderr.strip()}")

    assert (done.returncode, done.stdout.split()[:2]) == (0, ["PASS", "3a"])
