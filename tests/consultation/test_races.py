"""A double click, two secretaries, a comment in the last second: proved on both databases."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

from sqlalchemy import func, select

from dxday.audit.models import AuditEntry
from dxday.ballots import queries as ballot_queries
from dxday.ballots import services as ballots
from dxday.ballots.rules import StandsInTheWay
from dxday.consultation import queries, rules
from dxday.consultation.models import Comment, CommentWindow
from dxday.core.errors import Refusal
from dxday.db import db, transaction
from dxday.schemes.models import Scheme
from tests import make
from tests.conftest import on_both
from tests.consultation.conftest import make_desk

AT_ONCE = 8


def all_at_once(app, act):
    """Let everybody act in the same instant; return what each got."""
    start = threading.Barrier(AT_ONCE)

    def one(number):
        with app.app_context():
            start.wait(timeout=20)
            try:
                with transaction():
                    return act(number)
            except Refusal as refusal:
                return type(refusal)

    with ThreadPoolExecutor(AT_ONCE) as threads:
        return list(threads.map(one, range(AT_ONCE)))


def ready(app, *, council=False, commented=False):
    with app.app_context(), transaction():
        desk = make_desk()
        if council:
            make.member(make.council(desk.edition, desk.scheme))
            ballots.prepare_ballot(desk.scheme, actor=desk.secretary, now=make.NOW)
        window = desk.publish()
        if commented:
            desk.comment(window)
        return desk, desk.edition.id, window.id, window.closes_at


def count(table):
    return db.session.scalar(select(func.count()).select_from(table))


@on_both
def test_a_form_that_is_sent_many_times_is_one_comment_with_one_receipt(own_app):
    desk, edition_id, window_id, _ = ready(own_app)
    guid = uuid4()

    got = all_at_once(own_app, lambda _: desk.comment(queries.get_window(edition_id, window_id), guid=guid))

    assert set(got) == {rules.receipt_of(guid.bytes)}
    with own_app.app_context():
        assert count(Comment) == 1


@on_both
def test_of_many_secretaries_who_deal_with_one_comment_one_does(own_app):
    desk, edition_id, _, _ = ready(own_app, commented=True)
    with own_app.app_context():
        (comment,) = desk.waiting()
        comment_id = comment.id

    got = all_at_once(
        own_app,
        lambda number: desk.dispose(queries.get_comment(edition_id, comment_id), reason=f"Lý do {number}."),
    )

    assert (got.count(None), got.count(rules.AlreadyDisposed)) == (1, AT_ONCE - 1)
    with own_app.app_context():
        kept = queries.get_comment(edition_id, comment_id)
        (entry,) = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "comment.disposed"))
        assert entry.facts["reason"] == kept.reason


@on_both
def test_of_many_who_publish_at_once_one_does(own_app):
    with own_app.app_context(), transaction():
        desk = make_desk()
        scheme_id, seen = desk.scheme.id, queries.compose_list(desk.scheme).sha256

    def act(_):
        desk.scheme = db.session.get(Scheme, scheme_id)
        desk.publish(seen=seen)

    got = all_at_once(own_app, act)

    assert (got.count(None), got.count(rules.NothingChanged)) == (1, AT_ONCE - 1)
    with own_app.app_context():
        assert count(CommentWindow) == 1


@on_both
def test_a_comment_in_the_last_second_is_waited_for_or_refused_but_never_behind_an_open_ballot(own_app):
    desk, edition_id, window_id, closes_at = ready(own_app, council=True)

    def act(number):
        if number:
            window = queries.get_window(edition_id, window_id)
            return desk.comment(window, now=closes_at - timedelta(seconds=1))
        (ballot,) = ballot_queries.list_ballots(edition_id)
        return ballots.open_round(ballot, actor=desk.secretary, now=closes_at).id

    got = all_at_once(own_app, act)

    with own_app.app_context():
        received = count(Comment)
        opened = got[0] is not StandsInTheWay
        assert received == sum(each is not rules.WindowClosed for each in got[1:])
        assert opened == (received == 0)
        sealed = db.session.get(CommentWindow, window_id).sealed_at
        assert (sealed is not None) == opened


@on_both
def test_a_comment_that_holds_the_list_is_seen_by_the_ballot_that_opens_behind_it(own_app):
    """Without the lock of close_for_ballot the ballot would not see the comment, which is not committed yet."""
    desk, edition_id, window_id, closes_at = ready(own_app, council=True)
    in_hand, behind, got = threading.Event(), threading.Event(), []

    def slow_comment():
        with own_app.app_context(), transaction():
            desk.comment(queries.get_window(edition_id, window_id), now=closes_at - timedelta(seconds=1))
            in_hand.set()
            behind.wait(timeout=1)  # the ballot waits for the row, so that nobody sets it

    def open_ballot():
        with own_app.app_context():
            try:
                with transaction():
                    (ballot,) = ballot_queries.list_ballots(edition_id)
                    ballots.open_round(ballot, actor=desk.secretary, now=closes_at)
            except Refusal as refusal:
                got.append(str(refusal))
            else:
                got.append("open")
            behind.set()

    opening = threading.Thread(target=open_ballot)
    comment = threading.Thread(target=slow_comment)
    comment.start()
    in_hand.wait(timeout=10)
    opening.start()
    comment.join(timeout=20)
    opening.join(timeout=20)

    assert got == ["The ballot cannot open yet: Comments of the public that were not dealt with yet: 1."]
