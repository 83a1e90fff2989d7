"""Pages on which the officer of an agency nominates."""

from io import BytesIO
from typing import Any

from flask import Blueprint, current_app, flash, g, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from dxday import db
from dxday.accounts import queries as accounts
from dxday.adapters.storage import Storage, open_storage
from dxday.adapters.uploads import CheckedUpload
from dxday.core import clock
from dxday.core.errors import Refusal, Stale
from dxday.core.i18n import gettext as _
from dxday.core.permissions import Permission
from dxday.nominations import queries, rules, services
from dxday.nominations.forms import ConfirmForm, NominationForm
from dxday.nominations.models import Nomination
from dxday.web.access import requires
from dxday.web.forms import clean_line
from dxday.web.languages import current_locale

bp = Blueprint("nominations", __name__, url_prefix="/agency/<edition_code>/nominations")


@bp.get("/")
@requires(Permission.NOMINATION_WRITE)
def index() -> ResponseReturnValue:
    nominations = queries.list_own(g.edition.id, _mine())
    return render_template(
        "nominations/index.html",
        nominations=nominations,
        files=queries.count_attachments(each.id for each in nominations),
        organisations=accounts.list_organisations(_mine()),
        call=g.edition.nominations,
        now=clock.now(),
    )


@bp.route("/new", methods=["GET", "POST"])
@requires(Permission.NOMINATION_WRITE)
def new() -> ResponseReturnValue:
    organisations = accounts.list_organisations(_mine())
    schemes = queries.list_schemes(g.edition.id)
    form = NominationForm.for_new(
        schemes,
        organisations,
        contact_name=g.actor.label,
        contact_email=g.actor.email,
    )
    if organisations and form.validate_on_submit():
        chosen = int(form.organisation.data) if "organisation" in form else organisations[0].id
        try:
            uploads = _checked_files(form)
            with db.transaction():
                nomination = services.draft_nomination(
                    queries.get_category(g.edition.id, int(form.category.data)),
                    next(each for each in organisations if each.id == chosen),
                    guid=form.key,
                    contact_locale=current_locale(),
                    actor=g.actor,
                    now=clock.now(),
                    **form.written(),
                )
                _attach(nomination, uploads)
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return _saved(nomination)
    return render_template(
        "nominations/new.html",
        form=form,
        organisations=organisations,
        has_categories=any(scheme.categories for scheme in schemes),
        call=g.edition.nominations,
        now=clock.now(),
    )


@bp.get("/<code>")
@requires(Permission.NOMINATION_WRITE)
def show(code: str) -> ResponseReturnValue:
    return render_template("nominations/show.html", **_page(_own(code)))


@bp.route("/<code>/edit", methods=["GET", "POST"])
@requires(Permission.NOMINATION_WRITE)
def edit(code: str) -> ResponseReturnValue:
    nomination = _own(code)
    form = NominationForm.for_change(queries.list_schemes(g.edition.id), nomination)
    conflict = False
    if form.validate_on_submit():
        try:
            uploads = _checked_files(form)
            with db.transaction():
                services.change_nomination(
                    nomination,
                    version=form.seen_version,
                    category=queries.get_category(g.edition.id, int(form.category.data)),
                    actor=g.actor,
                    now=clock.now(),
                    **form.written(),
                )
                _attach(nomination, uploads)
                _remove(nomination, clean_line(request.form.get("remove")))
        except Refusal as refusal:
            form.refuse(refusal)
            conflict = isinstance(refusal, Stale)
        else:
            return _saved(nomination)
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
    return {
        "nomination": nomination,
        "attachments": attachments,
        "gaps": rules.find_gaps(queries.dossier_of(nomination, len(attachments))),
        "history_entries": queries.list_history(nomination),
        "event_names": rules.EVENT_NAMES,
        "call": g.edition.nominations,
        "now": clock.now(),
    }


def _saved(nomination: Nomination) -> ResponseReturnValue:
    flash(_("The draft was saved."), "success")
    pages = {"submit": ".submit", "stay": ".edit"}
    wish = "stay" if "remove" in request.form else request.form.get("next", "")
    return redirect(url_for(pages.get(wish, ".show"), code=nomination.code))


def _checked_files(form: NominationForm) -> list[tuple[CheckedUpload, bytes]]:
    """Look into each file before anything is written; raises FileRefused."""
    sent = [(file.filename or "", file.read()) for file in form.files()]
    return [(services.check_file(filename, data), data) for filename, data in sent]


def _attach(nomination: Nomination, uploads: list[tuple[CheckedUpload, bytes]]) -> None:
    for upload, data in uploads:
        services.attach_file(nomination, upload, data, storage=_storage(), actor=g.actor, now=clock.now())


def _remove(nomination: Nomination, attachment_code: str | None) -> None:
    if attachment_code:
        attachment = queries.get_attachment(nomination.id, attachment_code)
        services.remove_attachment(nomination, attachment, actor=g.actor, now=clock.now())


def _storage() -> Storage:
    return open_storage(current_app.extensions["dxday_settings"].storage_url)
