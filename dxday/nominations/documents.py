"""The papers of a nomination, in the form of Decree 30/2020: the agency's proposal and the report of achievements.

They are made from the dossier as it stands, always in Vietnamese, and hold the same bytes as long as it stands so.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from flask import current_app
from flask_babel import force_locale

from dxday.core.i18n import pick
from dxday.core.official import Paper, Signature
from dxday.nominations.content import Content, Part
from dxday.nominations.models import Endorsement, Nomination
from dxday.nominations.rules import FileState
from dxday.schemes.models import Scheme
from dxday.schemes.rules import AwardForm, ItemKind, NomineeKind
from dxday.web.filters import local

_VI = "vi"

_FORMS = {
    AwardForm.BANG_KHEN: "Bằng khen",
    AwardForm.GIAY_KHEN: "Giấy khen",
    AwardForm.THEMATIC: "khen thưởng theo chuyên đề",
}
"""What the law calls them; an award of the organizer is called as its scheme."""

KINDS = {
    NomineeKind.COLLECTIVE: "tập thể",
    NomineeKind.INDIVIDUAL: "cá nhân",
    NomineeKind.HOUSEHOLD: "hộ gia đình",
}
"""Whom one honours, in the words of the law."""


@dataclass(frozen=True)
class Letterhead:
    """What an agency writes on its paper; all of it may be left for the hand."""

    number: str = ""
    place: str = ""
    on: date | None = None
    signatory_title: str = ""
    signatory_name: str = ""


def draw_proposal(
    scheme: Scheme, nominations: Sequence[Nomination], *, head: Letterhead, made_at: datetime
) -> bytes:
    """Return the agency's proposal (tờ trình) of some nominations of the scheme, with their list, as PDF/A-3a.

    There is at least one, and all are of one agency.
    """
    agency = _agency(nominations[0])
    giver = pick(scheme.giver, _VI)
    kinds = Counter(nomination.category.nominee_kind for nomination in nominations)
    paper = Paper(
        agency=agency,
        kind="Tờ trình",
        number=head.number,
        symbol="TTr",
        place=head.place,
        on=head.on,
        about=f"Về việc đề nghị tặng {form_of(scheme)}",
        addressed_to=(giver,),
        bases=bases_of(scheme),
        recipients=("Như trên", "Lưu: VT"),
        signatures=(Signature(head.signatory_title or "Thủ trưởng cơ quan, đơn vị", head.signatory_name),),
    )
    return _draw(
        "pdf/proposal.html",
        title=f"Tờ trình đề nghị tặng {form_of(scheme)} – {agency}",
        made_at=made_at,
        paper=paper,
        agency=agency,
        giver=giver,
        form=form_of(scheme),
        scheme=pick(scheme.name, _VI),
        counted=[f"{kinds[kind]:02d} {word}" for kind, word in KINDS.items() if kinds[kind]],
        rows=[
            (nomination, KINDS[nomination.category.nominee_kind], pick(nomination.category.name, _VI))
            for nomination in nominations
        ],
    )


def draw_report(
    content: Content, endorsements: Sequence[Endorsement], *, head: Letterhead, made_at: datetime
) -> bytes:
    """Return the report of achievements (báo cáo thành tích) of one nomination as PDF/A-3a.

    Of the endorsements, those of what the dossier says now are named; that others are of another text is said.
    """
    nomination = content.nomination
    scheme = nomination.category.scheme
    individual = nomination.category.nominee_kind is NomineeKind.INDIVIDUAL
    agency = _agency(nomination)
    paper = Paper(
        agency=agency,
        kind="Báo cáo thành tích",
        place=head.place,
        on=head.on,
        about=f"Đề nghị tặng {form_of(scheme)}",
        signatures=(
            Signature(head.signatory_title or "Xác nhận của cấp trình khen thưởng", head.signatory_name),
            Signature(
                "Người báo cáo thành tích" if individual else "Đại diện tập thể, hộ gia đình",
                nomination.nominee_name if individual else "",
            ),
        ),
    )
    with force_locale(_VI):
        parts = [(str(part.name), _written(part)) for part in content.parts]
    return _draw(
        "pdf/report.html",
        title=f"Báo cáo thành tích {nomination.code} – {nomination.nominee_name}",
        made_at=made_at,
        paper=paper,
        nomination=nomination,
        agency=agency,
        individual=individual,
        kind=KINDS[nomination.category.nominee_kind],
        category=pick(nomination.category.name, _VI),
        scheme=pick(scheme.name, _VI),
        form=form_of(scheme),
        parts=parts,
        attachments=[each for each in content.attachments if each.state is not FileState.REFUSED],
        endorsements=[
            (pick(each.step_name, _VI), each, f"{local(each.answered_at):%H:%M ngày %d/%m/%Y}")
            for each in endorsements
            if each.answered_at and each.content_sha256 == content.sha256
        ],
        changed=any(each.content_sha256 not in (None, content.sha256) for each in endorsements),
        digest=content.sha256,
    )


def _draw(template: str, *, title: str, made_at: datetime, **given: object) -> bytes:
    html = current_app.jinja_env.get_template(template).render(title=title, **given)
    from dxday.adapters import pdf  # WeasyPrint takes a second to load: only who draws pays for it

    return pdf.render_official(html, title=title, made_at=made_at)


def _written(part: Part) -> str:
    """Return an answer in words."""
    if part.kind is ItemKind.YES_NO and part.value:
        return "Có" if part.value == "yes" else "Không"
    if part.kind is ItemKind.DATE and part.value:
        return f"{date.fromisoformat(part.value):%d/%m/%Y}"
    return part.value


def _agency(nomination: Nomination) -> str:
    return pick(nomination.organisation_name, _VI)


def form_of(scheme: Scheme) -> str:
    """Return the form of the scheme's award as the law calls it."""
    return _FORMS.get(scheme.form) or pick(scheme.name, _VI)


def bases_of(scheme: Scheme) -> tuple[str, ...]:
    """Return the laws that the scheme stands on, each as a legal basis."""
    cited = [each.strip() for each in re.split(r"[;\n]", scheme.legal_basis) if each.strip()]
    return tuple(each if each.casefold().startswith("căn cứ") else f"Căn cứ {each}" for each in cited)
