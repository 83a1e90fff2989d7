"""Comparing the text of a new dossier with 20,000 old ones, against comparing it with each of them."""

import difflib
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from flask_migrate import upgrade
from sqlalchemy import insert, text

import config
from dxday.accounts.models import Account, Organisation
from dxday.accounts.rules import OrganisationKind
from dxday.app import create_app
from dxday.appraisal import rules, services, texts
from dxday.appraisal.models import DossierPrint, Fingerprint, Likeness
from dxday.core.vietnamese import fold
from dxday.db import db, transaction
from dxday.editions.models import Edition
from dxday.nominations.models import Nomination
from dxday.nominations.rules import State
from dxday.schemes.models import Category, Scheme
from dxday.schemes.rules import AwardForm, NomineeKind
from tests import databases

OLD, NEW = 20_000, 30
WORDS = 350
SAMPLE = 40
NOW = datetime(2030, 9, 30, 12, tzinfo=UTC)

SUBJECTS = (
    "Tổ công nghệ số cộng đồng|Ủy ban nhân dân xã|Phòng Văn hóa và Thông tin|Trường trung học cơ sở|Trạm y tế"
    "|Đoàn thanh niên|Hội nông dân|Hợp tác xã|Công an xã|Bưu điện"
).split("|")
VERBS = (
    "đã hướng dẫn|đã vận động|đã hỗ trợ|đã tập huấn cho|đã lập danh sách|đã cài đặt cho|đã nối mạng cho"
    "|đã số hóa dữ liệu của|đã kiểm tra|đã phát thiết bị cho"
).split("|")
OBJECTS = (
    "hộ gia đình|hộ kinh doanh|cán bộ|giáo viên|người cao tuổi|đoàn viên|hợp tác xã|doanh nghiệp nhỏ|học sinh"
    "|người khuyết tật"
).split("|")
THINGS = (
    "nộp hồ sơ dịch vụ công trực tuyến|mở tài khoản định danh điện tử mức hai|thanh toán không dùng tiền mặt"
    "|ký số văn bản đi|đưa sản phẩm lên sàn thương mại điện tử|tra cứu bảo hiểm trên ứng dụng"
    "|dùng sổ sức khỏe điện tử|họp trực tuyến với tỉnh|bảo vệ tài khoản trước lừa đảo|khai thuế qua mạng"
).split("|")
RESULTS = (
    "tiết kiệm|rút ngắn|nâng tỷ lệ hài lòng lên|tăng doanh thu|giảm giấy tờ|đạt tỷ lệ|vượt kế hoạch".split(
        "|"
    )
)
PLACES = "Diễn Châu|Yên Thành|Quỳnh Lưu|Đô Lương|Nam Đàn|Thanh Chương|Con Cuông|Kỳ Sơn|Quế Phong".split("|")
EVERYBODY_WRITES = (
    "Thực hiện Nghị quyết của Ban Thường vụ Tỉnh ủy về chuyển đổi số đến năm 2025, định hướng đến năm 2030, đơn vị đã"
    " xây dựng kế hoạch, phân công nhiệm vụ cụ thể cho từng cán bộ, công chức và người lao động.",
    "Tập thể đoàn kết, chấp hành tốt chủ trương của Đảng, chính sách và pháp luật của Nhà nước, hoàn thành xuất sắc"
    " nhiệm vụ được giao trong năm.",
)


def run(old: int = OLD, new: int = NEW) -> dict[str, dict[str, Any]]:
    """Measure on SQLite and PostgreSQL and return `{name: {value, unit, baseline, ratio}}`; takes some minutes."""
    chance = random.Random(1010)
    corpus = [_report(chance) for _ in range(old)]
    words = [texts.fold_words(each) for each in corpus]
    prints = [sorted(texts.fingerprint_words(each)) for each in words]
    copies = [chance.randrange(old) for _ in range(new)]
    written = [_disguise(corpus[copied], chance) for copied in copies]
    each_with_each = _baselines(texts.fold_words(written[0]), words)
    results: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory(prefix="dxday-bench-") as folder:
        for name, address in (("SQLite", None), ("PostgreSQL", _postgresql())):
            if name == "PostgreSQL" and address is None:
                continue
            given = {"DXDAY_INSTANCE": str(Path(folder) / name), "DEFAULT_LOCALE": "vi"}
            app = create_app(config.read(given | ({"DATABASE_URL": address} if address else {})))
            with app.app_context():
                upgrade()
                category, agency, account = _fill(corpus, words, prints)
                taken, right = _measure(category, agency, account, written, copies)
                db.engine.dispose()
            for baseline, seconds in each_with_each.items():
                results[f"a text against {old:,}, {name}, over {baseline.partition(',')[0]}"] = {
                    "value": round(statistics.median(taken) * 1000, 1),
                    "unit": "ms",
                    "baseline": f"{baseline}: {seconds:.1f} s; found {right} of {new}, worst {max(taken):.2f} s",
                    "ratio": round(statistics.median(taken) / seconds, 5),
                }
    return results


def _report(chance: random.Random) -> str:
    """Return a report as agencies write them: two sentences that all have, and work, figures and places of its own."""
    sentences = [chance.choice(EVERYBODY_WRITES)]
    while sum(len(each.split()) for each in sentences) < WORDS:
        who, where = chance.choice(SUBJECTS), chance.choice(PLACES)
        whom, what = chance.choice(OBJECTS), chance.choice(THINGS)
        since = f"so với năm {chance.randrange(2018, 2025)}, nhất là ở xóm {chance.randrange(1, 40)}"
        sentences.append(
            f"{who} {where} {chance.choice(VERBS)} {chance.randrange(20, 5000)} {whom} {what}, {chance.choice(RESULTS)}"
            f" {chance.randrange(5, 99)} phần trăm {since} và {chance.choice(THINGS)} tại {chance.choice(PLACES)}."
        )
    return " ".join([*sentences, EVERYBODY_WRITES[1]])


def _disguise(report: str, chance: random.Random) -> str:
    """Return a report as somebody takes it over: sentences in another order, a word in fifteen changed, no accents."""
    sentences = report.split(". ")
    chance.shuffle(sentences)
    words = ". ".join(sentences).split()
    return fold(" ".join("moi" if chance.random() < 1 / 15 else word for word in words))


def _baselines(new: list[str], old: list[list[str]]) -> dict[str, float]:
    """Return how many seconds it takes to compare a text with each of the others, measured on some of them."""

    def ratio(other: list[str]) -> None:
        difflib.SequenceMatcher(None, new, other, autojunk=False).ratio()

    own = _shingles(new)

    def resemblance(other: list[str]) -> None:
        shingles = _shingles(other)
        len(own & shingles) / len(own | shingles)

    return {
        f"difflib.ratio with each, measured on {SAMPLE}": _each(ratio, old),
        f"resemblance (Broder) with each, measured on {SAMPLE}": _each(resemblance, old),
    }


def _each(act: Callable[[list[str]], None], old: list[list[str]]) -> float:
    begun = time.perf_counter()
    for other in old[:SAMPLE]:
        act(other)
    return (time.perf_counter() - begun) / SAMPLE * len(old)


def _shingles(words: list[str]) -> set[tuple[str, ...]]:
    return {tuple(words[at : at + texts.SHINGLE]) for at in range(len(words) - texts.SHINGLE + 1)}


def _fill(
    corpus: list[str], words: list[list[str]], prints: list[list[int]]
) -> tuple[Category, Organisation, Account]:
    with transaction():
        agency = Organisation(code="bench", kind=OrganisationKind.COMMUNE, name={"vi": "Xã Mẫu"})
        account = Account(
            email="b@example.org", email_key="b@example.org", full_name="B", session_stamp="s", created_at=NOW
        )
        db.session.add_all([agency, account])
        db.session.flush()
        edition = Edition(
            code="bench",
            year=2030,
            name={"vi": "Ngày Chuyển đổi số"},
            host_id=agency.id,
            starts_on=date(2030, 10, 10),
            ends_on=date(2030, 10, 10),
        )
        db.session.add(edition)
        db.session.flush()
        scheme = Scheme(
            edition_id=edition.id,
            code="s",
            name={"vi": "Khen thưởng"},
            form=AwardForm.BANG_KHEN,
            legal_basis="",
            giver={"vi": "Chủ tịch"},
            signatory_title={"vi": "Chủ tịch"},
        )
        db.session.add(scheme)
        db.session.flush()
        category = Category(
            edition_id=edition.id,
            scheme_id=scheme.id,
            code="c",
            name={"vi": "Tập thể"},
            nominee_kind=NomineeKind.COLLECTIVE,
        )
        db.session.add(category)
        db.session.flush()
        for begin in range(0, len(corpus), 1000):
            db.session.execute(
                insert(Nomination),
                [
                    _row(category, agency, account, at, corpus[at])
                    for at in range(begin, min(begin + 1000, len(corpus)))
                ],
            )
        first = db.session.scalar(text("SELECT min(id) FROM nomination"))
        for begin in range(0, len(corpus), 1000):
            batch = range(begin, min(begin + 1000, len(corpus)))
            db.session.execute(
                insert(DossierPrint),
                [
                    {
                        "nomination_id": first + at,
                        "version": 1,
                        "digest": f"{at:064d}",
                        "words": " ".join(words[at]),
                        "nominee_key": rules.nominee_key(f"Tổ {at}"),
                    }
                    for at in batch
                ],
            )
            db.session.execute(
                insert(Fingerprint),
                [{"hash": each, "nomination_id": first + at} for at in batch for each in prints[at]],
            )
    with transaction():
        db.session.execute(text("ANALYZE"))
    return category, agency, account


def _row(category: Category, agency: Organisation, account: Account, at: int, report: str) -> dict[str, Any]:
    return {
        "edition_id": category.edition_id,
        "category_id": category.id,
        "organisation_id": agency.id,
        "organisation_name": agency.name,
        "code": f"N{at:07d}",
        "guid": uuid4(),
        "state": State.SUBMITTED,
        "nominee_name": f"Tổ {at}",
        "nominee_position": "",
        "nominee_email": "",
        "achievement": report,
        "contact_name": "",
        "contact_email": "",
        "contact_locale": "vi",
        "created_by_id": account.id,
        "created_at": NOW,
        "updated_at": NOW,
        "submitted_at": NOW,
        "version": 1,
    }


def _measure(
    category: Category, agency: Organisation, account: Account, written: list[str], copies: list[int]
) -> tuple[list[float], int]:
    """Return the seconds that each new text took from its submission, and how many were found to be copies."""
    taken, right = [], 0
    first = db.session.scalar(text("SELECT min(id) FROM nomination"))
    for at, report in enumerate(written):
        with transaction():
            new = Nomination(**_row(category, agency, account, OLD + at, report))
            db.session.add(new)
            db.session.flush()
        begun = time.perf_counter()
        with transaction():
            services.note_text(new)
        taken.append(time.perf_counter() - begun)
        found = db.session.get(Likeness, (first + copies[at], new.id))
        right += found is not None and max(found.one_share, found.other_share) >= rules.LIKE_ENOUGH
    return taken, right


def _postgresql() -> str | None:
    try:
        return databases.postgresql().new_database()
    except databases.NoPostgreSQL as reason:
        print(f"  PostgreSQL is left out: {reason}", file=sys.stderr)
        return None
