"""A made-up published programme over three sites, and how it goes out and comes back."""

from datetime import date
from zoneinfo import ZoneInfo

from dxday.db import db
from dxday.editions.models import Edition
from dxday.exchange import publication, queries, services
from dxday.exchange.reading import read_book
from dxday.exchange.rules import Preview
from dxday.programme.models import Track
from dxday.programme.rules import Mode, PartKind, PlacementRole, SessionKind, SessionState
from dxday.sites.rules import SiteKind
from tests import make


class Province:
    """An edition of two days with a main site and two joined ones."""

    def __init__(self) -> None:
        self.edition = make.edition(starts_on=date(2026, 10, 10), ends_on=date(2026, 10, 11))
        self.main = make.site(self.edition, kind=SiteKind.MAIN, code="vinh", name={"vi": "Vinh"})
        self.north = make.site(self.edition, code="north", name={"vi": "Điểm cầu Bắc", "en": "North"})
        self.south = make.site(self.edition, code="south", name={"vi": "Điểm cầu Nam", "hi": "दक्षिण"})
        self.hall = make.room(self.main, name={"vi": "Hội trường"}, code="hall", capacity=300)
        self.fair = make.room(self.main, name={"vi": "Triển lãm"}, code="fair", shared=True)
        self.north_room = make.room(self.north, name={"vi": "Hội trường"}, code="hall")
        self.south_room = make.room(self.south, name={"vi": "Hội trường"}, code="hall")
        self.track = make.save(
            Track(
                edition_id=self.edition.id,
                code="so",
                name={"vi": "Chính quyền số", "en": "Digital government"},
            )
        )

    def joined(self, **given):
        """A session that is held in Vinh, received in the north, and joined from anywhere in the south."""
        session = make.session(
            self.edition,
            **(
                {
                    "state": SessionState.DRAFT,
                    "kind": SessionKind.CEREMONY,
                    "title": {"vi": "Lễ khai mạc", "en": "Opening", "hi": "उद्घाटन समारोह"},
                    "main": True,
                    "track_id": self.track.id,
                }
                | given
            ),
        )
        times = {"starts_at": "2026-10-10 08:00", "ends_at": "2026-10-10 09:30"}
        make.placement(session, self.hall, mode=Mode.HYBRID, **times)
        make.placement(
            session,
            self.north_room,
            role=PlacementRole.RECEIVING,
            mode=Mode.BROADCAST,
            interpretation="en",
            local_part={"vi": "Văn nghệ chào mừng"},
            starts_at="2026-10-10 07:30",
            ends_at="2026-10-10 09:30",
        )
        make.placement(session, site=self.south, role=PlacementRole.RECEIVING, mode=Mode.ONLINE, **times)
        make.part(session, make.person(full_name="Nguyễn Thị Ánh"), kind=PartKind.CHAIR)
        make.part(session, make.person(full_name="Đỗ Văn Đoàn"), kind=PartKind.SPEAKER, remote=True)
        for site in (self.north, self.south):
            officer = make.person(full_name=f"Chủ trì {site.code}")
            make.part(session, officer, kind=PartKind.PRESIDING_OFFICER, site_id=site.id)
        return session


def written(edition: Edition, form: str) -> bytes:
    """Return the published programme as a file."""
    db.session.flush()
    db.session.expire_all()
    return publication.write(edition, form, locale="vi")


def read_into(edition: Edition, data: bytes) -> Preview:
    """Take a file over."""
    book = read_book(data, zone=ZoneInfo(edition.time_zone), scope=edition.code)
    return services.import_book(edition, book, actor=make.actor(), now=make.NOW)


def copied(data: bytes) -> Edition:
    """Make a new edition from a file."""
    code = f"copy-{make.number()}"
    book = read_book(data, zone=ZoneInfo("Asia/Ho_Chi_Minh"), scope=code)
    edition = services.add_edition(
        code, book, zone=book.zone or "Asia/Ho_Chi_Minh", actor=make.actor(), now=make.NOW
    )
    services.import_book(edition, book, actor=make.actor(), now=make.NOW)
    db.session.flush()
    db.session.expire_all()
    return edition


def facts(edition: Edition) -> list[tuple[object, ...]]:
    """Return everything of a draft that a file can carry, without the ids and guids of this database."""
    from dxday.sites import queries as sites

    site_codes = {site.id: site.code for site in sites.list_sites(edition.id)}
    rooms = {room.id: room.code for site in sites.list_sites(edition.id) for room in site.rooms}
    return sorted(
        (
            session.code,
            session.kind,
            sorted((session.title or {}).items()),
            sorted((session.subtitle or {}).items()),
            sorted((session.abstract or {}).items()),
            sorted((session.description or {}).items()),
            session.language,
            session.main,
            sorted(session.track.name.items()) if session.track else None,
            sorted(
                (
                    site_codes[p.site_id],
                    rooms.get(p.room_id, ""),
                    p.role,
                    p.mode,
                    p.starts_at,
                    p.ends_at,
                    p.interpretation,
                    sorted((p.local_part or {}).items()),
                )
                for p in session.placements
            ),
            sorted(
                (part.person.full_name, part.kind, site_codes.get(part.site_id, ""), part.remote)
                for part in session.parts
            ),
            session.imported,
        )
        for session in queries.list_draft(edition.id)
    )
