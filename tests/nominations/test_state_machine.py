"""Whoever tries whatever in whatever order, a nomination goes only the ways that MOVES names."""

from datetime import timedelta
from uuid import uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dxday.core.actor import SYSTEM, VISITOR
from dxday.core.errors import Refusal
from dxday.core.permissions import Role
from dxday.db import db
from dxday.nominations import queries, services
from dxday.nominations.rules import MOVES, State
from tests import make

INSIDE, AFTER = make.NOW, make.NOW + timedelta(days=31)
ENDS = {
    "submit": {State.SUBMITTED},
    "send": {State.ENDORSING},
    "take back": {State.DRAFT},
    "finish": {State.SUBMITTED},
    "return": {State.RETURNED},
    "admit": {State.ADMITTED},
    "approve": {State.APPROVED},
    "withdraw": {State.WITHDRAWN},
    "decline": {State.DECLINED},
    "award": {State.AWARDED},
    "change": set(),
    "attach": set(),
    "remove": set(),
}
"""Where each verb may lead."""
OFFICER = {"change", "attach", "remove", "submit", "send", "take back", "withdraw"}
SECRETARY = {"return", "admit", "approve", "decline", "award"}
MAY = {
    "officer": OFFICER,
    "stranger": set(),
    "secretary": SECRETARY,
    "member": set(),
    "visitor": set(),
    "system": set(ENDS) - {"attach"},
}
"""Whose hands each verb is in; a file has somebody who uploaded it."""


def people(desk) -> dict:
    """The actors, each as they come to this edition."""
    elsewhere = make.organisation()
    return {
        "officer": desk.officer,
        "stranger": make.actor(Role.AGENCY, edition_id=desk.edition.id, organisation_id=elsewhere.id),
        "secretary": make.actor(Role.COUNCIL, edition_id=desk.edition.id),
        "member": make.actor(Role.MEMBER, edition_id=desk.edition.id),
        "visitor": VISITOR,
        "system": SYSTEM,
    }


def try_to(verb, nomination, desk, actor, now):
    """Try one thing; a refusal is an answer too."""
    by = {"actor": actor, "now": now}
    if verb == "change":
        services.change_nomination(
            nomination,
            version=nomination.version,
            category=desk.category,
            nominee_name=f"{nomination.nominee_name}+",
            nominee_position="",
            nominee_email="awardee@example.org",
            achievement="Đã làm được nhiều việc.",
            contact_name="Lê Thị Ví Dụ",
            contact_email="agency@example.org",
            **by,
        )
    elif verb == "attach":
        desk.attach(nomination, **by)
    elif verb == "remove":
        for attachment in queries.list_attachments(nomination.id):
            services.remove_attachment(nomination, attachment, **by)
    elif verb == "return":
        services.return_nomination(nomination, reason="More.", due_at=now + timedelta(days=5), **by)
    elif verb == "approve":
        services.approve_nomination(nomination, ballot="B1", **by)
    elif verb == "decline":
        services.decline_nomination(nomination, reason="No.", **by)
    elif verb == "award":
        services.award_nomination(nomination, decision="1/QĐ-UBND", **by)
    else:
        {
            "submit": services.submit_nomination,
            "send": services.send_for_endorsement,
            "take back": services.take_back,
            "finish": services.finish_endorsement,
            "admit": services.admit_nomination,
            "withdraw": services.withdraw_nomination,
        }[verb](nomination, **by)


def draft(desk):
    return services.draft_nomination(
        desk.category,
        desk.agency,
        guid=uuid4(),
        nominee_name="Nguyễn Văn Mẫu",
        actor=desk.officer,
        now=INSIDE,
    )


STEPS = st.tuples(
    st.sampled_from(sorted(ENDS)),
    # The rightful hands come more often, so that walks get somewhere.
    st.sampled_from((*sorted(MAY), "right", "right", "right", "right", "right", "right")),
    st.sampled_from((INSIDE, INSIDE, INSIDE, AFTER)),
)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(walk=st.lists(STEPS, max_size=25), ballot=st.booleans(), whole=st.booleans())
def test_no_walk_of_anybody_leaves_the_table_of_moves(desk, walk, ballot, whole):
    queries.scheme_of(draft(desk)).ballot = ballot
    actors = people(desk)
    nomination = desk.complete() if whole else draft(desk)
    for verb, who, now in walk:
        if who == "right":
            who = next(name for name in ("officer", "secretary", "system") if verb in MAY[name])
        before, name = nomination.state, nomination.nominee_name
        files = len(queries.list_attachments(nomination.id))
        try:
            try_to(verb, nomination, desk, actors[who], now)
        except Refusal:
            changed = False
        else:
            assert verb in MAY[who] or (verb == "remove" and files == 0)
            changed = True
        after = (nomination.state, nomination.nominee_name, len(queries.list_attachments(nomination.id)))
        if not changed:
            assert after == (before, name, files)
        if nomination.state != before:
            assert nomination.state in MOVES[before] & ENDS[verb]
            assert verb != "award" or not ballot or before is State.APPROVED
        elif after[1:] != (name, files):
            assert before in {State.DRAFT, State.RETURNED}


def test_every_move_of_the_table_is_reached(desk):
    actors = people(desk)
    hands = {
        verb: next(who for who in ("officer", "secretary", "system") if verb in MAY[who]) for verb in ENDS
    }
    to_council = ["submit", "admit"]
    approved = [*to_council, "approve"]
    reached = set()
    for walk in (
        ["withdraw"],
        ["send", "take back", "send", "withdraw"],
        ["send", "finish", "return", "withdraw"],
        ["submit", "return", "decline"],
        ["submit", "return", "submit"],
        *(["submit", last] for last in ("withdraw", "decline", "award")),
        *([*to_council, last] for last in ("return", "withdraw", "decline", "award")),
        *([*approved, last] for last in ("withdraw", "decline", "award")),
    ):
        nomination = desk.complete()
        for verb in walk:
            before = nomination.state
            try_to(verb, nomination, desk, actors[hands[verb]], INSIDE)
            reached.add((before, nomination.state))

    assert reached == {(state, to) for state, ways in MOVES.items() for to in ways}


def test_nobody_but_the_rightful_hands_takes_any_step(desk):
    actors = people(desk)
    before = {
        "take back": State.ENDORSING,
        "finish": State.ENDORSING,
        "approve": State.ADMITTED,
    } | dict.fromkeys(("return", "admit", "decline", "award"), State.SUBMITTED)
    allowed, refusals = set(), set()
    for verb in ENDS:
        for who in MAY:
            if (verb, who) == ("attach", "system"):
                continue
            nomination = desk.complete()
            nomination.state = before.get(verb, State.DRAFT)
            if nomination.state in {State.SUBMITTED, State.ADMITTED}:
                nomination.submitted_at = INSIDE
            db.session.flush()
            try:
                try_to(verb, nomination, desk, actors[who], INSIDE)
            except Refusal as refusal:
                refusals.add(refusal.status)
            else:
                allowed.add((verb, who))

    assert allowed == {(verb, who) for who, verbs in MAY.items() for verb in verbs}
    assert refusals == {403}
