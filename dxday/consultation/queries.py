"""Reading published lists, comments, and what a ballot must wait for."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import joinedload

from dxday.consultation import rules, snapshots
from dxday.consultation.models import Comment, CommentPolicy, CommentWindow, ListedNomination
from dxday.core import codes
from dxday.core.errors import NotFound, Refusal
from dxday.core.vietnamese import sort_key
from dxday.db import db
from dxday.editions.models import Edition
from dxday.nominations.models import Nomination
from dxday.nominations.rules import State
from dxday.schemes.models import Category, DossierItem, Scheme


@dataclass(frozen=True)
class Listed:
    """A list as it would be published now."""

    entries: list[snapshots.Entry]
    nomination_ids: list[int]
    """In the order of the entries."""

    @property
    def sha256(self) -> str:
        """Whether two of them say the same."""
        return snapshots.digest_of(self.entries)


def zone_of(edition_id: int) -> ZoneInfo:
    """Return the time zone of the edition: the last day of a window is a day there."""
    return ZoneInfo(db.session.scalars(select(Edition.time_zone).where(Edition.id == edition_id)).one())


def compose_list(scheme: Scheme) -> Listed:
    """Return what the public would be told now, by category and then by the nominees' names; two queries.

    Nothing of an item that the scheme marks as sensitive is in it, no address, no file and no contact.
    """
    sensitive = {
        (category_id, code)
        for category_id, code in db.session.execute(
            select(DossierItem.category_id, DossierItem.code).where(
                DossierItem.scheme_id == scheme.id, DossierItem.sensitive.is_(True)
            )
        )
    }
    found = sorted(
        (
            each
            for each in _list_before_council(scheme.id)
            if rules.may_publish(each.state, ballot=scheme.ballot)
        ),
        key=lambda each: (each.category.position, each.category.id, sort_key(each.nominee_name), each.code),
    )
    return Listed(
        [_entry(number, each, sensitive) for number, each in enumerate(found, start=1)],
        [each.id for each in found],
    )


def get_snapshot(window_id: int) -> str:
    """Return a list as it was published, in canonical JSON."""
    return db.session.scalars(select(CommentWindow.snapshot).where(CommentWindow.id == window_id)).one()


def list_entries(window_id: int) -> list[snapshots.Entry]:
    """Return what a published list says, by its numbers."""
    return snapshots.read(get_snapshot(window_id))


def says_the_same(window: CommentWindow, listed: Listed) -> bool:
    """Tell whether a published list says what would be published now."""
    ids = [each.nomination_id for each in list_listed(window.id)]
    return ids == listed.nomination_ids and snapshots.digest_of(list_entries(window.id)) == listed.sha256


def _entry(
    number: int, nomination: Nomination, sensitive: Collection[tuple[int | None, str]]
) -> snapshots.Entry:
    def public(code: str, text: str) -> str:
        hidden = (None, code) in sensitive or (nomination.category_id, code) in sensitive
        return "" if hidden else text

    kind = nomination.category.nominee_kind
    return snapshots.Entry(
        number=number,
        nominee=nomination.nominee_name,
        kind=kind.value,
        position=public("nominee_position", rules.public_position(kind, nomination.nominee_position)),
        category=nomination.category.name,
        agency=nomination.organisation_name,
        achievement=public("achievement", rules.public_line(nomination.achievement)),
    )


def _list_before_council(scheme_id: int) -> list[Nomination]:
    return list(
        db.session.scalars(
            select(Nomination)
            .join(Category, Category.id == Nomination.category_id)
            .where(Category.scheme_id == scheme_id, Nomination.state.in_((State.SUBMITTED, State.ADMITTED)))
            .options(joinedload(Nomination.category))
            .order_by(Nomination.id)
        )
    )


def lets_in_anonymous(scheme_id: int) -> bool:
    """Tell whether comments without a name are let in."""
    policy = db.session.get(CommentPolicy, scheme_id)
    return policy is not None and policy.anonymous


def list_current(edition_id: int) -> list[CommentWindow]:
    """Return the lists that stand, with their schemes, the one that closes last first."""
    return list(
        db.session.scalars(
            select(CommentWindow)
            .where(CommentWindow.edition_id == edition_id, CommentWindow.superseded_at.is_(None))
            .options(joinedload(CommentWindow.scheme))
            .order_by(CommentWindow.closes_at.desc(), CommentWindow.id)
        )
    )


def get_window(edition_id: int, window_id: int) -> CommentWindow:
    """Return a published list of the edition with its scheme, also one that was replaced.  Raises NotFound."""
    found = db.session.scalars(
        select(CommentWindow)
        .where(CommentWindow.edition_id == edition_id, CommentWindow.id == window_id)
        .options(joinedload(CommentWindow.scheme))
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


def find_current(scheme_id: int) -> CommentWindow | None:
    """Return the list of the scheme that stands, or None."""
    return db.session.scalars(
        select(CommentWindow).where(
            CommentWindow.scheme_id == scheme_id, CommentWindow.superseded_at.is_(None)
        )
    ).one_or_none()


def list_versions(scheme_id: int) -> list[CommentWindow]:
    """Return every list of the scheme that was published, the last first."""
    return list(
        db.session.scalars(
            select(CommentWindow)
            .where(CommentWindow.scheme_id == scheme_id)
            .order_by(CommentWindow.number.desc())
        )
    )


def list_listed(window_id: int) -> list[ListedNomination]:
    """Return which nominations stand in a list, by their numbers."""
    return list(
        db.session.scalars(
            select(ListedNomination)
            .where(ListedNomination.window_id == window_id)
            .order_by(ListedNomination.number)
        )
    )


def count_listed(window_id: int) -> int:
    """Return how many nominations stand in a list; their numbers are 1 to that."""
    return db.session.scalars(select(func.count()).where(ListedNomination.window_id == window_id)).one()


def list_schemes(edition_id: int) -> list[Scheme]:
    """Return the schemes that have public comment, or had it once, in their order."""
    return list(
        db.session.scalars(
            select(Scheme)
            .where(
                Scheme.edition_id == edition_id,
                or_(
                    Scheme.comment_days.is_not(None),
                    Scheme.id.in_(
                        select(CommentWindow.scheme_id).where(CommentWindow.edition_id == edition_id)
                    ),
                ),
            )
            .order_by(Scheme.position, Scheme.id)
        )
    )


def count_comments(edition_id: int) -> dict[int, tuple[int, int]]:
    """Return, for each scheme on which somebody commented, how many comments there are and how many wait."""
    rows = db.session.execute(
        select(
            CommentWindow.scheme_id,
            func.count(Comment.id),
            func.count(Comment.id) - func.count(Comment.disposed_at),
        )
        .join(Comment, Comment.window_id == CommentWindow.id)
        .where(CommentWindow.edition_id == edition_id)
        .group_by(CommentWindow.scheme_id)
    )
    return {scheme_id: (total, waiting) for scheme_id, total, waiting in rows}


def count_waiting(edition_id: int) -> int:
    """Return how many comments of the edition wait to be dealt with."""
    return sum(waiting for _, waiting in count_comments(edition_id).values())


def list_comments(
    edition_id: int,
    *,
    scheme_id: int | None = None,
    disposed: bool | None = None,
    first: int = 0,
    most: int | None = None,
) -> list[Comment]:
    """Return comments with list, scheme and nomination: those that wait first, and of both the oldest first.

    `first` and `most` cut a page out of them.
    """
    return list(
        db.session.scalars(
            _whole()
            .where(*_wish(edition_id, scheme_id, disposed))
            .order_by(Comment.disposed_at.is_not(None), Comment.id)
            .offset(first)
            .limit(most)
        )
    )


def count_found(edition_id: int, *, scheme_id: int | None = None, disposed: bool | None = None) -> int:
    """Return how many comments `list_comments` would find in all."""
    return db.session.scalars(
        select(func.count(Comment.id))
        .join(CommentWindow, CommentWindow.id == Comment.window_id)
        .where(*_wish(edition_id, scheme_id, disposed))
    ).one()


def _wish(edition_id: int, scheme_id: int | None, disposed: bool | None) -> list[ColumnElement[bool]]:
    conditions = [CommentWindow.edition_id == edition_id]
    if scheme_id is not None:
        conditions.append(CommentWindow.scheme_id == scheme_id)
    if disposed is not None:
        conditions.append(Comment.disposed_at.is_not(None) if disposed else Comment.disposed_at.is_(None))
    return conditions


def get_comment(edition_id: int, comment_id: int) -> Comment:
    """Return a comment of the edition with list, scheme, nomination and who dealt with it.  Raises NotFound."""
    return _the(_whole().where(CommentWindow.edition_id == edition_id, Comment.id == comment_id))


def get_by_receipt(edition_id: int, typed: str) -> Comment:
    """Return the comment with this receipt.  Raises NotFound, the same for what is no receipt at all."""
    receipt = rules.read_receipt(typed)
    return _the(
        _whole().where(CommentWindow.edition_id == edition_id, Comment.receipt_hash == codes.hash_of(receipt))
    )


def find_by_receipt_hash(receipt_hash: str) -> Comment | None:
    """Return the comment whose receipt has this hash, or None."""
    return db.session.scalars(select(Comment).where(Comment.receipt_hash == receipt_hash)).one_or_none()


def list_about(nomination_id: int) -> list[Comment]:
    """Return the comments on a nomination in any version of its list, the oldest first."""
    return list(
        db.session.scalars(
            select(Comment)
            .join(
                ListedNomination,
                (ListedNomination.window_id == Comment.window_id)
                & (ListedNomination.number == Comment.number),
            )
            .where(ListedNomination.nomination_id == nomination_id)
            .order_by(Comment.id)
        )
    )


def find_obstacles(scheme_id: int, *, now: datetime) -> list[Refusal]:
    """Return what public comment leaves to be done before a ballot of the scheme may open.

    Nothing where the scheme has no public comment, but for comments that came while it had.  The window must have
    closed before the council meets (Decree 98/2023/NĐ-CP Art. 46(2)).
    """
    scheme = db.session.get_one(Scheme, scheme_id)
    obstacles: list[Refusal] = []
    if scheme.comment_days:
        window = find_current(scheme_id)
        if window is None:
            return [rules.ListNotPublished(days=scheme.comment_days)]
        if now < window.closes_at:
            closes = rules.written(window.closes_at, zone_of(scheme.edition_id))
            obstacles.append(rules.WindowStillOpen(closes=closes))
    waiting = _count_waiting_in(scheme_id)
    if waiting:
        obstacles.append(rules.CommentsWaiting(count=waiting))
    if scheme.comment_days and (names := _list_unlisted(scheme_id)):
        obstacles.append(rules.NotOnTheList(names="; ".join(names)))
    return obstacles


def _count_waiting_in(scheme_id: int) -> int:
    return db.session.scalars(
        select(func.count(Comment.id))
        .join(CommentWindow, CommentWindow.id == Comment.window_id)
        .where(CommentWindow.scheme_id == scheme_id, Comment.disposed_at.is_(None))
    ).one()


def _list_unlisted(scheme_id: int) -> list[str]:
    """Return the names of those who are before the council and not on the list that stands, in Vietnamese order."""
    listed = (
        select(ListedNomination.nomination_id)
        .join(CommentWindow, CommentWindow.id == ListedNomination.window_id)
        .where(CommentWindow.scheme_id == scheme_id, CommentWindow.superseded_at.is_(None))
    )
    names: Iterable[str] = db.session.scalars(
        select(Nomination.nominee_name)
        .join(Category, Category.id == Nomination.category_id)
        .where(
            Category.scheme_id == scheme_id,
            Nomination.state == State.ADMITTED,
            Nomination.id.not_in(listed),
        )
    )
    return sorted(names, key=sort_key)


def _whole() -> Select[Comment]:
    return (
        select(Comment)
        .join(CommentWindow, CommentWindow.id == Comment.window_id)
        .options(
            joinedload(Comment.window).joinedload(CommentWindow.scheme),
            joinedload(Comment.listed).joinedload(ListedNomination.nomination),
            joinedload(Comment.disposed_by),
        )
    )


def _the(statement: Select[Comment]) -> Comment:
    found = db.session.scalars(statement).one_or_none()
    if found is None:
        raise NotFound
    return found
