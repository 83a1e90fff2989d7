"""The document of a decision, in Vietnamese, in the form of Decree 30/2020/NĐ-CP, from what is kept of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from flask import current_app

from dxday.awards.models import Award, Decision
from dxday.awards.rules import Wording
from dxday.core.i18n import Translations, pick
from dxday.core.official import Paper, Signature
from dxday.nominations.models import Nomination
from dxday.schemes.models import Category

_VI = "vi"


@dataclass(frozen=True)
class Head:
    """Number, day and signature; a draft may leave the number and the day open."""

    number: str
    decided_on: date | None
    place: str
    signatory_name: str
    signatory_title: str


@dataclass(frozen=True)
class Honoured:
    """A line of the list of the honoured."""

    name: str
    position: str
    organisation_name: Translations
    line: str
    category: Category
    """With its scheme."""

    @property
    def unit(self) -> str:
        """Office and unit, or address; the agency where nothing was said."""
        return self.position or pick(self.organisation_name, _VI)


def draw_decision(decision: Decision, awards: Sequence[Award]) -> bytes:
    """Return the document of a recorded decision as PDF/A-3a; `awards` come with category and scheme.

    The same rows give the same bytes.
    """
    return draw(
        Head(
            decision.number,
            decision.decided_on,
            decision.place,
            decision.signatory_name,
            decision.signatory_title,
        ),
        decision.wording,
        [
            Honoured(
                award.recipient_name,
                award.recipient_position,
                award.organisation_name,
                award.achievement,
                award.category,
            )
            for award in awards
        ],
        made_at=decision.recorded_at,
    )


def honoured_of(chosen: Sequence[Nomination], lines: dict[str, str]) -> list[Honoured]:
    """Return the list as it would be for nominations, with their lines by code."""
    return [
        Honoured(
            each.nominee_name,
            each.nominee_position,
            each.organisation_name,
            " ".join(lines[each.code].split()),
            each.category,
        )
        for each in chosen
    ]


def draw(head: Head, wording: Wording, honoured: Sequence[Honoured], *, made_at: datetime) -> bytes:
    """Return the document as PDF/A-3a."""
    paper = Paper(
        agency=wording.issuer,
        kind="Quyết định",
        number=head.number,
        symbol="QĐ",
        place=head.place,
        on=head.decided_on,
        about=wording.about,
        authority=wording.authority,
        bases=wording.bases,
        resolves="Quyết định",
        recipients=wording.recipients,
        signatures=(Signature(head.signatory_title, head.signatory_name),),
    )
    title = f"Quyết định {paper.numbered}: {wording.about}"
    html = current_app.jinja_env.get_template("pdf/decision.html").render(
        title=title,
        paper=paper,
        articles=_closed(wording.articles),
        annexes=_annexes(wording.annexes, honoured),
    )
    from dxday.adapters import pdf  # WeasyPrint takes a second to load: only who draws pays for it

    return pdf.render_official(html, title=title, made_at=made_at)


def _closed(articles: Sequence[str]) -> list[str]:
    """Put the sign of the end behind the last article (Decree 30/2020 Annex I)."""
    return [*articles[:-1], f"{articles[-1].rstrip(' ./')}./."]


def _annexes(
    titles: Sequence[str], honoured: Sequence[Honoured]
) -> list[tuple[str, str, list[tuple[str, list[tuple[int, Honoured]]]]]]:
    """Return the lists of the honoured: name, title, and the numbered lines by category."""
    by_scheme: dict[int, dict[int, list[Honoured]]] = {}
    for each in honoured:
        by_scheme.setdefault(each.category.scheme_id, {}).setdefault(each.category.id, []).append(each)
    found = []
    for place, (title, categories) in enumerate(zip(titles, by_scheme.values(), strict=True), start=1):
        groups, number = [], 0
        for own in categories.values():
            groups.append((pick(own[0].category.name, _VI), list(enumerate(own, start=number + 1))))
            number += len(own)
        found.append((f"Phụ lục {_roman(place)}" if len(titles) > 1 else "Phụ lục", title, groups))
    return found


def _roman(number: int) -> str:
    """Write a number as annexes are numbered (Decree 30/2020 Annex I, part III)."""
    tens, ones = divmod(number, 10)
    return "X" * tens + ["", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX"][ones]
