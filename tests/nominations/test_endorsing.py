"""The chain of endorsement: asked one after the other, answered by a link, and what may not be."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from dxday.adapters.storage import open_storage
from dxday.audit.models import AuditEntry
from dxday.core import codes
from dxday.core.errors import NotFound, Stale
from dxday.core.permissions import Role
from dxday.db import db
from dxday.nominations import content, queries, rules
from dxday.nominations.models import Endorsement, Nomination
from dxday.nominations.rules import EndorsementState, Endorser, State
from dxday.nominations.services import endorsing, moving
from dxday.notifications.jobs import sending
from dxday.notifications.models import Message
from dxday.notifications.rules import may_read
from tests import make
from tests.client import PageClient
from tests.nominations.conftest import Desk, acting
from tests.post_office import serving

STEPS = [
    {"code": "union", "name": {"vi": "Công đoàn", "en": "Trade union"}},
    {"code": "party", "name": {"vi": "Cấp ủy", "en": "Party committee"}},
]
UNION = Endorser("Trần Văn Mẫu", "Chủ tịch công đoàn", "union@example.org")
PARTY = Endorser("Lê Thị Thử", "Bí thư", "party@example.org")
LATER = make.NOW + timedelta(hours=1)


@pytest.fixture
def chained(app, desk: Desk) -> Desk:
    """A desk whose scheme wants two endorsements."""
    desk.storage = open_storage(app.extensions["dxday_settings"].storage_url)
    desk.category = make.category(make.scheme(desk.edition, endorsers=STEPS))
    return desk


def send(desk: Desk, **given) -> Nomination:
    """A complete draft, sent to both."""
    nomination = desk.complete(**given)
    endorsing.ask_endorsers(nomination, [UNION, PARTY], actor=desk.officer, now=make.NOW)
    return nomination


def states(nomination: Nomination) -> list[str]:
    return [each.state.value for each in queries.list_chain(nomination.id)]


def letters(kind: str = "endorsement_asked") -> list[Message]:
    db.session.flush()
    return list(db.session.scalars(select(Message).where(Message.kind == kind).order_by(Message.id)))


def token_in(message: Message) -> str:
    return re.search(r"/endorse/([0-9a-z]+)", message.text).group(1)


def last_token() -> str:
    return token_in(letters()[-1])


def digest(nomination: Nomination) -> str:
    return content.read_content(nomination).sha256


def answer(nomination: Nomination, *, now=LATER) -> None:
    """The one who is asked endorses."""
    endorsement, _nomination = queries.get_asked(last_token(), now)
    endorsing.endorse(endorsement, seen=digest(nomination), now=now)


def actions(nomination: Nomination) -> list[str]:
    db.session.commit()
    return list(
        db.session.scalars(
            select(AuditEntry.action)
            .where(AuditEntry.subject == nomination.code)
            .order_by(AuditEntry.sequence)
        )
    )


# Sending -------------------------------------------------------------------------------------------------------------


def test_only_the_first_is_asked_and_the_text_stands_still(chained):
    nomination = send(chained)

    assert nomination.state is State.ENDORSING
    assert states(nomination) == ["asked", "named"]
    assert [(each.to_address, each.to_name, each.edition_id, each.required) for each in letters()] == [
        ("union@example.org", "Trần Văn Mẫu", None, True)
    ]
    with pytest.raises(rules.MoveNotPossible):
        chained.attach(nomination, b"more", filename="more.txt")


def test_of_the_token_only_the_hash_is_kept(chained):
    nomination = send(chained)
    token = last_token()

    (asked, _named) = queries.list_chain(nomination.id)
    assert len(token) == 26  # five bits a letter
    assert asked.token_hash == codes.hash_of(token)
    assert [column for column in vars(asked).values() if column == token] == []


@pytest.mark.parametrize(
    ("named", "refusal"),
    [
        ([], rules.EndorserMissing),
        ([UNION], rules.EndorserMissing),
        ([UNION, Endorser("Lê Thị Thử", "", "party@example.org")], rules.EndorserMissing),
        ([UNION, Endorser("Lê Thị Thử", "Bí thư", " Union@Example.org")], rules.EndorserTwice),
        ([UNION, Endorser("Lê Thị Thử", "Bí thư", "Awardee@example.org")], rules.EndorserIsNominee),
    ],
)
def test_each_step_needs_a_person_of_its_own_who_is_not_the_nominee(chained, named, refusal):
    nomination = chained.complete()

    with pytest.raises(refusal):
        endorsing.ask_endorsers(nomination, named, actor=chained.officer, now=make.NOW)

    assert (nomination.state, states(nomination), letters()) == (State.DRAFT, [], [])


def test_a_scheme_without_steps_sends_nothing(desk):
    with pytest.raises(rules.NothingToEndorse):
        endorsing.ask_endorsers(desk.complete(), [], actor=desk.officer, now=make.NOW)


def test_an_incomplete_draft_is_not_sent(chained):
    with pytest.raises(rules.EvidenceMissing):
        endorsing.ask_endorsers(chained.draft(), [UNION, PARTY], actor=chained.officer, now=make.NOW)


def test_another_agency_sends_nothing(chained):
    stranger = acting(
        make.account(Role.AGENCY, edition_id=chained.edition.id, organisation_id=make.organisation().id)
    )
    nomination = send(chained)
    (asked, _named) = queries.list_chain(nomination.id)

    with pytest.raises(rules.NotYourAgency):
        endorsing.ask_endorsers(chained.complete(), [UNION, PARTY], actor=stranger, now=make.NOW)
    with pytest.raises(rules.NotYourAgency):
        endorsing.ask_again(nomination, asked, actor=stranger, now=LATER)
    with pytest.raises(rules.NotYourAgency):
        endorsing.change_endorser(nomination, asked, PARTY, actor=stranger, now=LATER)
    with pytest.raises(rules.NotYourAgency):
        endorsing.take_back(nomination, actor=stranger, now=LATER)


# Answering -----------------------------------------------------------------------------------------------------------


def test_the_next_is_asked_after_the_one_before_and_the_last_one_hands_in(chained):
    nomination = send(chained)
    shown = digest(nomination)

    answer(nomination)
    assert states(nomination) == ["endorsed", "asked"]
    assert [each.to_address for each in letters()] == ["union@example.org", "party@example.org"]
    assert nomination.state is State.ENDORSING

    answer(nomination)
    assert states(nomination) == ["endorsed", "endorsed"]
    assert (nomination.state, nomination.submitted_at) == (State.SUBMITTED, LATER)
    assert [each.content_sha256 for each in queries.list_chain(nomination.id)] == [shown, shown]
    assert len(letters("nomination_received")) == 1
    assert actions(nomination) == [
        "attachment.added",
        "nomination.sent_for_endorsement",
        "endorsement.asked",
        "endorsement.endorsed",
        "endorsement.asked",
        "endorsement.endorsed",
        "nomination.submitted",
    ]


def test_what_is_sent_back_is_a_draft_with_the_remark_and_the_contact_is_told(chained):
    nomination = send(chained)
    endorsement, _nomination = queries.get_asked(last_token(), LATER)

    endorsing.send_back(endorsement, remark="Thiếu số liệu.\nQuý IV.", seen=digest(nomination), now=LATER)

    assert (nomination.state, nomination.submitted_at) == (State.DRAFT, None)
    assert states(nomination) == ["declined", "withdrawn"]
    assert endorsement.remark == "Thiếu số liệu.\nQuý IV."
    (letter,) = letters("endorsement_sent_back")
    assert letter.to_address == "agency@example.org"
    assert "Trần Văn Mẫu, Chủ tịch công đoàn" in letter.text
    assert "Thiếu số liệu.\nQuý IV." in letter.text
    db.session.commit()
    (entry,) = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "endorsement.sent_back"))
    assert entry.actor_label == "Trần Văn Mẫu (Chủ tịch công đoàn)"


def test_sending_back_needs_a_word(chained):
    nomination = send(chained)
    endorsement, _nomination = queries.get_asked(last_token(), LATER)

    with pytest.raises(rules.RemarkMissing):
        endorsing.send_back(endorsement, remark=" ", seen=digest(nomination), now=LATER)

    assert states(nomination) == ["asked", "named"]


def test_after_the_closing_the_last_endorsement_makes_a_draft_of_it_and_the_contact_reads_why(chained):
    closes_at = LATER + timedelta(days=1)
    scheme = queries.scheme_of(chained.complete())
    scheme.opens_at, scheme.closes_at = make.NOW - timedelta(days=1), closes_at
    nomination = send(chained)
    answer(nomination)

    answer(nomination, now=closes_at)

    assert (nomination.state, nomination.submitted_at) == (State.DRAFT, None)
    assert states(nomination) == ["endorsed", "endorsed"]
    (letter,) = letters("endorsement_in_vain")
    assert letter.to_address == "agency@example.org"
    assert actions(nomination)[-2:] == ["nomination.taken_back", "endorsement.in_vain"]


@pytest.mark.parametrize(("seconds", "state"), [(-1, State.SUBMITTED), (0, State.DRAFT)])
def test_in_the_grace_period_the_last_endorsement_still_hands_in(chained, seconds, state):
    scheme = queries.scheme_of(chained.complete())
    scheme.opens_at, scheme.closes_at = make.NOW - timedelta(days=1), LATER
    scheme.grace_minutes = 30
    nomination = send(chained)
    answer(nomination, now=make.NOW)

    answer(nomination, now=LATER + timedelta(minutes=30, seconds=seconds))

    assert nomination.state is state


def test_a_second_click_changes_nothing(chained):
    nomination = send(chained)
    endorsement, _nomination = queries.get_asked(last_token(), LATER)
    endorsing.endorse(endorsement, seen=digest(nomination), now=LATER)

    with pytest.raises(rules.LinkNotOpen):
        endorsing.endorse(endorsement, seen=digest(nomination), now=LATER)

    assert states(nomination) == ["endorsed", "asked"]
    assert len(letters()) == 2


def test_what_was_endorsed_is_what_was_seen(chained):
    nomination = send(chained)
    endorsement, _nomination = queries.get_asked(last_token(), LATER)
    seen = digest(nomination)
    nomination.achievement += " Thêm."
    db.session.flush()

    with pytest.raises(Stale):
        endorsing.endorse(endorsement, seen=seen, now=LATER)

    assert states(nomination) == ["asked", "named"]


def test_the_digest_tells_words_and_files_apart(chained):
    nomination = chained.complete()
    seen = [digest(nomination)]

    chained.attach(nomination, b"Another report.", filename="report.txt")
    seen.append(digest(nomination))
    nomination.nominee_name += "!"
    seen.append(digest(nomination))
    nomination.achievement += "!"
    seen.append(digest(nomination))

    assert len(set(seen)) == 4
    assert digest(nomination) == seen[-1]


# Links that are not open ---------------------------------------------------------------------------------------------


def dead(token: str, now=LATER) -> bool:
    try:
        queries.get_asked(token, now)
    except NotFound:
        return True
    return False


def test_a_link_is_open_until_it_runs_out(chained):
    send(chained)
    ends = make.NOW + rules.LINK_TERM

    assert not dead(last_token(), ends - timedelta(seconds=1))
    assert dead(last_token(), ends)
    assert dead("0" * 26)


def test_taking_back_kills_the_link_and_makes_a_draft(chained):
    nomination = send(chained)
    token = last_token()

    endorsing.take_back(nomination, actor=chained.officer, now=LATER)

    assert dead(token)
    assert (nomination.state, states(nomination)) == (State.DRAFT, ["withdrawn", "withdrawn"])
    with pytest.raises(rules.MoveNotPossible):
        endorsing.take_back(nomination, actor=chained.officer, now=LATER)


def test_withdrawing_the_nomination_kills_the_link(chained):
    nomination = send(chained)

    moving.withdraw_nomination(nomination, actor=chained.officer, now=LATER)

    assert dead(last_token())


def test_asking_again_makes_a_new_link_and_the_old_one_dies(chained):
    nomination = send(chained)
    old = last_token()
    (asked, named) = queries.list_chain(nomination.id)

    with pytest.raises(rules.AskedJustNow):
        endorsing.ask_again(nomination, asked, actor=chained.officer, now=make.NOW)
    with pytest.raises(rules.EndorsementOver):
        endorsing.ask_again(nomination, named, actor=chained.officer, now=LATER)
    endorsing.ask_again(nomination, asked, actor=chained.officer, now=LATER)

    assert dead(old)
    assert not dead(last_token())
    assert [each.to_address for each in letters()] == ["union@example.org", "union@example.org"]
    assert asked.expires_at == LATER + rules.LINK_TERM


def test_what_was_answered_is_neither_asked_nor_changed(chained):
    nomination = send(chained)
    answer(nomination)
    (endorsed, _asked) = queries.list_chain(nomination.id)

    with pytest.raises(rules.EndorsementOver):
        endorsing.ask_again(nomination, endorsed, actor=chained.officer, now=LATER)
    with pytest.raises(rules.EndorsementOver):
        endorsing.change_endorser(nomination, endorsed, UNION, actor=chained.officer, now=LATER)


def test_another_endorser_is_asked_instead_and_the_old_link_dies(chained):
    nomination = send(chained)
    old = last_token()
    (asked, named) = queries.list_chain(nomination.id)
    other = Endorser("Phạm Văn Khác", "Phó Chủ tịch công đoàn", "other@example.org")

    with pytest.raises(rules.EndorserTwice):
        endorsing.change_endorser(nomination, asked, PARTY, actor=chained.officer, now=LATER)
    endorsing.change_endorser(nomination, asked, UNION, actor=chained.officer, now=LATER)  # no change
    endorsing.change_endorser(nomination, asked, other, actor=chained.officer, now=LATER)

    assert dead(old)
    assert letters()[-1].to_address == "other@example.org"
    assert [(each.name, each.state.value) for each in queries.list_chain(nomination.id)] == [
        ("Phạm Văn Khác", "asked"),
        ("Lê Thị Thử", "named"),
    ]
    assert [each.state.value for each in queries.list_endorsements(nomination.id)] == [
        "withdrawn",
        "asked",
        "named",
    ]

    endorsing.change_endorser(
        nomination, named, Endorser("Mới", "Bí thư", "new@example.org"), actor=chained.officer, now=LATER
    )
    assert len(letters()) == 2  # whoever comes later is not asked yet
    assert named.email == "new@example.org"


def test_the_night_writes_down_what_has_run_out_and_it_can_be_asked_again(chained):
    nomination = send(chained)
    ends = make.NOW + rules.LINK_TERM

    assert endorsing.expire_endorsements(ends - timedelta(seconds=1)) == 0
    assert endorsing.expire_endorsements(ends) == 1
    assert endorsing.expire_endorsements(ends) == 0

    (expired, _named) = queries.list_chain(nomination.id)
    assert (expired.state, nomination.state) == (EndorsementState.EXPIRED, State.ENDORSING)
    endorsing.ask_again(nomination, expired, actor=chained.officer, now=ends)
    assert expired.state is EndorsementState.ASKED


# Rounds, and who must keep away --------------------------------------------------------------------------------------


def test_a_second_round_asks_everybody_anew_and_keeps_the_first(chained):
    nomination = send(chained)
    answer(nomination)
    endorsing.take_back(nomination, actor=chained.officer, now=LATER)

    endorsing.ask_endorsers(nomination, [UNION, PARTY], actor=chained.officer, now=LATER)

    assert states(nomination) == ["asked", "named"]
    assert [(each.round, each.state.value) for each in queries.list_endorsements(nomination.id)] == [
        (1, "endorsed"),
        (1, "withdrawn"),
        (2, "asked"),
        (2, "named"),
    ]


def test_endorsers_are_those_who_were_asked(chained):
    nomination = send(chained)
    other = chained.draft()
    assert queries.list_endorsers([nomination.id, other.id]) == {nomination.id: [UNION]}

    answer(nomination)
    assert queries.list_endorsers([nomination.id]) == {nomination.id: [UNION, PARTY]}

    endorsing.take_back(nomination, actor=chained.officer, now=LATER)
    assert queries.list_endorsers([nomination.id]) == {nomination.id: [UNION]}


# Pages ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
def visitor(app) -> PageClient:
    return PageClient(app)


def test_an_officer_names_the_endorsers_and_sends(app, chained):
    nomination = chained.complete()
    client = PageClient(app).sign_in(chained.account)
    path = f"{chained.path}{nomination.code}/endorsement/"

    page = client.fill(path, **{"steps-0-name": "Trần Văn Mẫu", "steps-0-office": "Chủ tịch"})
    assert page.errors == [
        "Say where they can be written to.",
        "Say who endorses.",
        "Say which office they hold.",
        "Say where they can be written to.",
    ]
    page = client.fill(
        path,
        **{
            "steps-0-name": "Trần Văn Mẫu",
            "steps-0-office": "Chủ tịch công đoàn",
            "steps-0-email": "union@example.org",
            "steps-1-name": "Lê Thị Thử",
            "steps-1-office": "Bí thư",
            "steps-1-email": "union@example.org",
        },
    )
    assert page.errors == ["“union@example.org” is named for two steps. Each step needs a person of its own."]
    page = client.send(page, path, **{"steps-1-email": "party@example.org"})

    page = client.follow(page)
    assert page.heading == "Endorsement"
    assert states(db.session.get(Nomination, nomination.id)) == ["asked", "named"]
    assert client.open(f"{chained.path}{nomination.code}").status == 200


def test_the_link_shows_the_dossier_and_takes_the_answer(chained, visitor):
    nomination = send(chained)
    path = f"/endorse/{last_token()}"

    page = visitor.open(path)
    assert page.heading == nomination.nominee_name
    assert nomination.achievement in page.words
    assert {
        name: page.response.headers[name] for name in ("Cache-Control", "X-Robots-Tag", "Referrer-Policy")
    } == {
        "Cache-Control": "no-store",
        "X-Robots-Tag": "noindex",
        "Referrer-Policy": "no-referrer",
    }
    (file,) = [link for link in page.links() if "/files/" in link]
    assert visitor.open(file).response.status_code == 200
    assert states(nomination) == ["asked", "named"]  # opening answers nothing

    assert visitor.send(page, path).errors == ["Say whether you endorse it."]
    assert visitor.send(page, path, answer="send_back").errors == [
        "Say what has to be changed: the agency reads it."
    ]
    done = visitor.send(page, path, answer="endorse")
    assert visitor.follow(done).heading == "Thank you, your answer was noted"
    assert states(nomination) == ["endorsed", "asked"]

    again = visitor.send(page, path, answer="endorse")
    assert (again.status, again.location) == (302, "/endorse/done")
    other = visitor.send(page, path, answer="send_back", remark="x")
    assert (other.status, other.heading) == (404, "This link is not open")
    assert states(nomination) == ["endorsed", "asked"]


def test_unknown_used_replaced_and_run_out_links_look_alike(chained, visitor):
    nomination = send(chained)
    used = last_token()
    answer(nomination)
    taken_back = last_token()
    endorsing.take_back(nomination, actor=chained.officer, now=LATER)
    other = send(chained)
    run_out = last_token()
    queries.list_chain(other.id)[0].expires_at = make.NOW - timedelta(days=900)

    seen = set()
    for token in ("0" * 26, "x", used, taken_back, run_out):
        page = visitor.open(f"/endorse/{token}")
        seen.add((page.status, page.words, page.response.headers["Cache-Control"]))
        code = queries.list_attachments(nomination.id)[0].code
        file = visitor.open(f"/endorse/{token}/files/{code}")
        seen.add((file.status, file.words, file.response.headers["Cache-Control"]))

    assert len(seen) == 1
    assert seen.pop()[0] == 404


def test_a_link_opens_no_other_dossier(chained, visitor):
    send(chained)
    secret = chained.complete(nominee_name="Nguyễn Văn Bí Mật")
    other = queries.list_attachments(secret.id)[0]

    assert visitor.open(f"/endorse/{last_token()}/files/{other.code}").status == 404


def test_an_answer_without_the_pages_token_changes_nothing(chained, visitor):
    nomination = send(chained)

    visitor.post(f"/endorse/{last_token()}", {"answer": "endorse", "seen": digest(nomination)})

    assert states(nomination) == ["asked", "named"]


def test_the_officer_asks_again_changes_and_takes_back(app, chained):
    nomination = send(chained)
    client = PageClient(app).sign_in(chained.account)
    path = f"{chained.path}{nomination.code}/endorsement/"
    (asked, named) = queries.list_chain(nomination.id)
    asked.asked_at = make.NOW - timedelta(days=900)

    client.follow(client.fill(f"{path}{asked.id}/again"))
    assert len(letters()) == 2
    page = client.fill(f"{path}{named.id}/change", email="union@example.org")
    assert page.errors == ["“union@example.org” is named for two steps. Each step needs a person of its own."]
    client.follow(client.fill(f"{path}{named.id}/change", email="new@example.org"))
    assert db.session.get(Endorsement, named.id).email == "new@example.org"
    client.follow(client.fill(f"{path}take-back"))
    assert db.session.get(Nomination, nomination.id).state is State.DRAFT


def test_who_reads_the_mail_of_an_edition_does_not_read_the_links(app, chained):
    send(chained)
    organizer = acting(make.account(Role.ORGANIZER, edition_id=chained.edition.id))
    (letter,) = letters()
    assert not may_read(organizer, edition_id=letter.edition_id, to_address=letter.to_address)


def test_a_stranger_finds_no_chain_of_another_agency(app, chained):
    nomination = send(chained)
    stranger = make.account(
        Role.AGENCY, edition_id=chained.edition.id, organisation_id=make.organisation().id
    )
    client = PageClient(app).sign_in(stranger)
    (asked, _named) = queries.list_chain(nomination.id)
    path = f"{chained.path}{nomination.code}/endorsement/"

    paths = [path, f"{path}{asked.id}/again", f"{path}{asked.id}/change", f"{path}take-back"]
    assert [client.open(each).status for each in paths] == [404] * 4


def test_the_letters_leave_by_mail_each_to_the_one_who_is_asked_and_their_links_open(
    app, chained, monkeypatch
):
    nomination = send(chained, contact_locale="en")
    db.session.commit()
    with serving(app, monkeypatch) as office:
        for who in (UNION, PARTY):
            message = letters()[-1]
            sending.send_message(message.id, make.NOW)
            sending.send_message(message.id, make.NOW)
            letter = office.letters_to(who.email)[0]
            body = letter.get_body(("plain",)).get_content()
            token = re.search(r"/endorse/([0-9a-z]+)", body).group(1)

            endorsement, asked = queries.get_asked(token, make.NOW)
            assert (endorsement.email, asked.id) == (who.email, nomination.id)
            endorsing.endorse(endorsement, seen=digest(nomination), now=LATER)
            db.session.commit()

        assert [letter["To"].addresses[0].addr_spec for letter in office.letters] == [
            UNION.email,
            PARTY.email,
        ]
