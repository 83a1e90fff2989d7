"""The finished demo edition: Nghệ An, 21 September 2023, the conference that launched the Day.

Co-chairs, documents, theme and sites are facts of public reports.  The hours within the afternoon, the honoured and
the decision are made up, and say so.
"""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from dxday.accounts import services as accounts
from dxday.adapters.storage import Storage
from dxday.awards import services as awards
from dxday.certificates import services as certificates
from dxday.core.actor import SYSTEM
from dxday.core.permissions import Role
from dxday.demo import building, people, places
from dxday.editions import services as editions
from dxday.editions.models import Edition
from dxday.editions.rules import DocumentKind
from dxday.nominations import services as nominations
from dxday.programme import publishing
from dxday.programme import services as programme
from dxday.programme.rules import PartKind, SessionKind

CODE = "nghe-an-2023"
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")


def at(text: str) -> datetime:
    """Return a moment on the Vietnamese clock."""
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def load(*, storage: Storage, now: datetime) -> Edition:
    """Add the edition; what happened then is written with the time at which it happened."""
    prepared = at("2023-08-29 08:00")
    edition = editions.add_edition(
        CODE,
        host=places.province(now),
        year=2023,
        name={
            "vi": "Ngày Chuyển đổi số quốc gia 2023 tại Nghệ An",
            "en": "National Digital Transformation Day 2023 in Nghệ An",
            "hi": "राष्ट्रीय डिजिटल परिवर्तन दिवस 2023, न्घे आन",
        },
        theme={
            "vi": "Khai thác dữ liệu số để tạo ra giá trị",
            "en": "Exploiting digital data to create value",
            "hi": "मूल्य सृजन के लिए डिजिटल डेटा का उपयोग",
        },
        summary={
            "vi": "Hội nghị trực tuyến toàn tỉnh với 21 điểm cầu: đánh giá Nghị quyết 09 của Tỉnh ủy và Kế hoạch 586 của Ủy ban "
            "nhân dân tỉnh về chuyển đổi số đến năm 2025, và phát động Ngày Chuyển đổi số quốc gia.",
            "en": "A province-wide online conference at 21 sites: evaluation of Resolution 09 of the provincial Party committee "
            "and Plan 586 of the People's Committee on digital transformation to 2025, and launch of the National Digital "
            "Transformation Day.",
            "hi": "21 स्थलों पर प्रांत-व्यापी ऑनलाइन सम्मेलन: 2025 तक के डिजिटल परिवर्तन पर प्रांतीय पार्टी समिति के संकल्प 09 और "
            "जन समिति की योजना 586 का मूल्यांकन, तथा राष्ट्रीय डिजिटल परिवर्तन दिवस का शुभारंभ।",
        },
        starts_on=date(2023, 9, 21),
        ends_on=date(2023, 10, 10),
        ceremony_on=date(2023, 10, 10),
        registration_opens_at=prepared,
        registration_closes_at=at("2023-09-20 17:00"),
        nominations_open_at=prepared,
        nominations_close_at=at("2023-09-15 17:00"),
        actor=SYSTEM,
        now=now,
    )
    _add_documents(edition)
    _add_programme(edition, prepared)
    _add_honours(edition, storage=storage, prepared=prepared)
    return edition


def _add_documents(edition: Edition) -> None:
    rows = [
        (
            DocumentKind.DECISION, "505/QĐ-TTg", date(2022, 4, 22),
            {"vi": "Thủ tướng Chính phủ", "en": "The Prime Minister", "hi": "प्रधानमंत्री"},
            {
                "vi": "Lấy ngày 10 tháng 10 hằng năm là Ngày Chuyển đổi số quốc gia",
                "en": "10 October of each year is the National Digital Transformation Day",
                "hi": "प्रत्येक वर्ष 10 अक्टूबर राष्ट्रीय डिजिटल परिवर्तन दिवस है",
            },
            "baoapbac.vn, thvl.vn",
        ),
        (
            DocumentKind.RESOLUTION, "09-NQ/TU", date(2022, 8, 5),
            {"vi": "Tỉnh ủy Nghệ An", "en": "Party committee of Nghệ An province", "hi": "न्घे आन प्रांतीय पार्टी समिति"},
            {
                "vi": "Chuyển đổi số đến năm 2025",
                "en": "Digital transformation to 2025",
                "hi": "2025 तक डिजिटल परिवर्तन",
            },
            "cualo.vn",
        ),
        (
            DocumentKind.PLAN, "586/KH-UBND", date(2022, 8, 22),
            {"vi": "Ủy ban nhân dân tỉnh Nghệ An", "en": "People's Committee of Nghệ An province", "hi": "न्घे आन प्रांत की जन समिति"},
            {
                "vi": "Chuyển đổi số đến năm 2025",
                "en": "Digital transformation to 2025",
                "hi": "2025 तक डिजिटल परिवर्तन",
            },
            "cualo.vn",
        ),
        (
            DocumentKind.PLAN, "634", date(2023, 8, 29),
            {"vi": "Ủy ban nhân dân tỉnh Nghệ An", "en": "People's Committee of Nghệ An province", "hi": "न्घे आन प्रांत की जन समिति"},
            {
                "vi": "Tổ chức Ngày Chuyển đổi số quốc gia năm 2023 tại Nghệ An",
                "en": "Organising the National Digital Transformation Day 2023 in Nghệ An",
                "hi": "न्घे आन में राष्ट्रीय डिजिटल परिवर्तन दिवस 2023 का आयोजन",
            },
            None,
        ),
    ]  # fmt: skip
    for position, (kind, number, issued_on, issuer, title, source) in enumerate(rows):
        editions.add_document(
            edition,
            kind=kind,
            number=number,
            issued_on=issued_on,
            issuer=issuer,
            title=title,
            source=source,
            position=position,
        )


def _add_programme(edition: Edition, now: datetime) -> None:
    _, hall, _ = building.add_hall(edition, now)
    joined = [site for site, _ in building.add_joined_sites(edition, now, with_units=True).values()]
    province = places.province(now)
    chair = accounts.add_person(
        "Nguyễn Đức Trung",
        position={
            "vi": "Phó Bí thư Tỉnh ủy, Chủ tịch Ủy ban nhân dân tỉnh",
            "en": "Deputy Secretary of the provincial Party committee, Chairman of the provincial People's Committee",
            "hi": "प्रांतीय पार्टी समिति के उप सचिव, प्रांतीय जन समिति के अध्यक्ष",
        },
        organisation=province,
    )
    deputy = accounts.add_person(
        "Bùi Đình Long",
        position={
            "vi": "Phó Chủ tịch Ủy ban nhân dân tỉnh",
            "en": "Vice-Chairman of the provincial People's Committee",
            "hi": "प्रांतीय जन समिति के उपाध्यक्ष",
        },
        organisation=province,
    )
    director = accounts.add_person(
        "Lê Bá Hùng",
        position={
            "vi": "Giám đốc Sở Thông tin và Truyền thông",
            "en": "Director of the Department of Information and Communications",
            "hi": "सूचना एवं संचार विभाग के निदेशक",
        },
        organisation=province,
    )
    hours = {
        "vi": "Giờ trong buổi chiều là giả định cho bản minh họa.",
        "en": "The hours within the afternoon are assumed for this demonstration.",
        "hi": "दोपहर के भीतर के समय इस प्रदर्शन के लिए माने गए हैं।",
    }
    sessions = [
        (
            "launch", SessionKind.CEREMONY, "14:00", "14:30",
            {
                "vi": "Lễ phát động Ngày Chuyển đổi số quốc gia năm 2023",
                "en": "Launch of the National Digital Transformation Day 2023",
                "hi": "राष्ट्रीय डिजिटल परिवर्तन दिवस 2023 का शुभारंभ",
            },
        ),
        (
            "review", SessionKind.CONFERENCE, "14:30", "17:00",
            {
                "vi": "Hội nghị trực tuyến sơ kết 01 năm thực hiện Nghị quyết 09-NQ/TU và Kế hoạch 586/KH-UBND",
                "en": "Online conference: one-year preliminary review of Resolution 09-NQ/TU and Plan 586/KH-UBND",
                "hi": "ऑनलाइन सम्मेलन: संकल्प 09-NQ/TU और योजना 586/KH-UBND की एक वर्षीय समीक्षा",
            },
        ),
    ]  # fmt: skip
    for key, kind, begins, ends, title in sessions:
        programme.add_session(
            edition,
            guid=building.guid(CODE, key),
            kind=kind,
            title=title,
            abstract=hours,
            starts_at=at(f"2023-09-21 {begins}"),
            ends_at=at(f"2023-09-21 {ends}"),
            room=hall,
            receiving=joined,
            parts={PartKind.CO_CHAIR: [chair, deputy, director]},
            actor=SYSTEM,
            now=now,
        )
    publishing.publish(edition, name="Bản đầu tiên", actor=SYSTEM, now=now)


def _add_honours(edition: Edition, *, storage: Storage, prepared: datetime) -> None:
    categories = building.add_scheme(edition, "law-2003", prepared)
    handed_in = at("2023-09-10 09:00")
    dossiers = [
        (
            "tap-the", "Tổ công nghệ số cộng đồng xã Mẫu", "Xã Mẫu (ví dụ)",
            "Đã có thành tích trong việc hướng dẫn người dân sử dụng dịch vụ công trực tuyến",
        ),
        (
            "tap-the", "Trung tâm Dữ liệu Thí Dụ", "Sở Mẫu (đơn vị ví dụ)",
            "Đã có thành tích trong việc khai thác dữ liệu số phục vụ chỉ đạo, điều hành",
        ),
        (
            "ca-nhan", "Bà Hoàng Thị Minh Họa", "Chuyên viên, Sở Mẫu (đơn vị ví dụ)",
            "Đã có thành tích trong việc số hóa hồ sơ lưu trữ",
        ),
    ]  # fmt: skip
    officer, council = people.actor_for(Role.AGENCY), people.actor_for(Role.COUNCIL)
    honoured = []
    for code, nominee, position, achievement in dossiers:
        nomination = building.add_dossier(
            categories[code],
            nominee=nominee,
            position=position,
            achievement=f"{achievement}. (Thành tích giả định cho bản minh họa.)",
            storage=storage,
            now=handed_in,
        )
        nominations.submit_nomination(nomination, actor=officer, now=handed_in)
        honoured.append((nomination, f"{achievement}, năm 2023"))
    decided = at("2023-10-05 10:00")
    decision = awards.record_decision(
        edition,
        number="00/QĐ-MẪU",
        decided_on=date(2023, 10, 5),
        signatory_name="Người Ký Mẫu",
        signatory_title="Chức danh mẫu",
        place="Nghệ An",
        awards=honoured,
        announce_at=decided,
        actor=council,
        now=decided,
    )
    certificates.issue_for_decision(decision, actor=council, now=decided)
