"""Reading releases, what each of them changed, and whom the next one concerns."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, literal, select
from sqlalchemy.orm import aliased, joinedload

from dxday.accounts.models import Person
from dxday.changes import queries as changes
from dxday.changes import rules as change_rules
from dxday.changes.queries import Audience, Reach
from dxday.changes.rules import Where
from dxday.core.errors import NotFound
from dxday.core.i18n import Translations
from dxday.db import Key, db
from dxday.programme import publishing
from dxday.programme.models import Release, ReleaseEntry, Track
from dxday.programme.publishing import Change, Content
from dxday.programme.rules import EntryChange
from dxday.sites import queries as sites


@dataclass(frozen=True)
class Listed:
    """A release in a list, with how many sessions it added, changed and cancelled."""

    release: Release
    counts: Mapping[EntryChange, int]


@dataclass(frozen=True)
class Entry:
    """What a release did to a session: as it stood before, and as it stands since."""

    session_id: int
    change: EntryChange
    was: Content | None
    becomes: Content


@dataclass(frozen=True)
class Names:
    """What the things that contents name by id are called."""

    sites: Mapping[int, Translations]
    rooms: Mapping[int, Translations]
    tracks: Mapping[int, Translations]
    people: Mapping[int, str]


def list_releases(edition_id: int, *, limit: int | None = None) -> list[Listed]:
    """Return the releases of the edition, the latest first; two statements."""
    releases = db.session.scalars(
        select(Release)
        .where(Release.edition_id == edition_id)
        .options(joinedload(Release.account))
        .order_by(Release.number.desc())
        .limit(limit)
    ).all()
    counts: dict[int, dict[EntryChange, int]] = {release.id: {} for release in releases}
    for release_id, change, count in db.session.execute(
        select(ReleaseEntry.release_id, ReleaseEntry.change, func.count())
        .where(ReleaseEntry.release_id.in_(counts))
        .group_by(ReleaseEntry.release_id, ReleaseEntry.change)
    ):
        counts[release_id][change] = count
    return [Listed(release, counts[release.id]) for release in releases]


def count_changes(release: Release) -> dict[EntryChange, int]:
    """Return how many sessions a release added, changed and cancelled."""
    rows = db.session.execute(
        select(ReleaseEntry.change, func.count())
        .where(ReleaseEntry.release_id == release.id)
        .group_by(ReleaseEntry.change)
    )
    return dict.fromkeys(EntryChange, 0) | dict(rows.all())


def get_release(edition_id: int, number: int) -> Release:
    """Return a release of the edition with who made it.  Raises NotFound."""
    found = db.session.scalars(
        select(Release)
        .where(Release.edition_id == edition_id, Release.number == literal(number, Key))
        .options(joinedload(Release.account))
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


def find_latest(edition_id: int) -> Release | None:
    """Return the latest release of the edition, or None before the first."""
    return db.session.scalars(
        select(Release).where(Release.edition_id == edition_id).order_by(Release.number.desc()).limit(1)
    ).one_or_none()


def list_entries(releases: Collection[Release]) -> dict[int, list[Entry]]:
    """Return what each of these releases did to each session, by release id; two statements."""
    entries = db.session.scalars(
        select(ReleaseEntry)
        .where(ReleaseEntry.release_id.in_([release.id for release in releases]))
        .order_by(ReleaseEntry.id)
    ).all()
    earlier = aliased(ReleaseEntry)
    # Releases and their entries are written one after the other, so a higher id is a later one.
    before = (
        select(func.max(earlier.id))
        .where(earlier.session_id == ReleaseEntry.session_id, earlier.id < ReleaseEntry.id)
        .correlate(ReleaseEntry)
        .scalar_subquery()
    )
    previous = aliased(ReleaseEntry)
    was: dict[int, Content] = dict(
        db.session.execute(
            select(ReleaseEntry.id, previous.content)
            .join(previous, previous.id == before)
            .where(ReleaseEntry.release_id.in_([release.id for release in releases]))
        ).all()
    )
    found: dict[int, list[Entry]] = {release.id: [] for release in releases}
    for entry in entries:
        found[entry.release_id].append(
            Entry(entry.session_id, entry.change, was.get(entry.id), entry.content)
        )
    return found


def contents_at(release: Release) -> dict[int, Content]:
    """Return how each session stood at a release, by session id: its latest entry up to then; one statement."""
    latest = (
        select(func.max(ReleaseEntry.id))
        .join(Release, Release.id == ReleaseEntry.release_id)
        .where(Release.edition_id == release.edition_id, Release.number <= release.number)
        .group_by(ReleaseEntry.session_id)
    )
    rows = db.session.execute(
        select(ReleaseEntry.session_id, ReleaseEntry.content).where(ReleaseEntry.id.in_(latest))
    )
    return dict(rows.all())


def names_of(edition_id: int) -> Names:
    """Return what sites, rooms, tracks and people of the edition are called; four statements."""
    places = sites.list_sites(edition_id)
    return Names(
        sites={site.id: site.name for site in places},
        rooms={room.id: room.name for site in places for room in site.rooms},
        tracks=dict(
            db.session.execute(select(Track.id, Track.name).where(Track.edition_id == edition_id)).all()
        ),
        people=dict(db.session.execute(select(Person.id, Person.full_name)).all()),
    )


# Whom it concerns ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Affected:
    """Whom a release concerns: they are told once, in one letter."""

    audience: Audience
    by_site: Sequence[tuple[Translations, int]]
    """Those who hold a place, by site."""
    presiding: int
    speakers: int
    coordinators: int


def find_affected(edition_id: int, found: Collection[Change], *, now: datetime) -> Affected:
    """Return whom the changes concern that people are told of: what they know of is moved or cancelled, and to come.

    What is new concerns nobody yet.
    """
    placements: set[tuple[int, int]] = set()
    for each in found:
        placements |= {(each.session_id, site_id) for site_id in _sites_with_news(each, now)}
    reach = Reach(
        edition_id,
        frozenset(site_id for _, site_id in placements),
        frozenset(placements),
        now + change_rules.ARRIVING,
    )
    audience = changes.count_audience(reach)
    people = changes.list_people(reach)
    by_site: dict[str, tuple[Translations, int]] = {}
    for name, _locale, count in audience.registrants:
        key = repr(sorted(name.items()))
        by_site[key] = (name, by_site.get(key, (name, 0))[1] + count)
    return Affected(
        audience,
        list(by_site.values()),
        presiding=sum(1 for one in people if one.presides),
        coordinators=sum(1 for one in people if one.coordinates),
        speakers=sum(1 for one in people if one.session_ids),
    )


def _sites_with_news(change: Change, now: datetime) -> set[int]:
    if change.was is None:
        return set()
    known = {placed["id"]: placed for placed in change.was["placements"]}
    found = set()
    for placed in change.becomes["placements"]:
        old = known.get(placed["id"])
        if old is not None and change_rules.is_news(_where(old), _where(placed), now):
            found.add(placed["site_id"])
    return found


def _where(placed: Mapping[str, object]) -> Where:
    return Where(
        datetime.fromisoformat(str(placed["starts_at"])),
        datetime.fromisoformat(str(placed["ends_at"])),
        placed["room_id"],  # type: ignore[arg-type]  # a JSON value; rooms are numbers or null
        placed["cancelled_at"] is not None,
    )


def find_changes(edition_id: int) -> list[Change]:
    """Return what a release would change now, by time of the session."""
    return sorted(
        publishing.find_changes(edition_id), key=lambda each: (_begins(each.becomes), each.session_id)
    )


def _begins(content: Content) -> str:
    return min((placed["starts_at"] for placed in content["placements"]), default="")
