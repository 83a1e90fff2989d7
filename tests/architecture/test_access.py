"""Every role at every address: what each may open is written down here, and nothing else opens."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest

from dxday.accounts import services as accounts
from dxday.adapters.storage import open_storage
from dxday.ceremony.rules import PressState
from dxday.conflicts.models import Availability
from dxday.core import codes
from dxday.core.carriage import Carriage
from dxday.core.permissions import Role
from dxday.db import db
from dxday.editions.rules import RESERVED_CODES
from dxday.nominations.rules import State
from dxday.notifications import unsubscribing
from dxday.notifications.models import Message
from dxday.programme.models import Release
from dxday.programme.rules import SessionKind
from dxday.schemes.models import Criterion, Extension, Holiday, Quota
from dxday.web.access import gate_of
from tests import make
from tests.client import PageClient

EVERYBODY = {"visitor", *(role.value for role in Role)}
SIGNED_IN = EVERYBODY - {"visitor"}

# The start of an endpoint → who may open it.  The longest start counts.
MAY_OPEN = {
    "static": EVERYBODY,
    "monitoring.": EVERYBODY,
    "public.": EVERYBODY,
    "public.style": SIGNED_IN,
    "programme_public.": EVERYBODY,
    "programme_chosen.": EVERYBODY,
    "programme_screens.": EVERYBODY,
    "registration_public.": EVERYBODY,
    "honours.": EVERYBODY,
    "certificates_public.": EVERYBODY,
    "accounts.sign_in": EVERYBODY,
    "accounts.sign_out": EVERYBODY,
    "accounts.use_link": EVERYBODY,
    "accounts.forgotten": EVERYBODY,
    "accounts.edit": SIGNED_IN,
    "staff.desk": SIGNED_IN,
    "staff.start": SIGNED_IN,
    "staff.home": {"organizer", "admin"},
    "editions.": {"organizer", "admin"},
    "changes.": {"organizer", "admin"},
    "programme.": {"organizer", "admin"},
    "proposals.": {"organizer", "admin"},
    "sites.": {"organizer", "admin"},
    "tracks.": {"organizer", "admin"},
    "people.": {"organizer", "admin"},
    "site_desk.": {"site", "admin"},
    "board.": {"organizer", "admin"},
    "scheduling.": {"organizer", "admin"},
    "releases.": {"organizer", "admin"},
    "releases_public.": EVERYBODY,
    "exchange.": {"organizer", "admin"},
    "exchange_public.": EVERYBODY,
    "conflicts.": {"organizer", "admin"},
    "registration.": {"organizer", "admin"},
    "reminders.": {"organizer", "admin"},
    "operations.index": SIGNED_IN,
    "operations.": {"organizer", "admin"},
    "messages.": {"organizer", "admin"},
    "letters.": {"organizer", "admin"},
    "mailbox.": {"organizer", "admin"},
    "suppressions.": {"organizer", "admin"},
    "unsubscribe.": EVERYBODY,
    "bounces.": EVERYBODY,
    "webhooks.": {"organizer", "admin"},
    "audit.": {"organizer", "admin"},
    "jobs.": {"admin"},
    "schemes.": {"council", "admin"},
    "scheme_parts.": {"council", "admin"},
    "scheme_limits.": {"council", "admin"},
    "nominations.": {"agency", "admin"},
    "endorsements.": {"agency", "admin"},
    "nomination_documents.": {"agency", "admin"},
    "endorse.": EVERYBODY,
    "beginning.": {"agency", "admin"},
    "dossier.": {"agency", "admin"},
    "nominee_lists.": {"agency", "admin"},
    "appraisal.": {"council", "admin"},
    "council.": {"council", "admin"},
    "scores.": {"council", "admin"},
    "sheets.": {"member", "admin"},
    "seats.": {"council", "admin"},
    "interests.": {"council", "admin"},
    "assignment.": {"council", "admin"},
    "sitting.": {"member", "admin"},
    "consultation.": EVERYBODY,
    "comments.": {"council", "admin"},
    "comment_texts.": {"member", "admin"},
    "ballots.": {"council", "admin"},
    "voting.": {"member", "admin"},
    "certificates.": {"organizer", "council", "admin"},
    "ceremony.": {"organizer", "council", "admin"},
    "handing_over.": {"organizer", "council", "admin"},
    "handing.": {"site", "admin"},
    "press.": {"organizer", "council", "admin"},
    "press_agency.": {"agency", "admin"},
    "press_answer.": EVERYBODY,
}


def who_may_open(endpoint: str) -> set[str]:
    start = max((start for start in MAY_OPEN if endpoint.startswith(start)), key=len)
    return MAY_OPEN[start]


@pytest.fixture
def world(app):
    """One of everything, and the values that addresses are made with."""
    edition = make.edition()
    site = make.site(edition)
    room = make.room(site)
    session = make.session(edition)
    placement = make.placement(session, room)
    speaker = make.person()
    make.part(session, speaker)
    pool = make.pool(site)
    registration = make.registration(pool)
    agency = make.organisation()
    notice = make.notice(edition)
    people = {
        role.value: make.account(
            role,
            edition_id=None if role is Role.ADMIN else edition.id,
            organisation_id=agency.id if role is Role.AGENCY else None,
            site_id=site.id if role is Role.SITE else None,
        )
        for role in Role
    }
    scheme = make.scheme(edition, unconfirmed=["quorum"])
    category = make.category(scheme)
    quota = make.save(Quota(scheme_id=scheme.id, most=3))
    extension = make.save(
        Extension(scheme_id=scheme.id, closes_at=make.NOW, reason="Bão", created_at=make.NOW)
    )
    holiday = make.save(Holiday(day=make.TODAY, name="Bù", off=True, source="Thông báo"))
    criterion = make.save(Criterion(scheme_id=scheme.id, code="results", name={"vi": "Kết quả"}, weight=1))
    nomination = make.nomination(category, agency, state=State.DRAFT, guid=uuid4())
    stored = open_storage(app.extensions["dxday_settings"].storage_url).put("nominations/x/y", b"x")
    attachment = make.attachment(nomination, storage_key=stored.key)
    ballot = make.ballot(edition, holder=people["member"])
    decision = make.decision(edition)
    award = make.award(
        decision, make.nomination(make.category(make.scheme(edition)), agency, state=State.AWARDED)
    )
    certificate = make.certificate(award)
    stage = make.session(edition, kind=SessionKind.CEREMONY)
    call = make.call(stage)
    make.turn(call, award, site)
    make.press_summary(award, state=PressState.SENT)
    message = make.save(
        Message(
            key="k",
            kind="sign_in_link",
            edition_id=edition.id,
            message_id="<k@dxday.example>",
            to_name="",
            to_address="x@example.org",
            locale="vi",
            subject="s",
            text="t",
            carriage=Carriage.FAILED,
            created_at=make.NOW,
        )
    )
    suppression = make.suppression(edition)
    rule = make.reminder_rule(edition)
    token = accounts.make_one_time_link(people["organizer"], actor=make.actor(), now=make.NOW)
    operation = make.operation(edition)
    release = make.save(Release(edition_id=edition.id, number=1, name="First", created_at=make.NOW))
    proposal = make.proposal(edition)
    window = make.save(
        Availability(
            edition_id=edition.id,
            site_id=site.id,
            starts_at=make.NOW,
            ends_at=make.NOW + timedelta(hours=1),
            available=False,
        )
    )
    council = make.council(edition, make.scheme(edition))
    commented = make.scheme(edition, comment_days=10)
    make.nomination(make.category(commented), agency, state=State.ADMITTED)
    published = make.comment_window(commented)
    receipt = codes.new_code(16)
    comment = make.comment(published, 1, receipt_hash=codes.hash_of(receipt))
    hook = make.hook(edition)
    delivery = make.hook_delivery(hook)
    db.session.commit()
    return people, {
        "edition_code": edition.code,
        "site_code": site.code,
        "placement_id": placement.id,
        "guid": speaker.guid,
        "notice_id": notice.id,
        "attachment_code": attachment.code,
        "ballot_id": ballot.id,
        "decision_id": decision.id,
        "award_code": award.code,
        "call_id": call.id,
        "hold_id": 1,
        "opinion_id": 1,
        "other_code": nomination.code,
        "message_id": message.id,
        "rule_id": rule.id,
        "operation_id": operation.id,
        "window_id": {"conflicts": window.id, "consultation": published.id},
        "comment_id": comment.id,
        "audience": rule.audience,
        "suppression_id": suppression.id,
        "council_code": council.code,
        "seat_id": make.seat(council).id,
        "conflict_id": 1,
        "pair_id": 1,
        "hook_id": hook.id,
        "section_code": "nominee",
        "category_id": nomination.category_id,
        "proposal_id": proposal.id,
        "room_code": room.code,
        "person_id": make.person().id,
        "track_code": "nothing",
        "delivery_id": delivery.id,
        "endorsement_id": 1,
        "holder_token": certificate.holder_token,
        "number": {
            "certificates": certificate.number,
            "mailbox": 1,
            "releases": release.number,
            "beginning": 1,
            "consultation": 1,
        },
        "key": "nothing",
        "scheme_code": scheme.code,
        "category_code": category.code,
        "pack_code": "law-2022",
        "part": "criteria",
        "quota_id": quota.id,
        "extension_id": extension.id,
        "holiday_id": holiday.id,
        "name": {"jobs": "forget-runs", "schemes": "quorum"},
        "kind": "registration_confirmed",
        "locale": "en",
        "filename": "img/favicon.svg",
        "form": "csv",
        "list_code": "nothing",
        "account_id": 1,
        "code": {
            "programme": session.code,
            "programme_public": session.code,
            "changes": session.code,
            "site_desk": session.code,
            "board": session.code,
            "scheme_parts": criterion.code,
            "consultation": receipt,
            "ceremony": stage.code,
            "honours": award.code,
        },
        "nomination": nomination.code,
        "token": {
            "accounts": token,
            "registration_public": registration.token,
            "certificates_public": certificate.token,
            "unsubscribe": unsubscribing.token_of(unsubscribing.Reader("x@example.org", edition.id)),
        },
    }


def address(rule, values) -> str:
    """Fill the blanks of an address."""
    blueprint = rule.endpoint.partition(".")[0]
    path = str(rule)
    for blank, name in re.findall(r"<((?:\w+:)?(\w+))>", path):
        value = values.get(name)
        if isinstance(value, dict):
            value = value.get(blueprint, values["nomination"])
        path = path.replace(f"<{blank}>", str(value))
    return path


def test_every_role_opens_what_it_may_and_nothing_else(app, world):
    people, values = world
    wrong = []
    for who in sorted(EVERYBODY):
        client = PageClient(app)
        if who != "visitor":
            client.sign_in(people[who])
        for rule in app.url_map.iter_rules():
            method = "GET" if "GET" in rule.methods else "POST"
            path = address(rule, values)
            page = client._ask(method, path)
            asked_in = page.status == 302 and (page.location or "").startswith("/sign-in?next=")
            refused = page.status == 403 or asked_in
            if refused == (who in who_may_open(rule.endpoint)) or page.status >= 500:
                wrong.append(f"{who} {method} {path} ({rule.endpoint}): {page.status} {page.location or ''}")
    assert wrong == []


def test_no_post_changes_anything_without_its_token(app, world):
    """What is posted without a form's token leaves the trail as it was, for the one who may do everything."""
    from dxday.audit import queries as audit

    people, values = world
    client = PageClient(app).sign_in(people["admin"])
    changed = []
    for rule in app.url_map.iter_rules():
        if "POST" not in rule.methods:
            continue
        before = audit.count_entries()
        page = client._ask("POST", address(rule, values), data={"decision": "x", "reason": "fraud"})
        after = [entry.action for entry in audit.list_entries(limit=audit.count_entries() - before or 1)]
        if audit.count_entries() != before and set(after) - {"nomination.viewed"}:
            changed.append((rule.endpoint, after))
        assert page.status < 500, rule
    assert changed == []


def test_every_address_has_a_gate_and_every_gate_a_line_in_this_matrix(app):
    for rule in app.url_map.iter_rules():
        assert gate_of(app, rule.endpoint) is not None
        assert who_may_open(rule.endpoint)


def test_no_edition_can_take_the_first_part_of_an_address(app):
    first = {rule.rule.split("/")[1] for rule in app.url_map.iter_rules()}

    assert first - RESERVED_CODES == {"", "<edition_code>"}


def test_the_matrix_names_nothing_that_is_not_there(app):
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}

    assert [start for start in MAY_OPEN if not any(name.startswith(start) for name in endpoints)] == []
