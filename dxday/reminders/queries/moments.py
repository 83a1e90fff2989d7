"""Reading the moments of rules as they stand now, and the times that follow."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select

from dxday.db import db
from dxday.editions.models import Edition
from dxday.reminders import offers, rules
from dxday.reminders.models import ReminderRule
from dxday.reminders.offers import Anchor, Audience


@dataclass(frozen=True, eq=False)
class Slot:
    """A rule and one of its moments, with the times that follow."""

    rule: ReminderRule
    edition: Edition
    audience: Audience
    anchor: Anchor
    due_at: datetime
    latest_at: datetime

    @property
    def occurrence(self) -> tuple[int, str, datetime]:
        """What the ledger knows it by, together with the recipient."""
        return self.rule.id, self.anchor.occasion, self.anchor.at

    def is_live(self, now: datetime) -> bool:
        """Tell whether it is to leave now."""
        on_since = self.rule.on_since
        return on_since is not None and rules.is_live(self.due_at, self.latest_at, on_since=on_since, now=now)


def find_slots(pairs: Sequence[tuple[ReminderRule, Edition]]) -> list[Slot]:
    """Return every moment of the rules as it stands now, in the order in which they are due.

    The moments of an audience are looked for once, for all editions together.  A cancelled edition has none, nor have
    rules of an audience or moment that no feature offers any more.
    """
    known = offers.known()
    slots: list[Slot] = []
    anchors: dict[tuple[str, str], dict[int, list[Anchor]]] = {}
    for rule, edition in pairs:
        audience = known.get(rule.audience)
        moment = audience.moment(rule.moment) if audience else None
        if audience is None or moment is None or edition.cancelled_at is not None:
            continue
        key = (audience.name, moment.name)
        if key not in anchors:
            wanted = {e.id: e for r, e in pairs if (r.audience, r.moment) == key and e.cancelled_at is None}
            anchors[key] = {edition_id: [] for edition_id in wanted}
            for anchor in moment.find(list(wanted.values())):
                anchors[key][anchor.edition_id].append(anchor)
        slots += _slots_of(rule, edition, audience, anchors[key][edition.id])
    return sorted(slots, key=lambda slot: (slot.due_at, slot.rule.id, slot.anchor.occasion, slot.anchor.key))


def next_due(found: Sequence[ReminderRule], now: datetime) -> dict[int, datetime | None]:
    """Return when each of the rules is due next after `now`, whether it is on or not; None when never again."""
    editions = _editions_of(found)
    due: dict[int, datetime | None] = {rule.id: None for rule in found}
    for slot in find_slots([(rule, editions[rule.edition_id]) for rule in found]):
        if slot.due_at > now and due[slot.rule.id] is None:
            due[slot.rule.id] = slot.due_at
    return due


def _editions_of(found: Iterable[ReminderRule]) -> dict[int, Edition]:
    ids = {rule.edition_id for rule in found}
    return {edition.id: edition for edition in db.session.scalars(select(Edition).where(Edition.id.in_(ids)))}


def _slots_of(
    rule: ReminderRule, edition: Edition, audience: Audience, anchors: Iterable[Anchor]
) -> Iterator[Slot]:
    zone, timing = ZoneInfo(edition.time_zone), rule.timing
    wanted = {
        each.name: rule.filters[each.name] for each in audience.anchor_filters if rule.filters.get(each.name)
    }
    seen: set[tuple[str, int, datetime]] = set()
    for anchor in anchors:
        same = (
            anchor.occasion,
            anchor.key,
            anchor.at,
        )  # a session in two rooms of a site is one moment there
        if same not in seen and all(anchor.marks.get(name) in allowed for name, allowed in wanted.items()):
            seen.add(same)
            due = rules.due_at(timing, anchor.at, zone)
            yield Slot(rule, edition, audience, anchor, due, rules.latest_at(timing, anchor.at, due))
