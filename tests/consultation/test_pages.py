"""The pages: publishing, reading, searching and saving a list; commenting; receipts; dealing with comments."""

import csv
import io
import json
from datetime import timedelta
from hashlib import sha256

import pytest

from dxday.consultation import queries as comments
from dxday.consultation import rules
from dxday.consultation.models import Comment, CommentWindow
from dxday.core import codes
from dxday.core.permissions import Role
from dxday.db import db
from dxday.nominations.rules import State
from dxday.schemes.rules import NomineeKind
from dxday.web import limits
from tests import make
from tests.client import PageClient
from tests.consultation.conftest import make_desk

ANSWERS = {
    "text": "Ông ấy không làm việc này.",
    "full_name": "Đỗ Thị Góp Ý",
    "phone": "0912 345 678",
    "home": "Số 1, đường Thí Dụ",
    "signed": "y",
}


@pytest.fixture
def secretary(app, desk):
    return PageClient(app).sign_in(desk.account)


def public(desk, *more) -> str:
    return "/".join([f"/{desk.edition.code}/nominations", *map(str, more)])


def office(desk, *more) -> str:
    return "/".join([f"/council/{desk.edition.code}/comments", *map(str, more)])


# Publishing


def test_the_secretary_reads_the_list_and_publishes_it(client, desk, secretary):
    assert "No list is published" in client.open(public(desk)).words
    path = office(desk, "lists", desk.scheme.code)
    assert "2 nominations stand on the list." in secretary.open(path).words

    shown = secretary.follow(secretary.fill(path, form=None))

    window = db.session.query(CommentWindow).one()
    assert "The list is published" in shown.words
    assert window.sha256 in shown.words
    assert "There is nothing to correct." in shown.words
    index = client.open(public(desk))
    assert public(desk, window.id) in index.links()
    assert "Open to comment" in index.words


def test_a_list_that_changed_since_it_was_looked_at_is_shown_again(desk, secretary):
    path = office(desk, "lists", desk.scheme.code)
    page = secretary.open(path)
    desk.admit("Tổ mới vào")

    answer = secretary.send(page, path)

    assert answer.status == 409
    assert answer.errors == [
        "The list has changed since you looked at it. Look at it again, then publish it."
    ]
    assert "Tổ mới vào" in answer.words
    assert secretary.send(answer, path).status == 302


def test_a_correction_gives_its_reason_and_links_both_versions(client, desk, secretary):
    first = desk.publish()
    desk.nominations[0].nominee_name = "Tổ công nghệ số xã Mẫu"
    path = office(desk, "lists", desk.scheme.code)
    refused = secretary.fill(path)
    assert (refused.status, refused.errors) == (422, ["Give the reason: it stays on record."])

    secretary.fill(path, reason="Tên viết sai.")

    second = db.session.query(CommentWindow).filter_by(number=2).one()
    old, new = client.open(public(desk, first.id)), client.open(public(desk, second.id))
    assert "Not the list of today" in old.words
    assert public(desk, second.id) in old.links()
    assert "Tổ công nghệ số số 1" in old.words
    assert "Tên viết sai." in new.words
    assert public(desk, first.id) in new.links()


def test_without_anybody_before_the_council_there_is_nothing_to_publish(app):
    desk = make_desk(nominations=0)
    page = PageClient(app).sign_in(desk.account).open(office(desk, "lists", desk.scheme.code))

    assert "Nothing to publish yet" in page.words


def test_the_setting_lets_in_comments_without_a_name(client, desk, secretary):
    window = desk.publish()
    path = office(desk, "lists", desk.scheme.code)
    refused = client.fill(public(desk, window.id, "comment"), text="Một góp ý.")
    assert len(refused.errors) == 4

    saved = secretary.follow(secretary.fill(path, form=f"{path}/policy"))

    assert "The setting was saved." in saved.words
    assert client.fill(public(desk, window.id, "comment"), text="Một góp ý.").status == 302


# Reading


def test_a_list_is_searched_without_marks(client, desk):
    desk.admit("Tổ Hải Đăng")
    window = desk.publish()

    page = client.open(public(desk, window.id), query_string={"q": "hai dang"})

    assert page.all("//tbody/tr/th") == ["Tổ Hải Đăng"]
    assert "1 of 3 shown" in page.words
    assert "Nothing found" in client.open(public(desk, window.id), query_string={"q": "zzz"}).words


def test_the_saved_json_has_the_digest_that_the_page_prints(client, desk):
    window = desk.publish()

    saved = client.http.get(public(desk, window.id, "list.json"))

    printed = client.open(public(desk, window.id)).words
    assert sha256(saved.data).hexdigest() in printed
    assert [each["nominee"] for each in json.loads(saved.data)["nominations"]] == [
        "Tổ công nghệ số số 1",
        "Tổ công nghệ số số 2",
    ]
    assert saved.headers["Content-Disposition"].startswith("attachment")


def test_nothing_in_the_saved_csv_is_computed(client, desk):
    desk.nominations[0].nominee_name = '=HYPERLINK("https://evil.example")'
    desk.nominations[0].achievement = "@SUM(A1)"
    window = desk.publish()

    saved = client.http.get(public(desk, window.id, "list.csv"))

    rows = list(csv.reader(io.StringIO(saved.get_data(as_text=True).removeprefix("\ufeff"))))
    row = next(row for row in rows if "HYPERLINK" in row[1])
    assert (row[1], row[6]) == ('\'=HYPERLINK("https://evil.example")', "'@SUM(A1)")


def test_html_in_every_field_of_a_nomination_stays_text(client, app):
    desk = make_desk(nominations=0)
    person = make.category(desk.scheme, nominee_kind=NomineeKind.INDIVIDUAL, name={"vi": "<b>Nhóm</b>"})
    evil = "<script>alert(1)</script>"
    agency = make.organisation(name={"vi": f"{evil}a"})
    make.nomination(
        person, agency, state=State.ADMITTED, nominee_name=f"{evil}n", nominee_position=f"{evil}p",
        achievement=f"{evil}t",
    )  # fmt: skip
    window = desk.publish()

    page = client.open(public(desk, window.id))

    (row,) = page.all("//tbody/tr")
    for letter in "napt":
        assert f"{evil}{letter}" in row
    assert page.document.xpath("//main//script | //main//b") == []


def test_a_list_of_another_edition_is_not_there(client, desk):
    window = desk.publish()
    other = make.edition()

    for path in ("", "/comment", "/comment/1", "/list.json", "/list.csv"):
        assert client.open(f"/{other.code}/nominations/{window.id}{path}").status == 404


@pytest.mark.parametrize("many", [1, 5])
def test_a_list_takes_the_same_number_of_queries_however_long_it_is(client, queries, app, many):
    desk = make_desk(nominations=many)
    path = public(desk, desk.publish().id)
    client.open(path)

    with queries() as counted:
        client.open(path)

    assert counted.total == 4


# Commenting


def test_a_comment_is_sent_and_its_receipt_shown_once(client, desk):
    window = desk.publish()

    sent = client.fill(public(desk, window.id, "comment", 1), **ANSWERS)
    shown = client.follow(sent)

    comment = db.session.query(Comment).one()
    receipt = sent.location.rpartition("/")[2]
    assert comment.receipt_hash == codes.hash_of(receipt)
    assert f"Its receipt is {rules.group_receipt(receipt)}." in shown.words
    assert "Received" in shown.words
    again = client.open(sent.location)
    assert rules.group_receipt(receipt) not in again.text
    for private in ("Góp Ý", "0912", "Thí Dụ", "không làm", "Tổ công nghệ"):
        assert private not in again.words
    assert again.response.headers["Cache-Control"] == "no-store"


def test_a_double_click_makes_one_comment_and_one_receipt(client, desk):
    path = public(desk, desk.publish().id, "comment")
    page = client.open(path)

    one, other = client.send(page, path, **ANSWERS), client.send(page, path, **ANSWERS)

    assert one.location == other.location
    assert db.session.query(Comment).count() == 1


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ({"text": None}, "Write your comment."),
        ({"text": "x" * 10_000}, "Your comment has 10000 characters. Shorten it to 5000 at the most."),
        ({"full_name": None}, "Write your full name."),
        ({"phone": None}, "Write a telephone number or an e-mail address, so that we can ask you."),
        ({"phone": "call me"}, "Write a telephone number such as 0912 345 678."),
        ({"email": "nobody"}, "Write an e-mail address like name@example.org."),
        ({"home": None}, "Write your postal address."),
        ({"home": "x" * 301}, "Use at most 300 characters."),
        (
            {"signed": None},
            "Say that you stand by your comment with your name: without that it cannot be received.",
        ),
    ],
)
def test_what_is_missing_or_wrong_is_said_beside_its_field_and_nothing_is_lost(client, desk, answers, error):
    page = client.fill(public(desk, desk.publish().id, "comment", 1), **(ANSWERS | answers))

    assert page.errors == [error]
    assert db.session.query(Comment).count() == 0
    if "text" not in answers:
        assert page.value("text").strip() == ANSWERS["text"]


def test_control_characters_html_and_scripts_are_kept_as_words_or_left_out(client, desk, secretary):
    window = desk.publish()
    evil = "<script>alert(1)</script>"
    page = client.open(public(desk, window.id, "comment", 1))
    data = dict(page.form().fields) | {
        "text": f"{evil}\x00\x07 dòng một\r\ndòng hai \u202e",
        "full_name": f"{evil}\x00Tên",
        "home": f"<img src=x onerror=alert(1)>{evil}",
        "phone": "0912345678",
        "signed": "y",
    }

    assert client.post(public(desk, window.id, "comment", 1), data=data).status == 302

    comment = db.session.query(Comment).one()
    assert comment.text.split() == f"{evil} dòng một dòng hai".split()
    assert comment.full_name == f"{evil}Tên"
    shown = secretary.open(office(desk, comment.id))
    assert evil in shown.words
    assert shown.document.xpath("//main//script | //main//img[@onerror]") == []


@pytest.mark.parametrize("number", ["0", "3", "999999999999999999", "x", "-1"])
def test_a_comment_on_what_is_not_on_the_list_has_no_page(client, desk, number):
    window = desk.publish()

    assert client.open(public(desk, window.id, "comment", number)).status == 404


def test_a_late_comment_gets_a_clear_answer(client, desk):
    desk.publish(now=make.NOW - timedelta(days=60))
    window = db.session.query(CommentWindow).one()
    path = public(desk, window.id, "comment", 1)
    window.closes_at = make.NOW + timedelta(hours=1)
    page = client.open(path)
    window.closes_at = make.NOW - timedelta(seconds=1)

    answer = client.send(page, path, **ANSWERS)

    assert answer.status == 422
    assert answer.errors[0].startswith("Comments on this list were taken until ")
    assert answer.value("text").strip() == ANSWERS["text"]
    closed = client.open(path)
    assert "Comments on this list are closed" in closed.words
    assert closed.document.xpath("//main//textarea") == []


def test_a_comment_on_a_list_that_was_corrected_meanwhile_keeps_its_words(client, desk):
    window = desk.publish()
    path = public(desk, window.id, "comment", 1)
    page = client.open(path)
    desk.nominations[0].nominee_name = "Khác"
    desk.publish(reason="Tên viết sai.")

    answer = client.send(page, path, **ANSWERS)

    assert answer.status == 409
    assert "was corrected in the meantime" in answer.errors[0]
    assert answer.value("text").strip() == ANSWERS["text"]


def test_whoever_sends_too_often_is_slowed_down(client, desk):
    path = public(desk, desk.publish().id, "comment")
    limits.limiter.enabled = True
    try:
        limits.limiter.reset()
        statuses = [client.post(path).status for _ in range(31)]
    finally:
        limits.limiter.enabled = False

    assert statuses == [200] * 30 + [429]


# Receipts


def test_an_unknown_receipt_and_what_is_none_look_alike(client, desk):
    desk.publish()
    unknown, malformed, absurd = (
        client.open(public(desk, "receipts", code)) for code in (codes.new_code(16), "x", "%F0%9F%98%80" * 40)
    )

    assert [page.status for page in (unknown, malformed, absurd)] == [404] * 3
    assert unknown.words == malformed.words == absurd.words


def test_a_receipt_is_found_however_it_is_typed_and_a_wrong_one_is_said_so(client, desk):
    receipt = desk.comment(desk.publish())
    path = public(desk, "receipts")

    found = client.fill(path, code=f" {rules.group_receipt(receipt).lower()} ")

    assert found.location == public(desk, "receipts", receipt)
    for wrong in (codes.new_code(16), "gì đó", "😀"):
        assert client.fill(path, code=wrong).errors == ["No comment of this edition has this receipt."]


def test_under_the_receipt_stands_the_answer_and_not_the_reason(client, desk):
    receipt = desk.comment(desk.publish())
    desk.dispose(desk.waiting()[0], reason="Việc nội bộ.", reply="Cảm ơn, đã xác minh.")

    page = client.open(public(desk, "receipts", receipt))

    assert "Answered" in page.words
    assert "Cảm ơn, đã xác minh." in page.words
    for private in ("nội bộ", "Not founded", desk.account.full_name, "Tổ công nghệ"):
        assert private not in page.words


# Dealing with comments


def test_the_secretary_deals_with_a_comment(desk, secretary):
    desk.comment(desk.publish())
    (comment,) = desk.waiting()
    start = secretary.open(office(desk))
    assert office(desk, comment.id) in start.links()
    assert "Public comment (1)" in start.text

    refused = secretary.fill(office(desk, comment.id), outcome="upheld", reason=None)
    assert refused.errors == ["Give the reason: it stays on record."]
    done = secretary.follow(
        secretary.fill(office(desk, comment.id), outcome="upheld", reason="Đã xác minh.", reply="Cảm ơn.")
    )

    assert "The outcome is recorded." in done.words
    code = desk.nominations[0].code
    for path in (f"appraisal/dossiers/{code}/hold", f"appraisal/dossiers/{code}/return"):
        assert f"/council/{desk.edition.code}/{path}" in done.links()
    assert "Public comment (1)" not in secretary.open(office(desk)).text


def test_an_outcome_that_there_is_not_is_refused(desk, secretary):
    desk.comment(desk.publish())
    (comment,) = desk.waiting()
    page = secretary.open(office(desk, comment.id))
    data = dict(page.form().fields) | {"outcome": "burned", "reason": "Lý do."}

    assert secretary.post(office(desk, comment.id), data=data).errors == ["Choose what you found."]


def test_two_who_deal_with_one_comment_the_second_is_told(desk, secretary):
    desk.comment(desk.publish())
    (comment,) = desk.waiting()
    page = secretary.open(office(desk, comment.id))
    desk.dispose(comments.get_comment(desk.edition.id, comment.id))

    late = secretary.send(page, office(desk, comment.id), outcome="noted", reason="Lý do.")

    assert late.status == 409
    assert late.errors == [f"This comment was dealt with already, by {desk.account.full_name}."]


def test_a_secretary_with_a_conflict_sees_neither_who_wrote_nor_what(desk, secretary):
    desk.comment(desk.publish(), text="Điều rất riêng.")
    (comment,) = desk.waiting()
    make.conflict_of_interest(desk.nominations[0], desk.account)

    listed = secretary.open(office(desk))
    opened = secretary.open(office(desk, comment.id))

    assert "Not shown: you have a conflict of interest" in listed.words
    assert "Góp Ý" not in listed.text
    assert office(desk, comment.id) not in listed.links()
    assert opened.status == 403
    assert "You have a conflict of interest with this nomination." in opened.words
    assert "rất riêng" not in opened.text
    assert secretary.post(office(desk, comment.id), data={"outcome": "noted", "reason": "x"}).status == 403


def test_every_look_at_who_wrote_is_noted(desk, secretary):
    from dxday.audit import queries as audit

    desk.comment(desk.publish())
    (comment,) = desk.waiting()

    secretary.open(office(desk, comment.id))

    entry = audit.list_entries(limit=1)[0]
    assert (entry.action, entry.subject, entry.actor_account_id) == (
        "comment.viewed",
        f"comment-{comment.id}",
        desk.account.id,
    )


def test_comments_are_narrowed_by_list_and_state(desk, secretary):
    window = desk.publish()
    desk.comment(window, 1)
    desk.comment(window, None)
    desk.dispose(desk.waiting()[0])

    def about(**wish):
        return secretary.open(office(desk), query_string=wish).all(
            "//section[@id='comments']//tbody/tr/th"
        ) or (
            secretary.open(office(desk), query_string=wish).all(
                "//*[@id='comments']/ancestor::section//tbody/tr/th"
            )
        )

    assert about() == ["The whole list", "Tổ công nghệ số số 1"]
    assert about(state="waiting") == ["The whole list"]
    assert about(state="disposed", scheme=desk.scheme.code) == ["Tổ công nghệ số số 1"]
    assert about(state="nonsense", scheme="nonsense", page="x") == ["The whole list", "Tổ công nghệ số số 1"]


def test_a_comment_of_another_edition_is_not_there(app, desk, secretary):
    other = make_desk()
    other.comment(other.publish())
    (comment,) = other.waiting()

    assert secretary.open(office(desk, comment.id)).status == 404


@pytest.mark.parametrize("many", [1, 5])
def test_the_list_of_comments_takes_the_same_number_of_queries_however_long_it_is(
    app, desk, secretary, queries, many
):
    window = desk.publish()
    for number in range(many):
        make.comment(window, 1 + number % 2)
    secretary.open(office(desk))

    with queries() as counted:
        secretary.open(office(desk))

    assert counted.total == 10


# Members


def test_a_reader_sees_what_became_of_comments_and_not_who_wrote(app, desk):
    window = desk.publish()
    desk.comment(window, 1, text="Điều đã xác minh.")
    desk.dispose(desk.waiting()[0], reason="Không có căn cứ.")
    desk.comment(window, 1, text="Điều chưa xem.")
    member = make.member(make.council(desk.edition, desk.scheme), email="reader@council.example")
    make.reading(desk.nominations[0], member)
    reader = PageClient(app).sign_in(member)
    path = f"/sit/{desk.edition.code}/dossiers/{desk.nominations[0].code}/comments"

    page = reader.open(path)

    assert "2 comments were received. Dealt with: 1." in page.words
    assert "Điều đã xác minh." in page.words
    assert "Không có căn cứ." in page.words
    for private in ("Điều chưa xem.", "Góp Ý", "0912", "Thí Dụ", "Cảm ơn"):
        assert private not in page.text
    make.conflict_of_interest(desk.nominations[0], member)
    assert reader.open(path).status == 404


def test_a_reader_with_a_conflict_that_nobody_has_noted_yet_sees_nothing(app, desk):
    member = make.member(
        make.council(desk.edition, desk.scheme), email="reader@example.org"
    )  # as the agency's
    make.reading(desk.nominations[0], member)

    page = (
        PageClient(app)
        .sign_in(member)
        .open(f"/sit/{desk.edition.code}/dossiers/{desk.nominations[0].code}/comments")
    )

    assert page.status == 404


def test_members_and_agencies_open_none_of_the_secretarys_pages(app, desk):
    desk.comment(desk.publish())
    (comment,) = desk.waiting()

    for role, more in (
        (Role.MEMBER, {}),
        (Role.AGENCY, {"organisation_id": desk.agency.id}),
        (Role.ORGANIZER, {}),
    ):
        person = PageClient(app).sign_in(make.account(role, edition_id=desk.edition.id, **more))
        assert person.open(office(desk)).status == 403
        assert person.open(office(desk, comment.id)).status == 403


def test_the_ballot_shows_what_stands_in_its_way(app, desk, secretary):
    from dxday.ballots import services as ballots

    make.member(make.council(desk.edition, desk.scheme))
    ballot = ballots.prepare_ballot(desk.scheme, actor=desk.secretary, now=make.NOW)

    page = secretary.open(f"/council/{desk.edition.code}/ballots/{ballot.id}")

    assert "The list of nominations was not published." in page.words
    assert f"{office(desk)}?scheme={desk.scheme.code}" in page.links()
    assert comments.find_current(desk.scheme.id) is None
