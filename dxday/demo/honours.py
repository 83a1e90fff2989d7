"""The honours of the edition `next`, half-way: dossiers in every state, a council that reads, scores and votes.

Two schemes go through one council.  Of the thematic one a first batch is decided, with minutes and a decision, and a
second is being read; on the certificates of merit the council votes today.  Everybody and every achievement is made up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import render_template

from dxday.accounts import queries as accounts
from dxday.accounts.rules import OrganisationKind
from dxday.adapters.pdf import render_official
from dxday.adapters.storage import Storage
from dxday.appraisal import services as appraisal
from dxday.appraisal.rules import HoldKind, HoldOn
from dxday.awards import services as awards
from dxday.ballots import minutes, reports
from dxday.ballots import queries as ballot_queries
from dxday.ballots import rules as ballot_rules
from dxday.ballots import services as ballots
from dxday.ballots.models import Ballot
from dxday.ballots.rules import Choice
from dxday.core.actor import SYSTEM, Actor
from dxday.core.permissions import Role
from dxday.council import queries as councils
from dxday.council.rules import ConflictKind
from dxday.council.services import assignment, interests, seats
from dxday.council.sheets import queries as sheet_queries
from dxday.council.sheets import services as sheets
from dxday.db import db
from dxday.demo import building, members, people
from dxday.editions.models import Edition
from dxday.nominations import content
from dxday.nominations import queries as nomination_queries
from dxday.nominations import services as nominations
from dxday.nominations.models import Nomination
from dxday.nominations.rules import Endorser
from dxday.nominations.services import endorsing
from dxday.schemes import packs
from dxday.schemes import services as schemes
from dxday.schemes.models import Category, Scheme
from dxday.schemes.rules import AwardForm, NomineeKind

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
PACK = "law-2022-2025"
TEAM, PERSON, HOUSEHOLD = "to-so", "nguoi-lan-toa", "ho-so"
STEP = {"code": "cap-uy", "name": {"vi": "Ý kiến của cấp ủy", "en": "Party committee", "hi": "पार्टी समिति"}}
ENDORSER = Endorser("Trịnh Văn Mẫu", "Bí thư Đảng ủy (ví dụ)", "cap-uy@example.org")
PLACES_OF_DEPARTMENTS = 6
"""How many each department may hand in: those of the sample department are used up, and two drafts wait."""
RESIGNED_AGO = 20
SEED = 2026


@dataclass(frozen=True)
class Dossier:
    """A made-up dossier: whose, in what, and how it came so far."""

    agency: str
    category: str
    name: str
    position: str
    achievement: str


def _team(agency: str, name: str, position: str, achievement: str) -> Dossier:
    return Dossier(agency, TEAM, name, position, achievement)


def _person(agency: str, name: str, position: str, achievement: str) -> Dossier:
    return Dossier(agency, PERSON, name, position, achievement)


LONG_NAME = (
    "Tổ công nghệ số cộng đồng liên thôn Mẫu Thượng, Mẫu Hạ, Ví Dụ Đông, Ví Dụ Tây và Đội thanh niên xung kích hỗ trợ"
    " dịch vụ công trực tuyến xã Thí Dụ"
)
SIMILAR = (
    "Tổ chức 24 buổi tối tại nhà văn hóa thôn để hướng dẫn bà con nộp hồ sơ dịch vụ công trực tuyến, thanh toán không"
    " dùng tiền mặt và nhận biết lừa đảo qua mạng; 618 người tham gia, 540 hồ sơ được nộp ngay tại chỗ. (Ví dụ.)"
)

DECIDED = (
    _team("so-mau", LONG_NAME, "Xã Thí Dụ (ví dụ)",
          "Hướng dẫn 2.350 lượt người cài đặt định danh điện tử tại 4 thôn trong một mùa đông. (Ví dụ.)"),
    _person("xa-mau", "Lầu Y Thí Dụ", "Trưởng bản Mẫu Thượng (ví dụ)",
            "Dạy 85 phụ nữ dân tộc Mông bán thổ cẩm qua mạng bằng tiếng mẹ đẻ. (Ví dụ.)"),
    Dossier("xa-thi-du", HOUSEHOLD, "Hộ ông Nguyễn Văn Mẫu và bà Trần Thị Ví Dụ", "Thôn Ví Dụ Đông (ví dụ)",
            "Mở cửa nhà làm điểm hỗ trợ nộp hồ sơ trực tuyến mỗi tối thứ Bảy, phục vụ 310 lượt người. (Ví dụ.)"),
    _person("so-vi-du", "Quách Văn Thí Dụ", "Chuyên viên Sở Ví Dụ (ví dụ)",
            "Viết một bảng tính theo dõi văn bản cho phòng của mình. (Ví dụ.)"),
)  # fmt: skip
"""First batch: the first three are approved, the last is not; the first and third are honoured already."""

READ = (
    _team("so-mau", "Phòng Dữ liệu số Sở Mẫu", "Sở Mẫu (đơn vị ví dụ)",
          "Mở 42 bộ dữ liệu cho doanh nghiệp nhỏ, 15 bộ được dùng hằng ngày. (Ví dụ.)"),
    _person("so-mau", "Nguyễn Thị Thanh Hằng Ví Dụ", "Phó Trưởng phòng, Sở Mẫu (đơn vị ví dụ)",
            "Rút ngắn thời gian cấp phép từ 12 ngày xuống 3 ngày nhờ liên thông dữ liệu. (Ví dụ.)"),
    _team("xa-mau", "Hội Phụ nữ xã Mẫu", "Xã Mẫu (ví dụ)",
          "Lập 12 gian hàng số, bán nông sản của 90 hộ qua mạng. (Ví dụ.)"),
    _person("xa-thi-du", "Vừ Bá Điển Hình", "Bản Ví Dụ Tây, xã Thí Dụ (ví dụ)",
            "Đưa sóng di động và điểm truy cập dùng chung đến bản vùng cao. (Ví dụ.)"),
    Dossier("xa-mau", HOUSEHOLD, "Hộ bà Hà Thị Minh Họa", "Thôn Mẫu Hạ (ví dụ)",
            "Ghi nhật ký vườn cam bằng điện thoại, truy xuất nguồn gốc cho 30 hộ cùng làm. (Ví dụ.)"),
    _person("so-vi-du", "Tăng Thị Ví Dụ", "Viên chức Trung tâm Thí Dụ (ví dụ)",
            "Số hóa 60.000 trang hồ sơ lưu trữ và làm mục lục tìm được không cần dấu. (Ví dụ.)"),
)  # fmt: skip
"""Second batch: before the council, being read and scored."""

WITH_THE_SECRETARY = (
    _team("xa-mau", "Tổ công nghệ số cộng đồng thôn Mẫu Thượng", "Xã Mẫu (ví dụ)", SIMILAR),
    _team("xa-thi-du", "Tổ công nghệ số cộng đồng thôn Ví Dụ Tây", "Xã Thí Dụ (ví dụ)", SIMILAR),
    _person("so-mau", "Châu Văn Thí Dụ", "Chuyên viên, Sở Mẫu (đơn vị ví dụ)",
            "Lập đường dây nóng an toàn thông tin, xử lý 210 vụ việc. (Ví dụ.)"),
)  # fmt: skip
"""Submitted: two of one text, and one that is held up."""

RETURNED = _person("so-mau", "Kiều Văn Mẫu", "Viên chức, Sở Mẫu (đơn vị ví dụ)",
                   "Xây dựng bản đồ số các điểm Wi-Fi công cộng. (Ví dụ.)")  # fmt: skip
ENDORSING = _team("so-mau", "Trung tâm Hỗ trợ doanh nghiệp Thí Dụ", "Sở Mẫu (đơn vị ví dụ)",
                  "Giúp 75 doanh nghiệp nhỏ dùng hóa đơn điện tử và kho dữ liệu mở. (Ví dụ.)")  # fmt: skip
WITHDRAWN = _person("xa-mau", "Đoàn Văn Điển Hình", "Thôn Mẫu Hạ (ví dụ)",
                    "Lắp máy tính cũ cho lớp học buổi tối. (Ví dụ.)")  # fmt: skip
WAITING = (
    _person("so-mau", "Lương Thị Thí Dụ", "Chuyên viên, Sở Mẫu (đơn vị ví dụ)",
            "Viết sổ tay dịch vụ công bằng lời dễ hiểu. (Ví dụ.)"),
    _team("so-mau", "Đội hỗ trợ số lưu động Sở Mẫu", "Sở Mẫu (đơn vị ví dụ)",
          "Đưa máy quét và máy in đến 20 xã vùng xa mỗi quý. (Ví dụ.)"),
)  # fmt: skip
"""Drafts beyond the places of their agency, in its own order."""

VOTED_ON = (
    _team("xa-mau", "Bộ phận Một cửa xã Mẫu", "Xã Mẫu (ví dụ)",
          "Không giấy hẹn: mọi kết quả gửi qua tin nhắn. (Ví dụ.)"),
    _person("xa-thi-du", "Thái Thị Mẫu", "Công chức xã Thí Dụ (ví dụ)",
            "Trả lời 1.100 câu hỏi của dân qua nhóm trực tuyến của xã. (Ví dụ.)"),
    _person("so-vi-du", "Cao Văn Minh Họa", "Kỹ sư, Sở Ví Dụ (ví dụ)",
            "Dựng lại hệ thống sao lưu chỉ bằng phần mềm nguồn mở. (Ví dụ.)"),
)  # fmt: skip
"""Before the council in a scheme of its own: the ballot is open."""


class Calendar:
    """Working moments around the day on which the demo is loaded."""

    def __init__(self, now: datetime) -> None:
        """Count from that day, where the Day is held."""
        self.now, self.today = now, now.astimezone(ZONE).date()

    def day(self, ago: int) -> date:
        """Return the day so many days ago."""
        return self.today - timedelta(days=ago)

    def at(self, ago: int, clock: str = "09:00") -> datetime:
        """Return the moment so many days ago, at that time."""
        return datetime.combine(self.day(ago), time.fromisoformat(clock), tzinfo=ZONE)


class Honours:
    """The schemes, the agencies and the council, and what is done with dossiers again and again."""

    def __init__(self, edition: Edition, *, storage: Storage, now: datetime) -> None:
        """Add the two schemes, the agencies and the council."""
        self.edition, self.storage, self.calendar = edition, storage, Calendar(now)
        self.secretary = people.actor_for(Role.COUNCIL)
        begun = self.calendar.at(62)
        self.thematic, self.merit = _add_thematic(edition, self.calendar), _add_merit(edition, self.calendar)
        self.agencies = members.add_agencies(begun)
        self.council = members.add_council(
            edition,
            [_scheme_of(self.thematic), _scheme_of(self.merit)],
            self.agencies,
            since=self.calendar.day(60),
            actor=self.secretary,
            now=begun,
        )

        self._actors = {one.email: members.actor_at(one.email) for one in members.SITTING}

    def officer(self, dossier: Dossier) -> Actor:
        """Return who writes for the agency of the dossier."""
        return self.agencies[dossier.agency][1]

    def draft(self, dossier: Dossier, ago: int, categories: Mapping[str, Category]) -> Nomination:
        """Draft a dossier so many days ago."""
        agency, officer = self.agencies[dossier.agency]
        sample = dossier.agency == "so-mau"
        return building.add_dossier(
            categories[dossier.category],
            nominee=dossier.name,
            position=dossier.position,
            achievement=dossier.achievement,
            storage=self.storage,
            now=self.calendar.at(ago, "08:00"),
            agency=agency,
            officer=officer,
            nominee_email="duoc-de-nghi@example.org",
            contact=("Trần Thị Thí Dụ", "agency@dxday.example")
            if sample
            else ("Lê Thị Ví Dụ", str(officer.email)),
        )

    def send(self, dossier: Dossier, ago: int) -> Nomination:
        """Draft a dossier of the thematic scheme and ask who endorses it."""
        nomination = self.draft(dossier, ago, self.thematic)
        endorsing.ask_endorsers(
            nomination, [ENDORSER], actor=self.officer(dossier), now=self.calendar.at(ago, "10:00")
        )
        return nomination

    def submit(self, dossier: Dossier, ago: int) -> Nomination:
        """Hand in a dossier of the thematic scheme, endorsed on the same day."""
        nomination = self.send(dossier, ago)
        (step,) = nomination_queries.list_chain(nomination.id)
        endorsing.endorse(
            step, seen=content.read_content(nomination).sha256, now=self.calendar.at(ago, "15:00")
        )
        return nomination

    def admit(self, nomination: Nomination, ago: int) -> Nomination:
        """Bring a dossier before the council."""
        appraisal.admit(self.edition, nomination, actor=self.secretary, now=self.calendar.at(ago))
        return nomination

    def assign(self, ago: int) -> None:
        """Have everything before the council read, as the first proposal has it."""
        now = self.calendar.at(ago, "11:00")
        run = assignment.propose_assignment(self.council, seed=SEED, keep=True, actor=self.secretary, now=now)
        assignment.take_proposal(self.council, run, version=run.version, actor=self.secretary, now=now)

    def declare(self, nominations_: Sequence[Nomination], ago: int, *, but: Sequence[str] = ()) -> None:
        """Let every member say that they have no conflict with what may be shown to them."""
        barred = councils.list_barred([each.id for each in nominations_])
        for email, actor in self.sitting(ago).items():
            free = [each for each in nominations_ if actor.account_id not in barred.get(each.id, ())]
            if email not in but and free:
                interests.declare(free, {}, actor=actor, now=self.calendar.at(ago, "14:00"))

    def score(self, nominations_: Sequence[Nomination], ago: int, *, open_for: Sequence[str] = ()) -> None:
        """Let the readers hand in their sheets; those in `open_for` have half filled one and no more."""
        readers = councils.list_readers([each.id for each in nominations_])
        begun: set[str] = set()
        for number, nomination in enumerate(nominations_):
            criteria = sheet_queries.list_criteria(nomination_queries.category_of(nomination))
            for email, actor in self.sitting(ago).items():
                account_id = actor.account_id or 0
                if account_id not in readers.get(nomination.id, ()):
                    continue
                if not councils.is_reader(nomination.id, account_id):
                    continue  # not declared yet
                points = {
                    each.id: 4 + (number * 3 + place + account_id) % 6 for place, each in enumerate(criteria)
                }
                given: dict[str, Any] = {"actor": actor, "now": self.calendar.at(ago, "16:00")}
                if email not in open_for:
                    sheets.submit_sheet(nomination, _fields(points), **given)
                elif email not in begun:
                    sheets.save_sheet(nomination, _fields(points, half=True), **given)
                    begun.add(email)

    def sitting(self, ago: int) -> dict[str, Actor]:
        """Return who sat so many days ago, by address."""
        gone = {members.RESIGNED} if ago < RESIGNED_AGO else set()
        return {email: actor for email, actor in self._actors.items() if email not in gone}

    def vote(
        self, ballot: Ballot, choices: Mapping[str, Choice], *, who: Sequence[str], ago: int, clock: str
    ) -> None:
        """Let members vote; what `choices` names by the nominee's name, and the rest in favour."""
        items = ballot_queries.list_items(ballot.id)
        (*_, last) = ballot_queries.list_rounds(ballot.id)
        asked = {tally.item_id for tally in ballot_queries.list_tallies([last.id])}
        barred = councils.list_barred([item.nomination_id for item in items])
        for email, actor in self.sitting(ago).items():
            votes = {
                item.code: choices.get(item.nominee_name, Choice.FOR)
                for item in items
                if item.id in asked and actor.account_id not in barred.get(item.nomination_id, ())
            }
            if email in who and votes:
                ballots.cast_vote(
                    ballot,
                    votes=votes,
                    receipt=ballot_rules.new_receipt(),
                    actor=actor,
                    now=self.calendar.at(ago, clock),
                )


def add_honours(edition: Edition, *, storage: Storage, now: datetime) -> None:
    """Add the schemes, the council and dossiers on every step of the way."""
    honours = Honours(edition, storage=storage, now=now)
    _decide_first_batch(honours)
    _let_one_resign(honours)
    _add_quota(honours, now=honours.calendar.at(14))
    _read_second_batch(honours)
    _fill_the_secretarys_desk(honours)
    _fill_the_agencys_desk(honours)
    _open_a_ballot(honours)
    appraisal.note_texts(100)


def _add_thematic(edition: Edition, calendar: Calendar) -> dict[str, Category]:
    return building.add_scheme_by_pack(
        edition,
        packs.get_pack(PACK, AwardForm.THEMATIC),
        code="ky-nang-so",
        name={
            "vi": "Bằng khen chuyên đề “Kỹ năng số cho mọi người” (ví dụ)",
            "en": "Thematic diploma “Digital skills for everybody” (example)",
            "hi": "विषयगत प्रशस्ति-पत्र “सबके लिए डिजिटल कौशल” (उदाहरण)",
        },
        categories=[
            (TEAM, NomineeKind.COLLECTIVE, {"vi": "Tổ, đội, đơn vị", "en": "Teams and units", "hi": "दल और इकाइयाँ"}),
            (PERSON, NomineeKind.INDIVIDUAL, {"vi": "Người lan tỏa", "en": "People who pass it on", "hi": "प्रसारक"}),
            (HOUSEHOLD, NomineeKind.HOUSEHOLD, {"vi": "Hộ gia đình số", "en": "Digital households", "hi": "डिजिटल परिवार"}),
        ],
        now=calendar.at(62),
        position=1,
        opens_at=calendar.at(61, "00:00"),
        closes_at=calendar.at(-30, "17:00"),
        endorsers=[STEP],
        ballot=True,
        threshold=80,
        rounds=2,
        readers=2,
    )  # fmt: skip


def _add_merit(edition: Edition, calendar: Calendar) -> dict[str, Category]:
    return building.add_scheme_by_pack(
        edition,
        packs.get_pack(PACK, AwardForm.GIAY_KHEN),
        code="giay-khen",
        name={
            "vi": "Giấy khen về cải tiến trong công việc hằng ngày (ví dụ)",
            "en": "Certificate of Merit for better daily work (example)",
            "hi": "दैनिक कार्य में सुधार के लिए योग्यता-पत्र (उदाहरण)",
        },
        categories=[
            (TEAM, NomineeKind.COLLECTIVE, {"vi": "Bộ phận", "en": "Offices", "hi": "कार्यालय"}),
            (PERSON, NomineeKind.INDIVIDUAL, {"vi": "Người làm việc", "en": "Staff", "hi": "कर्मचारी"}),
        ],
        now=calendar.at(62),
        position=2,
        opens_at=calendar.at(61, "00:00"),
        closes_at=calendar.at(-30, "17:00"),
        ballot=True,
        threshold=60,
        quorum=60,
        rounds=2,
        readers=2,
    )


def _decide_first_batch(honours: Honours) -> None:
    """From submission to minutes and decision, with a written vote, a recusal and a second round."""
    batch = [honours.admit(honours.submit(each, 48), 44) for each in DECIDED]
    honours.declare(batch, 42)
    honours.assign(41)
    honours.score(batch, 36)
    calendar, secretary = honours.calendar, honours.secretary
    ballot = ballots.prepare_ballot(
        _scheme_of(honours.thematic), actor=secretary, now=calendar.at(30, "08:00")
    )
    ballots.open_round(ballot, actor=secretary, now=calendar.at(30, "08:30"))
    everybody = list(honours.sitting(30))
    absent = everybody[9]
    unsure = DECIDED[3].name
    attending = [email for email in everybody if email != absent]
    honours.vote(ballot, {unsure: Choice.FOR}, who=attending[:5], ago=30, clock="09:00")
    honours.vote(ballot, {unsure: Choice.AGAINST}, who=attending[5:], ago=30, clock="09:10")
    writer = honours.sitting(30)[absent]
    given: dict[str, Any] = {"actor": secretary, "now": calendar.at(30, "09:30")}
    ballots.enter_written_voters(ballot, [writer.account_id or 0], **given)
    items = ballot_queries.list_items(ballot.id)
    ballots.enter_paper(ballot, {item.code: Choice.FOR for item in items}, **given)
    ballots.count_round(ballot, actor=secretary, now=calendar.at(30, "10:00"))
    ballots.open_round(ballot, actor=secretary, now=calendar.at(30, "10:15"))
    honours.vote(ballot, {unsure: Choice.AGAINST}, who=attending, ago=30, clock="10:30")
    ballots.count_round(ballot, actor=secretary, now=calendar.at(30, "10:45"))
    ballots.close_ballot(ballot, actor=secretary, now=calendar.at(30, "11:00"))
    _keep_minutes(honours, ballot)
    awards.record_decision(
        honours.edition,
        number="00/QĐ-MẪU",
        decided_on=calendar.day(24),
        signatory_name="Người Ký Mẫu",
        signatory_title="Chức danh mẫu",
        place="Nghệ An",
        awards=[
            (batch[0], "Đã có thành tích trong việc hướng dẫn người dân cài đặt định danh điện tử"),
            (batch[2], "Đã có thành tích trong việc giúp đỡ xóm giềng nộp hồ sơ trực tuyến"),
        ],
        actor=secretary,
        now=calendar.at(24, "10:00"),
    )


def _keep_minutes(honours: Honours, ballot: Ballot) -> None:
    found = reports.report_of(ballot_queries.get_ballot(honours.edition.id, ballot.id))
    names = {"chaired_by": members.SITTING[0].name, "written_by": members.SITTING[3].name}
    paper = minutes.paper_of(found, honours.edition, number="00", place="Nghệ An", **names)
    facts = minutes.facts_of(found, honours.edition, remarks="Tài liệu mẫu.", **names)
    title = f"{paper.kind}: {paper.about}"
    made_at = honours.calendar.at(30, "11:30")
    data = render_official(
        render_template("pdf/minutes.html", paper=paper, title=title, **facts), title=title, made_at=made_at
    )
    ballots.keep_minutes(
        ballot, data, number="00", storage=honours.storage, actor=honours.secretary, now=made_at
    )


def _let_one_resign(honours: Honours) -> None:
    (term,) = (
        term
        for term in councils.list_sitting(honours.council.id, honours.calendar.day(RESIGNED_AGO))
        if term.account.email == members.RESIGNED
    )
    seats.end_term(
        honours.council,
        term,
        ends_on=honours.calendar.day(RESIGNED_AGO),
        reason="Chuyển công tác (ví dụ).",
        actor=honours.secretary,
        now=honours.calendar.at(RESIGNED_AGO),
    )


def _read_second_batch(honours: Honours) -> None:
    """Dossiers that are read now, with a conflict that was declared, one that was set, and those that were found."""
    voted_on = []
    for each in VOTED_ON:
        nomination = honours.draft(each, 13, honours.merit)
        nominations.submit_nomination(
            nomination, actor=honours.officer(each), now=honours.calendar.at(13, "15:00")
        )
        voted_on.append(honours.admit(nomination, 12))
    batch = [honours.admit(honours.submit(each, 10), 8) for each in READ]
    sitting = honours.sitting(8)
    interests.declare(
        batch[3:4],
        {batch[3].id: (ConflictKind.FAMILY, "Anh em họ (ví dụ).")},
        actor=sitting[members.MEMBER],
        now=honours.calendar.at(8, "13:00"),
    )
    chair = accounts.find_account_by_email(members.CHAIR)
    assert chair is not None
    interests.pin_conflict(
        batch[5],
        chair,
        kind=ConflictKind.COLLABORATION,
        detail="Cùng chủ trì dự án số hóa (ví dụ).",
        actor=honours.secretary,
        now=honours.calendar.at(8, "13:30"),
    )
    honours.declare([*voted_on, *batch[:5]], 7)
    honours.assign(6)
    assignment.change_readers(
        honours.council,
        batch[1],
        [sitting[email].account_id or 0 for email in (members.CHAIR, members.MEMBER)],
        actor=honours.secretary,
        now=honours.calendar.at(6, "12:00"),
    )
    honours.score(voted_on, 4)
    honours.score(batch, 2, open_for=[members.CHAIR, members.MEMBER, "hoi-dong.9@example.org"])


def _fill_the_secretarys_desk(honours: Honours) -> None:
    calendar, secretary = honours.calendar, honours.secretary
    submitted = [honours.submit(each, 5) for each in WITH_THE_SECRETARY]
    appraisal.open_hold(
        submitted[2],
        on=HoldOn.NOMINATION,
        kind=HoldKind.COMPLAINT,
        reason="Đang xem xét một đơn phản ánh (ví dụ).",
        expires_on=calendar.day(-25),
        today=calendar.day(3),
        actor=secretary,
        now=calendar.at(3),
    )
    appraisal.return_for_completion(
        honours.edition,
        honours.submit(RETURNED, 6),
        reason="Bổ sung số liệu của quý III và xác nhận của cấp trình. (Ví dụ.)",
        due_on=calendar.day(-10),
        actor=secretary,
        now=calendar.at(3, "10:00"),
    )
    gone = honours.submit(WITHDRAWN, 6)
    nominations.withdraw_nomination(gone, actor=honours.officer(WITHDRAWN), now=calendar.at(4))


def _fill_the_agencys_desk(honours: Honours) -> None:
    honours.send(ENDORSING, 1)
    for each in WAITING:
        honours.draft(each, 1, honours.thematic)


def _add_quota(honours: Honours, *, now: datetime) -> None:
    schemes.add_quota(
        _scheme_of(honours.thematic),
        category_id=None,
        organisation_kind=OrganisationKind.DEPARTMENT,
        organisation_id=None,
        most=PLACES_OF_DEPARTMENTS,
        actor=SYSTEM,
        now=now,
    )


def _open_a_ballot(honours: Honours) -> None:
    """Most have not voted yet, the two members who are sign-ins among them."""
    secretary = honours.secretary
    ballot = ballots.prepare_ballot(
        _scheme_of(honours.merit), actor=secretary, now=honours.calendar.at(1, "08:00")
    )
    ballots.open_round(ballot, actor=secretary, now=honours.calendar.at(1, "08:30"))
    early = [email for email in honours.sitting(1) if email not in (members.CHAIR, members.MEMBER)][:4]
    honours.vote(ballot, {VOTED_ON[2].name: Choice.BLANK}, who=early, ago=1, clock="09:00")


def _scheme_of(categories: Mapping[str, Category]) -> Scheme:
    """Return the scheme as it is now."""
    return db.session.get_one(Scheme, next(iter(categories.values())).scheme_id)


def _fields(points: Mapping[int, int], *, half: bool = False) -> dict[str, tuple[str, int]]:
    """Return what is written on a sheet; half of it leaves the last scores and the recommendation open."""
    told = list(points.items())[: len(points) // 2 if half else None]
    fields = {f"score_{criterion}": (str(score), 0) for criterion, score in told}
    fields["comment"] = ("Số liệu rõ, có thể nhân rộng. (Ví dụ.)", 0)
    if not half:
        fields["recommendation"] = ("approve" if sum(points.values()) > 24 else "doubt", 0)
    return fields
