"""How a letter is worded: the words of the rule, of the edition or the shipped ones, in the language of its reader."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

import structlog
from flask import current_app, g
from flask_babel import force_locale
from flask_babel.speaklater import LazyString
from jinja2 import TemplateError

from dxday.core.errors import RuleBroken
from dxday.core.i18n import DEFAULT_LOCALE, LOCALES, gettext, pick
from dxday.notifications import own_words, templates
from dxday.notifications.letters import COMMON, Letter, Placeholder
from dxday.notifications.templates import Template, Value
from dxday.web import filters
from dxday.web.forms import clean_line

__all__ = [
    "Template",
    "Wording",
    "check",
    "find_left_out",
    "sample_facts",
    "shipped",
    "shown_samples",
    "write",
]

log = structlog.get_logger()


@dataclass(frozen=True)
class Wording:
    """A message in words, the same in both forms.  The HTML shows the mark as `cid:mark`."""

    subject: str
    text: str
    html: str


def write(
    letter: Letter,
    *,
    locale: str,
    edition: Any | None,
    words: Template | None = None,
    unsubscribe_url: str | None = None,
    answers_to: str | None = None,
    **facts: Any,
) -> Wording:
    """Word a message in `locale`, with times on the clock of `edition` (the server's, without one).

    `words` come before the edition's own words, and those before the shipped ones.  Words that cannot be worked out
    were checked when they were saved; they are logged and left, since nothing that people do may fail for them.  A
    fact that the shipped words miss is a bug: it raises UndefinedError.
    """
    with _as_read_by(edition, locale):
        name = edition.name if edition else gettext("National Digital Transformation Day")
        value_of = _Values({**facts, "edition": name}, locale)
        subject, text, html = _worded(letter, locale, edition, words, value_of)
        known = {
            "locale": locale,
            "subject": subject,
            "sender": value_of("edition").text,
            "why": letter.why,
            "unsubscribe_url": unsubscribe_url,
            "answers_to": answers_to,
        }
        environment = current_app.jinja_env
        return Wording(
            subject=subject,
            text=environment.get_template("emails/layout.txt").render(known, body=text).strip() + "\n",
            html=environment.get_template("emails/layout.html").render(known, body=_Written(html)),
        )


class _Written(str):
    """HTML that we wrote ourselves."""

    __slots__ = ()

    def __html__(self) -> str:
        return str(self)


class _as_read_by:  # noqa: N801 (a block, as `with force_locale(…)` is)
    """Let dates and words be those of a reader."""

    def __init__(self, edition: Any | None, locale: str) -> None:
        self._edition = edition
        self._locale = force_locale(locale)

    def __enter__(self) -> None:
        self._before = g.get("edition")
        g.edition = self._edition
        self._locale.__enter__()

    def __exit__(self, *raised: Any) -> None:
        self._locale.__exit__(*raised)
        g.edition = self._before


class _Values:
    """Facts as plain values, each worked out when it is asked for."""

    def __init__(self, facts: Mapping[str, Any], locale: str) -> None:
        self._facts = facts
        self._locale = locale
        self._found: dict[str, Value] = {}

    def __call__(self, name: str) -> Value:
        """Return a value.  Raises FactMissing."""
        if name not in self._found:
            if name not in self._facts:
                raise FactMissing(f"the letter has no fact {name!r}")
            self._found[name] = _plain(self._facts[name], self._locale)
        return self._found[name]


class FactMissing(TemplateError):
    """A placeholder for which nothing was given."""


def _plain(fact: Any, locale: str) -> Value:
    """Return a fact in words; a list is its lines.  Raises TypeError for what is no plain value."""
    if fact is None or isinstance(fact, bool):
        return Value("", truth=bool(fact))
    if isinstance(fact, list | tuple):  # as what was moved: each stays a line, and only these are lines
        lines = [_plain(each, locale).text for each in fact]
        return Value("\n".join(lines), truth=bool(lines))
    if isinstance(fact, Mapping):
        return _plain(pick(fact, locale), locale)
    if isinstance(fact, str | LazyString):
        text = str(fact)
    elif isinstance(fact, datetime):
        text = filters.moment(fact)
    elif isinstance(fact, date):
        text = filters.day(fact)
    elif isinstance(fact, time):
        text = fact.strftime("%H:%M")
    elif isinstance(fact, int | float | Decimal):
        return Value(filters.number(float(fact) if isinstance(fact, Decimal) else fact), truth=bool(fact))
    else:
        raise TypeError(f"a letter takes plain values, not {type(fact).__name__}")
    line = clean_line(text)
    return Value(line, truth=bool(line))


def _worded(
    letter: Letter, locale: str, edition: Any | None, words: Template | None, value_of: _Values
) -> tuple[str, str, str]:
    for whose, template in _own(letter, locale, edition, words):
        try:
            return templates.fill(template, value_of)
        except (RuleBroken, TemplateError) as fault:
            log.error(
                "wording_failed",
                whose=whose,
                kind=letter.kind,
                locale=locale,
                edition_id=edition.id if edition else None,
                error=f"{type(fault).__name__}: {fault}",
            )
    return templates.fill(shipped(letter.kind, locale), value_of)


def _own(
    letter: Letter, locale: str, edition: Any | None, words: Template | None
) -> Iterator[tuple[str, Template]]:
    if words is not None:
        yield "rule", words
    if edition is not None and letter.of_edition:
        own = own_words.find_template(edition.id, letter.kind, locale)
        if own is not None:
            yield "edition", own


def shipped(kind: str, locale: str) -> Template:
    """Return the words that come with DXDay; those in Vietnamese for a language that there is not."""
    language = locale if locale in LOCALES else DEFAULT_LOCALE
    return _shipped(Path(current_app.root_path).parent / "templates" / "wording", kind, language)


@lru_cache(maxsize=256)
def _shipped(folder: Path, kind: str, locale: str) -> Template:
    """Read a file: the subject on the first line, then a blank line and the body."""
    subject, _, body = (folder / f"{kind}.{locale}.md").read_text(encoding="utf-8").partition("\n")
    return Template(subject.strip(), body.strip())


def check(template: Template, letter: Letter) -> None:
    """Refuse words that the letter cannot have; `field` of the refusal is "subject" or "body".

    Raises the refusals of `templates.check`.
    """
    known = {each.name: isinstance(each.sample, bool) for each in (*COMMON, *letter.placeholders)}
    templates.check(template, known=known)


def find_left_out(template: Template, letter: Letter) -> list[Placeholder]:
    """Return the links of the letter that the words do not name: without them the reader may have no way on."""
    named = templates.names_in(template)
    return [
        each
        for each in letter.placeholders
        if each.name not in named and isinstance(each.sample, str) and each.sample.startswith("https://")
    ]


def sample_facts(letter: Letter, locale: str) -> dict[str, Any]:
    """Return made-up facts for every placeholder, as `write` takes them; the edition is one of its own."""
    return {
        each.name: pick(each.sample, locale) if isinstance(each.sample, Mapping) else each.sample
        for each in (*COMMON, *letter.placeholders)
        if each.name != "edition"
    }


def shown_samples(letter: Letter, *, locale: str, edition: Any | None) -> list[tuple[Placeholder, str]]:
    """Return each placeholder with its sample as it would be read; "" for a yes or no."""
    with _as_read_by(edition, locale):
        return [(each, _plain(each.sample, locale).text) for each in (*COMMON, *letter.placeholders)]
