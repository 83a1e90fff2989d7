"""Whom rules reach: each audience finds those who belong to it, with what their letter says, and nobody else."""

from datetime import timedelta

import pytest

from dxday.core.carriage import Carriage
from dxday.core.permissions import Role
from dxday.db import db
from dxday.nominations.models import Endorsement
from dxday.nominations.rules import EndorsementState
from dxday.nominations.rules import State as NominationState
from dxday.programme.models import Part
from dxday.programme.rules import Mode, PartKind, PlacementRole, SessionKind, SessionState
from dxday.registration.rules import RegistrationState, SeatMode
from dxday.reminders import offers, queries
from dxday.reminders.models import ReminderRule
from dxday.reminders.rules import Direction, LateJoiners, RuleState, Unit
from tests import make
from tests.certificates import scene

DAY = make.TODAY + timedelta(days=40)


def at(clock, day=DAY):
    return make.at(f"{day} {clock}")


def rule(edition, audience, moment, **given):
    defaults = {
        "name": "Thử",
        "filters": {},
        "amount": 1,
        "unit": Unit.DAYS,
        "direction": Direction.BEFORE,
        "late_joiners": LateJoiners.SKIP,
        "state": RuleState.ON,
        "on_since": make.NOW - timedelta(days=9),
        "created_at": make.NOW,
        "updated_at": make.NOW,
    }
    return make.save(
        ReminderRule(edition_id=edition.id, audience=audience, moment=moment, **(defaults | given))
    )


def due(now):
    """Who is due, with the facts of the letter."""
    db.session.flush()
    slots = queries.find_slots(queries.list_on())
    found = queries.list_due(slots, now, limit=100) if slots else []
    facts = slots[0].audience.facts([one.found for one in found]) if found else []
    return list(zip(found, facts, strict=True))


def addresses(now):
    return sorted(one.to_address for one, _ in due(now))


def site_with(edition, clock="08:00", ends="09:00", state=SessionState.PUBLISHED, **given):
    site = make.site(edition, **given)
    session = make.session(edition, state=state)
    make.placement(session, make.room(site), starts_at=at(clock), ends_at=at(ends))
    return site, session


def test_every_moment_marks_its_anchors_with_what_its_filters_ask_for(app):
    edition = make.edition(ceremony_on=DAY)
    site, _ = site_with(edition)
    make.pool(site)

    without = [
        (audience.name, moment.name, each.name)
        for audience in offers.known().values()
        for moment in audience.moments
        for each in audience.anchor_filters
        if moment.takes(each.name) and not all(each.name in anchor.marks for anchor in moment.find([edition]))
    ]

    assert without == []


def test_everybody_who_holds_a_place_is_found_and_nobody_who_gave_it_back(app):
    edition = make.edition()
    site, _ = site_with(edition)
    pool = make.pool(site)
    held = make.registration(pool, email="held@example.org")
    make.registration(pool, email="gone@example.org", state=RegistrationState.CANCELLED)
    other, _ = site_with(make.edition())
    make.registration(make.pool(other), email="other@example.org")
    rule(edition, "registrants", "first_session")

    ((one, facts),) = due(at("08:00", DAY - timedelta(days=1)))

    assert (one.to_address, one.recipient) == ("held@example.org", f"registration:{held.id}")
    assert (facts["code"], facts["site"], facts["starts_at"], facts["is_online"]) == (
        held.code,
        site.name,
        at("08:00"),
        False,
    )
    assert facts["url"].endswith(f"/my/registration/{held.token}")


def test_each_site_counts_from_its_own_first_published_session(app):
    edition = make.edition()
    early, _ = site_with(edition, "07:00", "07:30")
    late, _ = site_with(edition, "13:00", "14:00")
    draft = make.session(edition, state=SessionState.DRAFT)
    make.placement(draft, make.room(late), starts_at=at("06:00"), ends_at=at("06:30"))
    make.registration(make.pool(early), email="early@example.org")
    make.registration(make.pool(late), email="late@example.org")
    rule(edition, "registrants", "first_session")

    assert addresses(at("07:30", DAY - timedelta(days=1))) == ["early@example.org"]
    assert addresses(at("06:50")) == ["early@example.org", "late@example.org"]


def test_without_a_programme_the_first_day_counts_from_eight(app):
    edition = make.edition()
    make.registration(make.pool(make.site(edition)))
    rule(edition, "registrants", "first_session")

    found = [len(due(at(clock, DAY - timedelta(days=1)))) for clock in ("07:59", "08:00")]

    assert found == [0, 1]


def test_who_moved_to_another_site_after_it_was_due_was_told_by_the_confirmation(app):
    edition = make.edition()
    site, _ = site_with(edition)
    make.registration(make.pool(site), placed_at=at("12:00", DAY - timedelta(days=1)))
    rule(edition, "registrants", "first_session")

    assert due(at("13:00", DAY - timedelta(days=1))) == []


def test_a_rule_can_be_narrowed_to_sites_and_to_those_who_take_part_online(app):
    edition = make.edition()
    vinh, _ = site_with(edition, code="vinh")
    other, _ = site_with(edition)
    make.registration(make.pool(vinh), email="hall@example.org")
    make.registration(make.pool(vinh, mode=SeatMode.ONLINE), email="online@example.org")
    make.registration(make.pool(other, mode=SeatMode.ONLINE), email="elsewhere@example.org")
    rule(edition, "registrants", "first_session", filters={"site": ["vinh"], "mode": ["online"]})

    assert addresses(at("08:00", DAY - timedelta(days=1))) == ["online@example.org"]


def test_a_session_concerns_those_who_sit_where_it_is_received(app):
    edition = make.edition()
    here, session = site_with(edition)
    there, elsewhere = make.site(edition), make.site(edition)
    make.placement(
        session,
        make.room(there),
        role=PlacementRole.RECEIVING,
        mode=Mode.BROADCAST,
        starts_at=at("08:00"),
        ends_at=at("09:00"),
    )
    for name, site in (("here", here), ("there", there), ("elsewhere", elsewhere)):
        make.registration(make.pool(site), email=f"{name}@example.org")
    rule(edition, "registrants", "session", filters={"session": [session.code]})

    found = due(at("08:00", DAY - timedelta(days=1)))

    assert sorted(one.to_address for one, _ in found) == ["here@example.org", "there@example.org"]
    assert {facts["about"]["vi"] for _, facts in found} == {session.title["vi"]}


def test_the_ceremony_concerns_everybody_at_its_own_time(app):
    edition = make.edition(ceremony_on=DAY)
    main, opening = site_with(edition, "10:00", "11:00")
    opening.kind = SessionKind.CEREMONY
    make.released(edition)
    away = make.site(edition)
    make.registration(make.pool(main), email="main@example.org")
    make.registration(make.pool(away), email="away@example.org")
    rule(edition, "registrants", "ceremony", unit=Unit.HOURS, amount=2)

    assert addresses(at("07:59")) == []
    assert addresses(at("08:00")) == ["away@example.org", "main@example.org"]


def test_thanks_leave_after_the_end_at_each_site(app):
    edition = make.edition()
    site, _ = site_with(edition, "08:00", "09:00")
    make.registration(make.pool(site), email="a@example.org")
    rule(edition, "registrants", "last_session_end", unit=Unit.HOURS, direction=Direction.AFTER)

    assert (addresses(at("09:59")), addresses(at("10:00"))) == ([], ["a@example.org"])


def test_a_cancelled_site_reminds_nobody(app):
    edition = make.edition()
    site, _ = site_with(edition)
    make.registration(make.pool(site))
    rule(edition, "registrants", "first_session")
    site.cancelled_at = make.NOW

    assert due(at("08:00", DAY - timedelta(days=1))) == []


def test_a_cancelled_edition_reminds_nobody(app):
    edition = make.edition(cancelled_at=make.NOW)
    site, _ = site_with(edition)
    make.registration(make.pool(site))
    rule(edition, "registrants", "first_session")

    assert due(at("08:00", DAY - timedelta(days=1))) == []


def part(session, kind, email, site=None):
    person = make.person(email=email)
    make.part(session, person, kind=kind, site_id=site.id if site else None)
    return person


def test_speakers_and_chairs_are_found_once_who_have_an_address(app):
    edition = make.edition()
    site, session = site_with(edition)
    speaker = part(session, PartKind.SPEAKER, "speaker@example.org")
    make.save(Part(session_id=session.id, person_id=speaker.id, kind=PartKind.CHAIR))
    part(session, PartKind.SPEAKER, None)
    part(session, PartKind.PRESIDING_OFFICER, "officer@example.org", site)
    rule(edition, "speakers", "session")

    ((one, facts),) = due(at("08:00", DAY - timedelta(days=1)))

    assert (one.to_address, facts["session"], facts["site"]) == (
        "speaker@example.org",
        session.title,
        site.name,
    )
    assert facts["url"].endswith(f"/{edition.code}/sessions/{session.code}")


def test_speakers_can_be_narrowed_to_a_part(app):
    edition = make.edition()
    _, session = site_with(edition)
    part(session, PartKind.SPEAKER, "speaker@example.org")
    part(session, PartKind.CHAIR, "chair@example.org")
    rule(edition, "speakers", "session", filters={"part": ["chair"]})

    assert addresses(at("08:00", DAY - timedelta(days=1))) == ["chair@example.org"]


def test_who_presides_at_a_site_is_found_once_however_they_were_named(app):
    edition = make.edition()
    officer = make.person(email="officer@example.org")
    site, session = site_with(edition, presiding_officer_id=officer.id)
    make.save(
        Part(session_id=session.id, person_id=officer.id, kind=PartKind.PRESIDING_OFFICER, site_id=site.id)
    )
    rule(edition, "presiding_officers", "first_session")

    ((one, facts),) = due(at("08:00", DAY - timedelta(days=1)))

    assert (one.to_address, facts["sessions"], facts["starts_at"]) == (
        "officer@example.org",
        1,
        at("08:00"),
    )


CLOSES = make.NOW + timedelta(days=30)


def test_agencies_with_a_draft_are_reminded_and_those_who_handed_in_are_not(app):
    edition = make.edition(nominations_close_at=CLOSES)
    category = make.category(make.scheme(edition))
    draft = make.nomination(category, state=NominationState.DRAFT, contact_email="draft@example.org")
    make.nomination(category, contact_email="done@example.org")
    rule(edition, "agencies_draft", "nominations_close", amount=3)

    ((one, facts),) = due(CLOSES - timedelta(days=2))

    assert (one.to_address, facts["nominee"], facts["deadline"], facts["category"]) == (
        "draft@example.org",
        draft.nominee_name,
        CLOSES,
        category.name,
    )


def test_agencies_that_have_nominated_nobody_are_reminded(app):
    edition = make.edition(nominations_close_at=CLOSES)
    idle, busy = make.organisation(), make.organisation()
    make.nomination(make.category(make.scheme(edition)), busy)
    officer = make.account(Role.AGENCY, edition_id=edition.id, organisation_id=idle.id)
    make.account(Role.AGENCY, edition_id=edition.id, organisation_id=busy.id)
    make.account(Role.AGENCY, edition_id=make.edition().id, organisation_id=idle.id)
    rule(edition, "agencies_none", "nominations_close", amount=3)

    ((one, facts),) = due(CLOSES - timedelta(days=2))

    assert (one.to_address, facts["agency"]) == (officer.email, idle.name)


def test_who_was_asked_to_endorse_is_reminded_until_they_have_answered(app):
    edition = make.edition(nominations_close_at=CLOSES)
    nomination = make.nomination(make.category(make.scheme(edition)), state=NominationState.ENDORSING)
    chain = [
        make.save(
            Endorsement(
                nomination_id=nomination.id, round=1, step=str(position), step_name={"vi": "Bước"},
                position=position, name=f"Người {position}", office="Chủ tịch",
                email=f"endorser{position}@example.org", state=state, asked_at=asked_at,
            )
        )
        for position, (state, asked_at) in enumerate(
            [(EndorsementState.ASKED, make.NOW), (EndorsementState.NAMED, None)], start=1
        )
    ]  # fmt: skip
    rule(edition, "endorsers", "nominations_close", amount=3)

    ((one, facts),) = due(CLOSES - timedelta(days=2))
    assert (one.to_address, facts) == (
        "endorser1@example.org",
        {
            "nominee": nomination.nominee_name,
            "agency": nomination.organisation_name,
            "asked": make.NOW,
            "deadline": CLOSES,
            "contact": f"{nomination.contact_name}, {nomination.contact_email}",
        },
    )

    chain[0].state = EndorsementState.EXPIRED
    assert due(CLOSES - timedelta(days=2)) == []


def test_awardees_are_reminded_until_they_have_fetched_their_certificate(client, app):
    certificate = scene.made()
    edition = db.session.get(make.Edition, certificate.edition_id)
    edition.ceremony_on = make.TODAY
    certificate.rendered_at = certificate.told_at = make.NOW - timedelta(days=5)
    rule(edition, "awardees", "ceremony", direction=Direction.AFTER)
    now = at("09:00", make.TODAY + timedelta(days=1))
    db.session.commit()

    ((one, facts),) = due(now)
    client.open(f"/my/certificate/{certificate.holder_token}/download")

    assert (one.recipient, facts["award"]) == (f"certificate:{certificate.id}", certificate.printed.title)
    assert due(now) == []


def test_a_certificate_that_is_not_made_yet_reminds_nobody(app):
    (certificate,) = scene.issued()
    edition = db.session.get(make.Edition, certificate.edition_id)
    edition.ceremony_on = make.TODAY
    rule(edition, "awardees", "ceremony", direction=Direction.AFTER)

    assert (certificate.carriage, due(at("09:00", make.TODAY + timedelta(days=1)))) == (
        Carriage.QUEUED,
        [],
    )


def test_every_audience_says_what_its_letter_may_name(app):
    said = {audience.name: len(audience.letter.placeholders) > 0 for audience in offers.known().values()}

    assert said == dict.fromkeys(
        [
            "registrants",
            "speakers",
            "presiding_officers",
            "agencies_draft",
            "agencies_none",
            "endorsers",
            "council_readers",
            "awardees",
            "council_readers",
            "council_voters",
        ],
        True,
    )


@pytest.mark.parametrize("moment", ["first_session", "session", "ceremony", "last_session_end"])
def test_finding_and_wording_costs_the_same_statements_for_one_and_three(app, queries, moment):
    edition = make.edition(ceremony_on=DAY)
    rule(edition, "registrants", moment, direction=Direction.BEFORE)
    totals = []
    for many in (1, 2):
        for _ in range(many):
            site, _session = site_with(edition)
            make.registration(make.pool(site))
        db.session.commit()
        db.session.expire_all()
        db.session.connection()
        with queries() as counted:
            found = due(at("08:00", DAY - timedelta(days=1)) + timedelta(hours=1))
        totals.append((len(found), counted.total))

    assert totals == [(1, totals[0][1]), (3, totals[0][1])]
