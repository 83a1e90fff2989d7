"""Pages for everybody: published lists, a comment on them, and what became of it."""

from typing import Any

from flask import Blueprint, Response, flash, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dxday import db
from dxday.adapters import spreadsheets
from dxday.consultation import queries, rules, services, snapshots
from dxday.consultation.forms import CommentForm, ReceiptForm
from dxday.consultation.models import CommentWindow
from dxday.core import clock
from dxday.core.errors import NotFound, Refusal
from dxday.core.i18n import gettext as _
from dxday.core.vietnamese import fold
from dxday.schemes.rules import NOMINEE_KIND_NAMES, NomineeKind
from dxday.web.access import open_to_all
from dxday.web.converters import row_id
from dxday.web.filters import text as written
from dxday.web.filters import zone
from dxday.web.languages import current_locale
from dxday.web.limits import limiter

bp = Blueprint("consultation", __name__)

PAGE = 100


@bp.context_processor
def _names() -> dict[str, Any]:
    return {
        "kind_names": {kind.value: name for kind, name in NOMINEE_KIND_NAMES.items()},
        "outcome_names": rules.OUTCOME_NAMES,
        "last_day": lambda moment: rules.last_day(moment, zone()).date(),
    }


@bp.get("/<edition_code>/nominations")
@open_to_all
def index() -> ResponseReturnValue:
    now = clock.now()
    windows = queries.list_current(g.edition.id)
    return render_template(
        "consultation/index.html",
        open=[each for each in windows if each.is_open(now)],
        past=[each for each in windows if not each.is_open(now)],
    )


@bp.get("/<edition_code>/nominations/<int:window_id>")
@open_to_all
def show(window_id: int) -> ResponseReturnValue:
    window = queries.get_window(g.edition.id, window_id)
    entries = queries.list_entries(window.id)
    wanted = request.args.get("q", "")
    found = [entry for entry in entries if _speaks_of(entry, wanted)]
    pages = max(1, -(-len(found) // PAGE))
    page = min(max(1, request.args.get("page", 1, type=row_id)), pages)
    return render_template(
        "consultation/show.html",
        window=window,
        entries=found[(page - 1) * PAGE : page * PAGE],
        found=len(found),
        total=len(entries),
        wanted=wanted,
        page=page,
        pages=pages,
        versions=queries.list_versions(window.scheme_id),
        is_open=window.is_open(clock.now()),
    )


def _speaks_of(entry: snapshots.Entry, wanted: str) -> bool:
    """Tell whether an entry holds the words that are looked for, marks and capitals aside."""
    where = [
        entry.nominee,
        entry.position,
        entry.achievement,
        *entry.agency.values(),
        *entry.category.values(),
    ]
    return fold(wanted) in fold(" ".join(where))


@bp.get("/<edition_code>/nominations/<int:window_id>/list.json")
@open_to_all
def as_json(window_id: int) -> ResponseReturnValue:
    window = queries.get_window(g.edition.id, window_id)
    return _file(window, queries.get_snapshot(window.id).encode(), "json", "application/json")


@bp.get("/<edition_code>/nominations/<int:window_id>/list.csv")
@open_to_all
def as_csv(window_id: int) -> ResponseReturnValue:
    window = queries.get_window(g.edition.id, window_id)
    heads = (
        _("Number"),
        _("Nominee"),
        _("Kind"),
        _("Position"),
        _("Category"),
        _("Agency"),
        _("Achievement"),
    )
    rows = [
        (
            entry.number,
            entry.nominee,
            str(NOMINEE_KIND_NAMES[NomineeKind(entry.kind)]),
            entry.position,
            written(entry.category),
            written(entry.agency),
            entry.achievement,
        )
        for entry in queries.list_entries(window.id)
    ]
    data = spreadsheets.write("csv", [heads, *rows])
    return _file(window, data, "csv", spreadsheets.MEDIA_TYPES["csv"])


def _file(window: CommentWindow, data: bytes, form: str, media_type: str) -> Response:
    name = f"nominations-{g.edition.code}-{window.id}.{form}"
    return Response(
        data, content_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


@bp.route("/<edition_code>/nominations/<int:window_id>/comment", methods=["GET", "POST"])
@open_to_all
@limiter.limit("30 per minute", methods=["POST"])
def comment(window_id: int) -> ResponseReturnValue:
    return _comment(queries.get_window(g.edition.id, window_id), None)


@bp.route("/<edition_code>/nominations/<int:window_id>/comment/<int:number>", methods=["GET", "POST"])
@open_to_all
@limiter.limit("30 per minute", methods=["POST"])
def comment_on(window_id: int, number: int) -> ResponseReturnValue:
    window = queries.get_window(g.edition.id, window_id)
    entries = queries.list_entries(window.id)
    entry = next((each for each in entries if each.number == number), None)
    if entry is None:
        raise NotFound
    return _comment(window, entry)


def _comment(window: CommentWindow, entry: snapshots.Entry | None) -> ResponseReturnValue:
    form, status = CommentForm(), 200
    anonymous = queries.lets_in_anonymous(window.scheme_id)
    if form.validate_on_submit():
        try:
            with db.transaction():
                receipt = services.receive_comment(
                    window,
                    number=entry.number if entry is not None else None,
                    text=form.text.data or "",
                    signature=form.signature,
                    guid=form.key,
                    locale=current_locale(),
                    now=clock.now(),
                )
        except Refusal as refusal:
            gaps = rules.find_gaps(form.text.data or "", form.signature, anonymous=anonymous)
            for each in gaps if refusal.field else [refusal]:
                form.refuse(each)
            status = refusal.status
        else:
            flash(
                _(
                    "Your comment was received. Its receipt is %(receipt)s. Keep it: it is shown this once, and only "
                    "with it can you see what became of your comment.",
                    receipt=rules.group_receipt(receipt),
                ),
                "success",
            )
            return redirect(url_for(".receipt", code=receipt))
    return (
        _private(
            render_template(
                "consultation/comment.html",
                form=form,
                window=window,
                entry=entry,
                is_open=window.is_open(clock.now()),
                anonymous=anonymous,
                most=rules.MOST_CHARACTERS,
            )
        ),
        status,
    )


@bp.route("/<edition_code>/nominations/receipts", methods=["GET", "POST"])
@open_to_all
@limiter.limit("30 per minute", methods=["POST"])
def ask_receipt() -> ResponseReturnValue:
    form = ReceiptForm()
    if form.validate_on_submit():
        try:
            receipt = rules.read_receipt(form.code.data)
            queries.get_by_receipt(g.edition.id, receipt)
        except NotFound:
            form.code.errors = [_("No comment of this edition has this receipt.")]
        else:
            return redirect(url_for(".receipt", code=receipt))
    return _private(render_template("consultation/ask_receipt.html", form=form))


@bp.get("/<edition_code>/nominations/receipts/<code>")
@open_to_all
@limiter.limit("60 per minute")
def receipt(code: str) -> ResponseReturnValue:
    found = queries.get_by_receipt(g.edition.id, code)
    return _private(render_template("consultation/receipt.html", comment=found))


def _private(page: str) -> Response:
    """Keep a page that its address alone opens out of caches and search engines."""
    response = make_response(page)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response
