"""What the document of a decision says, proposed from what is known; whoever records it writes what was signed."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from zoneinfo import ZoneInfo

from dxday.awards import queries
from dxday.awards.rules import Wording
from dxday.ballots.models import Ballot, BallotMinutes
from dxday.core.i18n import pick
from dxday.core.official import vietnamese_date
from dxday.editions import queries as editions
from dxday.editions.models import Edition, LegalDocument
from dxday.editions.rules import DocumentKind
from dxday.nominations.documents import KINDS, bases_of, form_of
from dxday.nominations.models import Nomination
from dxday.schemes import packs
from dxday.schemes.models import Category, Scheme

_VI = "vi"

_DOCUMENTS = {
    DocumentKind.DECISION: "Quyết định",
    DocumentKind.RESOLUTION: "Nghị quyết",
    DocumentKind.PLAN: "Kế hoạch",
}

_OFFICE = re.compile(
    r"^(Phó )?(Chủ tịch|Tổng Giám đốc|Giám đốc|Bộ trưởng|Thủ trưởng|Cục trưởng|Hiệu trưởng) (?=\w)"
)


def propose(edition: Edition, chosen: Sequence[Nomination]) -> Wording:
    """Return the words of a decision that honours these nominations, which come with category and scheme.

    The legal bases are those that the schemes cite, with the days of issue that their rule packs know, then the
    edition's documents, then the minutes of the ballots that voted on them, with number and SHA-256.
    """
    schemes = schemes_of(each.category for each in chosen)
    minutes = queries.list_minutes([each.id for each in chosen])
    giver = " và ".join(dict.fromkeys(pick(scheme.giver, _VI) for scheme in schemes))
    bases = [
        *(basis for scheme in schemes for basis in _laws(scheme)),
        *(_document(each) for each in editions.list_documents(edition.id)),
        *(_minutes(*each, zone=ZoneInfo(edition.time_zone)) for each in minutes),
        *(f"Theo đề nghị của {pick(ballot.council.name, _VI)}" for ballot, _ in minutes),
    ]
    honouring = [
        _honour(scheme, [n for n in chosen if n.category.scheme_id == scheme.id]) for scheme in schemes
    ]
    articles = [
        *honouring,
        "Quyết định này có hiệu lực kể từ ngày ký.",
        "Thủ trưởng các cơ quan, đơn vị có liên quan và tập thể, cá nhân, hộ gia đình có tên tại "
        f"{_first(len(honouring))} chịu trách nhiệm thi hành Quyết định này.",
    ]
    return Wording(
        issuer=issuer_of(giver),
        authority=giver,
        about="Về việc tặng " + ", ".join(dict.fromkeys(form_of(scheme) for scheme in schemes)),
        bases=tuple(dict.fromkeys(bases)),
        articles=tuple(articles),
        recipients=(f"Như Điều {len(articles)}", "Lưu: VT, hồ sơ khen thưởng"),
        annexes=annexes_of([each.category for each in chosen]),
    )


def list_sources(chosen: Iterable[Nomination]) -> list[tuple[str, str]]:
    """Return the laws that the schemes' rule packs stand on, each with where it was read."""
    found = {}
    for scheme in schemes_of(each.category for each in chosen):
        pack = packs.find_taken(scheme.pack, scheme.form)
        found.update({law.cited: law.source for law in pack.laws} if pack else {})
    return list(found.items())


def annexes_of(categories: Sequence[Category]) -> tuple[str, ...]:
    """Return the titles of the lists of the honoured, one for each scheme, from the category of each award."""
    titles = []
    for scheme in schemes_of(categories):
        own = {each.nominee_kind for each in categories if each.scheme_id == scheme.id}
        whom = _join(word for kind, word in KINDS.items() if kind in own)
        titles.append(f"Danh sách {whom} được tặng {form_of(scheme)}")
    return tuple(titles)


def schemes_of(categories: Iterable[Category]) -> list[Scheme]:
    """Return the schemes of the categories, in the order in which they first come."""
    return list({category.scheme_id: category.scheme for category in categories}.values())


def issuer_of(office: str) -> str:
    """Return the agency of an office, as the People's Committee of its chairman."""
    agency = _OFFICE.sub("", office)
    return agency[:1].upper() + agency[1:]


def _honour(scheme: Scheme, chosen: Sequence[Nomination]) -> str:
    if len(chosen) == 1:
        whom = ", ".join(filter(None, [chosen[0].nominee_name, chosen[0].nominee_position]))
    else:
        counted = Counter(each.category.nominee_kind for each in chosen)
        whom = _join(f"{counted[kind]:02d} {word}" for kind, word in KINDS.items() if counted[kind])
    return (
        f"Tặng {form_of(scheme)} của {pick(scheme.giver, _VI)} cho {whom} đã có thành tích theo nội dung "
        f"“{pick(scheme.name, _VI)}” (có danh sách kèm theo)."
    )


def _laws(scheme: Scheme) -> Iterator[str]:
    pack = packs.find_taken(scheme.pack, scheme.form)
    issued = {law.cited: law.issued for law in pack.laws if law.issued} if pack else {}
    for basis in bases_of(scheme):
        day = issued.get(basis.removeprefix("Căn cứ "))
        yield f"{basis} {vietnamese_date(day)}" if day else basis


def _document(document: LegalDocument) -> str:
    words = [f"Căn cứ {_DOCUMENTS[document.kind]} số {document.number}"]
    if document.issued_on:
        words.append(vietnamese_date(document.issued_on))
    words.append(f"của {pick(document.issuer, _VI)} “{pick(document.title, _VI)}”")
    return " ".join(words)


def _minutes(ballot: Ballot, minutes: BallotMinutes, *, zone: ZoneInfo) -> str:
    number = f" số {minutes.number}" if minutes.number else ""
    closed = f" {vietnamese_date(ballot.closed_at.astimezone(zone).date())}" if ballot.closed_at else ""
    return f"Căn cứ Biên bản{number}{closed} của {pick(ballot.council.name, _VI)} (SHA-256: {minutes.sha256})"


def _first(count: int) -> str:
    return "Điều 1" if count == 1 else _join(f"Điều {number}" for number in range(1, count + 1))


def _join(words: Iterable[str]) -> str:
    return ", ".join(words)
