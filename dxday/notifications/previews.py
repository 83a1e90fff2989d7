"""How a letter will look, on a page for a frame: its own address, a policy of its own, no script."""

from flask import Response, make_response, render_template, request

from dxday.core.errors import Refusal
from dxday.core.i18n import Words
from dxday.notifications import wording
from dxday.notifications.letters import Letter
from dxday.notifications.templates import Template
from dxday.web.assets import asset

POLICY = (
    "default-src 'self'; script-src 'none'; connect-src 'none'; font-src 'none'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox"
)
"""A letter has its look on each element, as no other page may; in return nothing runs here and nothing leaves."""


def typed_words(letter: Letter) -> Template:
    """Return the words in the form that was sent, from the two fields that its button `words` names.

    Raises what `wording.check` raises.
    """
    subject, _, body = request.form.get("words", "subject body").partition(" ")
    template = Template(
        " ".join(request.form.get(subject, "").split()),
        request.form.get(body, "").replace("\r\n", "\n").strip(),
    )
    wording.check(template, letter)
    return template


def show(worded: wording.Wording, *, locale: str, to: str) -> Response:
    """Show both parts of a worded letter."""
    html = worded.html.replace('src="cid:mark"', f'src="{asset("img/mark.png")}"')
    return _page(worded=worded, html=html, to=to, words_locale=locale, refusal=None)


def refuse(refusal: Refusal | Words) -> Response:
    """Say why there is nothing to show."""
    return _page(worded=None, html="", to="", words_locale="", refusal=str(refusal))


def _page(**known: object) -> Response:
    response = make_response(render_template("letters/preview.html", **known))
    response.headers["Content-Security-Policy"] = POLICY
    return response
