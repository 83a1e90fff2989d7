"""Who sits on the demo's council, and the agencies whose officers nominate; all of them made up."""

from dataclasses import dataclass
from datetime import date, datetime

from dxday.accounts import queries as account_queries
from dxday.accounts import services as accounts
from dxday.accounts.models import Organisation
from dxday.accounts.rules import OrganisationKind
from dxday.core.actor import SYSTEM, Actor
from dxday.core.permissions import Role
from dxday.council.models import Council
from dxday.council.rules import SeatKind
from dxday.council.services import seats
from dxday.db import db
from dxday.demo import people, places
from dxday.editions.models import Edition
from dxday.schemes.models import Scheme

COMMUNE, DEPARTMENT = OrganisationKind.COMMUNE, OrganisationKind.DEPARTMENT
AGENCIES = (
    ("xa-thi-du", COMMUNE, "Ủy ban nhân dân xã Thí Dụ (ví dụ)", "People's Committee of Thí Dụ commune (example)"),
    ("xa-mau", COMMUNE, "Ủy ban nhân dân xã Mẫu (ví dụ)", "People's Committee of Mẫu commune (example)"),
    ("so-vi-du", DEPARTMENT, "Sở Ví Dụ (đơn vị ví dụ)", "Ví Dụ Department (example agency)"),
)  # fmt: skip
"""Code, kind and name of the agencies that nominate beside the sample department."""

SHARED_DOMAINS = ("dxday.example", "example.org")
RESIGNED = "hoi-dong.11@example.org"
CHAIR, MEMBER = (email for _, email, _ in people.MEMBERS)


@dataclass(frozen=True)
class Sitting:
    """Who holds a seat, what the seat is for, and where its holder works, by the code of the agency."""

    email: str
    name: str
    kind: SeatKind
    vi: str
    en: str
    expert: bool = False
    agency: str | None = None
    worked_at: str | None = None


SITTING = (
    Sitting(CHAIR, people.MEMBERS[0][2], SeatKind.CHAIR, "Lãnh đạo tỉnh (ghế ví dụ)", "Leader of the province (example seat)"),
    Sitting("hoi-dong.2@example.org", "Đặng Thị Ví Dụ", SeatKind.VICE_CHAIR, "Lãnh đạo sở nội vụ (ghế ví dụ)", "Head of home affairs (example seat)"),
    Sitting("hoi-dong.3@example.org", "Bùi Văn Thí Dụ", SeatKind.VICE_CHAIR, "Lãnh đạo sở phụ trách chuyển đổi số (ghế ví dụ)", "Head of digital transformation (example seat)", expert=True),
    Sitting("hoi-dong.4@example.org", "Đỗ Thị Mẫu", SeatKind.SECRETARY, "Trưởng ban thi đua (ghế ví dụ)", "Head of the emulation board (example seat)"),
    Sitting("hoi-dong.5@example.org", "Hồ Văn Điển Hình", SeatKind.MEMBER, "Giám đốc Sở Mẫu", "Director of Sample Department", agency="so-mau"),
    Sitting("ngo.minh.hoa@so-vi-du.example", "Ngô Thị Minh Họa", SeatKind.MEMBER, "Đại diện công đoàn (ghế ví dụ)", "For the trade unions (example seat)"),
    Sitting("hoi-dong.7@example.org", "Dương Văn Ví Dụ", SeatKind.MEMBER, "Đại diện Mặt trận (ghế ví dụ)", "For the Fatherland Front (example seat)", worked_at="xa-mau"),
    Sitting(MEMBER, people.MEMBERS[1][2], SeatKind.MEMBER, "Chuyên gia dữ liệu (ghế ví dụ)", "Expert in data (example seat)", expert=True),
    Sitting("hoi-dong.9@example.org", "Vi Văn Mẫu", SeatKind.MEMBER, "Chuyên gia dịch vụ công (ghế ví dụ)", "Expert in public services (example seat)", expert=True),
    Sitting("hoi-dong.10@example.org", "Lô Thị Điển Hình", SeatKind.MEMBER, "Đại diện Hội Phụ nữ (ghế ví dụ)", "For the Women's Union (example seat)"),
    Sitting(RESIGNED, "Phan Văn Thí Dụ", SeatKind.MEMBER, "Đại diện Đoàn Thanh niên (ghế ví dụ)", "For the Youth Union (example seat)"),
)  # fmt: skip
"""Eleven seats; the last one is left before the second batch of dossiers comes, and is vacant since."""


def actor_at(email: str) -> Actor:
    """Return the person at this address as an actor, with the roles that they have by now."""
    account = account_queries.find_account_by_email(email)
    assert account is not None
    db.session.expire(account, ["grants"])
    account_queries.find_account_by_email(email)
    return account_queries.actor_of(account)


def add_agencies(now: datetime) -> dict[str, tuple[Organisation, Actor]]:
    """Add the agencies, each with an officer who acts for it; the sample department is among them."""
    found = {"so-mau": (places.sample_agency(now), people.actor_for(Role.AGENCY))}
    for code, kind, vietnamese, english in AGENCIES:
        agency = accounts.add_organisation(
            code,
            kind=kind,
            name={"vi": vietnamese, "en": english},
            parent=places.province(now),
            actor=SYSTEM,
            now=now,
        )
        officer = accounts.add_account(
            f"can-bo@{code}.example", full_name="Lê Thị Ví Dụ", locale="vi", actor=SYSTEM, now=now
        )
        accounts.grant_role(officer, Role.AGENCY, organisation_id=agency.id, actor=SYSTEM, now=now)
        found[code] = (agency, actor_at(officer.email))
    return found


def add_council(
    edition: Edition,
    schemes: list[Scheme],
    agencies: dict[str, tuple[Organisation, Actor]],
    *,
    since: date,
    actor: Actor,
    now: datetime,
) -> Council:
    """Add the council of the schemes with its seats, all of them held since that day."""
    council = seats.add_council(
        edition,
        "hoi-dong",
        name={
            "vi": "Hội đồng Thi đua – Khen thưởng tỉnh (ví dụ)",
            "en": "Provincial council for emulation and commendation (example)",
            "hi": "प्रांतीय प्रशंसा परिषद (उदाहरण)",
        },
        actor=actor,
        now=now,
    )
    seats.change_council(
        council, name=council.name, schemes=schemes, shared_domains=SHARED_DOMAINS, actor=actor, now=now
    )
    for one in SITTING:
        seat = seats.add_seat(
            council,
            kind=one.kind,
            title={"vi": one.vi, "en": one.en},
            expert=one.expert,
            actor=actor,
            now=now,
        )
        seats.invite_member(
            council,
            seat,
            one.email,
            full_name=one.name,
            locale="vi",
            starts_on=since,
            agencies=[agencies[one.agency][0]] if one.agency else (),
            past_agencies=[agencies[one.worked_at][0]] if one.worked_at else (),
            actor=actor,
            now=now,
        )
    return council
