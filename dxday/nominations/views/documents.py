"""The agency's papers as PDF: the proposal of its nominations, and the report of achievements of each."""

from typing import Any

from flask import Blueprint, Response, g, render_template, request
from flask.typing import ResponseReturnValue

from dxday.accounts import queries as accounts
from dxday.core.errors import NotFound
from dxday.core.permissions import Permission
from dxday.nominations import content, documents, queries, rules
from dxday.nominations.forms import ProposalForm
from dxday.nominations.models import Nomination
from dxday.nominations.views.loading import mine, note_look, own
from dxday.schemes import queries as schemes
from dxday.web.access import requires

bp = Blueprint("nomination_documents", __name__, url_prefix="/agency/<edition_code>/nominations")


@bp.get("/<code>/report.pdf")
@requires(Permission.NOMINATION_WRITE)
def report(code: str) -> ResponseReturnValue:
    nomination = own(code)
    note_look(nomination)
    endorsed = [
        each for each in queries.list_chain(nomination.id) if each.state is rules.EndorsementState.ENDORSED
    ]
    body = documents.draw_report(
        content.read_content(nomination),
        endorsed,
        head=documents.Letterhead(),
        made_at=nomination.updated_at,
    )
    return _pdf(body, f"bao-cao-{nomination.code}.pdf")


@bp.get("/proposal")
@requires(Permission.NOMINATION_WRITE)
def proposal() -> ResponseReturnValue:
    return render_template("nominations/proposal.html", **_choice())


@bp.get("/proposal.pdf")
@requires(Permission.NOMINATION_WRITE)
def proposal_pdf() -> ResponseReturnValue:
    page = _choice()
    form, chosen = page["form"], page["chosen"]
    if not chosen:
        form.refuse(rules.NobodyProposed())
    if not chosen or not form.validate():
        return render_template("nominations/proposal.html", **page), 422
    body = documents.draw_proposal(
        page["scheme"],
        chosen,
        head=documents.Letterhead(
            number=form.number.data or "",
            place=form.place.data or "",
            on=form.on.data,
            signatory_title=form.signatory_title.data or "",
            signatory_name=form.signatory_name.data or "",
        ),
        made_at=max(each.updated_at for each in chosen),
    )
    return _pdf(body, f"to-trinh-{page['scheme'].code}.pdf")


def _choice() -> dict[str, Any]:
    """Return what is chosen on the address: scheme, agency, and which of its nominations."""
    offered = schemes.list_schemes(g.edition.id)
    organisations = accounts.list_organisations(mine())
    form = ProposalForm.for_choice(request.args, offered, organisations)
    scheme = _one_of(offered, form.scheme.data)
    organisation = _one_of(organisations, form.organisation.data)
    proposed = queries.list_proposed(scheme.id, organisation.id) if scheme and organisation else []
    wanted = request.args.getlist("code")
    chosen: list[Nomination] = [each for each in proposed if not wanted or each.code in wanted]
    return {"form": form, "scheme": scheme, "proposed": proposed, "chosen": chosen}


def _one_of(things: list[Any], code: str | None) -> Any:
    """Return the scheme or organisation with this code, None when there is nothing at all.  Raises NotFound."""
    for thing in things:
        if thing.code == code:
            return thing
    if code:
        raise NotFound
    return None


def _pdf(body: bytes, name: str) -> Response:
    return Response(
        body,
        content_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{name}"', "Cache-Control": "no-store"},
    )
