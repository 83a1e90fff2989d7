"""Dull factories: each makes one thing with plain defaults; say only what matters to the test."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from dxday.accounts.models import Account, Organisation, Person, RoleGrant
from dxday.accounts.rules import OrganisationKind, email_key
from dxday.awards.models import Award, Decision
from dxday.ballots.models import Ballot
from dxday.ceremony.models import Call, Ceremony, PressSummary, Turn
from dxday.ceremony.rules import LINE, LINK_TERM, OPENING, First, PressState
from dxday.certificates.models import Certificate
from dxday.changes.models import Notice
from dxday.changes.rules import Act, Scope
from dxday.consultation import queries as consultation_queries
from dxday.consultation import services as consultation
from dxday.consultation.models import Comment, CommentWindow
from dxday.core import codes
from dxday.core.actor import Actor, ActorKind, Grant
from dxday.core.carriage import Carriage
from dxday.core.permissions import Role
from dxday.council.models import (
    ConflictOfInterest,
    Council,
    CouncilScheme,
    Declaration,
    Reading,
    Seat,
    Term,
)
from dxday.council.rules import ConflictSource, SeatKind
from dxday.db import Base, db
from dxday.editions.models import Edition
from dxday.nominations.models import Attachment, Nomination
from dxday.nominations.rules import State as NominationState
from dxday.notifications.models import Message, Suppression
from dxday.notifications.rules import SuppressionReason, SuppressionScope
from dxday.operations.models import Operation
from dxday.programme import publishing
from dxday.programme.models import (
    Part,
    Placement,
    PublishedPart,
    PublishedPlacement,
    PublishedSession,
    Release,
    Session,
)
from dxday.programme.rules import Mode, PartKind, PlacementRole, SessionKind, SessionState
from dxday.proposals.models import Proposal
from dxday.proposals.rules import Source
from dxday.proposals.rules import State as ProposalState
from dxday.registration.models import Registration, SeatPool
from dxday.registration.rules import RegistrationState, SeatMode
from dxday.reminders.models import ReminderRule
from dxday.reminders.rules import Direction, Unit
from dxday.schemes.models import Category, Scheme
from dxday.schemes.rules import AwardForm, NomineeKind, TieBreak
from dxday.sites.models import Room, Site
from dxday.sites.rules import SiteKind
from dxday.webhooks.models import Hook, HookDelivery

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
NOW = datetime.now(UTC).replace(microsecond=0)
TODAY = NOW.astimezone(VIETNAM).date()
_numbers = count(1)


def at(text: str) -> datetime:
    """Return the moment of "2026-10-10 08:00" on a Vietnamese clock."""
    return datetime.fromisoformat(text).replace(tzinfo=VIETNAM)


def number() -> int:
    """Return a number that no other thing of this run has."""
    return next(_numbers)


def save(thing: Base) -> Any:
    """Flush and return."""
    db.session.add(thing)
    db.session.flush()
    return thing


def actor(role: Role = Role.ADMIN, **grant: Any) -> Actor:
    """An actor without an account, with one role."""
    return Actor(kind=ActorKind.PERSON, label="Thử Nghiệm", grants=(Grant(role, **grant),))


def organisation(**given: Any) -> Organisation:
    n = number()
    defaults = {
        "code": f"org-{n}",
        "kind": OrganisationKind.DISTRICT,
        "name": {"vi": f"Huyện Mẫu {n}", "en": f"Sample District {n}"},
    }
    return save(Organisation(**(defaults | given)))


def person(**given: Any) -> Person:
    defaults = {"full_name": "Nguyễn Văn Mẫu", "position": {"vi": "Chủ tịch", "en": "Chairman"}}
    return save(Person(**(defaults | given)))


def account(role: Role | None = None, **grant: Any) -> Account:
    n = number()
    made = save(
        Account(
            email=f"person{n}@example.org",
            email_key=email_key(f"person{n}@example.org"),
            full_name=f"Thử Nghiệm {n}",
            locale="en",
            session_stamp="stamp",
            created_at=NOW,
        )
    )
    if role is not None:
        save(RoleGrant(account_id=made.id, role=role, granted_at=NOW, **grant))
    return made


def edition(**given: Any) -> Edition:
    """An edition in 40 days, with registration and nominations open."""
    n = number()
    defaults: dict[str, Any] = {
        "code": f"sample-{n}",
        "year": 2026,
        "name": {"vi": f"Ngày Chuyển đổi số {n}", "en": f"Digital Transformation Day {n}"},
        "starts_on": TODAY + timedelta(days=40),
        "ends_on": TODAY + timedelta(days=40),
        "registration_opens_at": NOW - timedelta(days=1),
        "registration_closes_at": NOW + timedelta(days=39),
        "nominations_open_at": NOW - timedelta(days=1),
        "nominations_close_at": NOW + timedelta(days=30),
    }
    given.setdefault("host", None)
    host = given.pop("host") or organisation(kind=OrganisationKind.PROVINCE)
    made = save(Edition(host=host, **(defaults | given)))
    return made


def site(edition: Edition, **given: Any) -> Site:
    n = number()
    defaults = {
        "code": f"site-{n}",
        "kind": SiteKind.SATELLITE,
        "name": {"vi": f"Điểm cầu {n}", "en": f"Site {n}"},
        "position": db.session.scalar(select(func.count()).where(Site.edition_id == edition.id)),
    }
    return save(Site(edition_id=edition.id, **(defaults | given)))


def room(site: Site, **given: Any) -> Room:
    n = number()
    defaults = {"code": f"room-{n}", "name": {"vi": f"Phòng {n}", "en": f"Room {n}"}, "capacity": 100}
    return save(Room(site_id=site.id, **(defaults | given)))


def session(edition: Edition, *, sequence: int = 0, **given: Any) -> Session:
    """A session that the public knows, unless it is a draft, or was cancelled with a `sequence` of 0."""
    n = number()
    defaults = {
        "code": f"s{n}",
        "kind": SessionKind.CONFERENCE,
        "state": SessionState.PUBLISHED,
        "title": {"vi": f"Hội nghị {n}", "en": f"Conference {n}"},
        "updated_at": NOW,
    }
    made = save(Session(edition_id=edition.id, **(defaults | given)))
    if made.state is SessionState.PUBLISHED or (made.state is SessionState.CANCELLED and sequence):
        names = [*publishing.SESSION_FIELDS, "id", "edition_id", "state", "updated_at"]
        save(PublishedSession(sequence=sequence, **{name: getattr(made, name) for name in names}))
    return made


def placement(
    session: Session, room: Room | None = None, *, site: Site | None = None, **given: Any
) -> Placement:
    """A placement from 08:00 to 09:00 on the edition's first day; times may be given as "2026-10-10 08:00"."""
    site_id = room.site_id if room else site.id if site else None
    first_day: date = db.session.get(Edition, session.edition_id).starts_on
    for name, default in (("starts_at", "08:00"), ("ends_at", "09:00")):
        value = given.get(name, f"{first_day} {default}")
        given[name] = at(value) if isinstance(value, str) else value
    defaults = {"role": PlacementRole.ORIGIN, "mode": Mode.ON_SITE}
    made = save(
        Placement(
            edition_id=session.edition_id,
            session_id=session.id,
            site_id=site_id,
            room_id=room.id if room else None,
            room_shared=room.shared if room else None,
            **(defaults | given),
        )
    )
    if db.session.get(PublishedSession, session.id) is not None:
        names = [*publishing.PLACEMENT_FIELDS, "edition_id", "session_id"]
        save(PublishedPlacement(**{name: getattr(made, name) for name in names}))
    return made


def part(session: Session, person: Person, **given: Any) -> Part:
    made = save(Part(session_id=session.id, person_id=person.id, **({"kind": PartKind.SPEAKER} | given)))
    if db.session.get(PublishedSession, session.id) is not None:
        names = ["session_id", *publishing.PART_FIELDS]
        save(PublishedPart(**{name: getattr(made, name) for name in names}))
    return made


def released(edition: Edition, **given: Any) -> Release | None:
    """Let the public see the draft as it stands."""
    return publishing.publish(edition, **({"name": "test", "actor": actor(), "now": NOW} | given))


def pool(site: Site, **given: Any) -> SeatPool:
    defaults = {"mode": SeatMode.ON_SITE, "capacity": 100, "taken": 0}
    return save(SeatPool(edition_id=site.edition_id, site_id=site.id, **(defaults | given)))


def registration(pool: SeatPool, **given: Any) -> Registration:
    """A registration; takes its seat in the pool."""
    n = number()
    email = given.get("email", f"citizen{n}@example.org")
    defaults = {
        "code": codes.new_code(8),
        "token": codes.new_token(),
        "full_name": "Trần Thị Thí Dụ",
        "email": email,
        "email_key": email_key(email),
        "organisation_name": "",
        "locale": "en",
        "consent_version": "test",
        "consented_at": NOW,
        "created_at": NOW,
    }
    made = Registration(edition_id=pool.edition_id, pool_id=pool.id, **(defaults | given))
    if made.state in (None, RegistrationState.CONFIRMED):
        pool.taken += 1
    return save(made)


def notice(edition: Edition, **given: Any) -> Notice:
    """A notice of sessions that were moved one by one, of which nobody was told yet."""
    defaults = {"act": Act.CHANGED, "scope": Scope.EDITION, "created_at": NOW, "told": 0}
    return save(Notice(edition_id=edition.id, **(defaults | given)))


def scheme(edition: Edition, **given: Any) -> Scheme:
    n = number()
    defaults = {
        "code": f"scheme-{n}",
        "name": {"vi": "Khen thưởng chuyển đổi số", "en": "Digital transformation honours"},
        "form": AwardForm.BANG_KHEN,
        "legal_basis": "Luật Thi đua, khen thưởng số 06/2022/QH15",
        "giver": {"vi": "Chủ tịch Ủy ban nhân dân tỉnh Mẫu"},
        "signatory_title": {"vi": "Chủ tịch"},
    }
    return save(Scheme(edition_id=edition.id, **(defaults | given)))


def category(scheme: Scheme, **given: Any) -> Category:
    n = number()
    defaults = {
        "code": f"category-{n}",
        "name": {"vi": "Tập thể", "en": "Collectives"},
        "nominee_kind": NomineeKind.COLLECTIVE,
    }
    return save(Category(edition_id=scheme.edition_id, scheme_id=scheme.id, **(defaults | given)))


def nomination(category: Category, organisation: Organisation | None = None, **given: Any) -> Nomination:
    """A submitted nomination."""
    agency = organisation or globals()["organisation"]()
    state = given.get("state", NominationState.SUBMITTED)
    defaults = {
        "code": codes.new_code(8),
        "guid": uuid4(),
        "state": state,
        "organisation_name": agency.name,
        "nominee_name": "Tổ công nghệ số cộng đồng xã Mẫu",
        "nominee_position": "",
        "nominee_email": "awardee@example.org",
        "achievement": "Hỗ trợ người dân dùng dịch vụ công trực tuyến.",
        "contact_name": "Lê Thị Ví Dụ",
        "contact_email": "agency@example.org",
        "created_at": NOW,
        "updated_at": NOW,
        "submitted_at": None if state in (NominationState.DRAFT, NominationState.ENDORSING) else NOW,
    }
    creator = given.pop("created_by", None) or account()
    return save(
        Nomination(
            edition_id=category.edition_id,
            category_id=category.id,
            organisation_id=agency.id,
            created_by_id=creator.id,
            **(defaults | given),
        )
    )


def council(edition: Edition, *schemes: Scheme, **given: Any) -> Council:
    """A council without seats that decides on these schemes."""
    n = number()
    defaults = {"code": f"council-{n}", "name": {"vi": f"Hội đồng {n}", "en": f"Council {n}"}}
    made = save(Council(edition_id=edition.id, **(defaults | given)))
    for scheme in schemes:
        save(CouncilScheme(scheme_id=scheme.id, council_id=made.id, edition_id=edition.id))
    return made


def seat(council: Council, **given: Any) -> Seat:
    """A vacant seat of a member."""
    n = number()
    defaults = {
        "kind": SeatKind.MEMBER,
        "title": {"vi": f"Giám đốc Sở {n}", "en": f"Director {n}"},
        "position": n,
    }
    return save(Seat(council_id=council.id, **(defaults | given)))


def member(council: Council, *, expert: bool = False, starts_on: date = TODAY, **given: Any) -> Account:
    """Somebody who holds a seat of the council from today on."""
    made = account(Role.MEMBER, edition_id=council.edition_id)
    for name, value in given.items():
        setattr(made, name, value)
    if "email" in given:
        made.email_key = email_key(made.email)
    hold(council, made, expert=expert, starts_on=starts_on)
    return made


def hold(council: Council, holder: Account, *, expert: bool = False, starts_on: date = TODAY) -> Term:
    """A seat of the council, held from a day on."""
    return save(Term(seat_id=seat(council, expert=expert).id, account_id=holder.id, starts_on=starts_on))


def reading(nomination: Nomination, reader: Account, *, declared: bool = True, **given: Any) -> Reading:
    """A dossier on somebody's desk; it is open, since they said that they have no conflict."""
    if declared:
        save(Declaration(nomination_id=nomination.id, account_id=reader.id, declared_at=NOW))
    defaults = {"assigned_at": NOW}
    return save(Reading(nomination_id=nomination.id, account_id=reader.id, **(defaults | given)))


def conflict_of_interest(nomination: Nomination, member: Account, **given: Any) -> ConflictOfInterest:
    """A conflict that the secretary set and that stands."""
    defaults = {"source": ConflictSource.PINNED, "kind": "other", "detail": "", "created_at": NOW}
    return save(ConflictOfInterest(nomination_id=nomination.id, account_id=member.id, **(defaults | given)))


def ballot(edition: Edition, *, holder: Account | None = None, **given: Any) -> Ballot:
    """A prepared ballot of a council with one seat, which `holder` holds if there is one."""
    n = number()
    decided = scheme(edition, ballot=True)
    body = save(Council(edition_id=edition.id, code=f"council-{n}", name={"vi": "Hội đồng Mẫu"}))
    save(CouncilScheme(scheme_id=decided.id, council_id=body.id, edition_id=edition.id))
    seat = save(Seat(council_id=body.id, kind=SeatKind.CHAIR, title={"vi": "Chủ tịch"}, position=1))
    if holder is not None:
        save(Term(seat_id=seat.id, account_id=holder.id, starts_on=TODAY - timedelta(days=1)))
    defaults = {"quorum": 67, "threshold": 90, "rounds": 1, "tie_break": TieBreak.NEXT_ROUND, "secret": True}
    return save(
        Ballot(
            edition_id=edition.id,
            scheme_id=decided.id,
            council_id=body.id,
            created_at=NOW,
            **(defaults | given),
        )
    )


def comment_window(scheme: Scheme, **given: Any) -> CommentWindow:
    """The list of the scheme, published now by the secretary; the scheme has `comment_days`."""
    seen = consultation_queries.compose_list(scheme).sha256
    return consultation.publish_list(scheme, **({"seen": seen, "actor": actor(), "now": NOW} | given))


def comment(window: CommentWindow, number: int | None = None, **given: Any) -> Comment:
    """A comment that waits, on what stands under the number, else on the list as a whole."""
    defaults = {
        "receipt_hash": codes.hash_of(codes.new_code(16)),
        "text": "Người được đề nghị không làm việc này.",
        "full_name": "Đỗ Thị Góp Ý",
        "phone": "0912 345 678",
        "email": "",
        "home": "Số 1, đường Thí Dụ",
        "locale": "vi",
        "received_at": NOW,
    }
    return save(Comment(window_id=window.id, number=number, **(defaults | given)))


def decision(edition: Edition, **given: Any) -> Decision:
    """A decision that was announced; `announced_at=None` puts it under embargo."""
    defaults = {
        "number": f"{number()}/QĐ-UBND",
        "decided_on": TODAY,
        "signatory_name": "Phạm Văn Thử",
        "signatory_title": "Chủ tịch",
        "place": "Nghệ An",
        "recorded_at": NOW,
        "announced_at": NOW,
    }
    return save(Decision(edition_id=edition.id, **(defaults | given)))


def attachment(nomination: Nomination, **given: Any) -> Attachment:
    """A file of a dossier that was checked; nothing lies in storage under its key unless the test puts it there."""
    n = number()
    defaults = {
        "code": codes.new_code(8),
        "filename": "bao-cao.txt",
        "media_type": "text/plain",
        "size": 1,
        "sha256": f"{n:064d}",
        "storage_key": f"x/{n}",
        "uploaded_by_id": nomination.created_by_id,
        "created_at": NOW,
        "carriage": Carriage.DONE,
        "checked_at": NOW,
    }
    return save(Attachment(nomination_id=nomination.id, **(defaults | given)))


def award(decision: Decision, nomination: Nomination, **given: Any) -> Award:
    defaults = {
        "code": codes.new_code(8),
        "recipient_kind": NomineeKind.COLLECTIVE,
        "recipient_name": nomination.nominee_name,
        "recipient_position": nomination.nominee_position,
        "organisation_name": nomination.organisation_name,
        "achievement": "Đã có thành tích xuất sắc trong chuyển đổi số.",
        "position": 1,
        "created_at": NOW,
    }
    return save(
        Award(
            edition_id=decision.edition_id,
            decision_id=decision.id,
            category_id=nomination.category_id,
            nomination_id=nomination.id,
            **(defaults | given),
        )
    )


def certificate(award: Award, **given: Any) -> Certificate:
    """An issued certificate that waits to be rendered."""
    defaults = {
        "number": f"BK-2026-{number():04d}",
        "token": codes.new_token(),
        "holder_token": codes.new_token(),
        "facts": {},
        "recipient_email": "awardee@example.org",
        "recipient_locale": "vi",
        "issued_at": NOW,
        "carriage": Carriage.QUEUED,
    }
    return save(Certificate(edition_id=award.edition_id, award_id=award.id, **(defaults | given)))


def call(session: Session, **given: Any) -> Call:
    """The first call of a ceremony that is held in the session."""
    held = save(
        Ceremony(
            edition_id=session.edition_id,
            session_id=session.id,
            first=First.COLLECTIVES,
            per_call=10,
            opening=OPENING,
            line=LINE,
        )
    )
    return save(Call(ceremony_id=held.id, **({"position": 1, "script_for": []} | given)))


def turn(call: Call, award: Award, site: Site | None = None, **given: Any) -> Turn:
    defaults = {"position": 1, "site_id": site.id if site else None}
    return save(Turn(edition_id=award.edition_id, call_id=call.id, award_id=award.id, **(defaults | given)))


def press_summary(award: Award, **given: Any) -> PressSummary:
    """A draft; in the state SENT it has a link that nobody knows."""
    defaults: dict[str, Any] = {"text": "Đã có thành tích xuất sắc.", "updated_at": NOW}
    if given.get("state") is PressState.SENT:
        defaults |= {
            "token_hash": codes.hash_of(codes.new_token()),
            "sent_to": "awardee@example.org",
            "sent_at": NOW,
            "expires_at": NOW + LINK_TERM,
        }
    if given.get("state") is PressState.APPROVED:
        defaults |= {"approved_at": NOW, "answered_by": "Thử Nghiệm"}
    return save(PressSummary(edition_id=award.edition_id, award_id=award.id, **(defaults | given)))


def message(edition: Edition | None = None, **given: Any) -> Message:
    """A message that waits, of no reminder rule."""
    n = number()
    defaults = {
        "key": f"message:{n}",
        "kind": "registration_confirmed",
        "edition_id": edition.id if edition else None,
        "message_id": f"<{codes.new_token()}@dxday.example>",
        "to_name": "Trần Thị Thí Dụ",
        "to_address": f"reader{n}@example.org",
        "locale": "en",
        "subject": f"Letter {n}",
        "text": "Dear reader,\n\nthis is a letter.\n",
        "carriage": Carriage.QUEUED,
        "created_at": NOW,
    }
    return save(Message(**(defaults | given)))


def suppression(edition: Edition | None = None, **given: Any) -> Suppression:
    """An address that is spared reminders because somebody entered it."""
    defaults = {
        "address_key": f"spared{number()}@example.org",
        "edition_id": edition.id if edition else None,
        "scope": SuppressionScope.OPTIONAL,
        "reason": SuppressionReason.BY_HAND,
        "note": "",
        "created_at": NOW,
    }
    return save(Suppression(**(defaults | given)))


def reminder_rule(edition: Edition, **given: Any) -> ReminderRule:
    """A rule that is off: one day before it begins at their site, at 09:00, to everybody who holds a place."""
    defaults: dict[str, Any] = {
        "name": f"Reminder {number()}",
        "audience": "registrants",
        "moment": "first_session",
        "filters": {},
        "amount": 1,
        "unit": Unit.DAYS,
        "direction": Direction.BEFORE,
        "at_time": time(9),
        "created_at": NOW,
        "updated_at": NOW,
    }
    return save(ReminderRule(edition_id=edition.id, **(defaults | given)))


def hook(edition: Edition, **given: Any) -> Hook:
    """A hook that is told of moved sessions from now on; nobody listens at its address."""
    defaults = {
        "name": f"Screen {number()}",
        "url": "https://receiver.example/hooks",
        "events": ["session.moved"],
        "read_up_to": 0,
        "created_at": NOW,
    }
    return save(Hook(edition_id=edition.id, **(defaults | given)))


def hook_delivery(hook: Hook, **given: Any) -> HookDelivery:
    """A delivery that waits."""
    n = number()
    defaults = {
        "event_sequence": n,
        "event": "session.moved",
        "webhook_id": f"dx_sample_{n}",
        "body": {"type": "session.moved", "sequence": n, "data": {"code": "s1"}},
        "carriage": Carriage.QUEUED,
        "created_at": NOW,
    }
    return save(HookDelivery(hook_id=hook.id, **(defaults | given)))


def operation(edition: Edition, **given: Any) -> Operation:
    """An export that was asked for and waits for a worker."""
    defaults = {
        "key": f"operation:{number()}",
        "kind": "registrations_export",
        "arguments": {"locale": "en"},
        "created_at": NOW,
    }
    return save(Operation(edition_id=edition.id, **(defaults | given)))


def proposal(edition: Edition, **given: Any) -> Proposal:
    """A proposal of automatic scheduling that waits, without changes."""
    defaults = {
        "source": Source.SOLVER,
        "state": ProposalState.OPEN,
        "changes": [],
        "created_at": NOW,
        "updated_at": NOW,
    }
    return save(Proposal(edition_id=edition.id, **(defaults | given)))
