"""What an edition holds once it is lived in, and that no demo shows: it comes from letters, or is over in a moment."""

from datetime import timedelta
from uuid import uuid4

from sqlalchemy import select

import config
from dxday.accounts import queries as accounts
from dxday.accounts.models import Account
from dxday.adapters.storage import StoredFile, open_storage
from dxday.app import create_app
from dxday.appraisal.models import Opinion
from dxday.awards import queries as awards
from dxday.ballots import queries as ballots
from dxday.ballots.models import Ballot
from dxday.ballots.rules import State as BallotState
from dxday.ceremony.rules import PressState
from dxday.consultation import services as consultation
from dxday.consultation.rules import Signature
from dxday.core import clock, codes
from dxday.core.permissions import Role
from dxday.council import queries as councils
from dxday.council.models import CouncilScheme
from dxday.council.services import assignment
from dxday.db import db, transaction
from dxday.demo.honours import SIMILAR
from dxday.editions import queries as editions
from dxday.editions.models import Edition
from dxday.nominations import queries as nominations
from dxday.nominations.models import Endorsement, Nomination
from dxday.nominations.rules import EndorsementState, State
from dxday.programme import queries as programme
from dxday.schemes import queries as schemes
from dxday.schemes.models import Category, Extension, Holiday, Scheme
from dxday.sites import queries as sites
from tests import make
from tests.browser_site import Site

REPORT = "Báo cáo thành tích (ví dụ).".encode()


def live_in_honours(site: Site) -> dict[Role | None, list[str]]:
    """Public comment, an endorsement, a ceremony, press summaries, limits: return what each finds besides by links.

    The walk follows one address of a kind; of what the demo has more than one, that which has most on it stands here.
    """
    app = create_app(config.read({**site.environ, "BASE_URL": site.url}))
    with app.app_context(), transaction():
        edition = editions.get_edition("next")
        stored = open_storage(app.extensions["dxday_settings"].storage_url).put("endorsed/report", REPORT)
        scheme = schemes.list_schemes(edition.id)[0]
        _limit(scheme)
        receipt, asked, token = _comment(edition), _endorse(stored), codes.new_token()
        return {
            None: [receipt, f"/endorse/{token}", "/endorse/done", _hand_over(edition), "/my/press/done"],
            Role.AGENCY: _of_the_agency(edition, asked, token),
            Role.COUNCIL: _of_the_council(edition),
            Role.MEMBER: [f"/sit/next/ballots/{_closed(edition).id}"],
        }


def _limit(scheme: Scheme) -> None:
    """An extension and a holiday of our own."""
    agency = accounts.get_organisation("so-mau")
    make.save(
        Extension(
            scheme_id=scheme.id,
            organisation_id=agency.id,
            closes_at=clock.now() + timedelta(days=90),
            reason="Bão.",
            created_at=clock.now(),
        )
    )
    make.save(Holiday(day=make.TODAY + timedelta(days=60), name="Nghỉ bù", off=True, source="Thông báo mẫu"))


def _of_the_agency(edition: Edition, asked: Endorsement, token: str) -> list[str]:
    asked.token_hash = codes.hash_of(token)
    mine = "/agency/next/nominations"
    sent = db.session.get_one(Nomination, asked.nomination_id)
    category = nominations.category_of(sent)
    draft = db.session.scalars(
        select(Nomination).where(
            Nomination.edition_id == edition.id,
            Nomination.state == State.DRAFT,
            Nomination.organisation_id == sent.organisation_id,
        )
    ).first()
    assert draft is not None
    return [
        f"{mine}/{sent.code}/endorsement/",
        f"{mine}/{draft.code}/sections/nominee/take-over",
        f"{mine}/begin/{category.id}/1/not-eligible",
    ]


def _of_the_council(edition: Edition) -> list[str]:
    desk = "/council/next"
    (council, *_) = councils.list_councils(edition.id)
    alike = db.session.scalars(select(Nomination).where(Nomination.achievement == SIMILAR)).all()
    make.save(
        Opinion(
            nomination_id=alike[0].id,
            organisation_name="Công an tỉnh Mẫu",
            question="Có vi phạm không?",
            asked_at=clock.now(),
            due_on=make.TODAY,
        )
    )
    assignment.propose_assignment(council, seed=1, keep=True, actor=make.actor(), now=clock.now())
    return [
        f"{desk}/appraisal/dossiers/{alike[0].code}",
        f"{desk}/appraisal/dossiers/{alike[0].code}/compare/{alike[1].code}",
        f"{desk}/assignment/{council.code}/",
        f"{desk}/conflicts/{council.code}/",
        *(f"/manage/next/schemes/{each.code}" for each in schemes.list_schemes(edition.id)),
        *(f"{desk}/ballots/{each.id}" for each in ballots.list_ballots(edition.id)),
        f"{desk}/ballots/{_closed(edition).id}/minutes",
        *(f"{desk}/decisions/{each.id}" for each in awards.list_decisions(edition.id)),
    ]


def _closed(edition: Edition) -> Ballot:
    return next(each for each in ballots.list_ballots(edition.id) if each.state is BallotState.CLOSED)


def _comment(edition: Edition) -> str:
    """A published list with a comment on it; the demo's member reads the dossier that it is about."""
    scheme = make.scheme(edition, code="commented", comment_days=10, name={"vi": "Khen thưởng lấy ý kiến"})
    category = make.category(scheme)
    commented = make.nomination(category, accounts.get_organisation("xa-mau"), state=State.ADMITTED)
    (council, *_) = councils.list_councils(edition.id)
    make.save(CouncilScheme(scheme_id=scheme.id, council_id=council.id, edition_id=edition.id))
    make.reading(commented, _account("member@dxday.example"))
    window = make.comment_window(scheme)
    receipt = consultation.receive_comment(
        window,
        number=1,
        text="Việc này do thôn khác làm.",
        signature=Signature(
            full_name="Đỗ Thị Góp Ý", phone="0912 345 678", home="Số 1, đường Thí Dụ", signed=True
        ),
        guid=uuid4(),
        locale="en",
        now=clock.now(),
    )
    return f"/next/nominations/receipts/{receipt}"


def _endorse(report: StoredFile) -> Endorsement:
    """The demo's endorsement that is asked for, with a file in its dossier."""
    asked = db.session.scalars(select(Endorsement).where(Endorsement.state == EndorsementState.ASKED)).one()
    asked.expires_at = clock.now() + timedelta(days=1)
    make.attachment(
        db.session.get_one(Nomination, asked.nomination_id),
        storage_key=report.key,
        size=report.size,
        sha256=report.sha256,
    )
    return asked


def _hand_over(edition: Edition) -> str:
    """A ceremony in the hall and at a site, and summaries for the press: the demo's agency's, an awardee's, a draft."""
    category = db.session.scalars(
        select(Category).join(Scheme).where(Scheme.edition_id == edition.id).order_by(Category.id)
    ).first()
    assert category is not None
    decision = make.decision(edition)
    place, elsewhere = (sites.get_site(edition.id, code) for code in ("cua-lo", "ky-son"))
    call = make.call(programme.get_session(edition.id, "le-khai-mac"))
    honoured = []
    for number, agency in enumerate(("so-mau", "xa-mau", "xa-thi-du"), start=1):
        nomination = make.nomination(category, accounts.get_organisation(agency), state=State.AWARDED)
        honoured.append(make.award(decision, nomination, position=number))
        make.turn(
            call,
            honoured[-1],
            (place, place, elsewhere)[number - 1],
            position=number,
            handed_at=clock.now() if number == 2 else None,
        )
    make.press_summary(honoured[0], state=PressState.SENT)
    sent = make.press_summary(honoured[1], state=PressState.SENT)
    make.press_summary(honoured[2], state=PressState.APPROVED)
    token = codes.new_token()
    sent.token_hash = codes.hash_of(token)
    return f"/my/press/{token}"


def _account(email: str) -> Account:
    account = accounts.find_account_by_email(email)
    assert account is not None
    return account
