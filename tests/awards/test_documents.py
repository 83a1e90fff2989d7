"""The document of a decision: what it says, in which form and fonts, kept once and handed out as it was made."""

import hashlib
import re
import shutil
import subprocess
from datetime import date
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest

from dxday.adapters.storage import open_storage
from dxday.audit import queries as audit
from dxday.awards import document, operations, queries, rules, services
from dxday.awards import wording as wordings
from dxday.ballots.models import Ballot, BallotItem, BallotMinutes
from dxday.ballots.rules import State as BallotState
from dxday.core.carriage import Carriage
from dxday.core.permissions import Role
from dxday.db import db
from dxday.nominations import queries as nominations
from dxday.nominations.rules import NotTheCouncil, State
from dxday.operations import jobs as long_work
from dxday.operations.models import Operation
from dxday.schemes.models import Scheme
from dxday.schemes.rules import AwardForm, NomineeKind
from tests import make

pytestmark = pytest.mark.skipif(
    shutil.which("pdftotext") is None, reason="no poppler-utils to read PDFs with"
)

FAMILIES = {"Tinos", "Tinos-Bold", "Tinos-Italic", "Tinos-Bold-Italic"}
HOSTILE = '<script>x</script> {{ 7*7 }} "<img src=http://127.0.0.1/x>" & </style> \\ 😀'


def read(data: bytes, folder: Path, *options: str) -> str:
    path = folder / "x.pdf"
    path.write_bytes(data)
    return subprocess.run(
        ["pdftotext", "-layout", *options, str(path), "-"], capture_output=True, text=True, check=True
    ).stdout


def words_of(data: bytes, folder: Path) -> str:
    return " ".join(read(data, folder).split())


def fonts_of(data: bytes, folder: Path) -> set[str]:
    path = folder / "x.pdf"
    path.write_bytes(data)
    listed = subprocess.run(["pdffonts", str(path)], capture_output=True, text=True, check=True).stdout
    rows = listed.splitlines()[2:]
    assert [row for row in rows if not re.search(r" yes yes yes +\d+ +0$", row)] == []
    return {row.split()[0].partition("+")[2] for row in rows}


def scheme_of(council) -> Scheme:
    return db.session.get(Scheme, council.category.scheme_id)


@pytest.fixture
def office(council):
    """A council whose scheme stands on the law, in full words."""
    scheme = scheme_of(council)
    scheme.name = {"vi": "Chuyển đổi số năm 2026"}
    scheme.giver = {"vi": "Chủ tịch Ủy ban nhân dân tỉnh Nghệ An"}
    scheme.legal_basis = "Luật Thi đua, khen thưởng số 06/2022/QH15; Nghị định 152/2025/NĐ-CP"
    scheme.pack = "law-2022-2025@1"
    council.category.name = {"vi": "Tập thể"}
    return council


def draw(decision):
    return document.draw_decision(decision, queries.awards_of(decision.id))


def test_it_has_the_parts_that_the_decree_wants_in_their_places(office, tmp_path):
    nomination = office.nomination(nominee_name="Tổ công nghệ số Mẫu", nominee_position="Xã Thí Dụ")
    decision = office.record(nomination, number="3204/QĐ-UBND", decided_on=date(2026, 2, 5))

    words = words_of(draw(decision), tmp_path)

    parts = [
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "Độc lập - Tự do - Hạnh phúc",
        "Số: 3204/QĐ-UBND",
        "Nghệ An, ngày 05 tháng 02 năm 2026",
        "QUYẾT ĐỊNH Về việc tặng Bằng khen",
        "CHỦ TỊCH ỦY BAN NHÂN DÂN TỈNH NGHỆ AN",
        "Căn cứ Luật Thi đua, khen thưởng số 06/2022/QH15;",
        "Căn cứ Nghị định 152/2025/NĐ-CP ngày 14 tháng 6 năm 2025.",
        "QUYẾT ĐỊNH:",
        "Điều 1. Tặng Bằng khen của Chủ tịch Ủy ban nhân dân tỉnh Nghệ An cho Tổ công nghệ số Mẫu, Xã Thí Dụ",
        "Điều 2. Quyết định này có hiệu lực kể từ ngày ký.",
        "Điều 3. Thủ trưởng các cơ quan",
        "chịu trách nhiệm thi hành Quyết định này./.",
        "Nơi nhận:",
        "CHỦ TỊCH",
        "Phạm Văn Thử",
        "Phụ lục DANH SÁCH TẬP THỂ ĐƯỢC TẶNG BẰNG KHEN",
        "Tổ công nghệ số Mẫu",
    ]
    found = [words.find(part) for part in parts]
    assert [part for part, place in zip(parts, found, strict=True) if place < 0] == []


def test_it_is_tagged_in_vietnamese_with_a_title_and_our_fonts_alone(office, tmp_path):
    data = draw(office.record(office.nomination(), number="3204/QĐ-UBND"))

    assert fonts_of(data, tmp_path) == FAMILIES
    with pikepdf.open(BytesIO(data)) as pdf:
        assert (str(pdf.Root.Lang), bool(pdf.Root.MarkInfo.Marked)) == ("vi", True)
        with pdf.open_metadata() as metadata:
            assert metadata["dc:title"] == "Quyết định 3204/QĐ-UBND: Về việc tặng Bằng khen"
            assert (metadata["pdfaid:part"], metadata["pdfaid:conformance"]) == ("3", "A")


def test_a_long_list_goes_over_pages_with_its_head_on_each_and_everybody_in_it_once(office, tmp_path):
    single = make.category(scheme_of(office), nominee_kind=NomineeKind.INDIVIDUAL, name={"vi": "Cá nhân"})
    honoured = [
        make.nomination(single if number % 2 else office.category, nominee_name=f"Người{number:03d}")
        for number in range(120)
    ]

    decision = office.record(*honoured)
    pages = read(draw(decision), tmp_path).rstrip("\f").split("\f")

    assert len(pages) > 4
    assert all("Thành tích" in page for page in pages[1:])
    listed = re.findall(r"Người(\d{3})", "".join(pages[1:]))
    assert sorted(listed) == [f"{number:03d}" for number in range(120)]
    assert listed == [f"{n:03d}" for n in [*range(0, 120, 2), *range(1, 120, 2)]]
    assert "60 tập thể, 60 cá nhân" in words_of(draw(decision), tmp_path)


def test_two_schemes_have_two_lists(office, tmp_path):
    other = make.category(make.scheme(office.edition, form=AwardForm.GIAY_KHEN))
    decision = office.record(office.nomination(), make.nomination(other))

    words = words_of(draw(decision), tmp_path)

    assert decision.annexes == [
        "Danh sách tập thể được tặng Bằng khen",
        "Danh sách tập thể được tặng Giấy khen",
    ]
    assert "Phụ lục I DANH SÁCH" in words
    assert "Phụ lục II DANH SÁCH" in words


def test_what_people_write_is_printed_and_never_carried_out(office, tmp_path):
    nomination = office.nomination(nominee_name=f"{HOSTILE} {'Nguyễn' * 40}", nominee_position=HOSTILE)
    wording = rules.Wording(HOSTILE, HOSTILE, HOSTILE, (HOSTILE,), (HOSTILE,), (HOSTILE,))

    decision = office.record(
        nomination, wording=wording, signatory_name=HOSTILE, signatory_title=HOSTILE, place=HOSTILE
    )

    words = words_of(draw(decision), tmp_path)
    assert "<script>x</script> {{ 7*7 }}" in words
    assert "49" not in words


def test_the_same_decision_gives_the_same_bytes_whatever_becomes_of_its_scheme(office):
    decision = office.record(office.nomination())
    before = draw(decision)

    scheme_of(office).legal_basis = "Luật khác"
    scheme_of(office).name = {"vi": "Tên khác"}

    assert draw(decision) == before


# The words -----------------------------------------------------------------------------------------------------------


def test_the_minutes_of_the_ballot_are_a_basis_with_number_and_hash(office):
    scheme = scheme_of(office)
    nomination = office.nomination(state=State.APPROVED)
    body = make.council(office.edition, scheme, name={"vi": "Hội đồng Thi đua – Khen thưởng"})
    ballot = make.save(
        Ballot(
            edition_id=office.edition.id,
            scheme_id=scheme.id,
            council_id=body.id,
            state=BallotState.CLOSED,
            created_at=make.NOW,
            closed_at=make.at("2026-02-05 09:00"),
            secret=True,
            quorum=67,
            threshold=90,
            rounds=1,
            tie_break=scheme.tie_break,
        )
    )
    make.save(
        BallotItem(
            ballot_id=ballot.id,
            nomination_id=nomination.id,
            code=nomination.code,
            nominee_name="x",
            organisation_name={},
            position=1,
        )
    )
    make.save(
        BallotMinutes(
            ballot_id=ballot.id,
            number="12/BB-HĐ",
            storage_key="k",
            size=1,
            sha256="ab" * 32,
            written_at=make.NOW,
        )
    )

    decision = office.record(nomination)

    assert decision.bases[-2:] == [
        "Căn cứ Biên bản số 12/BB-HĐ ngày 05 tháng 02 năm 2026 của Hội đồng Thi đua – Khen thưởng"
        f" (SHA-256: {'ab' * 32})",
        "Theo đề nghị của Hội đồng Thi đua – Khen thưởng",
    ]


def test_the_sources_of_the_laws_are_those_of_the_rule_pack(office):
    chosen = nominations.list_by_codes(office.edition.id, [office.nomination().code])

    assert ("Nghị định 152/2025/NĐ-CP", "cantho.gov.vn; laodong.vn") in wordings.list_sources(chosen)


@pytest.mark.parametrize(
    ("office_name", "agency"),
    [
        ("Chủ tịch Ủy ban nhân dân tỉnh Nghệ An", "Ủy ban nhân dân tỉnh Nghệ An"),
        ("Bộ trưởng Bộ Khoa học và Công nghệ", "Bộ Khoa học và Công nghệ"),
        ("Giám đốc Sở Khoa học và Công nghệ", "Sở Khoa học và Công nghệ"),
        ("Ban Tổ chức", "Ban Tổ chức"),
    ],
)
def test_the_agency_of_an_office_is_proposed(office_name, agency):
    assert wordings.issuer_of(office_name) == agency


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"bases": ()}, rules.BasisMissing),
        ({"articles": ()}, rules.ArticleMissing),
        ({"bases": ("Căn cứ x",) * 41}, rules.TooManyLines),
        ({"articles": ("x" * 2001,)}, rules.TooManyLines),
    ],
)
def test_words_that_make_no_decision_are_refused(office, given, refusal):
    plain = {
        "issuer": "Ủy ban",
        "authority": "Chủ tịch",
        "about": "Về việc",
        "bases": ("Căn cứ Luật",),
        "articles": ("Tặng.",),
        "recipients": (),
    }
    nomination = office.nomination()

    with pytest.raises(refusal):
        office.record(nomination, wording=rules.Wording(**(plain | given)))


# Keeping it ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def storage(app):
    return open_storage(app.extensions["dxday_settings"].storage_url)


def keep(office, decision, storage, data=b"%PDF-1.7 x"):
    return services.keep_document(decision, data, storage=storage, actor=office.secretary, now=make.NOW)


def test_it_is_kept_once_with_its_hash_in_the_trail(office, storage):
    decision = office.record(office.nomination(), number="1/QĐ-UBND")

    kept = keep(office, decision, storage)
    with pytest.raises(rules.DocumentMade):
        keep(office, decision, storage)
    data = services.hand_out_document(decision, kept, storage=storage, actor=office.secretary, now=make.NOW)
    db.session.commit()

    digest = hashlib.sha256(b"%PDF-1.7 x").hexdigest()
    assert (data, kept.sha256) == (b"%PDF-1.7 x", digest)
    newest = audit.list_entries(edition_id=office.edition.id)[:2]
    assert [(each.action, each.subject, each.facts) for each in newest] == [
        ("decision.document_downloaded", "1/QĐ-UBND", {}),
        ("decision.document_made", "1/QĐ-UBND", {"size": 10, "sha256": digest}),
    ]


def test_a_file_that_was_changed_or_is_gone_is_not_handed_out(office, storage):
    decision = office.record(office.nomination())
    kept = keep(office, decision, storage)

    def hand_out():
        services.hand_out_document(decision, kept, storage=storage, actor=office.secretary, now=make.NOW)

    hand_out()
    kept.sha256 = "0" * 64
    with pytest.raises(rules.DocumentDamaged):
        hand_out()
    kept.storage_key = "decisions/0/nothing.pdf"
    with pytest.raises(rules.DocumentDamaged):
        hand_out()


def test_only_who_records_decisions_keeps_one_and_only_of_words_that_were_kept(office, storage):
    decision, old = office.record(office.nomination()), make.decision(office.edition)

    with pytest.raises(NotTheCouncil):
        services.keep_document(
            decision,
            b"x",
            storage=storage,
            actor=make.actor(Role.ORGANIZER, edition_id=office.edition.id),
            now=make.NOW,
        )
    with pytest.raises(rules.WordsMissing):
        keep(office, old, storage)


def test_a_worker_makes_a_long_one_and_what_a_dead_one_has_kept_stands(office, storage):
    decision = office.record(office.nomination())
    operation = make.save(
        Operation(
            key="d",
            kind=operations.DOCUMENT.name,
            edition_id=office.edition.id,
            arguments={"decision": decision.id},
            requested_by_id=office.account.id,
            created_at=make.NOW,
            carriage=Carriage.QUEUED,
        )
    )
    db.session.commit()

    long_work.carry_operation(operation.id, make.NOW)

    kept = queries.find_document(decision.id)
    assert storage.get(kept.storage_key) == draw(decision)
    again = operations.make_document(operation, lambda *_: None, make.NOW)
    assert again.answer == {"decision": decision.id, "number": decision.number}
