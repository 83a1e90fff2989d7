"""Whoever must keep away from a dossier, or does not read it, learns nothing of it: not even that it is there."""

import re
from types import SimpleNamespace
from typing import Any

import pytest
from flask import current_app
from sqlalchemy import event, select
from sqlalchemy.engine import Engine

from dxday.ballots.models import BallotItem, BallotVote
from dxday.db import db
from dxday.nominations.rules import State
from dxday.notifications.models import Message
from dxday.schemes.models import Category
from tests import make
from tests.architecture.test_access_matrix import World, ask, world  # noqa: F401 - a fixture
from tests.ballots.conftest import FOR, board  # noqa: F401 - a fixture
from tests.client import PageClient

KEPT_OUT = ("reader with a conflict", "member who does not read it", "reader it was taken from")


def told(world: World, browser: Any, path: str, method: str = "GET", **data: str) -> SimpleNamespace:  # noqa: F811
    """Everything that an answer tells: status, head, length, words, and how many statements it took."""
    counted = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "SAVEPOINT" not in statement:
            counted.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        response = ask(browser, method, path, data=data | {"csrf_token": world.token()} if data else None)
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    head = {
        name: value
        for name, value in response.headers
        if name.lower() not in ("set-cookie", "x-request-id", "content-length")
    }
    # A form's token holds the second in which it was made.
    words = re.sub(r"InJhdyI[\w.-]+", "token", response.get_data(as_text=True))
    return SimpleNamespace(
        status=response.status_code,
        head=head,
        length=len(words),
        words=words,
        statements=len(counted),
    )


@pytest.mark.parametrize("who", KEPT_OUT)
def test_a_dossier_that_is_kept_from_somebody_answers_as_one_that_is_not_there(world, who):  # noqa: F811
    values = world.values["admitted"]
    there, not_there = values["code"], "zzzzzzzz"
    assert len(there) == len(not_there)
    browser = world.browser(who)
    start = f"/sit/{world.edition_code}"
    file = values["attachment_code"]
    asked = [
        ("GET", "{start}/dossiers/{code}", {}),
        ("GET", "{start}/dossiers/{code}/files/{file}", {}),
        ("GET", "{start}/dossiers/{code}/conflict", {}),
        ("POST", "{start}/dossiers/{code}/conflict", {"kind": "other"}),
        ("GET", "{start}/{code}/sheet", {}),
        ("POST", "{start}/{code}/sheet", {"comment": "x", "act": "save"}),
        ("POST", "{start}/{code}/sheet/field", {"field": "comment", "value": "x", "version": "0"}),
        ("GET", "{start}/{code}/sheet/decline", {}),
        ("POST", "{start}/{code}/sheet/decline", {"reason": "x"}),
    ]
    told(world, browser, f"{start}/")  # what is loaded once is loaded
    for method, path, data in asked:
        one, other = (
            told(world, browser, path.format(start=start, code=code, file=file), method, **data)
            for code in (there, not_there)
        )
        one.words, other.words = one.words.replace(there, "C"), other.words.replace(not_there, "C")

        assert one == other, (method, path)
        assert one.status == 404


@pytest.mark.parametrize("who", KEPT_OUT)
def test_lists_counts_and_letters_say_nothing_of_it(world, who):  # noqa: F811
    """Of two editions that differ in one more dossier that is kept from the member, both look the same to them."""
    account = world.people[who]
    browser = world.browser(who)
    pages = [f"/sit/{world.edition_code}/{page}" for page in ("", "sheets", "conflicts", "ballots")]
    before = [told(world, browser, page) for page in pages]

    category = db.session.get(Category, world.dossiers["admitted"].category_id)
    more = make.nomination(category, state=State.ADMITTED, nominee_name="Zyxw chưa ai biết")
    make.conflict_of_interest(more, account)
    if who == "reader with a conflict":
        make.reading(more, account)
    db.session.commit()

    after = [told(world, browser, page) for page in pages]
    assert after == before
    letters = db.session.scalars(select(Message).where(Message.to_address == account.email)).all()
    assert not any("Zyxw" in f"{each.subject}{each.text}" for each in letters)


def test_a_conflict_that_the_rules_find_only_now_closes_sheet_and_lists_at_once(world):  # noqa: F811
    """The night has not written it down yet; the reader's address became one of the agency's."""
    reader, nomination = world.people["reader"], world.dossiers["admitted"]
    browser = world.browser("reader")
    sheet = f"/sit/{world.edition_code}/{nomination.code}/sheet"
    assert told(world, browser, sheet).status == 200

    nomination.contact_email = f"officer@{reader.email.partition('@')[2]}"
    db.session.commit()

    seen = [told(world, browser, f"/sit/{world.edition_code}/{page}") for page in ("", "sheets")]
    assert [nomination.code in each.words for each in seen] == [False, False]
    assert [
        told(world, browser, path).status for path in (sheet, f"{sheet}/decline")
    ] == [404, 404]  # fmt: skip


def test_a_ballot_says_nothing_of_what_a_member_must_keep_away_from(board):  # noqa: F811
    """Before the vote, after it and in the count: no name, no code, no place in a list, no vote."""
    board.conflict(0, nomination=0)
    hidden, open_to_all = board.nominations
    hidden.nominee_name, open_to_all.nominee_name = "Zyxw bị giấu", "Tổ được thấy"
    ballot = board.opened()
    start = f"/sit/{board.edition.code}/ballots"
    app = current_app._get_current_object()
    recused, other = (PageClient(app).sign_in(board.members[n]) for n in (0, 1))
    pages = [start, f"{start}/{ballot.id}", f"{start}/{ballot.id}/receipt", f"{start}/{ballot.id}/report"]
    told_in_all = []
    for stage in ("open", "voted", "counted"):
        if stage == "voted":
            board.vote(ballot, 0, FOR, without=(hidden,))
            for member in range(1, 11):
                board.vote(ballot, member, FOR)
        if stage == "counted":
            board.count(ballot)
        for path in pages:
            page = recused.open(path)
            told_in_all.append(page.text)
            assert page.status == 200, (stage, path)

    assert [word for text in told_in_all for word in ("Zyxw", hidden.code) if word in text] == []
    assert "Zyxw" in other.open(pages[-1]).text
    assert "Tổ được thấy" in told_in_all[-1]
    slips = db.session.scalars(select(BallotVote.code).join(BallotItem, BallotItem.id == BallotVote.item_id)
                               .where(BallotItem.code == hidden.code)).all()  # fmt: skip
    assert len(slips) == 10
    assert not any(slip in text for slip in slips for text in told_in_all)
