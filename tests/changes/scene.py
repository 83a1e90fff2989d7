"""A published programme at two sites, with people who hold places and people who have a part in it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from icalendar import Calendar
from sqlalchemy import select

from dxday.accounts.models import Person
from dxday.changes import jobs
from dxday.changes.models import Notice
from dxday.db import db
from dxday.editions.models import Edition
from dxday.notifications.models import Message
from dxday.programme import queries as programme
from dxday.programme import services
from dxday.programme.models import Part, Placement, PlacementChange, Session
from dxday.programme.rules import PartKind, PlacementRole
from dxday.registration import queries
from dxday.registration.models import Registration
from dxday.registration.rules import SeatMode
from dxday.sites.models import Room, Site
from tests import make

FIRST_DAY = make.TODAY + timedelta(days=40)
NOW = make.NOW
LATER = NOW + timedelta(minutes=10)
"""When what was changed at NOW has been left alone for long enough."""
REASON = {"vi": "Bão", "en": "A storm"}


def on(clock: str, *, days: int = 0) -> datetime:
    """Return the moment of a clock time on the first day, or some days later."""
    return make.at(f"{FIRST_DAY + timedelta(days=days)} {clock}")


@dataclass
class Scene:
    """The edition and what is in it."""

    edition: Edition
    main: Site
    north: Site
    hall: Room
    room: Room
    opening: Session
    """Held in the hall from 08:00 to 09:00, received in the north."""
    talk: Session
    """Held in the hall just behind it, from 09:00 to 10:00."""
    local: Session
    """Held in the north from 13:00 to 14:00."""

    def session(self, session: Session) -> Session:
        """Read a session afresh, as a page does."""
        return programme.get_session(self.edition.id, session.code)

    def move(
        self, session: Session, start: str, end: str, *, now: datetime = NOW, room: Room | None = None
    ) -> None:
        """Move a session on the first day and publish it, as the pages of the programme do."""
        self.edit(session, start, end, now=now, room=room)
        self.release(now=now)

    def release(self, *, now: datetime = NOW) -> None:
        """Let the public see the draft."""
        make.released(self.edition, now=now)

    def edit(
        self, session: Session, start: str, end: str, *, now: datetime = NOW, room: Room | None = None
    ) -> None:
        """Move a session in the draft."""
        services.move_session(
            self.session(session),
            starts_at=on(start),
            ends_at=on(end),
            room=room,
            actor=make.actor(),
            now=now,
        )


def scene(**given) -> Scene:
    """Make the scene."""
    edition = make.edition(**{"ends_on": FIRST_DAY + timedelta(days=2), **given})
    main, north = (
        make.site(edition, name={"vi": f"Điểm {name}", "en": name}, position=at)
        for at, name in enumerate(("Main", "North"))
    )
    hall, room = make.room(main, name={"en": "Hall"}), make.room(north, name={"en": "Room"})
    opening, talk, local = (
        make.session(edition, title={"vi": f"VN {title}", "en": title})
        for title in ("Opening", "Talk", "Local")
    )
    make.placement(opening, hall)
    make.placement(opening, room, role=PlacementRole.RECEIVING)
    make.placement(talk, hall, starts_at=on("09:00"), ends_at=on("10:00"))
    make.placement(local, room, starts_at=on("13:00"), ends_at=on("14:00"))
    return Scene(edition, main, north, hall, room, opening, talk, local)


def place(
    here: Scene, site: Site | None = None, *, mode: SeatMode = SeatMode.ON_SITE, **given
) -> Registration:
    """Let somebody hold a place at a site, the main one when none is said."""
    at = site or here.main
    pool = queries.find_pool_of(at.id, mode) or make.pool(at, mode=mode)
    return make.registration(pool, **given)


def part(
    session: Session, person: Person, kind: PartKind = PartKind.SPEAKER, site: Site | None = None
) -> Part:
    """Give a person a part."""
    return make.part(session, person, kind=kind, site_id=site.id if site else None)


def tell(now: datetime = LATER) -> int:
    """Let the job run as the clock does, with a session of its own."""
    db.session.commit()
    db.session.expire_all()
    return jobs.tell_changes(now)


def told() -> list[tuple[str, str]]:
    """Return (kind, address) of every letter of a notice, in the order of their making."""
    rows = db.session.execute(
        select(Message.kind, Message.to_address).where(Message.key.startswith("notice:")).order_by(Message.id)
    )
    return [(kind, address) for kind, address in rows]


def letters() -> list[Message]:
    """Return every letter of a notice."""
    return list(
        db.session.scalars(select(Message).where(Message.key.startswith("notice:")).order_by(Message.id))
    )


def lines_in(message: Message) -> list[str]:
    """Return the lines of a letter that say what changed."""
    return [line for line in message.text.splitlines() if line.startswith("• ")]


def event_in(message: Message):
    """Return METHOD and the one entry of the calendar that came along."""
    calendar = Calendar.from_ical(message.calendar)
    (event,) = calendar.walk("VEVENT")
    return str(calendar["METHOD"]), event


def changes() -> list[PlacementChange]:
    """Return what was noted."""
    return list(
        db.session.scalars(
            select(PlacementChange).order_by(PlacementChange.id).execution_options(populate_existing=True)
        )
    )


def notices() -> list[Notice]:
    """Return every notice."""
    return list(
        db.session.scalars(select(Notice).order_by(Notice.id).execution_options(populate_existing=True))
    )


def times(edition: Edition) -> dict[int, tuple[datetime, datetime, bool]]:
    """Return start, end and whether it is cancelled of each placement."""
    return {
        row.id: (row.starts_at, row.ends_at, row.cancelled_at is not None)
        for row in db.session.scalars(
            select(Placement)
            .where(Placement.edition_id == edition.id)
            .order_by(Placement.id)
            .execution_options(populate_existing=True)
        )
    }
