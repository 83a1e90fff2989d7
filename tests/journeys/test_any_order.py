"""Whoever tries whatever in whatever order, from a dossier to the hand of the awardee: what must never be, is not.

The walks of nominations and of ballots alone stand beside their services; here all of them meet.  What must hold is
asked in SQL, with nothing of the code under test.
"""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from dxday.appraisal import services as appraisal
from dxday.appraisal.models import Hold
from dxday.appraisal.rules import HoldKind, HoldOn
from dxday.audit import services as audit
from dxday.audit.queries import find_broken_link
from dxday.awards import services as awards
from dxday.awards.models import Decision
from dxday.ballots import rules as ballot_rules
from dxday.ballots import services as ballots
from dxday.ballots.models import Ballot, BallotSeat
from dxday.ballots.rules import Choice
from dxday.ballots.services import counting, row
from dxday.ceremony.models import Ceremony, Turn
from dxday.ceremony.rules import LINE, OPENING, First
from dxday.ceremony.services import handing, ordering
from dxday.certificates import services as certificates
from dxday.certificates.models import Certificate
from dxday.certificates.rules import Reason
from dxday.consultation import queries as consultation_queries
from dxday.consultation import services as consultation
from dxday.consultation.models import Comment
from dxday.consultation.rules import Outcome, Signature
from dxday.core.actor import VISITOR, Actor
from dxday.core.errors import Refusal
from dxday.core.permissions import Role
from dxday.council.models import ConflictOfInterest, Term
from dxday.council.rules import ConflictKind
from dxday.council.services import interests, seats
from dxday.db import db
from dxday.nominations import rules as nomination_rules
from dxday.nominations import services as nominations
from dxday.nominations.models import Nomination
from dxday.nominations.rules import MOVES, State
from dxday.programme.rules import SessionKind
from tests import make
from tests.ballots.conftest import Board, make_board

SEATS, DOSSIERS = 5, 3
ROUND_MOVES = {None: {"open"}, "open": {"counted", "annulled"}, "counted": {"annulled"}, "annulled": set()}


def ask(statement: str, **values: Any) -> list[Any]:
    """The rows of a statement."""
    return list(db.session.execute(text(statement), values).all())


@dataclass
class World:
    """A council, dossiers that are handed in, and a clock."""

    board: Board
    session: Any
    now: datetime = make.NOW
    reached: Counter = field(default_factory=Counter)

    @property
    def ballot(self) -> Ballot | None:
        return db.session.scalars(select(Ballot).order_by(Ballot.id.desc())).first()

    def dossier(self, which: int) -> Nomination:
        return self.board.nominations[which % DOSSIERS]

    def first(self, model: Any, which: int, *conditions: Any) -> Any:
        found = db.session.scalars(select(model).where(*conditions).order_by(model.id)).all()
        if not found:
            raise Nothing
        return found[which % len(found)]

    def actors(self, which: int) -> dict[str, Actor]:
        agency = self.dossier(which).organisation_id
        edition = self.board.edition
        return {
            "secretary": self.board.secretary,
            "member": self.board.actor(which % SEATS),
            "officer": make.actor(Role.AGENCY, edition_id=edition.id, organisation_id=agency),
            "officer of another": make.actor(
                Role.AGENCY, edition_id=edition.id, organisation_id=self.dossier(which + 1).organisation_id
            ),
            "secretary elsewhere": make.actor(Role.COUNCIL, edition_id=edition.id + 1),
            "organizer": make.actor(Role.ORGANIZER, edition_id=edition.id),
            "visitor": VISITOR,
        }


class Nothing(Exception):
    """There is nothing on which this could be done."""


# What can be tried: whose hands it is in, and how it is done.
VERBS: dict[str, tuple[set[str], Callable[[World, int, Actor], Any]]] = {}


def verb(*hands: str) -> Callable[[Callable[[World, int, Actor], Any]], Callable[..., Any]]:
    def register(act: Callable[[World, int, Actor], Any]) -> Callable[..., Any]:
        VERBS[act.__name__] = (set(hands), act)
        return act

    return register


@verb("officer")
def withdraw(world: World, which: int, actor: Actor) -> None:
    nominations.withdraw_nomination(world.dossier(which), actor=actor, now=world.now)


@verb("officer")
def submit_again(world: World, which: int, actor: Actor) -> None:
    nominations.submit_nomination(world.dossier(which), actor=actor, now=world.now)


@verb("secretary")
def admit(world: World, which: int, actor: Actor) -> None:
    appraisal.admit(world.board.edition, world.dossier(which), actor=actor, now=world.now)


@verb("secretary")
def give_back(world: World, which: int, actor: Actor) -> None:
    due = world.now + timedelta(days=5)
    nominations.return_nomination(
        world.dossier(which), reason="Thiếu tài liệu.", due_at=due, actor=actor, now=world.now
    )


@verb("secretary")
def decline(world: World, which: int, actor: Actor) -> None:
    nominations.decline_nomination(world.dossier(which), reason="Không đủ.", actor=actor, now=world.now)


@verb("secretary")
def hold(world: World, which: int, actor: Actor) -> None:
    appraisal.open_hold(
        world.dossier(which),
        on=(HoldOn.NOMINATION, HoldOn.ORGANISATION)[which % 2],
        kind=next(iter(HoldKind)),
        reason="Đang xác minh.",
        expires_on=None,
        today=world.now.date(),
        actor=actor,
        now=world.now,
    )


@verb("secretary")
def lift(world: World, which: int, actor: Actor) -> None:
    found = world.first(Hold, which, Hold.lifted_at.is_(None))
    appraisal.lift_hold(found, reason="Đã rõ.", today=world.now.date(), actor=actor, now=world.now)


@verb("secretary")
def publish(world: World, which: int, actor: Actor) -> None:
    seen = consultation_queries.compose_list(world.board.scheme).sha256
    consultation.publish_list(world.board.scheme, seen=seen, reason="Bổ sung.", actor=actor, now=world.now)


@verb("visitor", "member", "officer", "officer of another", "secretary", "organizer", "secretary elsewhere")
def comment(world: World, which: int, actor: Actor) -> None:
    window = consultation_queries.find_current(world.board.scheme.id)
    if window is None:
        raise Nothing
    consultation.receive_comment(
        window,
        number=None if which % 2 else 1,
        text="Việc này chưa đúng.",
        signature=Signature("Đỗ Thị Góp Ý", phone="0912 345 678", home="Số 1, đường Thí Dụ", signed=True),
        guid=uuid4(),
        locale="vi",
        now=world.now,
    )


@verb("secretary")
def dispose(world: World, which: int, actor: Actor) -> None:
    waiting = world.first(Comment, which, Comment.disposed_at.is_(None))
    found = consultation_queries.get_comment(world.board.edition.id, waiting.id)
    consultation.dispose_comment(
        found, outcome=Outcome.NOTED, reason="Đã xem.", reply="", actor=actor, now=world.now
    )


@verb("secretary")
def pin(world: World, which: int, actor: Actor) -> None:
    account = world.board.members[which % SEATS]
    interests.pin_conflict(
        world.dossier(which // 2),
        account,
        kind=ConflictKind.OTHER,
        detail="Quen biết.",
        actor=actor,
        now=world.now,
    )


@verb("member")
def declare(world: World, which: int, actor: Actor) -> None:
    dossier = world.dossier(which)
    found = {dossier.id: (ConflictKind.FAMILY, "Anh em.")} if which % 3 == 0 else {}
    interests.declare([dossier], found, actor=actor, now=world.now)


@verb("secretary")
def lift_conflict(world: World, which: int, actor: Actor) -> None:
    found = world.first(ConflictOfInterest, which, ConflictOfInterest.lifted_at.is_(None))
    db.session.refresh(found, attribute_names=["nomination"])
    interests.lift_conflict(found, reason="Nhầm.", actor=actor, now=world.now)


@verb("secretary")
def resign(world: World, which: int, actor: Actor) -> None:
    found = world.first(Term, which, Term.ends_on.is_(None))
    seats.end_term(
        world.board.council, found, ends_on=world.now.date(), reason="Nghỉ.", actor=actor, now=world.now
    )


@verb("secretary")
def prepare(world: World, which: int, actor: Actor) -> None:
    ballots.prepare_ballot(world.board.scheme, actor=actor, now=world.now)


def _ballot(world: World) -> Ballot:
    found = world.ballot
    if found is None:
        raise Nothing
    return found


@verb("secretary")
def open_round(world: World, which: int, actor: Actor) -> None:
    ballot = _ballot(world)
    ballots.open_round(ballot, actor=actor, now=world.now)
    world.reached["a round was opened"] += 1
    assert ask("SELECT count(*) FROM public_comment WHERE disposed_at IS NULL") == [(0,)]
    if world.board.scheme.comment_days:
        assert ask("SELECT count(*) FROM comment_window WHERE superseded_at IS NULL") == [(1,)]


def _paper(ballot: Ballot, account_id: int, choice: Choice) -> dict[str, Choice]:
    """One choice on everything that is asked of somebody in the open round."""
    asked = ask(
        "SELECT item.code FROM ballot_item item JOIN ballot_tally t ON t.item_id = item.id"
        " JOIN ballot_round r ON r.id = t.round_id AND r.state = 'open'"
        " WHERE item.ballot_id = :ballot AND t.outcome IS NULL AND NOT EXISTS (SELECT 1 FROM conflict_of_interest c"
        " WHERE c.nomination_id = item.nomination_id AND c.account_id = :account AND c.lifted_at IS NULL)",
        ballot=ballot.id,
        account=account_id,
    )
    return {code: choice for (code,) in asked}


@verb("member")
def vote(world: World, which: int, actor: Actor) -> None:
    ballot = _ballot(world)
    choice = (Choice.FOR, Choice.FOR, Choice.FOR, Choice.AGAINST, Choice.BLANK)[which // 5 % 5]
    receipt = ballot_rules.new_receipt()
    paper = _paper(ballot, actor.account_id or 0, choice)
    ballots.cast_vote(ballot, votes=paper, receipt=receipt, actor=actor, now=world.now)
    world.reached["a vote was cast"] += 1


@verb("secretary")
def note_written_vote(world: World, which: int, actor: Actor) -> None:
    ballot = _ballot(world)
    account = world.board.members[which % SEATS]
    paper = _paper(ballot, account.id, Choice.FOR)
    if ballot.secret:
        ballots.enter_written_voters(ballot, [account.id], actor=actor, now=world.now)
        ballots.enter_paper(ballot, paper, actor=actor, now=world.now)
    else:
        ballots.enter_written_vote(ballot, account.id, paper, actor=actor, now=world.now)
    world.reached["a written vote was noted"] += 1


@verb("secretary")
def count(world: World, which: int, actor: Actor) -> None:
    found = ballots.count_round(_ballot(world), actor=actor, now=world.now)
    world.reached["a round was counted"] += 1
    on_hold = ask(
        "SELECT n.nominee_name FROM ballot_tally t JOIN ballot_item i ON i.id = t.item_id"
        " JOIN nomination n ON n.id = i.nomination_id JOIN hold h ON h.lifted_at IS NULL"
        " AND (h.nomination_id = n.id OR h.organisation_id = n.organisation_id)"
        " WHERE t.round_id = :r AND t.outcome NOT IN ('left', 'held')",
        r=found.id,
    )
    assert on_hold == []
    biased = ask(
        "SELECT c.account_id, i.code FROM conflict_of_interest c JOIN ballot_item i"
        " ON i.nomination_id = c.nomination_id JOIN ballot_tally t ON t.item_id = i.id AND t.round_id = :r"
        " WHERE c.lifted_at IS NULL AND t.outcome NOT IN ('left', 'held')",
        r=found.id,
    )
    roll = {
        seat.account_id: seat.recused
        for seat in db.session.scalars(select(BallotSeat).where(BallotSeat.round_id == found.id))
    }
    for account, code in biased:
        if account in roll:
            world.reached["somebody kept away"] += 1
            assert code in roll[account]


@verb("secretary")
def close(world: World, which: int, actor: Actor) -> None:
    ballots.close_ballot(_ballot(world), actor=actor, now=world.now)


@verb("secretary")
def annul(world: World, which: int, actor: Actor) -> None:
    ballots.annul_round(_ballot(world), reason="Có xung đột.", actor=actor, now=world.now)


@verb("secretary")
def cancel(world: World, which: int, actor: Actor) -> None:
    ballots.cancel_ballot(_ballot(world), reason="Dừng.", actor=actor, now=world.now)


@verb("secretary")
def decide(world: World, which: int, actor: Actor) -> None:
    chosen = [each for each in world.board.nominations if each.state is State.APPROVED] or [
        world.dossier(which)
    ]
    when = (None, world.now, world.now + timedelta(days=3))[which % 3]
    awards.record_decision(
        world.board.edition,
        number=f"{which}/QĐ-MẪU",
        decided_on=world.now.date(),
        signatory_name="Người Ký Mẫu",
        signatory_title="Chủ tịch",
        place="Nghệ An",
        awards=[(each, "Đã có thành tích trong chuyển đổi số.") for each in chosen],
        announce_at=when,
        actor=actor,
        now=world.now,
    )
    codes = [each.id for each in chosen]
    for nomination in codes:
        assert (
            ask(
                "SELECT h.id FROM hold h JOIN nomination n ON h.nomination_id = n.id"
                " OR h.organisation_id = n.organisation_id WHERE n.id = :n AND h.lifted_at IS NULL",
                n=nomination,
            )
            == []
        )


@verb("secretary")
def announce(world: World, which: int, actor: Actor) -> None:
    awards.announce_decision(world.first(Decision, which), actor=actor, now=world.now)


@verb("secretary")
def put_off(world: World, which: int, actor: Actor) -> None:
    awards.put_off_announcement(
        world.first(Decision, which), announce_at=world.now + timedelta(days=1), actor=actor, now=world.now
    )


@verb("secretary")
def issue(world: World, which: int, actor: Actor) -> None:
    certificates.issue_for_decision(world.first(Decision, which), actor=actor, now=world.now)


@verb("secretary")
def revoke(world: World, which: int, actor: Actor) -> None:
    certificates.revoke(world.first(Certificate, which), reason=Reason.FRAUD, actor=actor, now=world.now)


@verb("secretary", "organizer")
def arrange(world: World, which: int, actor: Actor) -> None:
    found = db.session.scalars(select(Ceremony)).first()
    if found is None:
        found = ordering.set_up(
            world.session,
            first=First.COLLECTIVES,
            per_call=2,
            opening=OPENING,
            line=LINE,
            actor=actor,
            now=world.now,
        )
    ordering.propose_order(found, actor=actor, now=world.now)


@verb("secretary", "organizer")
def hand_over(world: World, which: int, actor: Actor) -> None:
    turn = world.first(Turn, which)
    before = turn.handed_at
    handing.hand_over(turn, undone=turn.undone if which % 3 else which, actor=actor, now=world.now)
    if before is None:
        world.reached["an award was handed over"] += 1
        standing = ask(
            "SELECT standing FROM certificate WHERE award_id = :a AND standing = 'revoked' AND NOT EXISTS"
            " (SELECT 1 FROM certificate c WHERE c.award_id = :a AND c.standing = 'valid')",
            a=turn.award_id,
        )
        assert standing == []


@verb("secretary", "organizer")
def take_tick_back(world: World, which: int, actor: Actor) -> None:
    handing.take_back(world.first(Turn, which), reason="Nhầm.", actor=actor, now=world.now)


def jobs(world: World) -> None:
    """What happens by itself as time passes."""
    for found in db.session.scalars(select(Decision)):
        awards.announce_if_due(found.id, now=world.now)


# What must never be -------------------------------------------------------------------------------------------------


def snapshot() -> dict[str, dict[int, str]]:
    """State by id of everything that has a state machine."""
    return {
        "nomination": dict(map(tuple, ask("SELECT id, state FROM nomination"))),
        "ballot": dict(map(tuple, ask("SELECT id, state FROM ballot"))),
        "ballot_round": dict(map(tuple, ask("SELECT id, state FROM ballot_round"))),
        "certificate": dict(map(tuple, ask("SELECT id, standing FROM certificate"))),
        "decision": dict(map(tuple, ask("SELECT id, announced_at IS NOT NULL FROM decision"))),
    }


CERTIFICATE_MOVES = {"valid": {"revoked", "replaced", "suspended"}}


def check_moves(world: World, before: dict, after: dict) -> None:
    """What moved went a way that a table names; nothing disappeared."""
    for table, was in before.items():
        assert was.keys() <= after[table].keys(), table
        for key, state in was.items():
            now = after[table][key]
            if state == now:
                continue
            if table == "nomination":
                assert State(now) in MOVES[State(state)]
                world.reached[f"nomination {now}"] += 1
            elif table == "ballot":
                moves = ballot_rules.MOVES[ballot_rules.State(state)]
                assert ballot_rules.State(now) in moves
                world.reached[f"ballot {now}"] += 1
            elif table == "ballot_round":
                assert now in ROUND_MOVES[state]
                world.reached[f"round {now}"] += 1
            elif table == "certificate":
                assert now in CERTIFICATE_MOVES[state]
                world.reached[f"certificate {now}"] += 1
            else:
                assert now
                world.reached["a decision was announced"] += 1


def check_world(world: World) -> None:
    """What is true at every moment."""
    awarded = {row[0] for row in ask("SELECT id FROM nomination WHERE state = 'awarded'")}
    honoured = [row[0] for row in ask("SELECT nomination_id FROM award")]
    assert sorted(awarded) == sorted(honoured)
    for nomination in honoured:
        approved = ask(
            "SELECT t.in_favour, r.seats, b.threshold, r.took_part, b.quorum FROM ballot_item i"
            " JOIN ballot b ON b.id = i.ballot_id AND b.state = 'closed'"
            " JOIN ballot_tally t ON t.item_id = i.id AND t.outcome = 'approved'"
            " JOIN ballot_round r ON r.id = t.round_id AND r.state = 'counted'"
            " WHERE i.nomination_id = :n AND i.outcome = 'approved'",
            n=nomination,
        )
        assert len(approved) == 1
        in_favour, seats_, threshold, took_part, quorum = approved[0]
        assert Fraction(in_favour, seats_) >= Fraction(threshold, 100)
        assert Fraction(took_part, seats_) >= Fraction(quorum, 100)
    table = "ballot_vote" if world.board.scheme.secret else "ballot_named_vote"
    for item, round_, tallied in ask(
        "SELECT t.item_id, t.round_id, t.in_favour + t.against + t.blank FROM ballot_tally t JOIN ballot_round r"
        " ON r.id = t.round_id AND r.state = 'counted' WHERE t.outcome NOT IN ('left', 'held')"
    ):
        stored = ask(f"SELECT count(*) FROM {table} WHERE item_id = :i AND round_id = :r", i=item, r=round_)
        assert stored == [(tallied,)]
    told = ask(
        "SELECT n.told_state, d.announced_at IS NOT NULL FROM nomination n JOIN award a ON a.nomination_id = n.id"
        " JOIN decision d ON d.id = a.decision_id"
    )
    for state, announced in told:
        assert (state is None) == bool(announced)
        assert state != "awarded"
    assert (
        ask("SELECT award_id FROM certificate WHERE standing = 'valid' GROUP BY award_id HAVING count(*) > 1")
        == []
    )


def make_world(*, secret: bool, comment_days: int | None) -> World:
    board = make_board(
        seats=SEATS, nominations=DOSSIERS, secret=secret, threshold=60, quorum=60, rounds=2,
        comment_days=comment_days,
    )  # fmt: skip
    for each in board.nominations:
        each.state = State.SUBMITTED
        make.attachment(each)
    db.session.flush()
    return World(board, make.session(board.edition, kind=SessionKind.CEREMONY))


def onward(world: World) -> tuple[str, str]:
    """The verb that takes the whole one step further, and whose hands it is in."""
    states = {each.state for each in world.board.nominations}
    ballot = world.ballot
    if State.SUBMITTED in states:
        return "admit", "secretary"
    if State.APPROVED in states:
        return random.choice(("decide", "decide", "decide", "hold", "lift")), "secretary"
    if State.AWARDED in states:
        return random.choice(("issue", "announce", "arrange", "arrange", "hand_over", "revoke")), "secretary"
    if State.RETURNED in states and State.ADMITTED not in states:
        return "submit_again", "officer"
    if ballot is None or ballot.state in (ballot_rules.State.CLOSED, ballot_rules.State.CANCELLED):
        window = consultation_queries.find_current(world.board.scheme.id)
        if world.board.scheme.comment_days and window is None:
            return "publish", "secretary"
        return "prepare", "secretary"
    if ballot.state is ballot_rules.State.PREPARED:
        return random.choice(("open_round", "dispose", "lift")), "secretary"
    if ballot.state is ballot_rules.State.OPEN:
        if random.random() < 0.15:
            return random.choice(("pin", "hold")), "secretary"
        voted = ask("SELECT count(*) FROM ballot_voter v JOIN ballot_round r ON r.id = v.round_id"
                    " AND r.state = 'open'")[0][0]  # fmt: skip
        return ("vote", "member") if voted < 4 else ("count", "secretary")
    return random.choice((("close", "secretary"), ("open_round", "secretary")))


def walk(world: World, steps: list[tuple[str, str, int, int]]) -> Counter:
    """Go: (what, who, on which, days that pass before).  Refusals are answers; whoever may not is refused."""
    for what, who, which, days in steps:
        world.now += timedelta(days=days)
        if days:
            jobs(world)
        if what == "onward":
            what, who = onward(world)
            which = random.randrange(60) if what in ("vote", "decide", "admit") else which
        hands, act = VERBS[what]
        if who == "right":
            who = sorted(hands)[0]
        before = snapshot()
        try:
            with db.session.begin_nested():
                act(world, which, world.actors(which)[who])
        except Nothing:
            continue
        except Refusal as refusal:
            world.reached[f"refused: {type(refusal).__name__}"] += 1
            db.session.expire_all()
            assert snapshot() == before
        else:
            assert who in hands, f"{who} could {what}"
            db.session.expire_all()
            check_moves(world, before, snapshot())
        check_world(world)
    audit.chain_pending(db.session())
    assert find_broken_link() is None
    return world.reached


STEPS = st.tuples(
    st.sampled_from((*sorted(VERBS), *["onward"] * (2 * len(VERBS)))),
    st.sampled_from(("right",) * 12 + ("member", "officer", "officer of another", "secretary elsewhere",
                                       "organizer", "visitor", "secretary")),
    st.integers(0, 59),
    st.sampled_from((0,) * 8 + (1, 12)),
)  # fmt: skip


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    derandomize=True,
)
@given(
    secret=st.booleans(),
    comment_days=st.sampled_from((None, 5)),
    steps=st.lists(STEPS, min_size=10, max_size=40),
)
def test_whatever_is_tried_by_whomever_nothing_is_reached_that_must_not_be(app, secret, comment_days, steps):
    db.session.rollback()  # what the walk before has left
    random.seed(0)
    walk(make_world(secret=secret, comment_days=comment_days), steps)


def long_walks(*, until: int = 24) -> Counter:
    """Walks that mostly go the right way: what they reached."""
    reached: Counter = Counter()
    random.seed(10)
    for number in range(until):
        db.session.rollback()
        world = make_world(secret=bool(number % 2), comment_days=5 if number % 3 == 0 else None)
        steps = [
            (
                random.choice((*sorted(VERBS), *["onward"] * 90)),
                "right",
                random.randrange(60),
                random.choice((0, 0, 0, 0, 0, 12)),
            )
            for _ in range(80)
        ]
        reached += walk(world, steps)
    return reached


def test_the_walks_go_all_the_way(own_app):
    """They get to the end and into every corner on the way: else they would prove little."""
    with own_app.app_context():
        reached = long_walks()

    assert {
        "nomination admitted", "nomination approved", "nomination awarded", "nomination declined",
        "nomination returned", "nomination withdrawn", "ballot closed", "ballot cancelled", "round counted",
        "round annulled", "a vote was cast", "a written vote was noted", "a decision was announced",
        "certificate revoked", "somebody kept away", "an award was handed over",
    } <= reached.keys()  # fmt: skip


HOLES: dict[str, list[tuple[Any, str, Any]]] = {
    "what no ballot approved is honoured": [
        (nomination_rules, "check_can_award", lambda *_given, **_more: None),
    ],
    "a hold is looked past": [
        (awards.appraisal, "map_holds", lambda *_given, **_more: {}),
        (row, "_held", lambda *_given: frozenset()),
    ],
    "who must keep away is counted": [(counting, "_settle_recusals", lambda *_given: None)],
    "fewer are enough": [(ballot_rules, "needed", lambda _percent, _seats: 1)],
    "an embargo that tells": [
        (
            awards.nominations,
            "award_nomination",
            lambda *given, _award=nominations.award_nomination, **more: _award(
                *given, **(more | {"embargoed": False})
            ),
        ),
    ],
}
"""What is broken on purpose → how."""


@pytest.mark.parametrize("hole", list(HOLES))
def test_the_walks_notice_what_is_broken(own_app, monkeypatch, hole):
    for where, name, broken in HOLES[hole]:
        monkeypatch.setattr(where, name, broken)
    with own_app.app_context(), pytest.raises(AssertionError):
        long_walks()
