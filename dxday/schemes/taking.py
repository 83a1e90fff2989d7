"""Taking a rule pack over into a scheme: what would change, and the change itself."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from dxday.audit import services as audit
from dxday.core.actor import Actor
from dxday.core.errors import Stale
from dxday.core.i18n import Translations, Words, lazy_gettext
from dxday.core.seen import fingerprint_of
from dxday.db import db
from dxday.schemes import packs, queries, rules, services, usage
from dxday.schemes.models import Category, Criterion, DossierItem, EligibilityQuestion, Scheme

Wanted = dict[str, dict[str, Any]]
"""Code → the values of its columns."""


class Change(StrEnum):
    """What happens to something when a pack is taken over."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


CHANGE_NAMES: dict[Change, Words] = {
    Change.ADDED: lazy_gettext("Is added"),
    Change.CHANGED: lazy_gettext("Is changed"),
    Change.REMOVED: lazy_gettext("Is removed"),
}

SETTING = "setting"
PART_NAMES: dict[str, Words] = {
    SETTING: lazy_gettext("Setting"),
    DossierItem.__tablename__: lazy_gettext("Item of dossiers"),
    EligibilityQuestion.__tablename__: lazy_gettext("Question of eligibility"),
    Criterion.__tablename__: lazy_gettext("Criterion"),
}

COLUMN_NAMES: dict[str, Words] = {
    "section": lazy_gettext("Section"),
    "kind": lazy_gettext("Kind of answer"),
    "name": lazy_gettext("Name"),
    "help": lazy_gettext("Help"),
    "required": lazy_gettext("Required"),
    "most": lazy_gettext("At most"),
    "sensitive": lazy_gettext("Sensitive"),
    "article": lazy_gettext("Article"),
    "source": lazy_gettext("Source"),
    "category_id": lazy_gettext("Category"),
    "position": lazy_gettext("Position in lists"),
    "question": lazy_gettext("Question"),
    "wanted": lazy_gettext("Goes on with"),
    "refusal": lazy_gettext("Refusal"),
    "guidance": lazy_gettext("What each score means"),
    "weight": lazy_gettext("Weight"),
}


@dataclass(frozen=True)
class Difference:
    """One thing that a pack changes; `before` and `after` hold the columns that differ."""

    part: str
    code: str
    change: Change
    before: dict[str, Any]
    after: dict[str, Any]
    name: Translations | None = None
    """What it is called, where it has a name of its own."""

    @property
    def binds(self) -> bool:
        """Whether dossiers must hold, or agencies answer, something else than before: wording alone does not bind."""
        if self.part == EligibilityQuestion.__tablename__:
            kind: type[services.Part] = EligibilityQuestion
        elif self.part == DossierItem.__tablename__:
            kind = DossierItem
        else:
            return False
        if self.change is Change.CHANGED:
            return any(name in self.after for name in services.BINDING[kind])
        return kind is EligibilityQuestion or self.change is Change.REMOVED or bool(self.after["required"])


@dataclass(frozen=True)
class Plan:
    """What taking a pack over changes in a scheme, and what the organizer decides afterwards."""

    differences: tuple[Difference, ...]
    undecided: tuple[str, ...]
    """Names of settings that the pack leaves to be confirmed."""
    is_new: bool
    """Whether anything is another afterwards, the pack's name included."""

    @property
    def mark(self) -> str:
        """A short text that is another one as soon as the plan is."""
        return fingerprint_of([repr(self.differences), *self.undecided])

    @property
    def changes_dossiers(self) -> bool:
        """Whether dossiers must hold, or agencies answer, something else than before."""
        return any(each.binds for each in self.differences)


def plan_taking_over(scheme: Scheme, pack: packs.Pack) -> Plan:
    """Return what taking the pack over would change; nothing is changed."""
    found = [
        Difference(
            SETTING,
            name,
            Change.CHANGED,
            {name: getattr(scheme, name)},
            {name: value},
        )
        for name, value in _settings(pack).items()
        if getattr(scheme, name) != value
    ]
    for kind, wanted in _parts(scheme, pack).items():
        found += _compare(kind, scheme.id, wanted)
    undecided = pack.unconfirmed
    return Plan(
        tuple(found),
        tuple(undecided),
        bool(found) or scheme.pack != pack.mark or sorted(scheme.unconfirmed) != sorted(undecided),
    )


def take_over_pack(
    scheme: Scheme, pack: packs.Pack, *, actor: Actor, now: datetime, seen: str | None = None
) -> Plan:
    """Copy the pack's settings, items, questions and criteria into the scheme; what is not in the pack goes.

    `seen` is the mark of the plan that was looked at, if one was.  Returns what was changed.  Raises Stale,
    DossiersUnderOtherItems when nominations were handed in under other items, StillUsed.
    """
    plan = plan_taking_over(scheme, pack)
    if seen is not None and plan.mark != seen:
        raise Stale
    if plan.changes_dossiers and usage.count_used(scheme.id):
        raise rules.DossiersUnderOtherItems
    for name, value in _settings(pack).items():
        setattr(scheme, name, value)
    for kind, wanted in _parts(scheme, pack).items():
        _replace(kind, scheme.id, wanted)
    scheme.pack, scheme.unconfirmed = pack.mark, list(plan.undecided)
    db.session.flush()
    audit.record(
        "scheme.pack_taken_over",
        subject=scheme.code,
        actor=actor,
        now=now,
        edition_id=scheme.edition_id,
        pack=pack.mark,
        changed=[f"{each.part}/{each.code}: {each.change.value}" for each in plan.differences],
    )
    return plan


def _settings(pack: packs.Pack) -> dict[str, Any]:
    return {"legal_basis": pack.legal_basis} | {each.name: each.value for each in pack.settings}


def _parts(scheme: Scheme, pack: packs.Pack) -> dict[type[services.Part], Wanted]:
    categories = queries.list_categories(scheme.id)
    given: dict[type[services.Part], Iterable[Any]] = {
        DossierItem: pack.items,
        EligibilityQuestion: pack.questions,
        Criterion: pack.criteria,
    }
    return {kind: _rows(kind, entries, categories) for kind, entries in given.items()}


def _rows(kind: type[services.Part], entries: Iterable[Any], categories: list[Category]) -> Wanted:
    """Return the rows of a pack's entries: one for all categories, or one for each that the entry is for."""
    rows: Wanted = {}
    for entry in entries:
        fitting = [category for category in categories if category.nominee_kind in entry.nominees]
        is_for_all = entry.nominees == frozenset(rules.NomineeKind) or (
            bool(categories) and len(fitting) == len(categories)
        )
        named = [(entry.code, None)] if is_for_all else [(f"{entry.code}-{c.code}", c.id) for c in fitting]
        for code, category_id in named:
            rows[code] = {
                name: {"category_id": category_id, "position": len(rows)}.get(
                    name, getattr(entry, name, None)
                )
                for name in services.FIELDS[kind]
            }
    return rows


def _compare(kind: type[services.Part], scheme_id: int, wanted: Wanted) -> list[Difference]:
    part, names = kind.__tablename__, services.FIELDS[kind]
    title = "question" if kind is EligibilityQuestion else "name"
    rows = {row.code: row for row in queries.list_all(kind, scheme_id)}
    found = []
    for code, after in wanted.items():
        if code not in rows:
            found.append(Difference(part, code, Change.ADDED, {}, after, after[title]))
            continue
        before = {name: getattr(rows[code], name) for name in names}
        differing = [name for name in names if before[name] != after[name]]
        if differing:
            found.append(
                Difference(
                    part,
                    code,
                    Change.CHANGED,
                    {name: before[name] for name in differing},
                    {name: after[name] for name in differing},
                    after[title],
                )
            )
    return found + [
        Difference(
            part, code, Change.REMOVED, {name: getattr(row, name) for name in names}, {}, getattr(row, title)
        )
        for code, row in rows.items()
        if code not in wanted
    ]


def _replace(kind: type[services.Part], scheme_id: int, wanted: Wanted) -> None:
    rows = {row.code: row for row in queries.list_all(kind, scheme_id)}
    for code, row in rows.items():
        if code not in wanted:
            services.remove_row(row)
    for code, values in wanted.items():
        if code in rows:
            for name, value in values.items():
                if getattr(rows[code], name) != value:
                    setattr(rows[code], name, value)
        else:
            db.session.add(kind(scheme_id=scheme_id, code=code, **values))
    db.session.flush()
