"""Pages on which the officer of an agency nominates."""

from datetime import datetime
from io import BytesIO
from typing import Any

from flask import (
    Blueprint,
    current_app,
    flash,
    g,
    redirect,
    render_template,
    request,
    send_file,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue

from dxday import db
from dxday.accounts import queries as accounts
from dxday.adapters.storage import Storage, open_storage
from dxday.adapters.uploads import CheckedUpload
from dxday.core import clock
from dxday.core.errors import Refusal, Stale
from dxday.core.i18n import gettext as _
from dxday.core.permissions import Permission
from dxday.nominations import queries, rules, sections, services
from dxday.nominations.forms import ConfirmForm, NominationForm
from dxday.nominations.models import Nomination
from dxday.nominations.views import beginning
from dxday.nominations.views.loading import note_look
from dxday.schemes import queries as schemes
from dxday.schemes.models import DossierItem
from dxday.schemes.rules import Call
from dxday.web.access import requires
from dxday.web.forms import clean_line
from dxday.web.languages import current_locale

bp = Blueprint("nominations", __name__, url_prefix="/agency/<edition_code>/nominations")


@bp.get("/")
@requires(Permission.NOMINATION_WRITE)
def index() -> ResponseReturnValue:
    nominations = queries.list_own(g.edition.id, _mine())
    organisations = accounts.list_organisations(_mine())
    return render_template(
        "nominations/index.html",
        nominations=nominations,
        files=queries.count_attachments(each.id for each in nominations),
        organisations=organisations,
        lines=queries.list_lines(g.edition.id, organisations),
        call=g.edition.nominations,
        now=clock.now(),
    )


@bp.route("/new", methods=["GET", "POST"])
@requires(Permission.NOMINATION_WRITE)
def new() -> ResponseReturnValue:
    organisations = accounts.list_organisations(_mine())
    offered = schemes.list_schemes(g.edition.id)
    wanted = request.args.get("category", "")
    if organisations and not wanted and request.method == "GET" and queries.list_questioned(g.edition.id):
        return redirect(url_for("beginning.index"))
    begun = next((each for scheme in offered for each in scheme.categories if str(each.id) == wanted), None)
    form = NominationForm.for_new(
        offered,
        organisations,
        queries.list_file_items(begun.id) if begun else (),
        category=wanted,
        contact_name=g.actor.label,
        contact_email=g.actor.email,
    )
    if organisations and form.validate_on_submit():
        chosen = int(form.organisation.data) if "organisation" in form else organisations[0].id
        try:
            uploads = _checked_files(form)
            category = schemes.get_category(g.edition.id, int(form.category.data))
            with db.transaction():
                nomination = services.draft_nomination(
                    category,
                    next(each for each in organisations if each.id == chosen),
                    guid=form.key,
                    eligibility=beginning.answers_of(category),
                    contact_locale=current_locale(),
                    actor=g.actor,
                    now=clock.now(),
                    **form.written(),
                )
                _attach(nomination, uploads, form.chosen_item(queries.list_file_items(category.id)))
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            session.pop(beginning.drawer(category), None)
            return _saved(nomination)
    return render_template(
        "nominations/new.html",
        form=form,
        organisations=organisations,
        has_categories=any(scheme.categories for scheme in offered),
        call=g.edition.nominations,
        now=clock.now(),
    )


@bp.get("/<code>")
@requires(Permission.NOMINATION_WRITE)
def show(code: str) -> ResponseReturnValue:
    nomination = _own(code)
    note_look(nomination)
    locks = queries.list_locks(nomination.id, clock.now())
    return render_template("nominations/show.html", locks=locks, **_page(_own(code)))


@bp.route("/<code>/edit", methods=["GET", "POST"])
@requires(Permission.NOMINATION_WRITE)
def edit(code: str) -> ResponseReturnValue:
    nomination = _own(code)
    items = queries.list_file_items(nomination.category_id)
    form = NominationForm.for_change(schemes.list_schemes(g.edition.id), nomination, items)
    conflict = False
    if form.validate_on_submit():
        try:
            uploads = _checked_files(form)
            with db.transaction():
                services.change_nomination(
                    nomination,
                    version=form.seen_version,
                    category=schemes.get_category(g.edition.id, int(form.category.data)),
                    actor=g.actor,
                    now=clock.now(),
                    **form.written(),
                )
                _attach(nomination, uploads, form.chosen_item(items))
                _remove(nomination, clean_line(request.form.get("remove")))
        except Refusal as refusal:
            form.refuse(refusal)
            conflict = isinstance(refusal, Stale)
        else:
            return _saved(nomination)
    note_look(_own(code))
    page = _page(_own(code))
    if conflict:
        # What is kept now is shown beside what was typed: to send it again is to decide.
        form.version.data = str(page["nomination"].version)
    return render_template("nominations/edit.html", form=form, conflict=conflict, **page)


@bp.route("/<code>/submit", methods=["GET", "POST"])
@requires(Permission.NOMINATION_WRITE)
def submit(code: str) -> ResponseReturnValue:
    nomination = _own(code)
    form = ConfirmForm()
    if form.validate_on_submit():
        try:
            with db.transaction():
                services.submit_nomination(
                    nomination, version=form.seen_version, actor=g.actor, now=clock.now()
                )
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            flash(_("Nomination %(code)s was handed to the council.", code=nomination.code), "success")
            return redirect(url_for(".show", code=nomination.code))
    return render_template("nominations/submit.html", form=form, **_page(_own(code)))


@bp.route("/<code>/withdraw", methods=["GET", "POST"])
@requires(Permission.NOMINATION_WRITE)
def withdraw(code: str) -> ResponseReturnValue:
    nomination = _own(code)
    form = ConfirmForm()
    if form.validate_on_submit():
        try:
            with db.transaction():
                services.withdraw_nomination(nomination, actor=g.actor, now=clock.now())
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            flash(_("Nomination %(code)s was withdrawn.", code=nomination.code), "success")
            return redirect(url_for(".show", code=nomination.code))
    return render_template("nominations/withdraw.html", form=form, **_page(_own(code)))


@bp.post("/<code>/order")
@requires(Permission.NOMINATION_WRITE)
def order(code: str) -> ResponseReturnValue:
    nomination = _own(code)
    form = ConfirmForm()
    if form.validate_on_submit():
        try:
            with db.transaction():
                services.rank_nomination(
                    nomination,
                    earlier=request.form.get("to") == "earlier",
                    actor=g.actor,
                    now=clock.now(),
                )
        except Refusal as refusal:
            flash(str(refusal), "error")
    return redirect(url_for(".index"))


@bp.get("/<code>/files/<attachment_code>")
@requires(Permission.NOMINATION_WRITE)
def download(code: str, attachment_code: str) -> ResponseReturnValue:
    nomination = _own(code)
    attachment = queries.get_attachment(nomination.id, attachment_code)
    with db.transaction():
        data = services.hand_out(nomination, attachment, storage=_storage(), actor=g.actor, now=clock.now())
    return send_file(
        BytesIO(data), attachment.media_type, as_attachment=True, download_name=attachment.filename
    )


def _mine() -> frozenset[int]:
    """The agencies for which the reader nominates in this edition."""
    mine: frozenset[int] = g.actor.organisation_ids(Permission.NOMINATION_WRITE, edition_id=g.edition.id)
    return mine


def _own(code: str) -> Nomination:
    return queries.get_own(g.edition.id, code, _mine())


def _page(nomination: Nomination) -> dict[str, Any]:
    """What every page about one nomination shows of it."""
    attachments = queries.list_attachments(nomination.id)
    states = queries.list_section_states(nomination)
    call, now = queries.call_of(nomination), clock.now()
    return {
        "nomination": nomination,
        "attachments": attachments,
        "states": states,
        "gaps": [gap for state in states for gap in state.gaps],
        "progress_names": sections.PROGRESS_NAMES,
        "can_edit": _can_edit(nomination, call, now),
        "room": queries.find_room(nomination),
        "eligibility": queries.list_eligibility(nomination.id),
        "history_entries": queries.list_history(nomination, told=True),
        "event_names": rules.EVENT_NAMES,
        "call": call,
        "now": now,
    }


def _can_edit(nomination: Nomination, call: Call, now: datetime) -> bool:
    try:
        rules.check_can_edit(queries.standing_of(nomination), call, now)
    except Refusal:
        return False
    return True


def _saved(nomination: Nomination) -> ResponseReturnValue:
    flash(_("The draft was saved."), "success")
    pages = {"submit": ".submit", "stay": ".edit"}
    wish = "stay" if "remove" in request.form else request.form.get("next", "")
    return redirect(url_for(pages.get(wish, ".show"), code=nomination.code))


def _checked_files(form: NominationForm) -> list[tuple[CheckedUpload, bytes]]:
    """Look into each file before anything is written; raises TooManyAttachments, FileRefused."""
    sent = form.files()
    rules.check_sent_at_once(len(sent))
    read = [(file.filename or "", file.read()) for file in sent]
    return [(services.check_file(filename, data), data) for filename, data in read]


def _attach(
    nomination: Nomination, uploads: list[tuple[CheckedUpload, bytes]], item: DossierItem | None = None
) -> None:
    for upload, data in uploads:
        services.attach_file(
            nomination, upload, data, item=item, storage=_storage(), actor=g.actor, now=clock.now()
        )


def _remove(nomination: Nomination, attachment_code: str | None) -> None:
    if attachment_code:
        attachment = queries.get_attachment(nomination.id, attachment_code)
        services.remove_attachment(nomination, attachment, actor=g.actor, now=clock.now())


def _storage() -> Storage:
    return open_storage(current_app.extensions["dxday_settings"].storage_url)
