"""Every role at every address: what each may open is written down here, and nothing else opens."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest

from dxday.accounts import services as accounts
from dxday.adapters.storage import open_storage
from dxday.conflicts.models import Availability
from dxday.core import codes
from dxday.core.carriage import Carriage
from dxday.core.permissions import Role
from dxday.db import db
from dxday.nominations.models import Attachment
from dxday.nominations.rules import State
from dxday.notifications import unsubscribing
from dxday.notifications.models import Message
from dxday.programme.models import Release
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
    "nominations.": {"agency", "admin"},
    "council.": {"council", "admin"},
    "certificates.": {"organizer", "council", "admin"},
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
    nomination = make.nomination(make.category(make.scheme(edition)), agency, state=State.DRAFT, guid=uuid4())
    stored = open_storage(app.extensions["dxday_settings"].storage_url).put("nominations/x/y", b"x")
    attachment = make.save(
        Attachment(
            nomination_id=nomination.id,
            code=codes.new_code(8),
            filename="report.txt",
            media_type="text/plain",
            size=1,
            sha256="0" * 64,
            storage_key=stored.key,
            uploaded_by_id=people["agency"].id,
            created_at=make.NOW,
        )
    )
    decision = make.decision(edition)
    award = make.award(
        decision, make.nomination(make.category(make.scheme(edition)), agency, state=State.AWARDED)
    )
    certificate = make.certificate(award)
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
        "decision_id": decision.id,
        "message_id": message.id,
        "rule_id": rule.id,
        "operation_id": operation.id,
        "window_id": window.id,
        "audience": rule.audience,
        "suppression_id": suppression.id,
        "hook_id": hook.id,
        "proposal_id": proposal.id,
        "room_code": room.code,
        "person_id": make.person().id,
        "track_code": "nothing",
        "delivery_id": delivery.id,
        "holder_token": certificate.holder_token,
        "number": {"certificates": certificate.number, "mailbox": 1, "releases": release.number},
        "key": "nothing",
        "name": "forget-runs",
        "kind": "registration_confirmed",
        "locale": "en",
        "filename": "img/favicon.svg",
        "form": "csv",
        "code": {
            "programme": session.code,
            "programme_public": session.code,
            "changes": session.code,
            "site_desk": session.code,
            "board": session.code,
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


def test_the_matrix_names_nothing_that_is_not_there(app):
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}

    assert [start for start in MAY_OPEN if not any(name.startswith(start) for name in endpoints)] == []
