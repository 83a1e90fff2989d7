"""Writing a dossier field by field, in sections that one person edits at a time."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import and_, case, or_

from dxday.adapters.sealing import SealBroken
from dxday.core.actor import Actor
from dxday.db import db, insert_into
from dxday.nominations import queries, rules, sealing, sections
from dxday.nominations.models import DossierAnswer, Nomination, SectionLock
from dxday.nominations.services import row


def take_section(
    nomination: Nomination, section: str, *, actor: Actor, now: datetime, force: bool = False
) -> None:
    """Let the actor edit a section for rules.LOCK_FOR, and again each time; `force` takes it from whoever has it.

    The actor has an account.  Raises NotYourAgency, MoveNotPossible, CallNotOpen, CallClosed, CompletionOverdue,
    SectionTaken.
    """
    rules.check_acts_for(actor, nomination.organisation_id, edition_id=nomination.edition_id)
    rules.check_can_edit(queries.standing_of(nomination), queries.call_of(nomination), now)
    before = queries.list_locks(nomination.id, now).get(section) if force else None
    _hold(nomination, section, actor=actor, now=now, force=force)
    if before is not None and before.account_id != actor.account_id:
        row.record("section.taken_over", nomination, actor=actor, now=now, section=section)


def leave_section(nomination: Nomination, section: str, *, actor: Actor, now: datetime) -> None:
    """Let others edit a section that the actor has; one that somebody else has stays with them.

    Raises NotYourAgency.
    """
    rules.check_acts_for(actor, nomination.organisation_id, edition_id=nomination.edition_id)
    lock = queries.list_locks(nomination.id, now).get(section)
    if lock is not None and lock.account_id == actor.account_id:
        lock.expires_at = now


def save_answer(
    nomination: Nomination,
    section: sections.Section,
    code: str,
    written: str,
    *,
    version: int,
    actor: Actor,
    now: datetime,
) -> int:
    """Write one field and return its new version; `version` is the one that the writer had before their eyes.

    What is the same already is no change.  It renews the writer's hold on the section.  Raises NotYourAgency,
    NotFound, NomineeNameMissing, AnswerNotPossible, MoveNotPossible, CallNotOpen, CallClosed, CompletionOverdue,
    SectionTaken, FieldChanged, SealedAway.
    """
    rules.check_acts_for(actor, nomination.organisation_id, edition_id=nomination.edition_id)
    asked = section.get(code)
    value = sections.read_value(asked, written)
    row.lock(nomination)
    rules.check_can_edit(queries.standing_of(nomination), queries.call_of(nomination), now)
    _hold(nomination, section.code, actor=actor, now=now)
    answer = queries.find_answer(nomination.id, code)
    return _write(nomination, asked, value, answer, version=version, actor=actor, now=now)


def save_section(
    nomination: Nomination,
    section: sections.Section,
    written: Mapping[str, tuple[str, int]],
    *,
    actor: Actor,
    now: datetime,
) -> None:
    """Write the fields of a section as one whole: code → (words, version that was seen).  Raises as `save_answer`."""
    rules.check_acts_for(actor, nomination.organisation_id, edition_id=nomination.edition_id)
    values = {code: sections.read_value(section.get(code), words) for code, (words, _) in written.items()}
    row.lock(nomination)
    rules.check_can_edit(queries.standing_of(nomination), queries.call_of(nomination), now)
    _hold(nomination, section.code, actor=actor, now=now)
    answers = queries.list_answers(nomination.id)
    for code, value in values.items():
        _write(
            nomination,
            section.get(code),
            value,
            answers.get(code),
            version=written[code][1],
            actor=actor,
            now=now,
        )


def check_free(nomination: Nomination, codes: Iterable[str], *, actor: Actor, now: datetime) -> None:
    """Raise SectionTaken when somebody else edits a section with one of these fields."""
    held = {
        section: lock
        for section, lock in queries.list_locks(nomination.id, now).items()
        if lock.account_id != actor.account_id
    }
    wanted = set(codes)
    for section in queries.layout_of(nomination) if held else ():
        if section.code in held and wanted & {each.code for each in section.fields}:
            lock = held[section.code]
            raise sections.SectionTaken(who=lock.account.full_name, since=lock.taken_at)


def note_written(nomination: Nomination, codes: Iterable[str], *, actor: Actor, now: datetime) -> None:
    """Give columns that were written on another page a new version, so that an open section sees it."""
    for code in codes:
        _keep(nomination, code, queries.find_answer(nomination.id, code), actor=actor, now=now)


def _hold(nomination: Nomination, section: str, *, actor: Actor, now: datetime, force: bool = False) -> None:
    """Take or renew the hold in one statement, so that of two who take it at once one gets it."""
    mine = SectionLock.account_id == actor.account_id
    statement = insert_into(SectionLock).values(
        nomination_id=nomination.id,
        section=section,
        account_id=actor.account_id,
        taken_at=now,
        expires_at=now + rules.LOCK_FOR,
    )
    statement = statement.on_conflict_do_update(
        index_elements=[SectionLock.nomination_id, SectionLock.section],
        set_={
            "account_id": actor.account_id,
            "taken_at": case((and_(mine, SectionLock.expires_at > now), SectionLock.taken_at), else_=now),
            "expires_at": now + rules.LOCK_FOR,
        },
        where=None if force else or_(mine, SectionLock.expires_at <= now),
    )
    if db.session.execute(statement.returning(SectionLock.id)).first() is None:
        lock = queries.list_locks(nomination.id, now)[section]
        raise sections.SectionTaken(who=lock.account.full_name, since=lock.taken_at)


def _write(
    nomination: Nomination,
    asked: sections.Field,
    value: str,
    answer: DossierAnswer | None,
    *,
    version: int,
    actor: Actor,
    now: datetime,
) -> int:
    code, is_column = asked.code, asked.code in sections.COLUMNS
    seen = answer.version if answer else 0
    try:
        there = getattr(nomination, code) if is_column else _read(nomination, answer)
    except SealBroken as error:
        # The form shows such a field empty: nothing in it is no wish to erase what may be opened again.
        if not value:
            return seen
        raise sections.SealedAway(field=code, what=asked.name) from error
    if there == value:
        return seen
    if seen != version:
        raise sections.FieldChanged(field=code, theirs=there, version=seen)
    if is_column:
        setattr(nomination, code, value)
    nomination.updated_at = now
    row.record("nomination.answered", nomination, actor=actor, now=now, field=code)
    return _keep(
        nomination,
        code,
        answer,
        value=None if is_column else value,
        asked=asked,
        actor=actor,
        now=now,
    )


def _read(nomination: Nomination, answer: DossierAnswer | None) -> str:
    return sealing.read_answer(nomination, answer) if answer is not None else ""


def _keep(
    nomination: Nomination,
    code: str,
    answer: DossierAnswer | None,
    *,
    actor: Actor,
    now: datetime,
    value: str | None = None,
    asked: sections.Field | None = None,
) -> int:
    if answer is None:
        answer = DossierAnswer(nomination_id=nomination.id, code=code, version=0)
        db.session.add(answer)
    if value is not None and asked is not None:
        try:
            sealing.write_answer(nomination, answer, value, sensitive=asked.sensitive)
        except SealBroken as error:
            raise sections.SealedAway(field=code, what=asked.name) from error
    answer.version += 1
    answer.updated_by_id, answer.updated_at = actor.account_id, now
    db.session.flush()
    return answer.version
