"""Pages: the secretary's from the first seat to the taken proposal, and the member's desk, with nothing that leaks."""

import pytest

from dxday.adapters.storage import open_storage
from dxday.audit import queries as audit
from dxday.core.permissions import Role
from dxday.council import queries as council_queries
from dxday.council.models import AvoidPair, Seat, Term
from dxday.db import db
from dxday.nominations.models import DossierAnswer, Endorsement
from dxday.nominations.rules import EndorsementState, State
from dxday.schemes.models import DossierItem
from dxday.schemes.rules import ItemKind
from tests import make
from tests.client import PageClient


@pytest.fixture
def secretary(app, world):
    return PageClient(app).sign_in(world.secretary)


@pytest.fixture
def member(app, world):
    return PageClient(app).sign_in(world.members[0])


@pytest.fixture
def base(world):
    return f"/council/{world.edition.code}"


@pytest.fixture
def desk(world):
    return f"/sit/{world.edition.code}"


def test_a_council_is_added_with_its_schemes_and_first_seat(app, world, secretary, base):
    made = secretary.fill(f"{base}/seats/new", code="second", name_vi="Hội đồng khác")
    assert made.location == f"{base}/seats/second/edit"
    scheme = make.scheme(world.edition)
    db.session.commit()
    secretary.fill(made.location, schemes=[str(scheme.id)], shared_domains="@nghean.gov.vn, x.vn")
    secretary.fill(f"{base}/seats/second/new", title_vi="Giám đốc Sở Nội vụ", kind="chair", expert="y")

    page = secretary.open(f"{base}/seats/")

    council = council_queries.get_council(world.edition.id, "second")
    assert council.shared_domains == ["nghean.gov.vn", "x.vn"]
    assert council_queries.find_council_of(scheme.id).id == council.id
    assert "Giám đốc Sở Nội vụ" in page.words
    assert "vacant" in page.words


def test_a_code_that_is_taken_is_refused_beside_its_field(world, secretary, base):
    page = secretary.fill(f"{base}/seats/new", code=world.council.code, name_vi="x")

    assert page.errors == ["Another council of this edition has this code."]


def test_a_seat_is_given_changed_and_its_term_ended(world, secretary, base):
    seat, agency = make.seat(world.council), make.organisation()
    db.session.commit()
    at = f"{base}/seats/{world.council.code}/{seat.id}"
    secretary.fill(
        f"{at}/invite",
        full_name="Ngô Văn Mới",
        email="moi@else.vn",
        agency=str(agency.id),
        past_1=str(agency.id),
    )
    assert "Ngô Văn Mới" in secretary.open(f"{base}/seats/").words
    secretary.fill(f"{at}/edit", title_vi="Phó Giám đốc")

    assert secretary.fill(f"{at}/end", form=f"{at}/end", reason="").errors == [
        "Give the reason. It is kept in the audit trail."
    ]
    secretary.fill(f"{at}/end", form=f"{at}/end", reason="Moved away")

    [term] = db.session.query(Term).filter_by(seat_id=seat.id)
    assert (term.end_reason, term.ends_on) == ("Moved away", make.TODAY)
    assert db.session.get(Seat, seat.id).title["vi"] == "Phó Giám đốc"
    assert secretary.open(f"{at}/end").status == 404


def test_a_vacant_seat_is_abolished_on_a_page_of_its_own(world, secretary, base):
    seat = make.seat(world.council)
    db.session.commit()
    at = f"{base}/seats/{world.council.code}/{seat.id}/abolish"

    secretary.fill(at, form=at)

    assert db.session.get(Seat, seat.id).abolished_on == make.TODAY
    assert secretary.fill(at, form=at).errors == ["This seat was abolished."]


def test_a_conflict_is_set_shown_and_lifted(world, secretary, base):
    at, dossier = f"{base}/conflicts/{world.council.code}", world.dossiers[0]
    secretary.fill(
        f"{at}/new",
        member=str(world.members[0].id),
        code=dossier.code.lower(),
        kind="family",
        detail="Cousin",
    )
    page = secretary.open(f"{at}/")
    assert "Cousin" in page.words
    [conflict] = council_queries.list_conflicts(world.council.id)

    lift = f"{at}/{conflict.id}/lift"
    assert secretary.fill(lift, form=lift, reason="").status == 200
    secretary.fill(lift, form=lift, reason="No cousin at all")

    assert council_queries.list_barred([dossier.id]) == {}
    assert "No cousin at all" in secretary.open(f"{at}/").words


def test_a_dossier_that_is_not_before_the_council_is_refused_beside_the_field(world, secretary, base):
    page = secretary.fill(f"{base}/conflicts/{world.council.code}/new", code="NOTHING1")

    assert page.errors == ["No dossier before this council has this code."]


def test_detected_conflicts_alike_are_lifted_together(world, secretary, base):
    for dossier in world.dossiers:
        dossier.contact_email = f"x@{world.members[0].email.partition('@')[2]}"
    db.session.commit()
    at = f"{base}/conflicts/{world.council.code}"
    secretary.post(f"{at}/detect", {"csrf_token": secretary.open(f"{at}/").value("csrf_token")})
    [first, _] = council_queries.list_conflicts(world.council.id)

    secretary.fill(f"{at}/{first.id}/lift", form=f"{at}/{first.id}/lift", reason="Shared", alike="y")

    assert [each.lift_reason for each in council_queries.list_conflicts(world.council.id)] == ["Shared"] * 2


def test_a_proposal_is_made_looked_at_changed_and_taken(world, secretary, base):
    at = f"{base}/assignment/{world.council.code}"
    made = secretary.fill(f"{at}/", form=f"{at}/propose", seed="5")
    assert made.location == f"{at}/proposal"
    page = secretary.open(made.location)
    assert "2 dossiers would change." in page.words
    code = world.dossiers[0].code
    secretary.fill(f"{at}/proposal/{code}", readers=[str(world.members[2].id)])

    secretary.fill(f"{at}/proposal", form=f"{at}/proposal/take")

    readers = council_queries.list_readers(each.id for each in world.dossiers)
    assert readers[world.dossiers[0].id] == {world.members[2].id}
    assert len(readers[world.dossiers[1].id]) == 2
    assert secretary.open(f"{at}/proposal").status == 404


def test_a_dropped_proposal_leaves_everything_as_it_was(world, secretary, base):
    at = f"{base}/assignment/{world.council.code}"
    secretary.fill(f"{at}/", form=f"{at}/propose")

    secretary.fill(f"{at}/proposal", form=f"{at}/proposal/drop")

    assert council_queries.list_readers(each.id for each in world.dossiers) == {}
    assert council_queries.find_open_run(world.council.id) is None


def test_readers_are_changed_by_hand_and_refused_where_they_avoid_each_other(world, secretary, base):
    at, dossier = f"{base}/assignment/{world.council.code}", world.dossiers[0]
    one, other, _ = (str(each.id) for each in world.members)
    secretary.fill(f"{at}/pairs/new", one=one, other=other, reason="Married")

    refused = secretary.fill(f"{at}/dossiers/{dossier.code}", readers=[one, other])
    secretary.fill(f"{at}/dossiers/{dossier.code}", readers=[one])

    assert len(refused.errors) == 1
    assert council_queries.list_readers([dossier.id]) == {dossier.id: {int(one)}}
    [pair] = db.session.query(AvoidPair)
    secretary.fill(f"{at}/", form=f"{at}/pairs/{pair.id}/remove")
    assert council_queries.list_avoid_pairs(world.council.id) == []


def test_who_must_keep_away_is_not_offered_as_a_reader(world, secretary, base):
    make.conflict_of_interest(world.dossiers[0], world.members[0])
    db.session.commit()
    at = f"{base}/assignment/{world.council.code}/dossiers/{world.dossiers[0].code}"

    page = secretary.open(at)

    offered = page.document.xpath("//input[@name='readers']/@value")
    assert offered == [str(each.id) for each in world.members[1:]]
    page = secretary.post(
        at,
        {"csrf_token": page.value("csrf_token"), "version": "1", "readers": str(world.members[0].id)},
    )
    assert council_queries.list_readers([world.dossiers[0].id]) == {}


@pytest.mark.parametrize("page", ["seats/", "conflicts/", "assignment/"])
def test_the_secretary_s_pages_are_closed_to_members(world, member, base, page):
    assert member.open(f"{base}/{page}").status == 403


def test_without_a_council_the_secretary_is_led_to_where_one_is_made(app):
    edition = make.edition()
    secretary = PageClient(app).sign_in(make.account(Role.COUNCIL, edition_id=edition.id))

    for page in ("conflicts", "assignment"):
        assert (
            secretary.open(f"/council/{edition.code}/{page}/").location == f"/council/{edition.code}/seats/"
        )
    assert "No council yet" in secretary.open(f"/council/{edition.code}/seats/").words


def test_a_council_of_another_edition_is_not_found(world, secretary, base):
    other = make.council(make.edition())
    db.session.commit()

    assert secretary.open(f"{base}/assignment/{other.code}/").status == 404


def test_before_the_declaration_a_member_sees_names_and_agencies_and_nothing_else(world, member, desk):
    dossier = world.dossiers[0]
    dossier.achievement = "Very secret achievement"
    make.reading(dossier, world.members[0], declared=False)
    db.session.commit()

    assert member.open(f"{desk}/dossiers/{dossier.code}").status == 404
    index, page = member.open(f"{desk}/"), member.open(f"{desk}/conflicts")

    assert dossier.nominee_name not in index.words
    assert dossier.nominee_name in page.words
    assert "secret" not in page.text
    assert dossier.contact_email not in page.text


def test_a_member_declares_and_the_dossiers_open_or_go(world, member, desk):
    mine, not_mine = world.dossiers
    for dossier in world.dossiers:
        make.reading(dossier, world.members[0], declared=False)
    db.session.commit()
    asked = member.fill(f"{desk}/conflicts", **{f"kind_{not_mine.code}": "family"})
    assert asked.errors == ["Look at each line, then tick this."]

    member.fill(f"{desk}/conflicts", looked="y", **{f"kind_{not_mine.code}": "family"})

    assert member.open(f"{desk}/dossiers/{mine.code}").status == 200
    assert member.open(f"{desk}/dossiers/{not_mine.code}").status == 404
    assert member.open(f"{desk}/").all("//main//tbody//th//a") == [mine.nominee_name]
    page = member.open(f"{desk}/conflicts")
    [conflict] = council_queries.list_declared(world.members[0].id, world.edition.id)
    member.send(page, f"{desk}/conflicts", form=f"{desk}/conflicts/{conflict.id}/take-back")
    assert council_queries.list_conflicts_of(world.members[0].id, world.edition.id) == frozenset()


def test_only_lines_that_were_shown_are_answered(world, member, desk):
    page = member.open(f"{desk}/conflicts")
    late = make.nomination(world.category, state=State.ADMITTED)
    db.session.commit()

    member.send(page, f"{desk}/conflicts", looked="y")

    left = council_queries.list_undeclared(world.members[0].id, world.edition.id, make.TODAY)
    assert [each.id for each in left] == [late.id]


def test_a_conflict_that_comes_up_while_reading_takes_the_dossier_away(world, member, desk):
    dossier = world.dossiers[0]
    make.reading(dossier, world.members[0])
    db.session.commit()
    at = f"{desk}/dossiers/{dossier.code}/conflict"

    assert member.fill(at, form=at, kind="dispute", detail="A neighbour").location == f"{desk}/"

    assert member.open(f"{desk}/dossiers/{dossier.code}").status == 404
    [conflict] = council_queries.list_conflicts(world.council.id)
    assert (conflict.kind, conflict.detail) == ("dispute", "A neighbour")


def test_a_barred_member_finds_nothing_anywhere(world, member, desk):
    dossier = world.dossiers[0]
    dossier.nominee_name = "Tổ bí mật"
    make.reading(dossier, world.members[0])
    make.conflict_of_interest(dossier, world.members[0])
    db.session.commit()

    pages = [member.open(f"{desk}/"), member.open(f"{desk}/conflicts")]
    barred = member.open(f"{desk}/dossiers/{dossier.code}")
    nothing = member.open(f"{desk}/dossiers/ABCDEFGH")

    assert all("bí mật" not in page.text and dossier.code not in page.text for page in pages)
    assert "1 nominee waits" in pages[0].words
    assert (barred.status, barred.words) == (nothing.status, nothing.words) == (404, nothing.words)
    assert member.open(f"{desk}/dossiers/{dossier.code}/conflict").status == 404
    assert member.open(f"{desk}/dossiers/{dossier.code}/files/ABCDEFGH").status == 404


def test_a_conflict_that_arose_since_is_noticed_when_the_dossier_is_asked_for(world, member, desk):
    dossier = world.dossiers[0]
    make.reading(dossier, world.members[0])
    dossier.nominee_email = world.members[0].email
    db.session.commit()

    assert member.open(f"{desk}/dossiers/{dossier.code}").status == 404

    assert council_queries.list_barred([dossier.id]) == {dossier.id: {world.members[0].id}}
    assert council_queries.list_readers([dossier.id]) == {}


def test_a_dossier_of_somebody_else_s_is_not_found(world, member, desk):
    make.reading(world.dossiers[0], world.members[1])
    db.session.commit()

    assert member.open(f"{desk}/dossiers/{world.dossiers[0].code}").status == 404


def test_every_look_is_in_the_trail(world, member, desk):
    make.reading(world.dossiers[0], world.members[0])
    db.session.commit()

    page = member.open(f"{desk}/dossiers/{world.dossiers[0].code}")

    [entry] = audit.list_entries(limit=1)
    assert (entry.action, entry.subject) == ("nomination.viewed", world.dossiers[0].code)
    assert entry.actor_account_id == world.members[0].id
    assert world.dossiers[0].contact_email not in page.text
    assert world.dossiers[0].nominee_email not in page.text


def test_who_holds_no_seat_finds_an_empty_desk(app, world, desk):
    someone = PageClient(app).sign_in(make.account(Role.MEMBER, edition_id=world.edition.id))

    assert "You hold no seat in this edition" in someone.open(f"{desk}/").words
    assert "You have declared for everything" in someone.open(f"{desk}/conflicts").words


def test_nobody_takes_back_another_s_declaration(world, member, desk):
    from dxday.council.rules import ConflictSource

    conflict = make.conflict_of_interest(world.dossiers[0], world.members[1], source=ConflictSource.DECLARED)
    db.session.commit()
    token = member.open(f"{desk}/conflicts").value("csrf_token")

    page = member.post(f"{desk}/conflicts/{conflict.id}/take-back", {"csrf_token": token})

    assert page.status == 404
    assert council_queries.list_conflicts_of(world.members[1].id, world.edition.id) == {world.dossiers[0].id}


@pytest.mark.parametrize("path", ["", "conflicts"])
def test_the_desk_asks_the_same_number_of_questions_for_one_dossier_and_for_five(
    world, member, desk, queries, path
):
    make.reading(world.dossiers[0], world.members[0])
    db.session.commit()
    member.open(f"{desk}/{path}")
    with queries() as one:
        member.open(f"{desk}/{path}")
    for _ in range(4):
        make.reading(make.nomination(world.category, state=State.ADMITTED), world.members[0])
        make.nomination(world.category, state=State.ADMITTED)
    db.session.commit()

    with queries() as five:
        member.open(f"{desk}/{path}")

    assert five.total == one.total


@pytest.mark.parametrize("page", ["conflicts", "assignment"])
def test_the_secretary_s_pages_ask_the_same_number_of_questions_for_more(
    world, secretary, base, queries, page
):
    def more():
        dossier = make.nomination(world.category, state=State.ADMITTED)
        make.reading(dossier, make.member(world.council))
        make.conflict_of_interest(dossier, world.members[0])
        db.session.commit()

    at = f"{base}/{page}/{world.council.code}/"
    more()
    secretary.open(at)
    with queries() as one:
        secretary.open(at)
    more()
    more()

    with queries() as three:
        secretary.open(at)

    assert three.total == one.total


def test_a_member_reads_what_the_scheme_asks_for_and_nothing_sensitive(app, world, member, desk):
    dossier = world.dossiers[0]
    make.reading(dossier, world.members[0])
    for position, (code, sensitive) in enumerate((("results", False), ("party", True))):
        text, file = (
            make.save(
                DossierItem(
                    scheme_id=world.scheme.id,
                    section="report",
                    code=f"{code}-{kind}",
                    kind=kind,
                    name={"en": f"{code} {kind}"},
                    sensitive=sensitive,
                    article="Art. 84",
                    position=position,
                )
            )
            for kind in (ItemKind.TEXT, ItemKind.FILE)
        )
        make.save(
            DossierAnswer(
                nomination_id=dossier.id,
                code=text.code,
                value=f"What {code} says.",
                updated_by_id=world.secretary.id,
                updated_at=make.NOW,
            )
        )
        stored = open_storage(app.extensions["dxday_settings"].storage_url).put(f"x/{code}", b"x")
        make.attachment(
            dossier,
            item_id=file.id,
            code=f"FILE{code.upper()}",
            filename=f"{code}.txt",
            storage_key=stored.key,
        )
    db.session.commit()
    at = f"{desk}/dossiers/{dossier.code}"

    page = member.open(at)

    assert [f"What {code} says." in page.words for code in ("results", "party")] == [True, False]
    assert [f"{code}.txt" in page.text for code in ("results", "party")] == [True, False]
    assert [member.open(f"{at}/files/FILE{code}").status for code in ("RESULTS", "PARTY")] == [200, 404]


def test_who_was_asked_to_endorse_a_dossier_does_not_read_it(world, member, desk):
    dossier = world.dossiers[0]
    make.reading(dossier, world.members[0])
    make.save(
        Endorsement(
            nomination_id=dossier.id,
            round=1,
            step="leader",
            step_name={"en": "Leader"},
            position=1,
            name="Ngô Văn Mới",
            office="Director",
            email=world.members[0].email.upper(),
            state=EndorsementState.ASKED,
            asked_at=make.NOW,
            expires_at=make.NOW,
        )
    )
    db.session.commit()

    assert member.open(f"{desk}/dossiers/{dossier.code}").status == 404

    assert council_queries.list_barred([dossier.id]) == {dossier.id: {world.members[0].id}}


def test_the_tabs_of_a_council_stay_with_it(world, secretary, base):
    make.council(world.edition, code="second")
    db.session.commit()

    page = secretary.open(f"{base}/conflicts/second/")

    links = page.document.xpath("//nav[@aria-label='The council']//a/@href")
    assert [link for link in links if "/conflicts" in link or "/assignment" in link] == [
        f"{base}/conflicts/second/",
        f"{base}/assignment/second/",
    ]


def test_a_member_finds_their_work_on_the_desk(world, member, desk):
    page = member.open("/my/")

    links = page.document.xpath("//main//a/@href")
    assert [link for link in links if link.startswith(desk)] == [
        f"{desk}/",
        f"{desk}/sheets",
        f"{desk}/ballots",
    ]
