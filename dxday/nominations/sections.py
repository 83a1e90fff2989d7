"""A dossier in sections: what each asks for, how far it is, and what it still lacks."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Protocol

from dxday.core.errors import NotFound, RuleBroken, Stale
from dxday.core.i18n import Translations, Words, lazy_gettext, lazy_pick
from dxday.nominations import rules
from dxday.schemes.rules import ItemKind

NOMINEE = "nominee"
ACHIEVEMENT = "achievement"
FILES = "files"
ATTACHMENT = "attachment"
COLUMNS = (
    "nominee_name",
    "nominee_position",
    "nominee_email",
    "achievement",
    "contact_name",
    "contact_email",
)
"""Fields that are columns of the nomination, whatever the scheme asks for."""

SECTION_NAMES: dict[str, Words] = {
    NOMINEE: lazy_gettext("Nominee and contact"),
    ACHIEVEMENT: lazy_gettext("Achievement"),
    FILES: lazy_gettext("Files"),
    "papers": lazy_gettext("Papers"),
    "person": lazy_gettext("About the nominee"),
}
"""Sections that have a name in every language; a scheme may name others, which are shown as they are."""

LONGEST = 20_000
"""Characters that a draft holds in one field; how many words may be submitted is a rule of the scheme."""
_SHORT = {
    "nominee_name": 200,
    "nominee_position": 300,
    "nominee_email": 254,
    "contact_name": 200,
    "contact_email": 254,
}


class Progress(StrEnum):
    """How far a section is."""

    NOT_STARTED = "not_started"
    IN_PROGRESS = "in_progress"
    DONE = "done"


PROGRESS_NAMES: dict[Progress, Words] = {
    Progress.NOT_STARTED: lazy_gettext("Not started"),
    Progress.IN_PROGRESS: lazy_gettext("In progress"),
    Progress.DONE: lazy_gettext("Complete"),
}


class ItemLike(Protocol):
    """What a scheme says of an item of its dossiers."""

    section: str
    code: str
    kind: ItemKind
    name: Translations
    help: Translations | None
    required: bool
    most: int | None
    sensitive: bool
    article: str


@dataclass(frozen=True)
class Field:
    """One thing that a dossier holds."""

    code: str
    kind: ItemKind
    name: Words
    help: Words | None = None
    required: bool = True
    most: int | None = None
    """Most words of a text, most files of a file."""
    sensitive: bool = False
    article: str = ""
    lines: bool = False
    """Whether a text has lines and is long."""

    @property
    def longest(self) -> int:
        """How many characters it holds."""
        return _SHORT.get(self.code, LONGEST)


@dataclass(frozen=True)
class Section:
    """Fields on one page, edited by one person at a time."""

    code: str
    name: Words
    fields: tuple[Field, ...]

    def get(self, code: str) -> Field:
        """Return the field with this code.  Raises NotFound, also for a file: files have a page of their own."""
        for each in self.fields:
            if each.code == code and each.kind is not ItemKind.FILE:
                return each
        raise NotFound


@dataclass(frozen=True)
class SectionState:
    """A section with how far it is and what it still lacks."""

    section: Section
    progress: Progress
    gaps: list[RuleBroken] = field(default_factory=list)


class ItemMissing(RuleBroken):
    """Something that the scheme asks for and the dossier has not."""

    sentence = lazy_gettext("“%(item)s” is missing (%(article)s).")

    def __init__(self, *, field: str, **facts: object) -> None:
        """Stand beside its field."""
        super().__init__(**facts)
        self.field = field


class ItemTooLong(RuleBroken):
    """A text above the limit of the scheme."""

    sentence = lazy_gettext("“%(item)s” has %(words)s words; shorten it to %(limit)s at the most.")

    def __init__(self, *, field: str, **facts: object) -> None:
        """Stand beside its field."""
        super().__init__(**facts)
        self.field = field


class AnswerNotPossible(RuleBroken):
    """An answer of another kind than was asked for."""

    sentence = lazy_gettext("This cannot be kept: %(wanted)s")


class FieldChanged(Stale):
    """A field that somebody else changed since it was read; facts: `theirs`, `version`."""

    sentence = lazy_gettext(
        "Somebody else changed this field in the meantime. Look at their words, then choose."
    )

    def __init__(self, *, field: str, **facts: object) -> None:
        """Stand beside its field."""
        super().__init__(**facts)
        self.field = field


class SealedAway(RuleBroken):
    """Something sealed that cannot be opened: its key is not given, or it was changed; nothing takes its place."""

    status = 409
    sentence = lazy_gettext(
        "“%(what)s” is sealed and cannot be opened now: its key is not there, or it was damaged. Nothing was changed. "
        "Tell whoever runs this system; “dxday doctor” says which key is missing."
    )

    def __init__(self, *, field: str | None = None, **facts: object) -> None:
        """Stand beside its field, if it has one."""
        super().__init__(**facts)
        self.field = field


class SectionTaken(Stale):
    """A section that somebody else is editing; facts: `who`, `since`."""

    sentence = lazy_gettext("%(who)s is editing this section now.")


WANTED: dict[ItemKind, Words] = {
    ItemKind.TEXT: lazy_gettext("the text is too long."),
    ItemKind.NUMBER: lazy_gettext("write a number."),
    ItemKind.YES_NO: lazy_gettext("choose yes or no."),
    ItemKind.DATE: lazy_gettext("write a day."),
}


SEALED_AWAY = lazy_gettext(
    "This answer is sealed and cannot be opened now: its key is not there, or it was damaged."
)

_NOT_AN_ADDRESS = lazy_gettext("write an e-mail address like name@example.org.")
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def lay_out(items: Sequence[ItemLike]) -> list[Section]:
    """Return the sections of a dossier: nominee and contact, then those of the scheme's items in their order.

    A scheme without items asks for a text of at most rules.ACHIEVEMENT_WORDS words and a file.
    """
    found: dict[str, list[Field]] = {}
    for item in items:
        found.setdefault(item.section, []).append(_field_of(item))
    if not found:
        found = {ACHIEVEMENT: [_ACHIEVEMENT], FILES: [_FILE]}
    return [
        Section(NOMINEE, SECTION_NAMES[NOMINEE], (*_NOMINEE, *found.pop(NOMINEE, []))),
        *(Section(code, SECTION_NAMES.get(code, code), tuple(fields)) for code, fields in found.items()),
    ]


def find_section(layout: Iterable[Section], code: str) -> Section:
    """Return the section with this code.  Raises NotFound."""
    for section in layout:
        if section.code == code:
            return section
    raise NotFound


def judge(
    layout: Iterable[Section],
    values: Mapping[str, str],
    files: Mapping[str, int],
    *,
    unreadable: Collection[str] = (),
) -> list[SectionState]:
    """Return how far each section is, with its gaps; `files` is field → how many stand, the refused left out.

    What is `unreadable` was answered, and cannot be judged before its seal can be opened.
    """
    return [_judge(section, values, files, unreadable) for section in layout]


def read_value(asked: Field, written: str) -> str:
    """Return an answer as it is kept: text with plain line ends, a number, a day as ISO 8601, “yes” or “no”.

    Nothing at all is an answer too, but for the nominee's name.  Raises NomineeNameMissing, AnswerNotPossible.
    """
    value = written.replace("\r\n", "\n").strip()
    if not value:
        if asked.code == "nominee_name":
            raise rules.NomineeNameMissing
        return ""
    if not _fits(asked, value):
        raise AnswerNotPossible(wanted=_NOT_AN_ADDRESS if _is_address(asked) else WANTED[asked.kind])
    return value


def _is_address(asked: Field) -> bool:
    return asked.code in {"nominee_email", "contact_email"}


def _fits(asked: Field, value: str) -> bool:
    if asked.kind is ItemKind.YES_NO:
        return value in {"yes", "no"}
    if asked.kind is ItemKind.DATE:
        return _is_day(value)
    if asked.kind is ItemKind.NUMBER:
        return len(value) <= 30 and _is_number(value)
    if _is_address(asked) and not _ADDRESS.fullmatch(value):
        return False
    return len(value) <= asked.longest


def _is_day(value: str) -> bool:
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _is_number(value: str) -> bool:
    try:
        return Decimal(value).is_finite()
    except InvalidOperation:
        return False


def _judge(
    section: Section, values: Mapping[str, str], files: Mapping[str, int], unreadable: Collection[str]
) -> SectionState:
    begun = False
    gaps: list[RuleBroken] = []
    for each in section.fields:
        if each.code in unreadable:
            begun = True
            gaps.append(SealedAway(field=each.code, what=each.name))
            continue
        value = values.get(each.code, "").strip()
        is_there = bool(value) or files.get(each.code, 0) > 0
        begun = begun or is_there
        gaps += _gaps(each, value, is_there)
    contact = values.get("contact_name", "").strip() and values.get("contact_email", "").strip()
    if section.code == NOMINEE and not contact:
        gaps.append(rules.ContactMissing())
    progress = Progress.IN_PROGRESS if begun else Progress.NOT_STARTED
    return SectionState(section, Progress.DONE if begun and not gaps else progress, gaps)


def _gaps(asked: Field, value: str, is_there: bool) -> list[RuleBroken]:
    words = rules.count_words(value)
    if asked.required and not is_there:
        plain = _MISSING.get(asked.code) if not asked.article else None
        return [plain() if plain else ItemMissing(field=asked.code, item=asked.name, article=asked.article)]
    if asked.kind is ItemKind.TEXT and asked.most is not None and words > asked.most:
        if not asked.article:
            return [rules.AchievementTooLong(words=words, limit=asked.most)]
        return [ItemTooLong(field=asked.code, item=asked.name, words=words, limit=asked.most)]
    return []


def _field_of(item: ItemLike) -> Field:
    return Field(
        code=item.code,
        kind=item.kind,
        name=lazy_pick(item.name),
        help=lazy_pick(item.help) if item.help else None,
        required=item.required,
        most=item.most,
        sensitive=item.sensitive,
        article=item.article,
        lines=item.kind is ItemKind.TEXT and (item.most is None or item.most > 30),
    )


_NOMINEE = (
    Field(
        "nominee_name",
        ItemKind.TEXT,
        lazy_gettext("Name of the nominee"),
        lazy_gettext("As it shall stand on the certificate."),
    ),
    Field(
        "nominee_position",
        ItemKind.TEXT,
        lazy_gettext("Position and unit, or address"),
        lazy_gettext(
            "Office and unit of an individual, address of a household. It is printed under the name."
        ),
        required=False,
    ),
    Field(
        "nominee_email",
        ItemKind.TEXT,
        lazy_gettext("E-mail address of the nominee"),
        lazy_gettext("Where we tell them about an award. It is not published."),
    ),
    Field("contact_name", ItemKind.TEXT, lazy_gettext("Name of the contact"), required=False),
    Field(
        "contact_email",
        ItemKind.TEXT,
        lazy_gettext("E-mail address of the contact"),
        lazy_gettext("We confirm there that the nomination was received."),
        required=False,
    ),
)
_ACHIEVEMENT = Field(
    ACHIEVEMENT,
    ItemKind.TEXT,
    lazy_gettext("Achievement"),
    lazy_gettext(
        "What was done, since when, for whom, and what came of it. The first sentence is proposed as the line on the"
        " certificate."
    ),
    most=rules.ACHIEVEMENT_WORDS,
    lines=True,
)
_FILE = Field(ATTACHMENT, ItemKind.FILE, lazy_gettext("Files"), most=rules.MAX_ATTACHMENTS)
_MISSING: dict[str, type[RuleBroken]] = {
    "nominee_name": rules.NomineeNameMissing,
    "nominee_email": rules.NomineeAddressMissing,
    ACHIEVEMENT: rules.AchievementMissing,
    ATTACHMENT: rules.EvidenceMissing,
}
