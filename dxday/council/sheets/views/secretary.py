"""Pages on which who runs the council sees the order, talks gaps over, and looks at how fair the order is."""

from io import BytesIO

from flask import Blueprint, flash, g, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from dxday import db
from dxday.core import clock
from dxday.core.errors import NotFound, Refusal
from dxday.core.i18n import gettext as _
from dxday.core.i18n import pick
from dxday.core.permissions import Permission
from dxday.council.rules import CONFLICT_SOURCE_NAMES, ConflictSource
from dxday.council.sheets import fairness, queries, ranking, rules, scoring, services, writing
from dxday.council.sheets.forms import ClosingForm, ModerationForm, ReasonForm
from dxday.nominations.models import Nomination
from dxday.schemes import queries as schemes
from dxday.schemes.models import Category, Scheme
from dxday.web.access import requires
from dxday.web.filters import local, points_in

bp = Blueprint("scores", __name__, url_prefix="/council/<edition_code>")


@bp.get("/ranking")
@requires(Permission.COUNCIL_MANAGE)
def index() -> ResponseReturnValue:
    offered = schemes.list_schemes(g.edition.id)
    scheme, category = _chosen(offered)
    if scheme is None:
        return render_template("council/sheets/no_scheme.html", tab="ranking")
    by = _by()
    scores = queries.get_scores(scheme, viewer_id=g.actor.account_id)
    return render_template(
        "council/sheets/ranking.html",
        standings=_stand(scores, by, category),
        scores=scores,
        schemes=offered,
        scheme=scheme,
        category=category,
        by=by,
        by_names=ranking.BY_NAMES,
        closes_at=queries.find_closing(scheme.id),
        rule={"sheets": scoring.LEAST_SHEETS, "readers": scoring.LEAST_READERS},
        now=clock.now(),
        # A thousand rows ask for the language of the page once, not each of them.
        pick=pick,
        points_in=points_in,
    )


@bp.get("/ranking.<form>")
@requires(Permission.COUNCIL_MANAGE)
def export(form: str) -> ResponseReturnValue:
    scheme, category = _chosen(schemes.list_schemes(g.edition.id))
    if scheme is None or form not in writing.MEDIA_TYPES:
        raise NotFound
    scores = queries.get_scores(scheme, viewer_id=g.actor.account_id)
    standings = _stand(scores, _by(), category)
    with db.transaction():
        services.note_export(scheme, count=len(standings), form=form, actor=g.actor, now=clock.now())
    names = {each.id: each.name for each in scheme.categories}
    return send_file(
        BytesIO(writing.write(form, standings, names)),
        writing.MEDIA_TYPES[form],
        as_attachment=True,
        download_name=f"ranking-{g.edition.code}-{scheme.code}.{form}",
    )


@bp.route("/ranking/closing/<scheme_code>", methods=["GET", "POST"])
@requires(Permission.COUNCIL_MANAGE)
def closing(scheme_code: str) -> ResponseReturnValue:
    scheme = queries.get_scheme(g.edition.id, scheme_code)
    closes_at = queries.find_closing(scheme.id)
    form = ClosingForm(
        data={"day": local(closes_at).date(), "clock": local(closes_at).time()} if closes_at else None
    )
    if form.validate_on_submit():
        with db.transaction():
            services.set_closing(scheme, form.closes_at(), actor=g.actor, now=clock.now())
        flash(_("It was noted until when score sheets are due."), "success")
        return redirect(url_for(".index", scheme=scheme.code))
    return render_template("council/sheets/closing.html", form=form, scheme=scheme)


@bp.get("/moderation")
@requires(Permission.COUNCIL_MANAGE)
def gaps() -> ResponseReturnValue:
    offered = schemes.list_schemes(g.edition.id)
    scheme, category = _chosen(offered)
    if scheme is None:
        return render_template("council/sheets/no_scheme.html", tab="moderation")
    scores = queries.get_scores(scheme, viewer_id=g.actor.account_id)
    standings = _stand(scores, ranking.By.RAW, category)
    totals: dict[int, list[float]] = {}
    for each in scores.marks:
        totals.setdefault(each.nomination_id, []).append(each.total)
    by_id = {each.id: each for each in scores.dossiers}
    return render_template(
        "council/sheets/gaps.html",
        apart=sorted(
            (each for each in standings if each.gap >= scheme.discrepancy and each.submitted > 1),
            key=lambda each: (-each.gap, each.dossier.code),
        ),
        moderated=[each for each in standings if each.is_moderated],
        declined=[
            (by_id[nomination_id], account_id)
            for nomination_id, account_id in scores.declined
            if category is None or by_id[nomination_id].category_id == category.id
        ],
        names=queries.list_names({account_id for _id, account_id in scores.declined}),
        totals=totals,
        left_out=scores.unseen,
        schemes=offered,
        scheme=scheme,
        category=category,
    )


@bp.route("/moderation/<code>", methods=["GET", "POST"])
@requires(Permission.COUNCIL_MANAGE)
def moderate(code: str) -> ResponseReturnValue:
    nomination = _scored(code)
    form = ModerationForm()
    if form.validate_on_submit():
        try:
            with db.transaction():
                services.moderate_score(
                    nomination,
                    score=form.score.data,
                    reason=form.reason.data,
                    actor=g.actor,
                    now=clock.now(),
                )
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            flash(_("The moderated score was noted."), "success")
            return redirect(url_for(".moderate", code=nomination.code))
    nomination = _scored(code)
    with db.transaction():
        services.note_scores_viewed(nomination, actor=g.actor, now=clock.now())
    sheets = queries.list_sheets_of(nomination.id)
    criteria = queries.list_criteria(nomination.category)
    submitted = [each for each in sheets if each.state is rules.SheetState.SUBMITTED]
    return render_template(
        "council/sheets/moderate.html",
        nomination=nomination,
        form=form,
        sheets=sheets,
        submitted=submitted,
        scores={(each.id, score.criterion_id): score for each in submitted for score in each.scores},
        gap=scoring.gap_of([each.total for each in submitted if each.total is not None]),
        criteria=criteria,
        whole=sum(each.weight for each in criteria),
        submissions=queries.list_submissions([each.id for each in sheets]),
        moderations=queries.list_moderations(nomination.id),
        state_names=rules.SHEET_STATE_NAMES,
        recommendations=rules.RECOMMENDATION_NAMES,
    )


@bp.route("/moderation/<code>/reopen/<int:account_id>", methods=["GET", "POST"])
@requires(Permission.COUNCIL_MANAGE)
def reopen(code: str, account_id: int) -> ResponseReturnValue:
    nomination = _scored(code)
    sheet = next(
        (each for each in queries.list_sheets_of(nomination.id) if each.account_id == account_id), None
    )
    if sheet is None:
        raise NotFound
    form = ReasonForm()
    if form.validate_on_submit():
        try:
            with db.transaction():
                services.reopen_sheet(
                    nomination, account_id, reason=form.reason.data, actor=g.actor, now=clock.now()
                )
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            flash(_("The score sheet is open again."), "success")
            # Who opens their own sheet again does not see the others' scores until it is in.
            seen = queries.may_see(nomination.id, g.actor.account_id)
            return redirect(url_for(".moderate", code=nomination.code) if seen else url_for(".gaps"))
    return render_template("council/sheets/reopen.html", nomination=nomination, sheet=sheet, form=form)


@bp.get("/fairness")
@requires(Permission.COUNCIL_MANAGE)
def report() -> ResponseReturnValue:
    offered = schemes.list_schemes(g.edition.id)
    scheme, category = _chosen(offered)
    if scheme is None:
        return render_template("council/sheets/no_scheme.html", tab="fairness")
    first = min(max(request.args.get("first", 10, type=int), 1), 200)
    found = fairness.get_report(scheme, category, viewer_id=g.actor.account_id, first=first)
    return render_template(
        "council/sheets/fairness.html",
        report=found,
        recusals=[
            *((word, found.recusals[source, False]) for source, word in CONFLICT_SOURCE_NAMES.items()),
            (_("Lifted by the secretary"), sum(found.recusals[source, True] for source in ConflictSource)),
        ],
        schemes=offered,
        scheme=scheme,
        category=category,
        first=first,
    )


def _chosen(offered: list[Scheme]) -> tuple[Scheme | None, Category | None]:
    """Return the scheme and category of the address: `of` is “scheme” or “scheme/category”.

    Else the first scheme that a council votes on, since its dossiers are read; else the first.
    """
    wish, _slash, category_code = request.args.get("of", request.args.get("scheme", "")).partition("/")
    first = next((each for each in offered if each.ballot), offered[0] if offered else None)
    scheme = next((each for each in offered if each.code == wish), first)
    found = scheme.categories if scheme else []
    return scheme, next((each for each in found if each.code == category_code), None)


def _by() -> ranking.By:
    wish = request.args.get("by", ranking.By.MODERATED)
    return ranking.By(wish) if wish in set(ranking.By) else ranking.By.MODERATED


def _stand(scores: queries.Scores, by: ranking.By, category: Category | None) -> list[ranking.Standing]:
    return ranking.stand(
        scores.dossiers,
        scores.marks,
        readers=scores.readers,
        moderated=scores.moderated,
        by=by,
        category_id=category.id if category else None,
    )


def _scored(code: str) -> Nomination:
    return queries.get_scored(g.edition.id, code, viewer_id=g.actor.account_id)
