"""Reminder rules as pages show them: in words, with who gets them and the letter that they get."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from dxday.core.carriage import Carriage
from dxday.core.i18n import LOCALES, Words, lazy_gettext
from dxday.core.i18n import gettext as _
from dxday.editions.models import Edition
from dxday.notifications import wording
from dxday.notifications.letters import Letter
from dxday.notifications.wording import Template, Wording
from dxday.reminders import offers
from dxday.reminders.forms import LANGUAGE_NAMES
from dxday.reminders.models import ReminderRule
from dxday.reminders.offers import Audience, Found
from dxday.reminders.queries import ForecastPerson, Line
from dxday.reminders.rules import GETTING, Fate, Reason
from dxday.web import filters

FATE_NAMES: dict[Fate, Words] = {
    Fate.COMING: lazy_gettext("Ahead"),
    Fate.DUE: lazy_gettext("Due now"),
    Fate.MISSED: lazy_gettext("Was due before it is switched on"),
    Fate.OVER: lazy_gettext("Over"),
    Fate.SENT: lazy_gettext("Sent"),
}
FATE_SHAPES = {
    Fate.COMING: "info",
    Fate.DUE: "info",
    Fate.MISSED: "warn",
    Fate.OVER: "neutral",
    Fate.SENT: "good",
}
REASON_NAMES: dict[Reason, Words] = {
    Reason.GETS: lazy_gettext("Gets it"),
    Reason.GETS_AT_ONCE: lazy_gettext("Joined late, gets it at once"),
    Reason.LATE: lazy_gettext("Joined too late"),
    Reason.TOLD: lazy_gettext("Has got it already"),
    Reason.NO_ADDRESS: lazy_gettext("No address"),
    Reason.SPARED: lazy_gettext("Wants no reminders, or nothing arrives there"),
    Reason.MISSED: lazy_gettext("Was due before it is switched on"),
    Reason.OVER: lazy_gettext("It is over"),
}
REASON_SHAPES = {
    Reason.GETS: "info",
    Reason.GETS_AT_ONCE: "info",
    Reason.LATE: "neutral",
    Reason.TOLD: "good",
    Reason.NO_ADDRESS: "warn",
    Reason.SPARED: "warn",
    Reason.MISSED: "neutral",
    Reason.OVER: "neutral",
}

LEFT = (Carriage.DONE,)
WAITING = (Carriage.QUEUED, Carriage.CLAIMED)
FAILED = (Carriage.FAILED, Carriage.UNKNOWN, Carriage.BOUNCED)
COLUMNS: dict[str, Sequence[Carriage]] = {"sent": LEFT, "waiting": WAITING, "failed": FAILED}
"""The figures of the list, and the states of the ledger that each gathers."""

SAMPLE_UNSUBSCRIBE = "https://dxday.example/unsubscribe/abc123"

MOST_BARS = 14
"""How many moments are drawn one by one; more are drawn by the day."""


@dataclass(frozen=True)
class Said:
    """A rule with the words for what it names."""

    rule: ReminderRule
    audience: Words
    about: Words
    language: Words
    only: str = ""
    """The values of its filters, with commas; empty when it reaches all."""
    gone: str = ""
    """Values of its filters that this edition does not have, with commas."""


@dataclass(frozen=True)
class Row:
    """A line of the list."""

    said: Said
    next_at: datetime | None
    counts: Mapping[str, int]
    states: Mapping[str, Carriage | None]
    """The one state of the ledger in which those of a column are, when it is one."""


def describe(listed: Iterable[ReminderRule], edition: Edition) -> list[Said]:
    """Put rules into words.  What can be chosen is asked once for each filter that is used."""
    kept: dict[tuple[str, str], dict[str, Words]] = {}
    return [_describe(rule, edition, kept) for rule in listed]


def _describe(rule: ReminderRule, edition: Edition, kept: dict[tuple[str, str], dict[str, Words]]) -> Said:
    language = LANGUAGE_NAMES[rule.locale] if rule.locale else _("each in their own language")
    audience = offers.known().get(rule.audience)
    moment = audience.moment(rule.moment) if audience else None
    if audience is None or moment is None:
        return Said(rule, _("Nobody any more"), _("what is no longer offered"), language)
    words: list[str] = []
    gone: list[str] = []
    for each in filters_of(audience):
        values = rule.filters.get(each.name) or []
        if values:
            key = (audience.name, each.name)
            if key not in kept:
                kept[key] = dict(each.choices(edition))
            words += [str(kept[key].get(value, value)) for value in values]
            gone += [value for value in values if value not in kept[key]]
    return Said(rule, audience.label, moment.label, language, ", ".join(words), ", ".join(gone))


def filters_of(audience: Audience) -> list[offers.Filter]:
    """Return every filter of an audience: those of its moments, then that of its people."""
    return [*audience.anchor_filters, *([audience.person_filter] if audience.person_filter else [])]


def row(said: Said, next_at: datetime | None, sent: Mapping[Carriage, int]) -> Row:
    """Return the line of the list for a rule, of which `sent` counts the messages by state."""
    alone = {
        name: next((state for state in states if sent[state]), None)
        if sum(1 for state in states if sent[state]) == 1
        else None
        for name, states in COLUMNS.items()
    }
    counts = {name: sum(sent[state] for state in states) for name, states in COLUMNS.items()}
    return Row(said, next_at, counts, alone)


def bars(lines: Sequence[Line]) -> list[tuple[str, int]]:
    """Return how many letters leave when, as `bar_table` takes it: by the moment, or by the day when they are many."""
    at: dict[datetime, int] = {}
    for line in lines:
        if line.gets:
            at[line.due_at] = at.get(line.due_at, 0) + line.gets
    if len(at) <= MOST_BARS:
        return [(filters.moment(moment), number) for moment, number in sorted(at.items())]
    by_day: dict[date, int] = {}
    for moment, number in sorted(at.items()):
        day = filters.local(moment).date()
        by_day[day] = by_day.get(day, 0) + number
    return [(filters.day(day), number) for day, number in by_day.items()]


def reasons_of(line: Line) -> str:
    """Return why some do not get it, with their numbers."""
    return ", ".join(
        f"{filters.number(line.counts[reason])} × {REASON_NAMES[reason]}"
        for reason in Reason
        if reason not in GETTING and line.counts.get(reason)
    )


def name_of(person: ForecastPerson) -> str:
    """Return what tells a line of the forecast from the others: who, and of what."""
    return f"{person.recipient} {person.anchor.occasion}"


def letter_to(
    rule: ReminderRule, audience: Audience, person: ForecastPerson, edition: Edition, *, locale: str
) -> Wording:
    """Return the letter that somebody real would get, in a language."""
    facts = audience.facts([Found(person.recipient, edition.id, person.anchor)])[0]
    return _write(
        rule, audience.letter_for(rule.moment), edition, locale, {"recipient": person.to_name, **facts}
    )


def sample_letter(rule: ReminderRule, audience: Audience, edition: Edition, *, locale: str) -> Wording:
    """Return the letter to somebody made up, in a language."""
    letter = audience.letter_for(rule.moment)
    return _write(rule, letter, edition, locale, wording.sample_facts(letter, locale))


def _write(
    rule: ReminderRule, letter: Letter, edition: Edition, locale: str, facts: dict[str, Any]
) -> Wording:
    subject, body = (rule.subject or {}).get(locale), (rule.body or {}).get(locale)
    return wording.write(
        letter,
        locale=locale,
        edition=edition,
        words=Template(subject, body) if subject and body else None,
        unsubscribe_url=None if letter.required else SAMPLE_UNSUBSCRIBE,
        answers_to=edition.contact_email,
        **facts,
    )


def language_parts(locales: Mapping[str, int]) -> list[tuple[str, int]]:
    """Return how many letters leave in which language, those of ours first."""
    known = [(LOCALES[code], locales[code]) for code in LOCALES if locales.get(code)]
    return known + [(code, number) for code, number in locales.items() if code not in LOCALES]
