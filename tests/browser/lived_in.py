"""What an edition holds once it is lived in, and that no demo shows: it comes from letters, or is over in a moment."""

from datetime import timedelta
from uuid import uuid4

from sqlalchemy import select

import config
from dxday.accounts import queries as accounts
from dxday.accounts.models import Account
from dxday.adapters.storage import StoredFile, open_storage
from dxday.app import create_app
from dxday.ceremony.rules import PressState
from dxday.consultation import services as consultation
from dxday.consultation.rules import Signature
from dxday.core import clock, codes
from dxday.db import db, transaction
from dxday.editions import queries as editions
from dxday.editions.models import Edition
from dxday.nominations.models import Endorsement, Nomination
from dxday.nominations.rules import EndorsementState, State
from dxday.programme import queries as programme
from dxday.schemes.models import Category, Scheme
from dxday.sites import queries as sites
from tests import make
from tests.browser_site import Site

REPORT = "Báo cáo thành tích (ví dụ).".encode()


def live_in_honours(site: Site) -> list[str]:
    """Public comment, an endorsement that is asked for, a ceremony, press summaries: return what only letters name."""
    app = create_app(config.read({**site.environ, "BASE_URL": site.url}))
    with app.app_context(), transaction():
        edition = editions.get_edition("next")
        stored = open_storage(app.extensions["dxday_settings"].storage_url).put("endorsed/report", REPORT)
        return [
            *_comment(edition),
            _endorse(stored),
            "/endorse/done",
            _hand_over(edition),
            "/my/press/done",
        ]


def _comment(edition: Edition) -> list[str]:
    """A published list with a comment on it; the demo's member reads the dossier that it is about."""
    scheme = make.scheme(edition, code="commented", comment_days=10, name={"vi": "Khen thưởng lấy ý kiến"})
    category = make.category(scheme)
    commented = make.nomination(category, accounts.get_organisation("xa-mau"), state=State.ADMITTED)
    member = _account("member@dxday.example")
    council = make.council(edition, scheme)
    make.hold(council, member)
    make.reading(commented, member)
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
    return [f"/next/nominations/receipts/{receipt}"]


def _endorse(report: StoredFile) -> str:
    """The demo's endorsement that is asked for, by a link that we know, with a file in its dossier."""
    asked = db.session.scalars(select(Endorsement).where(Endorsement.state == EndorsementState.ASKED)).one()
    token = codes.new_token()
    asked.token_hash = codes.hash_of(token)
    asked.expires_at = clock.now() + timedelta(days=1)
    make.attachment(
        db.session.get_one(Nomination, asked.nomination_id),
        storage_key=report.key,
        size=report.size,
        sha256=report.sha256,
    )
    return f"/endorse/{token}"


def _hand_over(edition: Edition) -> str:
    """A ceremony in the hall and at a site, and summaries for the press: the demo's agency's, an awardee's, a draft."""
    category = db.session.scalars(
        select(Category).join(Scheme).where(Scheme.edition_id == edition.id).order_by(Category.id)
    ).first()
    assert category is not None
    decision = make.decision(edition)
    place = sites.get_site(edition.id, "cua-lo")
    call = make.call(programme.get_session(edition.id, "le-khai-mac"))
    awards = []
    for number, agency in enumerate(("so-mau", "xa-mau", "xa-thi-du"), start=1):
        nomination = make.nomination(category, accounts.get_organisation(agency), state=State.AWARDED)
        awards.append(make.award(decision, nomination, position=number))
        make.turn(
            call,
            awards[-1],
            place if number < 3 else None,
            position=number,
            handed_at=clock.now() if number == 2 else None,
        )
    make.press_summary(awards[0], state=PressState.SENT)
    sent = make.press_summary(awards[1], state=PressState.SENT)
    make.press_summary(awards[2])
    token = codes.new_token()
    sent.token_hash = codes.hash_of(token)
    return f"/my/press/{token}"


def _account(email: str) -> Account:
    account = accounts.find_account_by_email(email)
    assert account is not None
    return account
