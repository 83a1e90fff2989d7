"""Pages on which organizers give an edition its own words for letters."""

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dxday import db
from dxday.core import clock
from dxday.core.errors import NotFound, Refusal
from dxday.core.i18n import LOCALES
from dxday.core.i18n import gettext as _
from dxday.core.permissions import Permission
from dxday.notifications import letters, own_words, previews, wording
from dxday.notifications.forms import TakeBackForm, WordingForm
from dxday.notifications.letters import Letter
from dxday.notifications.models import OwnWording
from dxday.notifications.templates import Template
from dxday.web.access import requires
from dxday.web.forms import EXPIRED, Form, seen_version

bp = Blueprint("letters", __name__, url_prefix="/manage/<edition_code>/letters")

SAMPLE_UNSUBSCRIBE = "https://dxday.example/unsubscribe/abc123"


@bp.get("")
@requires(Permission.WORDING_EDIT)
def index() -> ResponseReturnValue:
    return render_template(
        "letters/index.html",
        offered=[letter for letter in letters.known().values() if letter.of_edition],
        own=own_words.list_languages(g.edition.id),
    )


@bp.route("/<kind>/<locale>", methods=["GET", "POST"])
@requires(Permission.WORDING_EDIT)
def edit(kind: str, locale: str) -> ResponseReturnValue:
    letter = _letter(kind, locale)
    row = own_words.find_wording(g.edition.id, kind, locale)
    words = _words_now(letter, locale, row)
    form = WordingForm(
        data={"subject": words.subject, "body": words.body, "version": row.version if row else 0}
    )
    status = 200
    if form.validate_on_submit():
        typed = Template(form.subject.data, form.body.data.replace("\r\n", "\n"))
        try:
            wording.check(typed, letter)
            with db.transaction():
                own_words.change_wording(
                    g.edition,
                    kind,
                    locale,
                    typed,
                    version=seen_version(form.version),
                    actor=g.actor,
                    now=clock.now(),
                )
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
            # The next try is made in sight of what is saved now.
            row = own_words.find_wording(g.edition.id, kind, locale)
            form.version.data = str(row.version if row else 0)
        else:
            return _saved(letter, locale, typed)
    return render_template(
        "letters/edit.html",
        form=form,
        letter=letter,
        words_locale=locale,
        row=row,
        saved=_words_now(letter, locale, row),
        stale=status == 409,
        placeholders=wording.shown_samples(letter, locale=locale, edition=g.edition),
        people=own_words.list_recent(g.edition.id, kind, locale),
        own=own_words.list_languages(g.edition.id).get(kind, set()),
    ), status


@bp.post("/<kind>/<locale>/shipped")
@requires(Permission.WORDING_EDIT)
def take_back(kind: str, locale: str) -> ResponseReturnValue:
    letter = _letter(kind, locale)
    form = TakeBackForm()
    if not form.validate_on_submit():
        flash(str(EXPIRED), "warning")
        return redirect(url_for(".edit", kind=letter.kind, locale=locale))
    try:
        with db.transaction():
            own_words.take_back_wording(
                g.edition, kind, locale, version=seen_version(form.version), actor=g.actor, now=clock.now()
            )
    except Refusal as refusal:
        flash(str(refusal), "error")
    else:
        flash(_("The letter has the shipped words again."), "success")
    return redirect(url_for(".edit", kind=letter.kind, locale=locale))


@bp.route("/<kind>/<locale>/preview", methods=["GET", "POST"])
@requires(Permission.WORDING_EDIT)
def preview(kind: str, locale: str) -> ResponseReturnValue:
    letter = _letter(kind, locale)
    if request.method == "GET":
        words = _words_now(letter, locale, own_words.find_wording(g.edition.id, kind, locale))
    elif not Form().validate_on_submit():
        return previews.refuse(EXPIRED)
    else:
        try:
            words = previews.typed_words(letter)
        except Refusal as refusal:
            return previews.refuse(refusal)
    facts, to = _facts(letter, locale)
    worded = wording.write(
        letter,
        locale=locale,
        edition=g.edition,
        words=words,
        unsubscribe_url=None if letter.required else SAMPLE_UNSUBSCRIBE,
        answers_to=g.edition.contact_email,
        **facts,
    )
    return previews.show(worded, locale=locale, to=to)


def _facts(letter: Letter, locale: str) -> tuple[dict[str, Any], str]:
    """Return what the preview says, and to whom: a made-up person, or one who got such a letter lately.

    What a letter said is not kept in parts, so all but the name is made up for the latter too.
    """
    facts = wording.sample_facts(letter, locale)
    chosen = request.values.get("person", "")
    for message in own_words.list_recent(g.edition.id, letter.kind, locale):
        if str(message.id) == chosen:
            return {**facts, "recipient": message.to_name}, f"{message.to_name} <{message.to_address}>"
    return facts, _("%(name)s (made up)", name=facts["recipient"])


def _letter(kind: str, locale: str) -> Letter:
    """Return a letter that an edition may word.  Raises NotFound."""
    letter = letters.known().get(kind)
    if letter is None or not letter.of_edition or locale not in LOCALES:
        raise NotFound
    return letter


def _words_now(letter: Letter, locale: str, row: OwnWording | None) -> Template:
    return Template(row.subject, row.body) if row else wording.shipped(letter.kind, locale)


def _saved(letter: Letter, locale: str, typed: Template) -> ResponseReturnValue:
    flash(_("The words were saved. Letters that are written from now on use them."), "success")
    for link in wording.find_left_out(typed, letter):
        flash(
            _(
                "The letter does not name “%(name)s” (%(label)s). Was that meant?",
                name=link.name,
                label=link.label,
            ),
            "warning",
        )
    return redirect(url_for(".edit", kind=letter.kind, locale=locale))
