"""The open demo edition `next`: the coming 10 October, registration and nominations open from today on.

Its theme is not announced, so there is none.  The places of 2023 are kept as sites; the districts themselves ended in
2025.  Everybody in it is made up.
"""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dxday.accounts import services as accounts
from dxday.adapters.storage import Storage
from dxday.core.actor import SYSTEM
from dxday.core.i18n import Translations
from dxday.core.permissions import Role
from dxday.demo import building, honours, people, places
from dxday.editions import services as editions
from dxday.editions.models import Edition
from dxday.editions.rules import DocumentKind
from dxday.nominations import services as nominations
from dxday.programme import publishing
from dxday.programme import services as programme
from dxday.programme.rules import PartKind, SessionKind
from dxday.registration.rules import SeatMode
from dxday.reminders import services as reminders
from dxday.reminders.rules import Unit

CODE = "next"
COORDINATED = "cua-lo"
"""The site that the demo's coordinator looks after: it holds a session of its own."""
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")


def day_after(today: date) -> date:
    """Return the coming 10 October; on the Day itself, that day."""
    this_year = date(today.year, 10, 10)
    return this_year if today <= this_year else date(today.year + 1, 10, 10)


def add_reminders(edition: Edition, *, now: datetime) -> None:
    """Add the usual reminder rules, and switch on the one that people count on: the day before."""
    for rule in reminders.add_usual_rules(edition, actor=SYSTEM, now=now):
        if (rule.audience, rule.amount, rule.unit) == ("registrants", 1, Unit.DAYS):
            reminders.switch_on(rule, seen=rule.version, actor=SYSTEM, now=now)


def load(*, storage: Storage, now: datetime) -> Edition:
    """Add the edition, open since this morning."""
    today = now.astimezone(ZONE).date()
    day = day_after(today)

    def moment(on: date, clock: str) -> datetime:
        return datetime.combine(on, time.fromisoformat(clock), tzinfo=ZONE)

    opened = moment(today, "00:00")
    edition = editions.add_edition(
        CODE,
        host=places.province(now),
        year=day.year,
        name={
            "vi": f"Ngày Chuyển đổi số quốc gia {day.year} tại Nghệ An",
            "en": f"National Digital Transformation Day {day.year} in Nghệ An",
            "hi": f"राष्ट्रीय डिजिटल परिवर्तन दिवस {day.year}, न्घे आन",
        },
        theme=None,
        summary={
            "vi": "Bản minh họa: chương trình, diễn giả và đơn vị đề nghị là giả định; chủ đề của năm chưa được công bố.",
            "en": "A demonstration: programme, speakers and agencies are made up; the theme of the year is not announced yet.",
            "hi": "यह एक प्रदर्शन है: कार्यक्रम, वक्ता और एजेंसियाँ काल्पनिक हैं; वर्ष का विषय अभी घोषित नहीं हुआ है।",
        },
        starts_on=day,
        ends_on=day,
        ceremony_on=day,
        registration_opens_at=opened,
        # However near the Day is when the demo is loaded, there is time left to try everything.
        registration_closes_at=max(moment(day, "07:00"), moment(today, "23:59")),
        nominations_open_at=opened,
        nominations_close_at=max(
            moment(day - timedelta(days=30), "17:00"), moment(today + timedelta(days=7), "17:00")
        ),
        actor=SYSTEM,
        now=now,
    )
    editions.add_document(
        edition,
        kind=DocumentKind.DECISION,
        number="505/QĐ-TTg",
        issued_on=date(2022, 4, 22),
        issuer={"vi": "Thủ tướng Chính phủ", "en": "The Prime Minister", "hi": "प्रधानमंत्री"},
        title={
            "vi": "Lấy ngày 10 tháng 10 hằng năm là Ngày Chuyển đổi số quốc gia",
            "en": "10 October of each year is the National Digital Transformation Day",
            "hi": "प्रत्येक वर्ष 10 अक्टूबर राष्ट्रीय डिजिटल परिवर्तन दिवस है",
        },
        source="baoapbac.vn, thvl.vn",
        position=0,
    )
    main, hall, exhibition = building.add_hall(edition, now)
    joined = building.add_joined_sites(edition, now, with_units=False)
    building.add_seats(
        [
            (main, SeatMode.ON_SITE, 300),
            (main, SeatMode.ONLINE, 5000),
            *((site, SeatMode.ON_SITE, 60) for site, _ in joined.values()),
        ],
        now,
    )
    speaker = accounts.add_person(
        "Nguyễn Văn Mẫu",
        position={"vi": "Diễn giả (ví dụ)", "en": "Speaker (example)", "hi": "वक्ता (उदाहरण)"},
        email="dien-gia@example.org",
    )
    chair = accounts.add_person(
        "Trần Thị Thí Dụ",
        position={"vi": "Chủ trì (ví dụ)", "en": "Chair (example)", "hi": "अध्यक्ष (उदाहरण)"},
        email="chu-tri@example.org",
    )
    all_sites = [site for site, _ in joined.values()]
    rows: list[tuple[str, SessionKind, str, str, str, Translations]] = [
        ("opening", SessionKind.CEREMONY, "08:00", "08:45", "hall+", {
            "vi": "Lễ khai mạc", "en": "Opening ceremony", "hi": "उद्घाटन समारोह"}),
        ("conference", SessionKind.CONFERENCE, "09:00", "11:30", "hall+", {
            "vi": "Hội nghị trực tuyến đánh giá kết quả chuyển đổi số trong năm",
            "en": "Online conference: the year's results of digital transformation",
            "hi": "ऑनलाइन सम्मेलन: वर्ष के डिजिटल परिवर्तन के परिणाम"}),
        ("exhibition", SessionKind.EXHIBITION, "08:00", "17:00", "exhibition", {
            "vi": "Triển lãm sản phẩm và dịch vụ số", "en": "Exhibition of digital products and services",
            "hi": "डिजिटल उत्पादों और सेवाओं की प्रदर्शनी"}),
        ("contest", SessionKind.CONTEST, "09:00", "16:00", "exhibition", {
            "vi": "Hội thi kỹ năng số cho thanh niên", "en": "Digital-skills contest for young people",
            "hi": "युवाओं के लिए डिजिटल कौशल प्रतियोगिता"}),
        ("services", SessionKind.TRAINING, "13:30", "15:00", "cua-lo", {
            "vi": "Tập huấn dịch vụ công trực tuyến", "en": "Training: public services online",
            "hi": "प्रशिक्षण: ऑनलाइन लोक सेवाएँ"}),
        ("payments", SessionKind.TRAINING, "13:30", "15:00", "vinh", {
            "vi": "Tập huấn thanh toán không dùng tiền mặt", "en": "Training: cashless payment",
            "hi": "प्रशिक्षण: नकदरहित भुगतान"}),
        ("teams", SessionKind.WORKSHOP, "13:30", "15:30", "ky-son", {
            "vi": "Hội thảo tổ công nghệ số cộng đồng vùng cao",
            "en": "Workshop of community digital-technology teams in the highlands",
            "hi": "उच्चभूमि की सामुदायिक डिजिटल टीमों की कार्यशाला"}),
        ("data", SessionKind.TALK, "13:30", "15:30", "hall", {
            "vi": "Tọa đàm: dữ liệu mở cho doanh nghiệp nhỏ", "en": "Talk: open data for small enterprises",
            "hi": "वार्ता: छोटे उद्यमों के लिए खुला डेटा"}),
        ("honours", SessionKind.CEREMONY, "16:00", "17:00", "hall+", {
            "vi": "Lễ tôn vinh", "en": "Honouring ceremony", "hi": "सम्मान समारोह"}),
    ]  # fmt: skip
    for key, kind, begins, ends, place, title in rows:
        room = {"hall": hall, "hall+": hall, "exhibition": exhibition}.get(place) or joined[place][1]
        programme.add_session(
            edition,
            guid=building.guid(CODE, str(day.year), key),
            kind=kind,
            title=title,
            starts_at=moment(day, begins),
            ends_at=moment(day, ends),
            room=room,
            receiving=all_sites if place == "hall+" else (),
            parts={PartKind.CHAIR: [chair]}
            if place == "hall+"
            else {PartKind.SPEAKER: [speaker]}
            if place == "hall"
            else None,
            actor=SYSTEM,
            now=now,
        )
    publishing.publish(edition, name="Bản đầu tiên", actor=SYSTEM, now=now)
    categories = building.add_scheme(edition, "law-2022-2025", now)
    submitted = building.add_dossier(
        categories["tap-the"],
        nominee="Tổ công nghệ số cộng đồng phường Thí Dụ",
        position="Phường Thí Dụ (ví dụ)",
        achievement="Hướng dẫn 1.200 lượt người dân cài đặt định danh điện tử và nộp hồ sơ trực tuyến. (Ví dụ.)",
        storage=storage,
        now=now,
    )
    nominations.submit_nomination(submitted, actor=people.actor_for(Role.AGENCY), now=now)
    honours.add_honours(edition, storage=storage, now=now)
    add_reminders(edition, now=now)
    return edition
