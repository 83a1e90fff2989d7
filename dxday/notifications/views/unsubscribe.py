"""The page on which the reader of a letter says that they want no reminders, or that they want them again."""

from flask import Blueprint, Response, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dxday import db
from dxday.core import clock
from dxday.core.i18n import gettext as _
from dxday.notifications import queries, rules, services, unsubscribing
from dxday.web.access import open_to_all
from dxday.web.forms import Form
from dxday.web.limits import limiter

bp = Blueprint("unsubscribe", __name__)


@bp.after_request
def keep_to_its_reader(response: Response) -> Response:
    """Keep an address that carries a token out of caches, search engines and the logs of others."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@bp.route("/my/unsubscribe/<token>", methods=["GET", "POST"])
@open_to_all
@limiter.limit("120 per minute", methods=["POST"])  # a mail program's server clicks for many readers
def show(token: str) -> ResponseReturnValue:
    reader = unsubscribing.read_token(token)
    # A mail program asks without cookies and knows no token of a form (RFC 8058 §3.2): that the address is signed
    # is what lets it in, and a plain answer is what it wants.  GET changes nothing: scanners open every link.
    if request.method == "POST" and request.form.get("List-Unsubscribe") == "One-Click":
        with db.transaction():
            services.unsubscribe(reader, actor=g.actor, now=clock.now())
        return Response(_("You get no more reminders."), content_type="text/plain; charset=utf-8")
    form = Form()
    if form.validate_on_submit():
        with db.transaction():
            services.unsubscribe(reader, actor=g.actor, now=clock.now())
        flash(_("You get no more reminders."), "success")
        return redirect(url_for(".show", token=token))
    return render_template(
        "unsubscribe/show.html",
        form=form,
        token=token,
        address=reader.address,
        scopes=queries.list_suppressed([rules.address_key(reader.address)]).get(
            rules.address_key(reader.address), frozenset()
        ),
    )


@bp.post("/my/unsubscribe/<token>/undo")
@open_to_all
@limiter.limit("120 per minute")
def undo(token: str) -> ResponseReturnValue:
    reader = unsubscribing.read_token(token)
    if Form().validate_on_submit():
        with db.transaction():
            services.resubscribe(reader, actor=g.actor, now=clock.now())
        flash(_("You get reminders again."), "success")
    else:
        flash(_("This page had been open for too long. Try once more."), "warning")
    return redirect(url_for(".show", token=token))
