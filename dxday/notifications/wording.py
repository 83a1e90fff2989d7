"""How a message is worded: templates/emails/<kind>.txt and .html in the language of its reader."""

from dataclasses import dataclass
from typing import Any

from flask import current_app, g
from flask_babel import force_locale

from dxday.notifications.letters import Letter


@dataclass(frozen=True)
class Wording:
    """A message in words, the same in both forms."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True)
class Template:
    """Words with placeholders, in one language."""

    subject: str
    body: str


def write(
    letter: Letter, *, locale: str, edition: Any | None, words: Template | None = None, **facts: Any
) -> Wording:
    """Word a message in `locale`, with times on the clock of `edition` (the server's, without one).

    The subject is the block of that name in the .txt template.  A fact that a template misses is a bug: it raises.
    """
    environment = current_app.jinja_env
    before = g.get("edition")
    g.edition = edition
    try:
        with force_locale(locale):
            plain = environment.get_template(f"emails/{letter.kind}.txt")
            known = {**facts, "locale": locale, "edition": edition}
            subject = " ".join("".join(plain.blocks["subject"](plain.new_context(known))).split())
            known["subject"] = subject
            return Wording(
                subject=subject,
                text=plain.render(known).strip() + "\n",
                html=environment.get_template(f"emails/{letter.kind}.html").render(known),
            )
    finally:
        g.edition = before
