"""Papers of a nomination: what they say, in which form and fonts, and that nothing in a dossier harms them."""

import hashlib
import re
import shutil
import subprocess
from datetime import date
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
from flask import g

from dxday.adapters.storage import open_storage
from dxday.core.permissions import Role
from dxday.db import db
from dxday.nominations import content, documents, queries, rules
from dxday.nominations.models import DossierAnswer, Endorsement, Nomination
from dxday.nominations.rules import EndorsementState
from dxday.schemes.models import DossierItem, Scheme
from dxday.schemes.rules import ItemKind, NomineeKind
from tests import make
from tests.client import PageClient
from tests.nominations.conftest import Desk

pytestmark = pytest.mark.skipif(
    shutil.which("pdftotext") is None, reason="no poppler-utils to read PDFs with"
)

HEAD = documents.Letterhead(
    number="12/TTr-UBND",
    place="Mẫu",
    on=date(2026, 2, 5),
    signatory_title="Chủ tịch",
    signatory_name="Trần Thị Ký",
)
HOSTILE = (
    '<script>x</script> {{ 7*7 }} {% raw %} "<img src=http://127.0.0.1/x>" & </style> \\ \u202e 李 😀 दिवस'
)
FAMILIES = {"Tinos", "Tinos-Bold", "Tinos-Italic", "Tinos-Bold-Italic"}


@pytest.fixture
def agency(app, desk: Desk) -> Desk:
    """A desk with a scheme of a full name, which stands on three laws."""
    g.edition = desk.edition
    desk.storage = open_storage(app.extensions["dxday_settings"].storage_url)
    desk.agency.name = {"vi": "Ủy ban nhân dân xã Mẫu", "en": "Sample"}
    scheme = make.scheme(
        desk.edition,
        legal_basis="Luật Thi đua, khen thưởng số 06/2022/QH15; Căn cứ Nghị định 98/2023/NĐ-CP;\n"
        "Nghị định 152/2025/NĐ-CP.",
    )
    desk.category = make.category(scheme)
    return desk


def scheme_of(desk: Desk) -> Scheme:
    return db.session.get(Scheme, desk.category.scheme_id)


def proposal(desk: Desk, head: documents.Letterhead = HEAD) -> bytes:
    db.session.flush()
    proposed = queries.list_proposed(desk.category.scheme_id, desk.agency.id)
    return documents.draw_proposal(scheme_of(desk), proposed, head=head, made_at=make.NOW)


def report(nomination: Nomination, head: documents.Letterhead = HEAD) -> bytes:
    db.session.flush()
    loaded = queries.get_own(nomination.edition_id, nomination.code, {nomination.organisation_id})
    endorsed = [each for each in queries.list_chain(nomination.id) if each.state is EndorsementState.ENDORSED]
    return documents.draw_report(content.read_content(loaded), endorsed, head=head, made_at=make.NOW)


def ask(program: str, *arguments: str) -> str:
    return subprocess.run([program, *arguments], check=True, capture_output=True).stdout.decode()


def text_of(data: bytes, folder: Path) -> str:
    """Return the words of a PDF as another program reads them, with single blanks."""
    path = folder / f"{hashlib.sha256(data).hexdigest()[:8]}.pdf"
    path.write_bytes(data)
    return " ".join(ask("pdftotext", "-layout", str(path), "-").split())


def fonts_of(data: bytes, folder: Path) -> set[str]:
    """Return the names of the fonts inside; fail if one is not embedded or cannot be read back."""
    path = folder / "fonts.pdf"
    path.write_bytes(data)
    rows = ask("pdffonts", str(path)).splitlines()[2:]
    assert [row for row in rows if not re.search(r" yes yes yes +\d+ +0$", row)] == []
    return {row.split()[0].partition("+")[2] for row in rows}


def pages_of(data: bytes, folder: Path) -> list[str]:
    path = folder / "pages.pdf"
    path.write_bytes(data)
    return ask("pdftotext", "-layout", str(path), "-").rstrip("\f").split("\f")


# The proposal --------------------------------------------------------------------------------------------------------


def test_a_proposal_has_the_parts_of_the_decree_in_their_order(agency, tmp_path):
    agency.draft(nominee_name="Tổ công nghệ số xóm 1")

    words = text_of(proposal(agency), tmp_path)

    parts = [
        "ỦY BAN NHÂN DÂN XÃ MẪU CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "Độc lập - Tự do - Hạnh phúc",
        "Số: 12/TTr-UBND",
        "Mẫu, ngày 05 tháng 02 năm 2026",
        "TỜ TRÌNH Về việc đề nghị tặng Bằng khen",
        "Kính gửi: Chủ tịch Ủy ban nhân dân tỉnh Mẫu",
        "Căn cứ Luật Thi đua, khen thưởng số 06/2022/QH15;",
        "Căn cứ Nghị định 98/2023/NĐ-CP;",
        "Căn cứ Nghị định 152/2025/NĐ-CP.",
        "01 tập thể",
        "Nơi nhận: CHỦ TỊCH - Như trên; - Lưu: VT.",
        "Trần Thị Ký",
        "Phụ lục DANH SÁCH ĐỀ NGHỊ TẶNG BẰNG KHEN",
        "(Kèm theo Tờ trình số 12/TTr-UBND ngày 05 tháng 02 năm 2026 của Ủy ban nhân dân xã Mẫu)",
        "Tổ công nghệ số xóm 1",
        "Danh sách gồm 01 tập thể.",
    ]
    places = [words.find(part) for part in parts]
    assert [part for part, place in zip(parts, places, strict=True) if place < 0] == []
    assert places == sorted(places)


def test_paper_margins_and_fonts_are_as_the_decree_says(agency, tmp_path):
    agency.draft()
    (tmp_path / "x.pdf").write_bytes(proposal(agency))

    info = ask("pdfinfo", str(tmp_path / "x.pdf"))
    words = ask("pdftotext", "-bbox", "-f", "1", "-l", "1", str(tmp_path / "x.pdf"), "-")
    boxes = re.findall(r'xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)">([^<]+)<', words)
    left, right = min(float(box[0]) for box in boxes), max(float(box[2]) for box in boxes)
    top = min(float(box[1]) for box in boxes)

    assert "A4" in info
    assert 30 <= left / 72 * 25.4 <= 36
    assert 15 <= 210 - right / 72 * 25.4 <= 20.5
    assert 20 <= top / 72 * 25.4 <= 25.5
    assert fonts_of(proposal(agency), tmp_path) == FAMILIES


def test_pages_are_numbered_from_the_second_on_in_the_middle_of_the_top_margin(agency, tmp_path):
    for number in range(60):
        agency.draft(nominee_name=f"Tổ công nghệ số {number}")
    data = proposal(agency)
    (tmp_path / "x.pdf").write_bytes(data)

    first_lines = [page.strip().splitlines()[0].strip() for page in pages_of(data, tmp_path)]
    words = ask("pdftotext", "-bbox", "-f", "2", "-l", "2", str(tmp_path / "x.pdf"), "-")
    x_min, _y_min, x_max, y_max = (
        float(number)
        for number in re.search(
            r'xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)">2<', words
        ).groups()
    )

    assert len(first_lines) >= 3
    assert first_lines[1:] == [str(number) for number in range(2, len(first_lines) + 1)]
    assert first_lines[0] != "1"
    assert y_max / 72 * 25.4 < 24
    middle = (32 + (210 - 18)) / 2  # between the margins
    assert (x_min + x_max) / 2 / 72 * 25.4 == pytest.approx(middle, abs=1)


def test_what_is_not_known_yet_is_a_blank(agency, tmp_path):
    agency.draft()

    words = text_of(proposal(agency, documents.Letterhead()), tmp_path)

    assert "Số: ……/TTr" in words
    assert "……, ngày …… tháng …… năm ……" in words
    assert "THỦ TRƯỞNG CƠ QUAN, ĐƠN VỊ" in words


def test_the_list_counts_by_kind_and_leaves_out_what_was_withdrawn(agency, tmp_path):
    agency.draft(nominee_name="Tập thể A")
    agency.category = make.category(scheme_of(agency), nominee_kind=NomineeKind.INDIVIDUAL, position=1)
    agency.draft(nominee_name="Bà B", rank_in_agency=2)
    agency.draft(nominee_name="Ông C", rank_in_agency=1)
    make.nomination(agency.category, agency.agency, nominee_name="Rút D", state=rules.State.WITHDRAWN)
    make.nomination(agency.category, nominee_name="Của cơ quan khác")

    words = text_of(proposal(agency), tmp_path)

    names = ["Tập thể A", "Ông C", "Bà B"]
    assert [words.find(name) for name in names] == sorted(words.find(name) for name in names)
    assert min(words.find(name) for name in names) > 0
    assert "01 tập thể, 02 cá nhân" in words
    assert [name for name in ("Rút D", "Của cơ quan khác") if name in words] == []


# The report ----------------------------------------------------------------------------------------------------------


def test_a_report_has_every_section_and_every_file(agency, tmp_path):
    items = [
        ("work", ItemKind.TEXT, "Sáng kiến", "Ba sáng kiến.\n\nĐoạn hai."),
        ("people", ItemKind.NUMBER, "Số người dùng", "1200"),
        ("tax", ItemKind.YES_NO, "Hoàn thành nghĩa vụ thuế", "yes"),
        ("since", ItemKind.DATE, "Ngày thành lập", "2024-03-05"),
    ]
    for position, (code, kind, name, _value) in enumerate(items):
        make.save(
            DossierItem(
                scheme_id=agency.category.scheme_id, section="work", code=code, kind=kind, name={"vi": name},
                required=False, article="Điều 1", position=position,
            )
        )  # fmt: skip
    nomination = agency.draft(nominee_position="Xã Mẫu, tỉnh Mẫu")
    for code, _kind, _name, value in items:
        make.save(DossierAnswer(nomination_id=nomination.id, code=code, value=value, updated_at=make.NOW))
    agency.attach(nomination, filename="minh-chung.txt")

    words = text_of(report(nomination), tmp_path)

    parts = [
        "BÁO CÁO THÀNH TÍCH Đề nghị tặng Bằng khen",
        "1. Tên tập thể, hộ gia đình: Tổ công nghệ số cộng đồng xã Mẫu",
        "Xã Mẫu, tỉnh Mẫu",
        "Sáng kiến Ba sáng kiến. Đoạn hai.",
        "Số người dùng 1200",
        "Hoàn thành nghĩa vụ thuế Có",
        "Ngày thành lập 05/03/2024",
        "1. minh-chung.txt",
    ]
    assert [part for part in parts if part not in words] == []


def endorsement(nomination: Nomination, sha256: str) -> Endorsement:
    return make.save(
        Endorsement(
            nomination_id=nomination.id, round=1, step="union", step_name={"vi": "Công đoàn"}, position=1,
            name="Trần Văn Mẫu", office="Chủ tịch công đoàn", email="x@example.org",
            state=EndorsementState.ENDORSED, asked_at=make.NOW, answered_at=make.NOW, content_sha256=sha256,
        )
    )  # fmt: skip


def test_a_report_names_who_endorsed_this_text_and_says_when_it_was_another(agency, tmp_path):
    nomination = agency.draft()
    digest = content.read_content(nomination).sha256
    endorsement(nomination, digest)

    same = text_of(report(nomination), tmp_path)
    nomination.achievement += " Thêm."
    other = text_of(report(nomination), tmp_path)

    assert "Trần Văn Mẫu" in same
    assert digest in same.replace(" ", "")
    assert "Trần Văn Mẫu" not in other
    assert "đã được chỉnh sửa sau khi xác nhận" in other


# Both ----------------------------------------------------------------------------------------------------------------


def hostile(agency: Desk) -> Nomination:
    agency.agency.name = {"vi": f"Cơ quan {HOSTILE}"}
    scheme_of(agency).legal_basis = f"Luật {HOSTILE}"
    nomination = agency.draft(
        nominee_name=f"{HOSTILE} {'Nguyễn' * 60}",
        nominee_position=HOSTILE * 3,
        achievement=f"{HOSTILE}\n\n{'dài' * 900}\n" * 8,
    )
    agency.attach(nomination, filename="<b>x</b>{{7*7}}.txt")
    return nomination


def test_what_people_write_is_printed_and_never_carried_out(agency, tmp_path):
    nomination = hostile(agency)
    head = documents.Letterhead(
        number=HOSTILE, place=HOSTILE, signatory_title=HOSTILE, signatory_name=HOSTILE
    )

    for data in (proposal(agency, head), report(nomination, head)):
        words = text_of(data, tmp_path)
        assert "<script>x</script> {{ 7*7 }}" in words
        assert "49" not in words
        fonts = fonts_of(data, tmp_path)
        assert {name for name in fonts if not name.startswith("Mukta")} <= FAMILIES


def test_the_same_dossier_gives_the_same_bytes(agency):
    nomination = agency.draft()

    assert report(nomination) == report(nomination)
    assert proposal(agency) == proposal(agency)
    nomination.achievement += "!"
    assert report(nomination) != documents.draw_report(
        content.Content(nomination, (), ()), [], head=HEAD, made_at=make.NOW
    )


def test_they_are_tagged_in_vietnamese_and_claim_pdf_a_3a(agency):
    nomination = agency.draft()

    for data in (proposal(agency), report(nomination)):
        with pikepdf.open(BytesIO(data)) as pdf:
            assert (str(pdf.Root.Lang), bool(pdf.Root.MarkInfo.Marked)) == ("vi", True)
            with pdf.open_metadata() as metadata:
                assert (metadata["pdfaid:part"], metadata["pdfaid:conformance"]) == ("3", "A")


@pytest.mark.real_data
@pytest.mark.slow
@pytest.mark.parametrize("kind", ["proposal", "report", "hostile proposal", "hostile report"])
def test_a_validator_agrees_that_they_are_pdf_a_3a(agency, tmp_path, kind):
    check = Path(__file__).resolve().parents[3] / "shared" / "tools" / "verapdf" / "check"
    if not check.is_file():
        pytest.skip("the validator does not lie beside the project")
    nomination = hostile(agency) if kind.startswith("hostile") else agency.draft()
    path = tmp_path / "x.pdf"
    path.write_bytes(report(nomination) if kind.endswith("report") else proposal(agency))

    done = subprocess.run([str(check), "3a", str(path)], capture_output=True, text=True, check=False)

    if done.returncode == 2:
        pytest.skip(done.stderr.strip())
    assert done.stdout.splitlines() == [f"PASS 3a {path}"]


# Pages ---------------------------------------------------------------------------------------------------------------


def test_an_officer_makes_both(app, agency, tmp_path):
    first, second = agency.draft(nominee_name="Tập thể A"), agency.draft(nominee_name="Tập thể B")
    client = PageClient(app).sign_in(agency.account)

    scheme, organisation = scheme_of(agency).code, agency.agency.code
    page = client.open(f"{agency.path}proposal?scheme={scheme}")
    assert page.all("//label[starts-with(@for, 'code-')]") == ["Tập thể A", "Tập thể B"]
    path = f"{agency.path}proposal.pdf?scheme={scheme}&organisation={organisation}&code={second.code}"
    answer = client.open(f"{path}&number=7/TTr&on=2026-02-05").response
    assert answer.content_type == "application/pdf"
    assert answer.headers["Cache-Control"] == "no-store"
    whole = client.http.get(f"{path}&number=7/TTr&on=2026-02-05").data
    words = text_of(whole, tmp_path)
    assert ("Tập thể B" in words, "Tập thể A" in words, "Số: 7/TTr" in words) == (True, False, True)

    made = client.http.get(f"{agency.path}{first.code}/report.pdf")
    assert made.content_type == "application/pdf"
    assert "Tập thể A" in text_of(made.data, tmp_path)


def test_a_proposal_of_nobody_or_with_an_impossible_day_is_not_made(app, agency):
    agency.draft()
    client = PageClient(app).sign_in(agency.account)

    path = f"{agency.path}proposal.pdf?scheme={scheme_of(agency).code}"

    page = client.open(f"{path}&on=31-31")
    assert (page.status, page.heading, len(page.errors)) == (422, "Proposal for signature", 1)
    page = client.open(f"{path}&code=NOTHING&on=31-31")
    assert (page.status, page.errors) == (422, ["Choose whom you propose."])
    assert client.open(f"{agency.path}proposal?scheme=nothing").status == 404


def test_another_agency_gets_neither(app, agency):
    nomination = agency.draft(nominee_name="Nguyễn Văn Bí Mật")
    other = make.organisation()
    stranger = make.account(Role.AGENCY, edition_id=agency.edition.id, organisation_id=other.id)
    client = PageClient(app).sign_in(stranger)

    assert client.open(f"{agency.path}{nomination.code}/report.pdf").status == 404
    assert client.open(f"{agency.path}proposal.pdf?organisation={agency.agency.code}").status == 404
    page = client.open(f"{agency.path}proposal")
    assert (page.status, "Bí Mật" in page.text) == (200, False)
