"""The PDF, looked at with other people's tools: text, fonts, tags, the QR code as a camera reads it."""

import re
import shutil
import subprocess
from dataclasses import asdict
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest

import config
from dxday.app import create_app
from dxday.certificates import jobs, rules, sheet
from dxday.db import db
from tests import make
from tests.certificates import scene
from tests.certificates.test_sheet import FACTS, long_name

URL = "https://ngay1010.example/v/7h3k9m2p5q8r4t6v1w0x3y5z7a"
LETTERS = "aàảãáạăằẳẵắặâầẩẫấậbcdđeèẻẽéẹêềểễếệghiìỉĩíịklmnoòỏõóọôồổỗốộơờởỡớợpqrstuùủũúụưừửữứựvxyỳỷỹýỵ"
HINDI = "राष्ट्रीय डिजिटल दल"
NAMES = {
    "short": "Lê Ví",
    "usual": "Nguyễn Thị Thí Dụ",
    "long": long_name(150),
    "very-long": long_name(300),
    "one-word": "Ư" * 120,
    "every-letter": f"{LETTERS} {LETTERS.upper()}",
    "hindi": HINDI,
    "code": '<b>{{ 7*7 }}</b> & "x" <script>alert(1)</script> {% raw %}',
}


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    """An application without a database: documents need none."""
    made = create_app(config.read({"DXDAY_INSTANCE": str(tmp_path_factory.mktemp("documents"))}))
    with made.app_context():
        yield made
        db.engine.dispose()


def tool(*command) -> str:
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def draw(folder, paper="a4", **changes) -> Path:
    facts = rules.Facts(**{**asdict(FACTS), **changes})
    data = jobs.draw(facts, check_url=URL, issued_at=make.NOW, paper=sheet.SHEETS[paper])
    return scene.write(folder, data)


def words(path: Path) -> str:
    return " ".join(tool("pdftotext", "-raw", str(path), "-").split())


def boxes(path: Path) -> list[tuple[float, float, float, float]]:
    """Where the words stand: left, top, right, bottom in points."""
    found = re.findall(
        r'<word xMin="([\d.-]+)" yMin="([\d.-]+)" xMax="([\d.-]+)" yMax="([\d.-]+)">',
        tool("pdftotext", "-bbox", str(path), "-"),
    )
    return [tuple(float(number) for number in box) for box in found]


def test_the_words_stand_in_their_legal_order(app, tmp_path):
    assert words(draw(tmp_path)) == (
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM Độc lập – Tự do – Hạnh phúc "
        "CHỦ TỊCH ỦY BAN NHÂN DÂN TỈNH MẪU TẶNG BẰNG KHEN Nguyễn Văn Mẫu "
        "Phó Trưởng phòng Văn hóa và Thông tin, Ủy ban nhân dân huyện Mẫu "
        "Đã có thành tích xuất sắc trong công tác chuyển đổi số năm 2026. "
        "Quyết định số: 3021/QĐ-UBND ngày 05 tháng 10 năm 2026 Số sổ vàng: BK-2026-0042 "
        f"Quét mã hoặc mở địa chỉ dưới đây để kiểm tra: {URL} "
        "Nghệ An, ngày 05 tháng 10 năm 2026 CHỦ TỊCH Phạm Văn Thử"
    )


@pytest.mark.parametrize(
    "name", [name for key, name in NAMES.items() if key != "hindi"], ids=lambda n: n[:12]
)
def test_a_name_reads_back_as_it_was_written(app, tmp_path, name):
    read = words(draw(tmp_path, recipient_name=name))

    between = read.split("BẰNG KHEN ")[1].split(" Phó Trưởng phòng")[0]
    assert between.replace(" ", "") == name.replace(" ", "")


@pytest.mark.parametrize(
    "field", [name for name in asdict(FACTS) if name not in ("decided_on", "edition_name")]
)
def test_markup_in_a_field_is_printed_and_not_obeyed(app, tmp_path, field):
    code = "<i>{{7*7}}</i>&amp;</style>"

    read = words(draw(tmp_path, **{field: code}))

    printed = field not in ("form", "recipient_kind")
    assert (code.upper() in read.upper(), "49" in read) == (printed, False)


@pytest.mark.parametrize("paper", sheet.SHEETS)
@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_everything_stands_within_the_border_on_one_sheet(app, tmp_path, paper, name):
    path = draw(tmp_path, paper, recipient_name=name)
    preset = sheet.SHEETS[paper]

    points = 72 / 25.4
    inner = 6.6 * preset.unit * points  # the inner line of the border
    left, top = ((preset.width - preset.border_width) / 2, (preset.height - preset.border_height) / 2)
    assert "Pages:           1" in tool("pdfinfo", str(path))
    outside = [
        box
        for box in boxes(path)
        if box[0] < left * points + inner
        or box[2] > (preset.width - left) * points - inner
        or box[1] < top * points + inner
        or box[3] > (preset.height - top) * points - inner + 1.0 * preset.unit
    ]
    assert outside == []


@pytest.mark.parametrize(
    "changes",
    [
        {"recipient_name": long_name(300), "achievement": long_name(300)},
        {
            "recipient_name": long_name(200),
            "recipient_position": long_name(300),
            "achievement": long_name(300),
        },
        {"signatory_title": "KT. Chủ tịch Phó Chủ tịch Thường trực Ủy ban nhân dân tỉnh Mẫu " * 2},
    ],
    ids=["name", "all", "title"],
)
def test_the_words_of_the_middle_and_of_the_foot_do_not_meet(app, tmp_path, changes):
    path = draw(tmp_path, **changes)

    lines = tool("pdftotext", "-bbox-layout", str(path), "-")
    found = re.findall(r'yMin="([\d.]+)" xMax="[\d.]+" yMax="([\d.]+)">([^<]+)</word>', lines)
    foot = min(float(top) for top, _, word in found if word == "Quyết")
    # Boxes of words are as high as the face, so they reach a little below what is seen.
    middle = max(float(bottom) for top, bottom, _ in found if float(top) < foot - 3)
    assert middle <= foot + 3


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_only_our_fonts_are_inside_and_all_of_them_are(app, tmp_path, name):
    rows = tool("pdffonts", str(draw(tmp_path, recipient_name=name))).splitlines()[2:]

    fonts = {row.split()[0].split("+")[1] for row in rows}
    assert fonts - {"Mukta", "Mukta-Bold"} == {"Tinos", "Tinos-Bold", "Tinos-Italic"}
    assert [row for row in rows if row.split()[-5:-2] != ["yes", "yes", "yes"]] == []


def test_it_has_title_language_tags_and_words_for_the_picture(app, tmp_path):
    path = draw(tmp_path)

    with pikepdf.open(BytesIO(path.read_bytes())) as pdf:
        pictures = [thing for thing in pdf.objects if _is_figure(thing)]
        assert str(pdf.Root.Lang) == "vi"
        assert bool(pdf.Root.MarkInfo.Marked)
        assert str(pdf.docinfo.Title) == "Bằng khen BK-2026-0042 – Nguyễn Văn Mẫu"
        assert [str(picture.Alt) for picture in pictures] == [f"Mã QR mở trang kiểm tra: {URL}"]
        with pdf.open_metadata() as metadata:
            assert (metadata["pdfaid:part"], metadata["pdfaid:conformance"]) == ("3", "A")


def _is_figure(thing) -> bool:
    return isinstance(thing, pikepdf.Dictionary) and thing.get("/S") == pikepdf.Name.Figure


@pytest.mark.parametrize("paper", ["a4", "450x350"])
def test_a_camera_reads_the_address_of_the_check_from_the_paper(app, tmp_path, paper):
    path = draw(tmp_path, paper)

    tool("pdftoppm", "-r", "150", "-png", str(path), str(tmp_path / "picture"))
    (picture,) = tmp_path.glob("picture*.png")

    assert tool("zbarimg", "--quiet", "--raw", str(picture)).strip() == URL


def test_the_sheet_is_as_large_as_asked(app, tmp_path):
    info = tool("pdfinfo", str(draw(tmp_path, "400x300")))

    width, height = re.search(r"Page size:\s+([\d.]+) x ([\d.]+)", info).groups()
    assert (round(float(width) / 72 * 25.4), round(float(height) / 72 * 25.4)) == (400, 300)


def test_the_gap_for_the_signature_is_as_high_as_the_decree_says(app, tmp_path):
    path = draw(tmp_path, "400x300", signatory_title="Dấu", signatory_name="Ký")

    found = re.findall(
        r'yMin="([\d.]+)" xMax="[\d.]+" yMax="([\d.]+)">([^<]+)</word>',
        tool("pdftotext", "-bbox", str(path), "-"),
    )
    title = next(float(bottom) for _, bottom, word in found if word == "DẤU")
    name = next(float(top) for top, _, word in found if word == "Ký")
    assert (name - title) / 72 * 25.4 == pytest.approx(35, abs=3)


@pytest.mark.real_data
@pytest.mark.slow
@pytest.mark.parametrize("name", ["usual", "every-letter", "hindi"])
def test_a_validator_agrees_that_it_is_pdf_a_3a(app, tmp_path, name):
    check = Path(__file__).resolve().parents[3] / "shared" / "tools" / "verapdf" / "check"
    if not check.is_file():
        pytest.skip("the validator does not lie beside the project")
    path = draw(tmp_path, recipient_name=NAMES[name])

    done = subprocess.run([str(check), "3a", str(path)], capture_output=True, text=True, check=False)

    if done.returncode == 2:
        pytest.skip(done.stderr.strip())
    assert done.stdout.splitlines() == [f"PASS 3a {path}"]


def test_what_cannot_be_printed_whole_is_not_drawn(app, tmp_path):
    with pytest.raises(rules.TooMuchText):
        draw(tmp_path, achievement=long_name(300) * 6)
