"""Writing reminder rules, switching them on and off, and reminding."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, time
from typing import Any

from sqlalchemy import CursorResult, update

from dxday.audit import services as audit
from dxday.core.actor import Actor
from dxday.core.carriage import Carriage
from dxday.core.errors import RuleBroken, Stale
from dxday.core.i18n import DEFAULT_LOCALE, LOCALES, Translations
from dxday.db import db
from dxday.editions.models import Edition
from dxday.notifications import services as notifications
from dxday.notifications import wording
from dxday.notifications.letters import Letter
from dxday.notifications.models import Message
from dxday.notifications.rules import Channel
from dxday.notifications.rules import Reason as WithdrawnFor
from dxday.notifications.services import Occurrence
from dxday.notifications.wording import Template
from dxday.reminders import offers, queries, rules
from dxday.reminders.models import ReminderRule
from dxday.reminders.offers import Audience
from dxday.reminders.queries import Due
from dxday.reminders.rules import Direction, LateJoiners, RuleState, Timing, Unit

AFRESH = frozenset(
    {"audience", "moment", "filters", "amount", "unit", "direction", "at_time", "quiet_from", "quiet_until"}
)
"""Who changes one of these while the rule is on switches it on afresh."""

COPIED = (
    *("name", "audience", "moment", "filters", "amount", "unit", "direction", "at_time"),
    *("quiet_from", "quiet_until", "late_joiners", "channel", "locale", "subject", "body"),
)
"""What makes a rule the one it is, apart from its edition."""

IDS_AT_ONCE = 1000

_QUIET = {"quiet_from": time(21), "quiet_until": time(7)}
USUAL: tuple[dict[str, Any], ...] = (
    {
        "name": "Nhắc người đăng ký trước một tuần",
        "audience": "registrants",
        "moment": "first_session",
        "amount": 7,
        "unit": Unit.DAYS,
        "at_time": time(9),
        **_QUIET,
    },
    {
        "name": "Nhắc người đăng ký trước một ngày",
        "audience": "registrants",
        "moment": "first_session",
        "amount": 1,
        "unit": Unit.DAYS,
        **_QUIET,
    },
    {
        "name": "Nhắc đơn vị có hồ sơ chưa nộp trước 3 ngày làm việc",
        "audience": "agencies_draft",
        "moment": "nominations_close",
        "amount": 3,
        "unit": Unit.WORKING_DAYS,
        "at_time": time(9),
        **_QUIET,
    },
)
"""What most editions want; names are only for those who organise, who speak Vietnamese."""


# Rules ---------------------------------------------------------------------------------------------------------------


def add_rule(
    edition: Edition,
    *,
    name: str,
    audience: str,
    moment: str,
    amount: int,
    unit: Unit,
    direction: Direction,
    actor: Actor,
    now: datetime,
    filters: Mapping[str, Sequence[str]] | None = None,
    at_time: time | None = None,
    quiet_from: time | None = None,
    quiet_until: time | None = None,
    late_joiners: LateJoiners = LateJoiners.SKIP,
    channel: Channel = Channel.MAIL,
    locale: str | None = None,
    subject: Translations | None = None,
    body: Translations | None = None,
) -> ReminderRule:
    """Add a rule, switched off.

    Raises NameMissing, UnknownAudience, UnknownMoment, UnknownFilter, FilterNotOfMoment, UnknownLanguage,
    WordsNotWhole, what `rules.check_timing` raises, and what `wording.check` raises, with the field `subject_vi` or
    `body_vi` for words in Vietnamese.
    """
    given = {
        "name": name,
        "audience": audience,
        "moment": moment,
        "filters": filters or {},
        "amount": amount,
        "unit": unit,
        "direction": direction,
        "at_time": at_time,
        "quiet_from": quiet_from,
        "quiet_until": quiet_until,
        "late_joiners": late_joiners,
        "channel": channel,
        "locale": locale,
        "subject": subject,
        "body": body,
    }
    columns = _plain(given)
    _check(edition, columns)
    rule = _new(edition, columns, actor=actor, now=now)
    _record("reminder.rule_added", rule, actor=actor, now=now, name=rule.name)
    return rule


def change_rule(rule: ReminderRule, *, seen: int, actor: Actor, now: datetime, **changes: Any) -> None:
    """Change columns of a rule, named as in `add_rule`; `seen` is the version that was looked at.

    A rule that is on stays on.  With another audience, moment, filter or timing it is as if switched on afresh: it
    reminds of nothing that was due before, and what it had queued is taken back.  Other words count from the next
    letter on; those that wait leave as they are.  Raises Stale and what `add_rule` raises.
    """
    _check_seen(rule, seen)
    columns = _plain({name: getattr(rule, name) for name in COPIED} | changes)
    _check(queries.get_edition(rule.edition_id), columns)
    changed = sorted(name for name, value in columns.items() if getattr(rule, name) != value)
    if not changed:
        return
    for name in changed:
        setattr(rule, name, columns[name])
    rule.updated_at = now
    if rule.state is RuleState.ON and AFRESH.intersection(changed):
        rule.on_since = now
        _take_back(rule, now=now)
    db.session.flush()
    _record("reminder.rule_changed", rule, actor=actor, now=now, changed=changed)


def switch_on(rule: ReminderRule, *, seen: int, actor: Actor, now: datetime) -> None:
    """Let a rule remind, of what is due from `now` on.

    Nothing happens to a rule that is on.  Raises Stale; what `add_rule` raises, when the audience, a filter or the
    words do not fit the edition, as after copying.
    """
    _check_seen(rule, seen)
    if rule.state is RuleState.ON:
        return
    _check(queries.get_edition(rule.edition_id), {name: getattr(rule, name) for name in COPIED})
    rule.state, rule.on_since, rule.updated_at = RuleState.ON, now, now
    db.session.flush()
    _record("reminder.rule_switched_on", rule, actor=actor, now=now)


def switch_off(rule: ReminderRule, *, seen: int, actor: Actor, now: datetime) -> int:
    """Stop a rule at once and return how many messages that waited were taken back.  Raises Stale.

    Nothing happens to a rule that is off.
    """
    _check_seen(rule, seen)
    if rule.state is RuleState.OFF:
        return 0
    rule.state, rule.updated_at = RuleState.OFF, now
    db.session.flush()
    taken_back = _take_back(rule, now=now)
    _record("reminder.rule_switched_off", rule, actor=actor, now=now, taken_back=taken_back)
    return taken_back


def remove_rule(rule: ReminderRule, *, seen: int, actor: Actor, now: datetime) -> None:
    """Remove a rule that never made a message.  Raises Stale, SentAlready."""
    _check_seen(rule, seen)
    if queries.has_sent(rule.id):
        raise rules.SentAlready
    _record("reminder.rule_removed", rule, actor=actor, now=now, name=rule.name)
    db.session.delete(rule)
    db.session.flush()


def copy_rules(
    from_edition: Edition, to_edition: Edition, *, actor: Actor, now: datetime
) -> list[ReminderRule]:
    """Copy the rules of an edition to another, all of them switched off, and return the new ones.

    A rule whose name is there already is left out, so that copying twice makes none twice.  Filters are copied as they
    are; what they name and the new edition does not have is refused when the rule is switched on.
    """
    there = {rule.name for rule in queries.list_rules(to_edition.id)}
    copies = [
        _new(to_edition, {name: getattr(rule, name) for name in COPIED}, actor=actor, now=now)
        for rule in queries.list_rules(from_edition.id)
        if rule.name not in there
    ]
    for copy in copies:
        _record(
            "reminder.rule_added", copy, actor=actor, now=now, name=copy.name, copied_from=from_edition.code
        )
    return copies


def add_usual_rules(edition: Edition, *, actor: Actor, now: datetime) -> list[ReminderRule]:
    """Add the rules that most editions want, switched off, and return them.

    Left out are those whose audience no feature offers, and those whose name is there already.
    """
    there = {rule.name for rule in queries.list_rules(edition.id)}
    known = offers.known()
    return [
        add_rule(edition, **{"direction": Direction.BEFORE, **usual}, actor=actor, now=now)
        for usual in USUAL
        if usual["name"] not in there
        and usual["audience"] in known
        and known[usual["audience"]].moment(usual["moment"])
    ]


def _new(edition: Edition, columns: Mapping[str, Any], *, actor: Actor, now: datetime) -> ReminderRule:
    rule = ReminderRule(
        edition_id=edition.id,
        state=RuleState.OFF,
        created_at=now,
        updated_at=now,
        created_by_id=actor.account_id,
        **columns,
    )
    db.session.add(rule)
    db.session.flush()
    return rule


def _plain(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return columns in the one form in which equal things are equal: nothing empty, no time of day for hours."""
    columns = dict(given)
    columns["name"] = " ".join(columns["name"].split())[: rules.NAME_LENGTH]
    columns["filters"] = {name: sorted(set(values)) for name, values in columns["filters"].items() if values}
    if columns["unit"] is Unit.HOURS:
        columns["at_time"] = None
    for field in ("subject", "body"):
        columns[field] = {code: text for code, text in (columns[field] or {}).items() if text.strip()} or None
    return columns


def _check(edition: Edition, columns: Mapping[str, Any]) -> None:
    rules.check_name(columns["name"])
    audience = offers.known().get(columns["audience"])
    if audience is None:
        raise rules.UnknownAudience
    if audience.moment(columns["moment"]) is None:
        raise rules.UnknownMoment
    _check_filters(edition, audience, columns["filters"])
    _check_fits(audience, columns["moment"], columns["filters"])
    timing = ("amount", "unit", "direction", "at_time", "quiet_from", "quiet_until")
    rules.check_timing(Timing(**{name: columns[name] for name in timing}))
    if columns["locale"] is not None and columns["locale"] not in LOCALES:
        raise rules.UnknownLanguage
    _check_words(audience.letter_for(columns["moment"]), columns["subject"] or {}, columns["body"] or {})


def _check_filters(edition: Edition, audience: Audience, filters: Mapping[str, Sequence[str]]) -> None:
    known = {each.name: each for each in audience.anchor_filters}
    if audience.person_filter is not None:
        known[audience.person_filter.name] = audience.person_filter
    for name, wanted in filters.items():
        if name not in known:
            raise rules.UnknownFilter(value=name)
        possible = {value for value, _label in known[name].choices(edition)}
        for value in wanted:
            if value not in possible:
                raise rules.UnknownFilter(value=value)


def _check_fits(audience: Audience, name: str, filters: Mapping[str, Sequence[str]]) -> None:
    moment = audience.moment(name)
    assert moment is not None
    for each in audience.anchor_filters:
        if filters.get(each.name) and not moment.takes(each.name):
            raise rules.FilterNotOfMoment(filter=each.label)


def _check_words(letter: Letter, subjects: Mapping[str, str], bodies: Mapping[str, str]) -> None:
    for code in sorted({*subjects, *bodies}):
        if code not in LOCALES:
            raise rules.UnknownLanguage
        if code not in subjects:
            raise rules.WordsNotWhole(field=f"subject_{code}")
        if code not in bodies:
            raise rules.WordsNotWhole(field=f"body_{code}")
        try:
            wording.check(Template(subjects[code], bodies[code]), letter)
        except RuleBroken as refusal:
            refusal.field = f"{refusal.field}_{code}"
            raise


def _check_seen(rule: ReminderRule, seen: int) -> None:
    if rule.version != seen:
        raise Stale


def _record(action: str, rule: ReminderRule, *, actor: Actor, now: datetime, **facts: Any) -> None:
    audit.record(
        action, subject=f"reminder:{rule.id}", actor=actor, now=now, edition_id=rule.edition_id, **facts
    )


# Reminding -----------------------------------------------------------------------------------------------------------


def remind(due: Sequence[Due], *, now: datetime) -> int:
    """Queue the reminders of people whom `queries.list_due` named and return how many messages that made.

    A rule that was switched off or changed meanwhile is left out; it cannot be switched off before the transaction
    ends, so that what was queued before is taken back then.  The ledger keeps each rule, recipient and occurrence once.
    """
    standing = queries.lock_on({one.slot.rule.id for one in due})
    still = [one for one in due if standing.get(one.slot.rule.id) == one.slot.rule.version]
    queued = 0
    for audience, some in _by_audience(still):
        for one, facts in zip(some, audience.facts([one.found for one in some]), strict=True):
            queued += _remind(one, facts, now=now)
    return queued


def _by_audience(due: Iterable[Due]) -> Iterable[tuple[Audience, list[Due]]]:
    found: dict[str, tuple[Audience, list[Due]]] = {}
    for one in due:
        found.setdefault(one.slot.audience.name, (one.slot.audience, []))[1].append(one)
    return found.values()


def _remind(due: Due, facts: Mapping[str, Any], *, now: datetime) -> bool:
    slot = due.slot
    rule, anchor = slot.rule, slot.anchor
    locale = rule.locale or due.locale
    return notifications.enqueue(
        slot.audience.letter_for(rule.moment),
        to_address=due.to_address,
        to_name=due.to_name,
        locale=locale,
        key=f"reminder:{rule.id}:{due.recipient}:{anchor.occasion}:{int(anchor.at.timestamp())}",
        now=now,
        edition=slot.edition,
        channel=rule.channel,
        recipient=due.recipient,
        occurrence=Occurrence(rule.id, anchor.occasion, anchor.at),
        expires_at=slot.latest_at,
        words=_words(rule, locale),
        **facts,
    )


def _words(rule: ReminderRule, locale: str) -> Template | None:
    subject, body = (rule.subject or {}).get(locale), (rule.body or {}).get(locale)
    return Template(subject, body) if subject and body else None


def send_trial(rule: ReminderRule, *, actor: Actor, now: datetime, locale: str | None = None) -> bool:
    """Send the actor a letter of the rule with made-up facts; False when one of this second is on its way.

    `locale` is the language of the letter; without it, that of the rule, else Vietnamese.  Raises
    NoAddressOfYourOwn, UnknownAudience.
    """
    if not actor.email:
        raise rules.NoAddressOfYourOwn
    audience = offers.known().get(rule.audience)
    if audience is None:
        raise rules.UnknownAudience
    language = locale or rule.locale or DEFAULT_LOCALE
    letter = audience.letter_for(rule.moment)
    sent = notifications.enqueue(
        letter,
        to_address=actor.email,
        to_name=actor.label,
        locale=language,
        key=f"reminder-trial:{rule.id}:{actor.account_id}:{int(now.timestamp())}",
        now=now,
        edition=queries.get_edition(rule.edition_id),
        words=_words(rule, language),
        **{
            name: fact for name, fact in wording.sample_facts(letter, language).items() if name != "recipient"
        },
    )
    _record("reminder.trial_sent", rule, actor=actor, now=now)
    return sent


def take_back(ids: Sequence[int], *, reason: WithdrawnFor) -> int:
    """Take back messages that still wait, by id, and return how many they were; what left meanwhile is left alone."""
    taken = 0
    for begin in range(0, len(ids), IDS_AT_ONCE):
        result = db.session.execute(
            update(Message)
            .where(Message.id.in_(ids[begin : begin + IDS_AT_ONCE]), Message.carriage == Carriage.QUEUED)
            .values(carriage=Carriage.CANCELLED, error=reason.value, due_at=None, handed_until=None)
            .execution_options(synchronize_session=False)
        )
        assert isinstance(result, CursorResult)
        taken += result.rowcount
    return taken


def _take_back(rule: ReminderRule, *, now: datetime) -> int:
    return notifications.withdraw(rule_id=rule.id, reason=WithdrawnFor.RULE_OFF, now=now)
