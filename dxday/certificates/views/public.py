"""Pages for everybody: the public check of a certificate or of a file, and the holder's own page."""

from contextlib import closing

from flask import Blueprint, Response, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import FileStorage

from dxday import db
from dxday.adapters import storage, uploads
from dxday.certificates import queries, rules, services, sheet
from dxday.certificates.forms import CodeForm, FileForm
from dxday.certificates.models import Certificate
from dxday.core import clock
from dxday.core.carriage import Carriage
from dxday.core.errors import Refusal
from dxday.core.i18n import gettext as _
from dxday.notifications import addresses
from dxday.web.access import open_to_all
from dxday.web.limits import limiter

bp = Blueprint("certificates_public", __name__)


@bp.context_processor
def names() -> dict[str, object]:
    """Give every page the words for standings and reasons."""
    return {"standings": rules.STANDING_NAMES, "reasons": rules.REASON_NAMES}


@bp.after_request
def keep_out_of_caches(response: Response) -> Response:
    """Keep addresses that carry a code out of caches, search engines and the logs of others."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@bp.get("/v/<token>")
@open_to_all
@limiter.limit("120 per minute")
def check(token: str) -> ResponseReturnValue:
    certificate = queries.find_by_token(rules.code_in(token) or "")
    if certificate is None:
        return render_template("certificates/not_known.html"), 404
    now = clock.now()
    if not queries.was_noted(certificate, since=now - rules.CHECK_NOTED_EVERY):
        with db.transaction():
            services.note_check(certificate, now=now)
    return render_template(
        "certificates/check.html",
        certificate=certificate,
        replacement=queries.find_replacement(certificate),
        host=request.host,
    )


@bp.route("/v", methods=["GET", "POST"])
@open_to_all
@limiter.limit("30 per minute", methods=["POST"])
def check_form() -> ResponseReturnValue:
    code_form, file_form = CodeForm(request.args), FileForm()
    if request.method == "POST":
        return _check_file(file_form)
    if "code" in request.args and code_form.validate():
        code = rules.code_in(code_form.code.data)
        if code is not None:
            return redirect(url_for(".check", token=code))
        code_form.refuse(rules.NotACode())
    return render_template("certificates/check_form.html", code_form=code_form, file_form=file_form)


def _check_file(form: FileForm) -> ResponseReturnValue:
    data = _read(request.files.get("file"))
    try:
        rules.check_looks_like_pdf(data)
    except Refusal as refusal:
        form.refuse(refusal)
        page = render_template("certificates/check_form.html", code_form=CodeForm(None), file_form=form)
        return page, refusal.status
    found = queries.check_file(data)
    return render_template(
        "certificates/file.html",
        certificate=found.certificate,
        replacement=queries.find_replacement(found.certificate) if found.certificate else None,
        sha256=found.sha256,
        host=request.host,
    )


def _read(given: FileStorage | None) -> bytes:
    """Return what was given, as far as it is looked at, and let go of it at once."""
    if given is None:
        return b""
    with closing(given):
        return given.stream.read(rules.MAX_PDF_BYTES + 1)


@bp.get("/my/certificate/<holder_token>")
@open_to_all
def holder(holder_token: str) -> ResponseReturnValue:
    certificate = queries.get_for_holder(holder_token)
    return render_template(
        "certificates/holder.html",
        certificate=certificate,
        unit=sheet.unit_line(certificate.printed),
        replacement=queries.find_replacement(certificate),
        check_url=addresses.address("certificates_public.check", token=certificate.token),
    )


@bp.get("/my/certificate/<holder_token>/progress")
@open_to_all
def progress(holder_token: str) -> ResponseReturnValue:
    certificate = queries.get_for_holder(holder_token)
    done = certificate.carriage in (Carriage.DONE, Carriage.FAILED, Carriage.CANCELLED)
    return {
        "value": int(certificate.carriage is Carriage.DONE),
        "max": 1,
        "text": _("Ready") if done else _("Still being made"),
        "done": done,
    }


@bp.get("/my/certificate/<holder_token>/download")
@open_to_all
def download(holder_token: str) -> ResponseReturnValue:
    certificate = queries.get_for_holder(holder_token)
    rules.check_can_download(
        certificate.standing, certificate.number, made=certificate.storage_key is not None
    )
    answer = send_certificate(certificate)
    if certificate.fetched_at is None:
        # A note for reminders, as a log would be: nothing that the holder sees changes by looking.
        with db.transaction():
            services.note_fetched(certificate, now=clock.now())
    return answer


def send_certificate(certificate: Certificate) -> Response:
    """Answer with the file of a certificate, to be saved under its number.  Raises FileGone."""
    store = storage.open_storage(current_app.extensions["dxday_settings"].storage_url)
    try:
        data = store.get(certificate.storage_key or "")
    except storage.FileMissing as error:
        raise rules.FileGone(number=certificate.number) from error
    response = Response(data, mimetype=uploads.Kind.PDF.value)
    response.headers.set("Content-Disposition", "attachment", filename=f"{certificate.number}.pdf")
    return response
