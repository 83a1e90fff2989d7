"""Every person, at every address that takes a nomination, in every state: what opens is written down here."""

import re
from collections.abc import Iterator
from contextvars import Context
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import select, text
from sqlalchemy.orm import joinedload

from dxday.accounts.models import Account
from dxday.adapters.storage import open_storage
from dxday.appraisal import queries as appraisal
from dxday.appraisal.models import Opinion
from dxday.audit import services as trail
from dxday.core import codes
from dxday.core.carriage import Carriage
from dxday.core.permissions import Role
from dxday.council import queries as council
from dxday.council.models import AssignmentRun
from dxday.council.sheets.models import Sheet
from dxday.db import db
from dxday.nominations import queries as nominations
from dxday.nominations.models import Attachment, Endorsement, Nomination
from dxday.nominations.rules import EndorsementState, State
from dxday.schemes.models import Category
from dxday.web.access import gate_of
from tests import make
from tests.architecture.test_access import EVERYBODY, who_may_open

WITHDRAWN_DRAFT = "withdrawn before it was handed in"
STATES = (*(state.value for state in State), WITHDRAWN_DRAFT)

ALL = set(STATES)
HANDED_IN = ALL - {"draft", "endorsing", WITHDRAWN_DRAFT}
BEFORE_COUNCIL = {"admitted"}
SCORED = {"admitted", "approved", "awarded", "declined"}
ENDORSING = {"endorsing"}

PEOPLE = {
    "nobody": "visitor",
    "officer": "agency",
    "officer of another agency": "agency",
    "officer of the agency above": "agency",
    "officer of an agency below": "agency",
    "officer of the agency, elsewhere": "agency",
    "secretary": "council",
    "secretary elsewhere": "council",
    "reader": "member",
    "reader with a conflict": "member",
    "reader with another's conflict lifted": "member",
    "reader who has not declared": "member",
    "reader it was taken from": "member",
    "member who does not read it": "member",
    "organizer": "organizer",
    "site coordinator": "site",
    "administrator": "admin",
}
"""Who they are → the role whose doors they pass; see `test_access.MAY_OPEN`."""
ELSEWHERE = {"officer of the agency, elsewhere", "secretary elsewhere"}
"""Their role is for another edition: no door of this one opens."""
OFFICER = {"officer"}
SECRETARY = {"secretary", "administrator"}
READER = {"reader", "reader with another's conflict lifted"}
WHOEVER = set(PEOPLE)

# (who, in which states, at which addresses): here it opens.  For whoever else passes the door it is not found.
MATRIX: list[tuple[set[str], set[str], str]] = [
    (OFFICER, ALL, "nominations.show nominations.edit nominations.submit nominations.withdraw"),
    (OFFICER, ALL, "nominations.order nominations.download nomination_documents.report"),
    (
        OFFICER,
        ALL,
        "dossier.index dossier.edit dossier.autosave dossier.hold dossier.leave dossier.take_over",
    ),
    (OFFICER, ALL, "endorsements.index endorsements.change endorsements.again endorsements.take_back"),
    (WHOEVER, ENDORSING, "endorse.show endorse.download"),
    (SECRETARY, HANDED_IN, "appraisal.show appraisal.admit appraisal.give_back appraisal.hold appraisal.ask"),
    (SECRETARY, HANDED_IN, "appraisal.answer appraisal.override appraisal.remove_override"),
    (SECRETARY, HANDED_IN, "appraisal.compare"),
    (SECRETARY, HANDED_IN, "council.show council.download council.decline"),
    (SECRETARY, BEFORE_COUNCIL, "assignment.readers assignment.change_proposal"),
    (SECRETARY, SCORED, "scores.moderate scores.reopen"),
    (READER, SCORED, "sitting.dossier sitting.download sitting.keep_away comment_texts.show"),
    (READER, SCORED, "sheets.edit sheets.save sheets.decline"),
]

NOT_OF_NOMINATIONS = {
    "board", "ceremony", "changes", "consultation", "honours", "programme", "programme_public",
    "registration_public", "site_desk", "scheme_parts",
}  # fmt: skip
"""Blueprints whose addresses have a `code` of something else."""


def takes_a_nomination(rule: Any) -> bool:
    blueprint = rule.endpoint.partition(".")[0]
    if blueprint == "endorse":
        return bool(rule.arguments)
    return bool(rule.arguments & {"code", "other_code", "nomination_code"}) and (
        blueprint not in NOT_OF_NOMINATIONS
    )


def addresses_of(app: Flask) -> list[Any]:
    return sorted(filter(takes_a_nomination, app.url_map.iter_rules()), key=lambda rule: rule.endpoint)


@dataclass
class World:
    """A dossier in each state, each with everything that may hang on it, and everybody."""

    app: Flask
    people: dict[str, Account | None]
    edition_code: str
    dossiers: dict[str, Nomination]
    values: dict[str, dict[str, Any]]
    marks: tuple[str, ...]

    def paths(self, rule: Any, state: str) -> list[str]:
        """The addresses of a rule for the dossier: where two dossiers are named, it stands in either place."""
        given = self.values[state]
        blueprint = rule.endpoint.partition(".")[0]
        if blueprint == "endorse":
            given = given | {"code": given["token"]}
        found = [given]
        if "other_code" in rule.arguments:
            partner = self.values["partner"]["code"]
            found = [given | {"other_code": partner}, given | {"code": partner, "other_code": given["code"]}]
        query = given["finding"] if rule.endpoint == "appraisal.override" else ""
        return [
            re.sub(r"<(?:\w+:)?(\w+)>", lambda blank, use=each: str(use[blank[1]]), str(rule)) + query
            for each in found
        ]

    def browser(self, who: str) -> Any:
        client = self.app.test_client()
        account = self.people[who]
        with client.session_transaction() as session:
            session["csrf_token"] = "raw"
            if account is not None:
                session["_user_id"] = f"{account.id}:{account.session_stamp}"
                session["_fresh"] = True
        return client

    def token(self) -> str:
        """The token that every form of these browsers takes."""
        key = self.app.config.get("WTF_CSRF_SECRET_KEY", self.app.secret_key)
        made = URLSafeTimedSerializer(key, salt="wtf-csrf-token").dumps("raw")
        return made if isinstance(made, str) else made.decode()


def ask(client: Any, method: str, path: str, **options: Any) -> Any:
    return Context().run(client.open, path, method=method, **options)


ACHIEVEMENT, NOMINEE_MAIL, FILE_NAME, FILE_TEXT = (
    "Zyxwthành tích riêng", "zyxwmail@example.org", "zyxwfile.txt", "zyxwbytes",
)  # fmt: skip


@pytest.fixture
def world(app: Flask) -> World:
    edition, elsewhere = make.edition(), make.edition()
    above = make.organisation()
    agency = make.organisation(parent_id=above.id)
    below = make.organisation(parent_id=agency.id)
    other = make.organisation()
    scheme = make.scheme(edition, ballot=True)
    category = make.category(scheme)
    body = make.council(edition, scheme)

    def officer(of: Any, where: Any = edition) -> Account:
        return make.account(Role.AGENCY, edition_id=where.id, organisation_id=of.id)

    people: dict[str, Account | None] = {
        "nobody": None,
        "officer": officer(agency),
        "officer of another agency": officer(other),
        "officer of the agency above": officer(above),
        "officer of an agency below": officer(below),
        "officer of the agency, elsewhere": officer(agency, elsewhere),
        "secretary": make.account(Role.COUNCIL, edition_id=edition.id),
        "secretary elsewhere": make.account(Role.COUNCIL, edition_id=elsewhere.id),
        "organizer": make.account(Role.ORGANIZER, edition_id=edition.id),
        "site coordinator": make.account(Role.SITE, edition_id=edition.id, site_id=make.site(edition).id),
        "administrator": make.account(Role.ADMIN),
    }
    members = [who for who, role in PEOPLE.items() if role == "member"]
    for n, who in enumerate(members):
        people[who] = make.member(body, email=f"m{n}@house{n}.vn")
    storage = open_storage(app.extensions["dxday_settings"].storage_url)
    kept = storage.put(f"nominations/matrix/{make.number()}", FILE_TEXT.encode())
    dossiers: dict[str, Nomination] = {}
    values: dict[str, dict[str, Any]] = {}
    for place in (*STATES, "partner"):
        state = {"partner": State.ADMITTED, WITHDRAWN_DRAFT: State.WITHDRAWN}.get(place) or State(place)
        given = {"submitted_at": None} if place == WITHDRAWN_DRAFT else {}
        if place == "returned":
            given = {"return_due_at": make.at(f"{make.TODAY.year + 1}-12-31 00:00")}
        made = make.nomination(
            category,
            agency,
            state=state,
            created_by=people["officer"],
            achievement=f"{ACHIEVEMENT} {place}",
            nominee_email=NOMINEE_MAIL,
            **given,
        )
        dossiers[place] = made
        if place == "returned":
            trail.record(
                "nomination.returned",
                subject=made.code,
                actor=make.actor(),
                now=make.NOW,
                edition_id=edition.id,
                reason="Thiếu.",
            )
        for who in members:
            if who != "member who does not read it":
                make.reading(
                    made,
                    people[who],
                    declared=who != "reader who has not declared",
                    removed_at=make.NOW if who == "reader it was taken from" else None,
                )
        make.conflict_of_interest(made, people["reader with a conflict"])
        make.conflict_of_interest(
            made,
            people["reader with another's conflict lifted"],
            lifted_at=make.NOW,
            lift_reason="Đã xác minh.",
            lifted_by_id=people["secretary"].id,
        )
        attachment = make.save(
            Attachment(
                nomination_id=made.id,
                code=codes.new_code(8),
                filename=FILE_NAME,
                media_type="text/plain",
                size=9,
                sha256="a" * 64,
                storage_key=kept.key,
                uploaded_by_id=people["officer"].id,
                created_at=make.NOW,
                carriage=Carriage.DONE,
                checked_at=make.NOW,
            )
        )
        token = codes.new_token()
        asked = place == "endorsing"
        endorsement = make.save(
            Endorsement(
                nomination_id=made.id,
                round=1,
                step="union",
                step_name={"vi": "Công đoàn"},
                position=1,
                name="Trần Văn Mẫu",
                office="Chủ tịch",
                email="endorser@union.example",
                token_hash=codes.hash_of(token),
                state=EndorsementState.ASKED if asked else EndorsementState.ENDORSED,
                asked_at=make.NOW,
                expires_at=make.at(f"{make.TODAY.year + 1}-12-31 00:00"),
                answered_at=None if asked else make.NOW,
                content_sha256=None if asked else "0" * 64,
            )
        )
        opinion = make.save(
            Opinion(
                nomination_id=made.id,
                organisation_name="Công an tỉnh",
                question="Có vi phạm không?",
                asked_at=make.NOW,
                due_on=make.TODAY,
            )
        )
        make.save(
            Sheet(
                nomination_id=made.id,
                account_id=people["reader"].id,
                created_at=make.NOW,
                updated_at=make.NOW,
            )
        )
        values[place] = {
            "edition_code": edition.code,
            "code": made.code,
            "nomination_code": made.code,
            "attachment_code": attachment.code,
            "endorsement_id": endorsement.id,
            "opinion_id": opinion.id,
            "account_id": people["reader"].id,
            "council_code": body.code,
            "section_code": "nominee",
            "token": token,
            "finding": "?rule=none&key=none",
        }
    make.save(
        AssignmentRun(
            council_id=body.id,
            seed=1,
            parameters={"method": "flow", "keep": True, "dossiers": 1, "members": 1},
            pairs=[[each.id, people["reader"].id] for each in dossiers.values()],
            created_at=make.NOW,
        )
    )
    db.session.commit()
    for found in appraisal.appraise(
        edition, [appraisal_view(edition.id, each) for each in dossiers.values()], now=make.NOW
    ):
        place = next(name for name, each in dossiers.items() if each.id == found.nomination.id)
        one = found.findings[0]
        values[place]["finding"] = f"?rule={one.rule}&key={one.key}"
    db.session.commit()
    marks = (ACHIEVEMENT, NOMINEE_MAIL, FILE_NAME, FILE_TEXT)
    return World(app, people, edition.code, dossiers, values, marks)


def appraisal_view(edition_id: int, nomination: Nomination) -> Nomination:
    """The dossier as the appraisal loads it."""
    from dxday.appraisal import services

    return services._with_category(nomination)


def opens_for(endpoint: str) -> tuple[set[str], set[str]]:
    """Return for whom an address opens, and in which states; AssertionError where the matrix has not one line."""
    lines = [(who, states) for who, states, where in MATRIX if endpoint in where.split()]
    assert len(lines) == 1, f"{endpoint} stands {len(lines)} times in the matrix"
    return lines[0]


def passes(who: str, endpoint: str) -> bool:
    """Tell whether the door of an address opens for somebody."""
    allowed = who_may_open(endpoint)
    return PEOPLE[who] in allowed and (who not in ELSEWHERE or allowed == EVERYBODY)


def expected(who: str, state: str, endpoint: str, method: str) -> str:
    people, states = opens_for(endpoint)
    if not passes(who, endpoint):
        return "sign in" if who == "nobody" and method == "GET" else "refused"
    return "opens" if who in people and state in states else "not found"


def answer(response: Any) -> str:
    where = response.headers.get("Location") or ""
    if response.status_code == 302 and where.startswith("/sign-in?next="):
        return "sign in"
    known = {
        403: "refused",
        404: "not found",
        200: "opens",
        302: "opens",
        400: "opens",
        409: "opens",
        422: "opens",
    }
    return known.get(response.status_code, str(response.status_code))


WRITTEN = {
    "reason": "x", "code": "achievement", "value": "x", "version": "1", "field": "comment", "score": "50",
    "act": "submit", "answer": "send_back", "kind": "other", "to": "earlier",
}  # fmt: skip
"""What somebody who guesses addresses may send along."""


def steps(app: Flask, states: Any, people: Any) -> Iterator[tuple[str, Any, str, str]]:
    """Go through (person, rule, state, method).

    A door that is shut knows no states, and a link knows no persons: these are tried once with each method, at
    another state each time.  Who passes a door without being meant tries every state, by turns with either method;
    who is meant tries everything.
    """
    for who, person in enumerate(people):
        for number, rule in enumerate(addresses_of(app)):
            methods = sorted(rule.methods & {"GET", "POST"})
            if not passes(person, rule.endpoint):
                yield from ((person, rule, states[(who + number) % len(states)], each) for each in methods)
                continue
            whom = opens_for(rule.endpoint)[0]
            if whom == WHOEVER and person != "nobody":
                yield from ((person, rule, states[(who + number + n) % len(states)], each)
                            for n, each in enumerate(methods))  # fmt: skip
                continue
            meant = person in whom and person != "administrator"
            for place, state in enumerate(states):
                turn = methods if meant else [methods[(who + number + place) % len(methods)]]
                yield from ((person, rule, state, each) for each in turn)


def walk(world: World, states: Any = STATES, people: Any = tuple(PEOPLE)) -> list[str]:
    """Ask for everything, and return what was answered otherwise than the matrix says.

    What is not open is tried in earnest, with a form's token; what is open without one, so that nothing moves.
    """
    wrong, token = [], world.token()
    browsers = {who: world.browser(who) for who in people}
    for who, rule, state, method in steps(world.app, states, people):
        wanted = expected(who, state, rule.endpoint, method)
        data = WRITTEN | ({} if wanted == "opens" else {"csrf_token": token})
        for path in world.paths(rule, state):
            response = ask(browsers[who], method, path, data=data if method == "POST" else None)
            if answer(response) != wanted:
                wrong.append(f"{who}: {method} {rule.endpoint}, {state}: {answer(response)}, not {wanted}")
            response.close()
    return wrong


def everything(world: World) -> dict[str, Any]:
    """Return what no refused attempt may change."""
    tables = ("nomination", "dossier_answer", "attachment", "endorsement", "sheet", "sheet_score", "opinion",
              "conflict_of_interest", "declaration", "reading", "assignment_run", "hold", "moderation",
              "message")  # fmt: skip
    return {
        table: sorted(map(repr, db.session.execute(text(f"SELECT * FROM {table}")).all())) for table in tables
    }


def test_everybody_opens_what_is_theirs_in_every_state_and_finds_nothing_else(world):
    states = STATES if db.engine.dialect.name == "sqlite" else ("draft", "endorsing", "admitted")
    before = everything(world)

    wrong = walk(world, states)

    db.session.expire_all()
    assert wrong == []
    assert everything(world) == before


def test_every_address_that_takes_a_nomination_stands_in_the_matrix_once(app):
    endpoints = {rule.endpoint for rule in addresses_of(app)}
    written = [name for _, _, where in MATRIX for name in where.split()]

    assert sorted(written) == sorted(endpoints)


OPENED = {
    "any agency's": (
        lambda: (nominations, "get_own", lambda edition_id, code, _mine: any_of(edition_id, code)),
        "officer of another agency: GET nominations.show, draft: opens, not not found",
    ),
    "a draft before the council": (
        lambda: (nominations, "get_before_council", any_of),
        "secretary: GET appraisal.ask, draft: opens, not not found",
    ),
    "what one must keep away from": (
        lambda: (council, "find_reading", lambda edition_id, code, _account_id: any_of(edition_id, code)),
        "reader with a conflict: GET sitting.dossier, admitted: opens, not not found",
    ),
}
"""What would be open → how it is opened, and what the matrix says then."""


def any_of(edition_id: int, code: str) -> Nomination:
    found = db.session.scalars(
        select(Nomination)
        .where(Nomination.edition_id == edition_id, Nomination.code == code)
        .options(joinedload(Nomination.category).joinedload(Category.scheme))
    ).one()
    return found


@pytest.mark.parametrize("hole", list(OPENED))
def test_the_matrix_finds_a_loader_that_looks_away(world, monkeypatch, hole):
    opening, complaint = OPENED[hole]
    person = complaint.partition(":")[0]
    assert walk(world, ("draft", "admitted"), (person,)) == []

    monkeypatch.setattr(*opening())

    assert complaint in walk(world, ("draft", "admitted"), (person,))


def test_the_matrix_finds_a_door_that_was_taken_away(world, monkeypatch):
    open_to_all = gate_of(world.app, "honours.index")
    monkeypatch.setattr(world.app.view_functions["council.show"], "gate", open_to_all)

    wrong = walk(world, ("admitted",), ("organizer",))

    assert wrong == ["organizer: GET council.show, admitted: opens, not refused"]
