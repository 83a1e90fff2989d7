"""The pages of a ballot: the secretary's from its rules to its minutes, and a member's vote and receipt."""

import re
import subprocess

import pytest

from dxday.accounts.models import Account
from dxday.adapters.storage import open_storage
from dxday.audit.models import AuditEntry
from dxday.ballots import queries, rules
from dxday.ballots.models import Ballot, BallotMinutes, BallotVote
from dxday.core.permissions import Role
from dxday.db import db
from tests import make
from tests.ballots.conftest import AGAINST, FOR, make_board
from tests.client import PageClient


@pytest.fixture
def desk(app, board):
    """The secretary at their desk."""
    return PageClient(app).sign_in(db.session.get(Account, board.secretary.account_id))


def sit(app, board, member):
    return PageClient(app).sign_in(board.members[member])


def press(client, path, button):
    """Press a button of the ballot's page."""
    page = client.open(path)
    return client.follow(client.send(page, path, form=f"{path}/{button}"))


def paths(board, ballot):
    return (
        f"/council/{board.edition.code}/ballots/{ballot.id}",
        f"/sit/{board.edition.code}/ballots/{ballot.id}",
    )


def give(client, path, board, *choices):
    return client.fill(path, **{f"vote_{code}": vote.value for code, vote in board.votes(*choices).items()})


def test_a_ballot_goes_from_its_rules_to_its_outcome_on_pages(app, board, desk):
    start = f"/council/{board.edition.code}/ballots"
    assert "No ballot yet" in desk.open(start).words
    shown = desk.follow(desk.fill(f"{start}/new", scheme=board.scheme.code))
    ballot = db.session.query(Ballot).one()
    path, seat = paths(board, ballot)
    assert "90 % of all seats: 10 votes for" in shown.words
    assert "67 % of all seats: 8" in shown.words

    assert "The members can vote" in press(desk, path, "open").words
    for member in range(10):
        client = sit(app, board, member)
        receipt = client.follow(give(client, seat, board, FOR, FOR if member < 8 else AGAINST))
        assert "Your vote is in the urn" in receipt.words
    open_words = desk.open(path).words
    counted = press(desk, path, "count")
    report = desk.open(f"{path}/report")
    closed = press(desk, path, "close")

    assert "10 of 11 seats have voted" in open_words
    assert "The round is counted" in counted.words
    assert "The votes in the database are those that were counted." in report.words
    rows = report.all("//table[1]/tbody/tr")
    names = [each.nominee_name for each in board.nominations]
    assert [row.removeprefix(name) for row, name in zip(rows, names, strict=True)] == [
        " 10 0 0 0 1 Approved",
        " 8 2 0 0 1 Not approved",
    ]
    assert "its outcome stands in the dossiers" in closed.words
    assert board.states() == ["approved", "declined"]


def test_while_a_round_is_open_no_page_says_how_it_stands(app, board, desk):
    ballot = board.opened()
    path, seat = paths(board, ballot)
    for member in range(3):
        board.vote(ballot, member, AGAINST)

    report = desk.open(f"{path}/report")
    member = sit(app, board, 0).open(f"{seat}/report")

    assert ("Nothing is counted yet" in report.words, "Nothing is counted yet" in member.words) == (
        True,
        True,
    )
    codes = [row.code for row in db.session.query(BallotVote)]
    for page in (report, member, desk.open(path), sit(app, board, 0).open(seat)):
        assert not any(code in page.text for code in codes)


def test_a_member_finds_their_own_vote_by_the_receipt_and_nobody_sees_the_receipt_twice(app, board, desk):
    ballot = board.opened()
    path, seat = paths(board, ballot)
    client = sit(app, board, 0)
    once = client.follow(give(client, seat, board, FOR, AGAINST))
    receipt = once.all("//code[@data-copy]")[0]
    again = client.open(f"{seat}/receipt")
    before = client.follow(client.fill(f"{seat}/receipt", receipt=receipt))
    for member in range(1, 11):
        board.vote(ballot, member, FOR)
    press(desk, path, "count")

    after = client.follow(client.fill(f"{seat}/receipt", receipt=receipt.lower()))
    wrong = client.follow(client.fill(f"{seat}/receipt", receipt=rules.new_receipt()))
    refused = client.fill(f"{seat}/receipt", receipt="ABCD")

    assert re.fullmatch("([2-9A-Z]{4}-){3}[2-9A-Z]{4}", receipt)
    assert receipt not in again.text
    assert [row.split()[-1] for row in before.all("//tbody/tr")] == ["–", "–"]
    assert [row.split()[-1] for row in after.all("//tbody/tr")] == ["For", "Against"]
    shown = set(desk.open(f"{path}/report").all("//code[@class='code']"))
    assert set(after.all("//tbody//code")) <= shown
    assert "No vote of this ballot belongs to this receipt." in wrong.words
    assert refused.errors == ["This is no receipt of a vote. It has 16 letters and digits."]


def test_a_second_vote_is_refused_in_a_sentence(app, board):
    ballot = board.opened()
    _, seat = paths(board, ballot)
    one, other = sit(app, board, 0), sit(app, board, 0)
    page = other.open(seat)
    give(one, seat, board, FOR)

    late = other.send(page, seat, **{f"vote_{code}": "against" for code in board.votes(AGAINST)})
    again = one.open(seat)

    assert late.errors == [
        f"{board.members[0].full_name} has voted in this round. A vote that was given is not changed."
    ]
    assert "You have voted in this round" in again.words


def test_a_vote_that_leaves_a_question_open_stays_on_the_page(app, board):
    ballot = board.opened()
    _, seat = paths(board, ballot)
    client = sit(app, board, 0)

    page = client.fill(seat, **{f"vote_{board.nominations[0].code}": "for"})

    assert page.errors == ["Choose one of the three."]
    assert db.session.query(BallotVote).count() == 0


def test_a_member_sees_nothing_of_what_they_must_keep_away_from(app, board, desk):
    board.conflict(0, nomination=0)
    ballot = board.opened()
    path, seat = paths(board, ballot)
    client = sit(app, board, 0)
    hidden, known = board.nominations
    pages = [client.open(seat)]
    pages.append(client.follow(client.fill(seat, **{f"vote_{known.code}": "for"})))
    for member in range(1, 11):
        board.vote(ballot, member, FOR)
    press(desk, path, "count")
    codes = {
        row.code
        for row in db.session.query(BallotVote)
        .join(queries.BallotItem, queries.BallotItem.id == BallotVote.item_id)
        .filter(queries.BallotItem.code == hidden.code)
    }

    pages += [
        client.open(seat),
        client.open(f"{seat}/report"),
        client.open(f"/sit/{board.edition.code}/ballots"),
    ]

    assert len(codes) == 10
    for page in pages:
        assert hidden.nominee_name not in page.text
        assert hidden.code not in page.text
        assert not any(code in page.text for code in codes)
    assert known.nominee_name in pages[3].text


def test_another_council_and_another_edition_are_not_found(app, board, desk):
    ballot = board.opened()
    path, seat = paths(board, ballot)
    stranger = PageClient(app).sign_in(make.account(Role.MEMBER, edition_id=board.edition.id))
    elsewhere = make_board()
    other = elsewhere.opened()

    assert [stranger.open(seat).status, stranger.open(f"{seat}/report").status] == [404, 404]
    assert desk.open(f"/council/{board.edition.code}/ballots/{other.id}").status == 404
    assert sit(app, board, 0).open(f"/sit/{board.edition.code}/ballots/{other.id}").status == 404
    assert sit(app, board, 0).open(path).status == 403


def test_written_votes_are_entered_in_two_steps(app, board, desk):
    ballot = board.opened()
    path, _ = paths(board, ballot)
    first, second = (str(board.members[each].id) for each in (3, 4))
    assert "No written vote is noted" in desk.open(f"{path}/papers").words

    noted = desk.follow(desk.fill(f"{path}/written", members=[first, second]))
    paper = desk.follow(desk.fill(f"{path}/papers", **{f"vote_{code}": "for" for code in board.votes(FOR)}))
    early = press(desk, path, "count")
    empty = desk.fill(f"{path}/papers")

    assert "The written votes are noted." in noted.words
    assert "The paper is in the urn. Write its receipt on it:" in paper.words
    assert "2 voted and 1 votes are in the urn. Enter the missing papers." in early.words
    assert empty.errors == ["The paper says nothing on any nomination."]
    assert f'value="{first}"' not in desk.open(f"{path}/written").text


def test_a_written_vote_by_name_is_entered_with_its_sender_on_one_page(app):
    board = make_board(secret=False)
    desk = PageClient(app).sign_in(db.session.get(Account, board.secretary.account_id))
    ballot = board.opened()
    path, seat = paths(board, ballot)

    done = desk.follow(
        desk.fill(
            f"{path}/written",
            sender=str(board.members[5].id),
            **{f"vote_{code}": "against" for code in board.votes(AGAINST)},
        )
    )
    client = sit(app, board, 0)
    mine = client.follow(give(client, seat, board, FOR))
    press(desk, path, "count")

    assert "The written votes are noted." in done.words
    assert "Your vote is in. Thank you." in mine.words
    assert f"{board.members[5].full_name}: Against" in desk.open(f"{path}/report").words
    assert client.open(f"{seat}/receipt").status == 404


def test_a_round_is_annulled_and_a_ballot_cancelled_with_a_reason(app, board, desk):
    ballot = board.opened()
    path, _ = paths(board, ballot)

    missing = desk.fill(f"{path}/annul")
    annulled = desk.follow(desk.fill(f"{path}/annul", reason="Một thành viên có xung đột lợi ích."))
    repeated = press(desk, path, "open")
    cancelled = desk.follow(desk.fill(f"{path}/cancel", reason="Hoãn họp."))

    assert missing.errors == ["Give the reason: the minutes state it."]
    assert "Một thành viên có xung đột lợi ích." in annulled.words
    assert "Round 1, attempt 2" in repeated.words
    assert "Hoãn họp." in cancelled.words


def test_a_button_pressed_too_late_says_why(app, board, desk):
    ballot = board.opened()
    path, _ = paths(board, ballot)
    page = desk.open(path)
    board.count(ballot)

    late = desk.follow(desk.send(page, path, form=f"{path}/count"))
    bare = desk.follow(desk.post(f"{path}/close"))

    assert "The ballot is in the state “Counted”; this cannot be done now." in late.words
    assert "This page had been open for too long." in bare.words


def test_minutes_are_written_once_and_their_bytes_never_change(app, board, desk, tmp_path):
    board.conflict(0, nomination=1)
    ballot = board.opened()
    path, _ = paths(board, ballot)
    early = desk.open(f"{path}/minutes")
    board.vote(ballot, 0, FOR, without=(board.nominations[1],))
    for member in range(1, 10):
        board.vote(ballot, member, FOR, FOR)
    board.annul(ballot, reason="Bỏ phiếu lại.")
    board.open(ballot)
    board.vote(ballot, 0, FOR, without=(board.nominations[1],))
    for member in range(1, 10):
        board.vote(ballot, member, FOR, FOR)
    board.count(ballot)
    board.close(ballot)

    desk.follow(
        desk.fill(f"{path}/minutes", number="12/BB-HĐ", place="Nghệ An", remarks="Không có ý kiến khác.")
    )
    minutes = db.session.query(BallotMinutes).one()
    first, second = (desk.http.get(f"{path}/minutes.pdf").get_data() for _ in range(2))
    again = desk.open(f"{path}/minutes")

    assert "The ballot is not closed yet" in early.words
    assert first == second
    assert first[:5] == b"%PDF-"
    trail = db.session.query(AuditEntry).filter_by(action="ballot.minutes_written").one()
    assert trail.facts == {"size": len(first), "sha256": minutes.sha256}
    assert "The minutes of this ballot are written already." in again.words
    (tmp_path / "minutes.pdf").write_bytes(first)
    said = " ".join(tool("pdftotext", "-layout", tmp_path / "minutes.pdf", "-").split())
    for words in (
        "BIÊN BẢN",
        "Số: 12/BB-HĐ",
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "bỏ phiếu kín",
        "ít nhất 90% tổng số thành viên Hội đồng đồng ý (10/11)",
        "Bỏ phiếu lại.",
        "Vắng mặt, không gửi phiếu (1)",
        "Không có ý kiến khác.",
        "1/2 đề nghị được thông qua",
        f"{board.members[0].full_name} không tham gia bỏ phiếu đối với: {board.nominations[1].nominee_name}",
        "CHỦ TRÌ",
    ):
        assert words in said
    fonts = [
        line.split()[0].partition("+")[2]
        for line in tool("pdffonts", tmp_path / "minutes.pdf").splitlines()[2:]
    ]
    assert {font.partition("-")[0] for font in fonts} == {"Tinos"}


def test_minutes_whose_file_was_changed_or_lost_are_not_handed_out(app, board, desk):
    ballot = board.opened()
    path, _ = paths(board, ballot)
    board.count(ballot)
    board.close(ballot)
    assert desk.open(f"{path}/minutes.pdf").status == 404
    desk.fill(f"{path}/minutes", place="Nghệ An", chaired_by="Nguyễn Văn A", written_by="Trần Thị B")
    kept = db.session.query(BallotMinutes).one()
    storage = open_storage(app.extensions["dxday_settings"].storage_url)

    storage.put(kept.storage_key, b"%PDF-another")
    changed = desk.open(f"{path}/minutes.pdf")
    storage.delete(kept.storage_key)
    lost = desk.open(f"{path}/minutes.pdf")

    assert (changed.status, lost.status) == (410, 410)


@pytest.mark.parametrize("where", ["", "/report"])
def test_pages_ask_as_much_for_three_nominations_and_rounds_as_for_one(app, queries, where):
    totals = []
    for nominations in (1, 3):
        board = make_board(nominations=nominations, rounds=3)
        desk = PageClient(app).sign_in(db.session.get(Account, board.secretary.account_id))
        ballot = board.opened()
        for _ in range(nominations - 1):
            board.all_vote(ballot, in_favour=8)
            board.count(ballot)
            board.open(ballot)
        board.all_vote(ballot, in_favour=8)
        board.count(ballot)
        path, _ = paths(board, ballot)
        db.session.commit()
        with queries() as counted:
            desk.open(f"{path}{where}")
        totals.append(counted.total)

    assert totals[0] == totals[1]


def tool(*command):
    return subprocess.run([str(word) for word in command], capture_output=True, check=True, text=True).stdout
