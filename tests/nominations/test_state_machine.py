"""Whatever is tried in whatever order, a nomination goes only the ways that MOVES names."""

from datetime import timedelta
from uuid import uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dxday.core.errors import Refusal
from dxday.core.permissions import Role
from dxday.nominations import queries, rules, services
from tests import make

INSIDE, AFTER = make.NOW, make.NOW + timedelta(days=31)


def try_to(verb, nomination, desk, council, now):
    """Try one thing; a refusal is an answer too."""
    officer = desk.officer
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
            actor=officer,
            now=now,
        )
    elif verb == "attach":
        desk.attach(nomination, now=now)
    elif verb == "remove":
        for attachment in queries.list_attachments(nomination.id):
            services.remove_attachment(nomination, attachment, actor=officer, now=now)
    elif verb == "submit":
        services.submit_nomination(nomination, actor=officer, now=now)
    elif verb == "withdraw":
        services.withdraw_nomination(nomination, actor=officer, now=now)
    elif verb == "decline":
        services.decline_nomination(nomination, reason="No.", actor=council, now=now)
    else:
        services.award_nomination(nomination, decision="1/QĐ-UBND", actor=council, now=now)


VERBS = ("change", "attach", "remove", "submit", "withdraw", "decline", "award")


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(
    walk=st.lists(st.tuples(st.sampled_from(VERBS), st.sampled_from((INSIDE, INSIDE, AFTER))), max_size=12)
)
def test_no_walk_leaves_the_table_of_moves(desk, walk):
    council = make.actor(Role.COUNCIL)
    nomination = services.draft_nomination(
        desk.category,
        desk.agency,
        guid=uuid4(),
        nominee_name="Nguyễn Văn Mẫu",
        actor=desk.officer,
        now=INSIDE,
    )
    for verb, now in walk:
        before, name = nomination.state, nomination.nominee_name
        try:
            try_to(verb, nomination, desk, council, now)
        except Refusal:
            assert (nomination.state, nomination.nominee_name) == (before, name)
        if nomination.state != before:
            assert nomination.state in rules.MOVES[before]
            assert (verb, nomination.state) in {
                ("submit", rules.State.SUBMITTED),
                ("withdraw", rules.State.WITHDRAWN),
                ("decline", rules.State.DECLINED),
                ("award", rules.State.AWARDED),
            }
        if nomination.nominee_name != name:
            assert before == rules.State.DRAFT


def test_every_move_of_the_table_is_reached(desk):
    council = make.actor(Role.COUNCIL)
    reached = set()
    for walk in (
        ["withdraw"],
        *(["change", "attach", "submit", last] for last in ("withdraw", "decline", "award")),
    ):
        nomination = desk.draft()
        for verb in walk:
            before = nomination.state
            try_to(verb, nomination, desk, council, INSIDE)
            if nomination.state != before:
                reached.add((before, nomination.state))

    assert reached == {(state, to) for state, ways in rules.MOVES.items() for to in ways}
