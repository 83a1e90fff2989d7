"""Pages: sign in, sign out, one-time link, my account."""

from urllib.parse import urlsplit

from flask import Blueprint, flash, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_user, logout_user

from dxday import db
from dxday.accounts import services
from dxday.accounts.forms import AccountForm, ForgottenForm, SignInForm, UseLinkForm
from dxday.accounts.hooks import SignedIn
from dxday.accounts.models import Account
from dxday.audit import services as audit
from dxday.core import clock
from dxday.core.errors import Refusal
from dxday.core.i18n import gettext as _
from dxday.web.access import open_to_all, signed_in_only
from dxday.web.limits import limiter

bp = Blueprint("accounts", __name__)


@bp.route("/sign-in", methods=["GET", "POST"])
@open_to_all
@limiter.limit("20 per minute", methods=["POST"])
def sign_in() -> ResponseReturnValue:
    form = SignInForm(next=request.args.get("next", ""))
    if form.validate_on_submit():
        try:
            account = services.prove_password(form.email.data, form.password.data)
            with db.transaction():
                services.note_signed_in(account, now=clock.now())
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            _begin_session(account)
            return redirect(_safe(form.next.data) or url_for("staff.desk"))
    return render_template("accounts/sign_in.html", form=form)


@bp.route("/sign-in/link/<token>", methods=["GET", "POST"])
@open_to_all
@limiter.limit("20 per minute", methods=["POST"])
def use_link(token: str) -> ResponseReturnValue:
    form = UseLinkForm()
    if form.validate_on_submit():
        try:
            with db.transaction():
                account = services.use_one_time_link(token, now=clock.now())
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            _begin_session(account)
            flash(_("You are signed in. Choose a password to sign in with next time."), "success")
            return redirect(url_for("staff.desk"))
    return render_template("accounts/use_link.html", form=form)


@bp.route("/sign-in/forgotten", methods=["GET", "POST"])
@open_to_all
@limiter.limit("5 per minute", methods=["POST"])
def forgotten() -> ResponseReturnValue:
    form = ForgottenForm()
    if form.validate_on_submit():
        with db.transaction():
            services.send_sign_in_link(form.email.data, now=clock.now())
        flash(
            _("If an account has this address, a link to sign in is on its way there. It works once."), "info"
        )
        return redirect(url_for(".sign_in"))
    return render_template("accounts/forgotten.html", form=form)


@bp.post("/sign-out")
@open_to_all
def sign_out() -> ResponseReturnValue:
    if UseLinkForm().validate_on_submit():
        logout_user()
        session.clear()
        flash(_("You are signed out."), "info")
    return redirect(url_for("public.home"))


@bp.route("/my/account", methods=["GET", "POST"])
@signed_in_only
def edit() -> ResponseReturnValue:
    form = AccountForm(locale=g.account.locale)
    if form.validate_on_submit():
        try:
            with db.transaction():
                g.account.locale = form.locale.data
                audit.record(
                    "account.changed", subject=f"account:{g.account.id}", actor=g.actor, now=clock.now()
                )
                if form.password.data:
                    services.set_password(g.account, form.password.data, actor=g.actor, now=clock.now())
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            _begin_session(g.account)
            flash(_("Your account was saved."), "success")
            return redirect(url_for("staff.desk", lang=form.locale.data))
    return render_template("accounts/edit.html", form=form)


def _begin_session(account: Account) -> None:
    session.clear()
    session.permanent = True
    login_user(SignedIn(account))


def _safe(address: str | None) -> str | None:
    """Return an address of this site to go on to; anything else is dropped (open redirect)."""
    if not address or not address.startswith("/") or address.startswith(("//", "/\\")) or "\\" in address:
        return None
    parts = urlsplit(address)
    return address if not parts.scheme and not parts.netloc else None
