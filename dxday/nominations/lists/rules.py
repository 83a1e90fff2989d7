"""What stands in a list of nominees, under which heads, and what is wrong with a row."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid5

from dxday.core.errors import RuleBroken
from dxday.core.i18n import Words, lazy_gettext
from dxday.core.vietnamese import fold, nfc, words_of
from dxday.schemes.rules import NOMINEE_KIND_NAMES, NomineeKind

MOST_ROWS = 1000
"""Nominees in one file: an agency with more divides its list."""
MOST_BYTES = 5_000_000

LENGTHS = {
    "name": 200,
    "position": 300,
    "email": 254,
    "achievement": 20_000,
    "contact_name": 200,
    "contact_email": 254,
}
"""Characters that a draft takes."""

COLUMNS: dict[str, tuple[str, ...]] = {
    "number": ("No.", "STT", "TT", "số thứ tự"),
    "name": (
        "Name of the nominee",
        "Họ và tên, tên tập thể",
        "họ và tên",
        "họ tên",
        "tên",
        "tên tập thể",
        "tên tập thể, cá nhân",
        "tập thể, cá nhân",
        "tên cá nhân, tập thể",
        "người được đề nghị",
        "full name",
        "name",
        "nominee",
    ),
    "scheme": (
        "Award scheme",
        "Hình thức khen thưởng",
        "hình thức khen thưởng đề nghị",
        "hình thức đề nghị",
        "form of the award",
        "scheme",
        "award",
    ),
    "category": ("Category", "Hạng mục", "hạng mục đề nghị", "danh mục", "category code", "mã hạng mục"),
    "kind": ("Kind of nominee", "Đối tượng", "loại đối tượng", "đối tượng khen thưởng", "kind"),
    "position": (
        "Position and unit, or address",
        "Chức vụ và đơn vị, hoặc địa chỉ",
        "chức vụ",
        "chức danh",
        "đơn vị",
        "đơn vị công tác",
        "nơi công tác",
        "chức vụ, đơn vị",
        "chức vụ, đơn vị công tác",
        "địa chỉ",
        "position",
        "unit",
        "address",
    ),
    "email": (
        "E-mail address of the nominee",
        "Thư điện tử của người được đề nghị",
        "thư điện tử",
        "địa chỉ thư điện tử",
        "email",
        "e-mail",
        "e-mail address",
    ),
    "achievement": (
        "Achievement",
        "Thành tích",
        "tóm tắt thành tích",
        "thành tích nổi bật",
        "thành tích tiêu biểu",
        "thành tích đạt được",
        "achievements",
    ),
    "contact_name": ("Name of the contact", "Người liên hệ", "contact"),
    "contact_email": ("E-mail address of the contact", "Thư điện tử của người liên hệ", "contact e-mail"),
}
"""Field → the heads under which it is known: the English one of our template, the Vietnamese one, and others.

They are compared without accents, capitals and punctuation.  Several columns of a position are put together.
"""

FIELD_NAMES: dict[str, Words] = {
    "name": lazy_gettext("Name of the nominee"),
    "scheme": lazy_gettext("Award scheme"),
    "category": lazy_gettext("Category"),
    "kind": lazy_gettext("Kind of nominee"),
    "position": lazy_gettext("Position and unit, or address"),
    "email": lazy_gettext("E-mail address of the nominee"),
    "achievement": lazy_gettext("Achievement"),
    "contact_name": lazy_gettext("Name of the contact"),
    "contact_email": lazy_gettext("E-mail address of the contact"),
}

NEEDED = ("name",)

_KIND_WORDS = {
    NomineeKind.COLLECTIVE: ("collective", "tập thể", "group"),
    NomineeKind.INDIVIDUAL: ("individual", "cá nhân", "person"),
    NomineeKind.HOUSEHOLD: ("household", "hộ gia đình", "hộ", "family"),
}
_KINDS = {fold(word): kind for kind, words in _KIND_WORDS.items() for word in words}
_ADDRESS = re.compile(r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+")
_NAMESPACE = UUID("6b0c3a52-7d6f-4f0e-9a41-52f1d5a7c9e3")


def _key(head: str) -> str:
    return " ".join(words_of(head))


_BY_HEAD = {_key(head): field for field, heads in COLUMNS.items() for head in heads}


class ListRefused(RuleBroken):
    """A file from which no list can be taken."""

    field = "file"
    sentence = lazy_gettext("This list cannot be taken.")


class ListUnknown(ListRefused):
    """A file that is no spreadsheet."""

    sentence = lazy_gettext("This is no list that can be read: take XLSX or CSV, and fill in the template.")


class ListBroken(ListRefused):
    """A CSV file that stops to be one."""

    sentence = lazy_gettext("The file is damaged at line %(line)s. Save it again.")


class ListTooLarge(ListRefused):
    """A file above MOST_BYTES, or one that unfolds too far."""

    sentence = lazy_gettext("The file is too large for a list of nominees.")


class ListTooLong(ListRefused):
    """More nominees than MOST_ROWS."""

    sentence = lazy_gettext(
        "The list has more than %(most)s nominees. Divide it into several files; nothing was imported."
    )


class ListEmpty(ListRefused):
    """A file without a nominee."""

    sentence = lazy_gettext("There is no nominee in the file.")


class HeadsMissing(ListRefused):
    """A table whose columns are not named."""

    sentence = lazy_gettext(
        "No row names the columns. One must be called “Name of the nominee” or “Họ và tên”; the template has them all."
    )


class ListHasErrors(RuleBroken):
    """A list in which a row cannot be taken: none is, so that nobody has to look which ones were."""

    sentence = lazy_gettext(
        "Rows of the list have errors. Mend the file and upload it again; nothing was imported."
    )


@dataclass(frozen=True)
class Line:
    """A row as it was written."""

    row: int
    """As the spreadsheet program numbers it; of a CSV file, the line."""
    values: Mapping[str, str]
    formulas: tuple[str, ...] = ()
    """Fields in which a formula stands."""


@dataclass(frozen=True)
class Choice:
    """A category that can be chosen, and the folded words for it and for its scheme."""

    category_id: int
    kind: NomineeKind
    words: frozenset[str]
    scheme_words: frozenset[str]


@dataclass(frozen=True)
class Nominee:
    """Somebody who is nominated in a category; `mark` says where, for the one who reads it."""

    name: str
    position: str
    category_id: int
    mark: str

    def is_same(self, other: "Nominee") -> bool:
        """Tell whether the two are one: of the same name and category, and not known to have two positions."""
        return (
            self.category_id == other.category_id
            and _plain(self.name) == _plain(other.name)
            and (not self.position or not other.position or _plain(self.position) == _plain(other.position))
        )


@dataclass(frozen=True)
class Known:
    """What the agency has already: guids of its nominations, and who is nominated in those that stand."""

    guids: frozenset[UUID]
    nominees: tuple[Nominee, ...]


@dataclass(frozen=True)
class Verdict:
    """What would become of a row: a draft in a category, nothing because it is here, or nothing for its errors."""

    line: Line
    guid: UUID
    category_id: int | None
    is_here: bool
    errors: tuple[Words, ...]


def find_field(head: str) -> str | None:
    """Return the field that a head names, in Vietnamese, English or both ("Họ và tên / Full name"); None for none."""
    for part in (head, *re.split(r"[/(\n]", head)):
        if field := _BY_HEAD.get(_key(part)):
            return field
    return None


def heads(locale: str) -> list[str]:
    """Return the heads of the template in a language; English where there are none."""
    return [known[1 if locale == "vi" else 0] for known in COLUMNS.values()]


def kind_word(kind: NomineeKind, locale: str) -> str:
    """Return the word for a kind of nominee that is read again: Vietnamese, or else English."""
    return _KIND_WORDS[kind][1 if locale == "vi" else 0].capitalize()


def guid_of(edition_id: int, organisation_id: int, sha256: str, row: int) -> UUID:
    """Return the guid of the draft that a row becomes: the same file twice makes the same drafts once."""
    return uuid5(_NAMESPACE, f"{edition_id}:{organisation_id}:{sha256}:{row}")


def judge(
    lines: Iterable[Line], guids: Mapping[int, UUID], choices: Sequence[Choice], known: Known
) -> list[Verdict]:
    """Return what would become of each row; `guids` are by the number of the row."""
    verdicts: list[Verdict] = []
    here, above = _by_name(known.nominees), _by_name(())
    for line in lines:
        guid = guids[line.row]
        errors = _errors_of_values(line)
        choice, error = _choose(line, choices)
        errors += [error] if error is not None else []
        is_here = guid in known.guids
        if choice is not None and line.values["name"] and not is_here:
            nominee = Nominee(line.values["name"], line.values["position"], choice.category_id, str(line.row))
            if (one := _find_same(nominee, here)) is not None:
                errors.append(
                    lazy_gettext(
                        "Your agency nominates them in this category already: %(code)s.", code=one.mark
                    )
                )
            elif (one := _find_same(nominee, above)) is not None:
                errors.append(
                    lazy_gettext("The same nominee and category stand in row %(row)s.", row=one.mark)
                )
            above[_plain(nominee.name)].append(nominee)
        verdicts.append(
            Verdict(
                line, guid, choice.category_id if choice else None, is_here, () if is_here else tuple(errors)
            )
        )
    return verdicts


def _plain(text: str) -> str:
    """Return text as names are compared: An and Ân are two people."""
    return " ".join(nfc(text).casefold().split())


def _by_name(nominees: Iterable[Nominee]) -> dict[str, list[Nominee]]:
    found: dict[str, list[Nominee]] = defaultdict(list)
    for each in nominees:
        found[_plain(each.name)].append(each)
    return found


def _find_same(nominee: Nominee, among: dict[str, list[Nominee]]) -> Nominee | None:
    return next((each for each in among.get(_plain(nominee.name), ()) if each.is_same(nominee)), None)


def _errors_of_values(line: Line) -> list[Words]:
    errors: list[Words] = [
        lazy_gettext("In “%(column)s” stands a formula. Write its value.", column=FIELD_NAMES[field])
        for field in line.formulas
    ]
    if not line.values["name"] and "name" not in line.formulas:
        errors.append(lazy_gettext("There is no name."))
    for field, most in LENGTHS.items():
        if len(line.values[field]) > most:
            errors.append(
                lazy_gettext(
                    "“%(column)s” has %(length)s characters; at most %(most)s are taken.",
                    column=FIELD_NAMES[field],
                    length=len(line.values[field]),
                    most=most,
                )
            )
    addresses = [line.values[field] for field in ("email", "contact_email")]
    errors += [
        lazy_gettext("“%(value)s” is no e-mail address.", value=value[:60])
        for value in addresses
        if value and not _ADDRESS.fullmatch(value)
    ]
    return errors


def _choose(line: Line, choices: Sequence[Choice]) -> tuple[Choice | None, Words | None]:
    """Return the one category that a row means, or why there is none."""
    scheme, category, kind = (line.values[field] for field in ("scheme", "category", "kind"))
    left = list(choices)
    if kind:
        wanted = _KINDS.get(fold(kind))
        if wanted is None:
            return None, lazy_gettext("“%(kind)s” is no kind of nominee.", kind=kind[:60])
        left = [each for each in left if each.kind is wanted]
    if scheme:
        if not any(fold(scheme) in each.scheme_words for each in choices):
            return None, lazy_gettext("There is no award scheme “%(scheme)s”.", scheme=scheme[:60])
        left = [each for each in left if fold(scheme) in each.scheme_words]
    if category:
        named = [each for each in choices if fold(category) in each.words]
        if not named:
            return None, lazy_gettext("There is no category “%(category)s”.", category=category[:60])
        left = [each for each in left if each in named]
        if not left and kind and len({each.kind for each in named}) == 1:
            return None, lazy_gettext(
                "The category “%(category)s” is for another kind of nominee: %(kind)s.",
                category=category[:60],
                kind=NOMINEE_KIND_NAMES[named[0].kind],
            )
    if len(left) == 1:
        return left[0], None
    if not left:
        return None, lazy_gettext("No category fits the award scheme, category and kind of nominee together.")
    return None, lazy_gettext("Several categories fit. Say the category, and the award scheme if need be.")
