"""The words of an edition instead of the shipped ones: finding, changing, taking back."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import SessionTransaction

from dxday.audit import services as audit
from dxday.core.actor import Actor
from dxday.core.errors import Stale
from dxday.db import db, insert_into
from dxday.notifications.models import Message, OwnWording
from dxday.notifications.templates import Template

_KEPT = "own_words"


def find_template(edition_id: int, kind: str, locale: str) -> Template | None:
    """Return the edition's own words for a kind in a language, or None.

    One statement for each edition and kind in a transaction: a batch of letters asks once.
    """
    session = db.session()
    kept: tuple[SessionTransaction | None, dict[tuple[int, str], dict[str, Template]]]
    kept = session.info.get(_KEPT, (None, {}))
    if kept[0] is None or kept[0] is not session.get_transaction() or (edition_id, kind) not in kept[1]:
        rows = session.execute(
            select(OwnWording.locale, OwnWording.subject, OwnWording.body).where(
                OwnWording.edition_id == edition_id, OwnWording.kind == kind
            )
        )
        found = {row.locale: Template(row.subject, row.body) for row in rows}
        transaction = session.get_transaction()  # the statement may have begun it
        others = kept[1] if kept[0] is transaction else {}
        session.info[_KEPT] = transaction, {**others, (edition_id, kind): found}
        return found.get(locale)
    return kept[1][edition_id, kind].get(locale)


def find_wording(edition_id: int, kind: str, locale: str) -> OwnWording | None:
    """Return the row of the edition's own words, or None."""
    return db.session.scalars(
        select(OwnWording).where(
            OwnWording.edition_id == edition_id, OwnWording.kind == kind, OwnWording.locale == locale
        )
    ).one_or_none()


def list_languages(edition_id: int) -> dict[str, set[str]]:
    """Return in which languages each kind has own words in the edition."""
    found: dict[str, set[str]] = {}
    for kind, locale in db.session.execute(
        select(OwnWording.kind, OwnWording.locale).where(OwnWording.edition_id == edition_id)
    ):
        found.setdefault(kind, set()).add(locale)
    return found


def list_recent(edition_id: int, kind: str, locale: str, *, limit: int = 5) -> list[Message]:
    """Return the newest messages of a kind in a language, to show its words with the names of real people."""
    return list(
        db.session.scalars(
            select(Message)
            .where(Message.edition_id == edition_id, Message.kind == kind, Message.locale == locale)
            .order_by(Message.id.desc())
            .limit(limit)
        )
    )


def change_wording(
    edition: Any, kind: str, locale: str, template: Template, *, version: int, actor: Actor, now: datetime
) -> None:
    """Let the edition have its own words for a kind in a language; they were checked (`wording.check`).

    `version` is the one that was looked at, 0 for the shipped words.  Raises Stale.
    """
    subject, body = template.subject.strip(), template.body.replace("\r\n", "\n").strip()
    row = find_wording(edition.id, kind, locale)
    if (row.version if row else 0) != version:
        raise Stale
    if row is None:
        _add(edition.id, kind, locale, subject, body, now=now)
    elif (row.subject, row.body) == (subject, body):
        return
    else:
        row.subject, row.body, row.updated_at = subject, body, now
        db.session.flush()
    _forget_kept()
    audit.record(
        "wording.changed",
        subject=f"{kind}.{locale}",
        actor=actor,
        now=now,
        edition_id=edition.id,
        subject_line=subject,
    )


def _add(edition_id: int, kind: str, locale: str, subject: str, body: str, *, now: datetime) -> None:
    """Add the row.  Raises Stale when somebody else added it at the same moment."""
    added = db.session.execute(
        insert_into(OwnWording)
        .values(
            edition_id=edition_id,
            kind=kind,
            locale=locale,
            subject=subject,
            body=body,
            updated_at=now,
            version=1,
        )
        .on_conflict_do_nothing(index_elements=["edition_id", "kind", "locale"])
        .returning(OwnWording.id)
    )
    if added.first() is None:
        raise Stale


def take_back_wording(
    edition: Any, kind: str, locale: str, *, version: int, actor: Actor, now: datetime
) -> None:
    """Go back to the shipped words.  Raises Stale."""
    row = find_wording(edition.id, kind, locale)
    if row is None or row.version != version:
        raise Stale
    db.session.delete(row)
    db.session.flush()
    _forget_kept()
    audit.record(
        "wording.taken_back",
        subject=f"{kind}.{locale}",
        actor=actor,
        now=now,
        edition_id=edition.id,
        subject_line=row.subject,
    )


def _forget_kept() -> None:
    db.session().info.pop(_KEPT, None)
