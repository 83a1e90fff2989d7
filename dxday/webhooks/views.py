"""Pages on which organizers connect other systems, and see what these were told."""

from collections.abc import Callable
from datetime import datetime

from flask import Blueprint, Response, flash, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dxday import db
from dxday.core import clock
from dxday.core.carriage import Carriage
from dxday.core.errors import Refusal
from dxday.core.i18n import gettext as _
from dxday.core.permissions import Permission
from dxday.web.access import requires
from dxday.web.forms import seen_version
from dxday.webhooks import queries, rules, services, settings, shown
from dxday.webhooks.forms import ActForm, HookForm, spread_events
from dxday.webhooks.models import Hook

bp = Blueprint("webhooks", __name__, url_prefix="/manage/<edition_code>/webhooks")

PAGE = 20

CARRIAGE_KINDS = {
    Carriage.QUEUED: "neutral",
    Carriage.CLAIMED: "info",
    Carriage.DONE: "good",
    Carriage.FAILED: "bad",
    Carriage.WITHHELD: "warn",
}
"""The shape of each state."""


@bp.get("")
@requires(Permission.HOOK_EDIT)
def index() -> ResponseReturnValue:
    return render_template(
        "webhooks/index.html", hooks=queries.list_hooks(g.edition.id), troubles=rules.TROUBLE_NAMES
    )


@bp.route("/new", methods=["GET", "POST"])
@requires(Permission.HOOK_EDIT)
def add() -> ResponseReturnValue:
    form = HookForm()
    if form.validate_on_submit():
        try:
            with db.transaction():
                hook = services.add_hook(
                    g.edition,
                    name=form.name.data,
                    url=form.url.data,
                    events=form.chosen(),
                    reach=settings.reach(),
                    actor=g.actor,
                    now=clock.now(),
                )
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            flash(_("The webhook was added. Give its secret to the receiver, then send a trial."), "success")
            return redirect(url_for(".show", hook_id=hook.id))
    return render_template("webhooks/edit.html", form=form, hook=None)


@bp.get("/<int:hook_id>")
@requires(Permission.HOOK_EDIT)
def show(hook_id: int) -> ResponseReturnValue:
    hook = queries.get_hook(g.edition.id, hook_id)
    now = clock.now()
    counts = queries.count_deliveries(hook)
    state = next((state for state in rules.CARRIAGE_NAMES if state.value == request.args.get("state")), None)
    total = counts.get(state, 0) if state else sum(counts.values())
    pages = max(1, -(-total // PAGE))
    page = min(max(request.args.get("page", 1, type=int), 1), pages)
    return _private(
        render_template(
            "webhooks/show.html",
            hook=hook,
            events=rules.BY_NAME,
            trial=rules.TRIAL,
            say_error=shown.say_error,
            write_body=lambda body: rules.write_body(body).decode(),
            secret=rules.show_secret(settings.secrets_of(hook, now)[0]),
            both_secrets=len(settings.secrets_of(hook, now)) > 1,
            trouble=rules.TROUBLE_NAMES[hook.pause_reason] if hook.pause_reason else None,
            deliveries=queries.list_deliveries(hook, state=state, limit=PAGE, offset=(page - 1) * PAGE),
            counts=counts,
            state=state,
            states=rules.CARRIAGE_NAMES,
            shapes=CARRIAGE_KINDS,
            total=total,
            page=page,
            pages=pages,
        )
    )


@bp.route("/<int:hook_id>/change", methods=["GET", "POST"])
@requires(Permission.HOOK_EDIT)
def edit(hook_id: int) -> ResponseReturnValue:
    hook = queries.get_hook(g.edition.id, hook_id)
    form = HookForm(
        data={"name": hook.name, "url": hook.url, "version": hook.version, **spread_events(hook.events)}
    )
    if form.validate_on_submit():
        try:
            with db.transaction():
                services.change_hook(
                    hook,
                    seen=seen_version(form.version),
                    name=form.name.data,
                    url=form.url.data,
                    events=form.chosen(),
                    reach=settings.reach(),
                    actor=g.actor,
                    now=clock.now(),
                )
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            flash(_("The webhook was saved."), "success")
            return redirect(url_for(".show", hook_id=hook.id))
    return _private(render_template("webhooks/edit.html", form=form, hook=hook))


@bp.route("/<int:hook_id>/secret", methods=["GET", "POST"])
@requires(Permission.HOOK_EDIT)
def new_secret(hook_id: int) -> ResponseReturnValue:
    hook = queries.get_hook(g.edition.id, hook_id)
    if request.method == "GET":
        return render_template("webhooks/secret.html", hook=hook)
    return _act(
        hook,
        lambda now: services.make_new_secret(
            hook, seen=request.form.get("version", 0, type=int), actor=g.actor, now=now
        ),
        done=_("There is a new secret. Give it to the receiver within a day."),
    )


@bp.route("/<int:hook_id>/remove", methods=["GET", "POST"])
@requires(Permission.HOOK_EDIT)
def remove(hook_id: int) -> ResponseReturnValue:
    hook = queries.get_hook(g.edition.id, hook_id)
    if request.method == "GET":
        return render_template("webhooks/remove.html", hook=hook, told=bool(queries.count_deliveries(hook)))
    form = ActForm()
    if form.validate_on_submit():
        try:
            with db.transaction():
                services.remove_hook(hook, actor=g.actor, now=clock.now())
        except Refusal as refusal:
            form.refusals.append(str(refusal))
        else:
            flash(_("The webhook was removed."), "success")
            return redirect(url_for(".index"))
    return _back(hook, form)


@bp.post("/<int:hook_id>/trial")
@requires(Permission.HOOK_EDIT)
def try_out(hook_id: int) -> ResponseReturnValue:
    hook = queries.get_hook(g.edition.id, hook_id)
    return _act(
        hook,
        lambda now: services.send_trial(hook, actor=g.actor, now=now),
        done=_("A trial event is on its way. Look again in a few seconds."),
    )


@bp.post("/<int:hook_id>/deliveries/<int:delivery_id>/again")
@requires(Permission.HOOK_EDIT)
def deliver_again(hook_id: int, delivery_id: int) -> ResponseReturnValue:
    hook = queries.get_hook(g.edition.id, hook_id)
    delivery = queries.get_delivery(hook, delivery_id)
    return _act(
        hook,
        lambda now: services.deliver_again(hook, delivery, actor=g.actor, now=now),
        done=_("The event leaves once more. Look again in a few seconds."),
    )


@bp.post("/<int:hook_id>/pause")
@requires(Permission.HOOK_EDIT)
def pause(hook_id: int) -> ResponseReturnValue:
    hook = queries.get_hook(g.edition.id, hook_id)
    return _act(
        hook,
        lambda now: services.pause_hook(
            hook.id, hook.edition_id, why=rules.Trouble.BY_HAND, actor=g.actor, now=now
        ),
        done=_("The webhook is paused. What happens meanwhile is told when it goes on."),
    )


@bp.post("/<int:hook_id>/resume")
@requires(Permission.HOOK_EDIT)
def resume(hook_id: int) -> ResponseReturnValue:
    hook = queries.get_hook(g.edition.id, hook_id)
    return _act(
        hook,
        lambda now: services.resume_hook(hook, actor=g.actor, now=now),
        done=_("The webhook goes on, with what happened meanwhile."),
    )


def _act(hook: Hook, act: Callable[[datetime], object], *, done: str) -> ResponseReturnValue:
    """Do what a button says, and go back to the hook's page."""
    form = ActForm()
    if form.validate_on_submit():
        try:
            with db.transaction():
                act(clock.now())
        except Refusal as refusal:
            form.refusals.append(str(refusal))
        else:
            flash(done, "success")
    return _back(hook, form)


def _back(hook: Hook, form: ActForm) -> ResponseReturnValue:
    for refused in form.refusals:
        flash(refused, "error")
    return redirect(url_for(".show", hook_id=hook.id))


def _private(page: str) -> Response:
    """Keep a page with a secret out of every cache."""
    response = make_response(page)
    response.headers["Cache-Control"] = "no-store"
    return response
