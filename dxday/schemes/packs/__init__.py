"""Rule packs: what the law in force asks of a scheme, as data with the source of each fact.

A pack is one TOML file in this folder.  What has no source in it was not read anywhere: it is a suggestion, and is
shown as one until the organizer confirms it.
"""

import json
import tomllib
from collections import Counter
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from dxday.core.errors import NotFound
from dxday.core.i18n import Translations
from dxday.schemes.rules import AwardForm, ItemKind, NomineeKind, TieBreak

FOLDER = Path(__file__).parent
CRITERIA = "criteria"
"""The name under which the criteria stand among what is unconfirmed: no law names them."""


class PackBroken(ValueError):
    """A file that is no rule pack; says where in it and why."""


@dataclass(frozen=True)
class Law:
    """A law or decree that a pack stands on, with the days on which it was in force as far as they were read."""

    cited: str
    source: str
    issued: date | None = None
    since: date | None = None
    until: date | None = None
    note: Translations | None = None


@dataclass(frozen=True)
class Setting:
    """A setting of a scheme; without a source it is unconfirmed."""

    name: str
    value: Any
    article: str | None
    source: str | None
    note: Translations | None


@dataclass(frozen=True)
class Item:
    """An item of dossiers, of nominees of these kinds."""

    section: str
    code: str
    kind: ItemKind
    name: Translations
    help: Translations | None
    required: bool
    most: int | None
    sensitive: bool
    article: str
    source: str | None
    nominees: frozenset[NomineeKind]


@dataclass(frozen=True)
class Question:
    """A question of eligibility, for nominees of these kinds."""

    code: str
    question: Translations
    wanted: bool
    refusal: Translations
    article: str
    source: str | None
    nominees: frozenset[NomineeKind]


@dataclass(frozen=True)
class Measure:
    """A criterion with its suggested weight, for nominees of these kinds."""

    code: str
    name: Translations
    guidance: Translations | None
    weight: int
    most: int
    nominees: frozenset[NomineeKind]


@dataclass(frozen=True)
class Pack:
    """What the law asks of a scheme of one form of award."""

    code: str
    version: int
    form: AwardForm
    name: Translations
    legal_basis: str
    since: date | None
    until: date | None
    laws: tuple[Law, ...]
    settings: tuple[Setting, ...]
    items: tuple[Item, ...]
    questions: tuple[Question, ...]
    criteria: tuple[Measure, ...]

    @property
    def mark(self) -> str:
        """What a scheme keeps of the pack that it took over: code and version."""
        return f"{self.code}@{self.version}"

    @property
    def unconfirmed(self) -> list[str]:
        """The names of settings for which no source was read, and of the criteria, which no law names."""
        names = [each.name for each in self.settings if each.source is None]
        return [*names, CRITERIA] if self.criteria else names

    def is_in_force(self, day: date) -> bool:
        """Tell whether the pack is the one for awards decided on `day`."""
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


def list_codes() -> list[str]:
    """Return the codes of the packs that are shipped, by the day from which on they hold."""
    return sorted(
        (path.stem for path in FOLDER.glob("*.toml")), key=lambda code: _read(code).get("since", "")
    )


def list_packs(form: AwardForm) -> list[Pack]:
    """Return the shipped packs as they hold for a form of award, by the day from which on they hold."""
    return [get_pack(code, form) for code in list_codes()]


def get_pack(code: str, form: AwardForm) -> Pack:
    """Return a shipped pack as it holds for a form of award.  Raises NotFound."""
    if code not in {path.stem for path in FOLDER.glob("*.toml")}:
        raise NotFound
    return _pack_of(_read(code), form)


def find_taken(mark: str | None, form: AwardForm) -> Pack | None:
    """Return the pack of which a scheme keeps the mark, or None when it has changed since or is gone."""
    code = (mark or "").partition("@")[0]
    if code not in list_codes():
        return None
    pack = get_pack(code, form)
    return pack if pack.mark == mark else None


def read_pack(text: str, form: AwardForm, *, name: str) -> Pack:
    """Read a pack from TOML.  Raises PackBroken, which says where in `name` what is wrong."""
    return _pack_of(_document(text, name), form)


@cache
def _read(code: str) -> dict[str, Any]:
    name = f"{code}.toml"
    document = _document((FOLDER / name).read_text("utf-8"), name)
    if document["code"] != code:
        raise PackBroken(f"{name}: code: “{document['code']}” is not the name of the file")
    return document


def _document(text: str, name: str) -> dict[str, Any]:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise PackBroken(f"{name}: this is no TOML ({fault})") from fault
    _check_shape(document, name)
    for part in ("items", "questions", "criteria"):
        counted = Counter(each["code"] for each in document[part])
        for code in (code for code, count in counted.items() if count > 1):
            raise PackBroken(f"{name}: {part}: “{code}” stands there {counted[code]} times")
    for form in AwardForm:
        counted = Counter(each["name"] for each in _for_form(document["settings"], form))
        for setting in (setting for setting, count in counted.items() if count > 1):
            raise PackBroken(
                f"{name}: settings: “{setting}” is set {counted[setting]} times for {form.value}"
            )
    for where, value in _days(document):
        try:
            date.fromisoformat(value)
        except ValueError as fault:
            raise PackBroken(f"{name}: {where}: “{value}” is no day") from fault
    return document


def _check_shape(document: dict[str, Any], name: str) -> None:
    from jsonschema import Draft202012Validator  # loaded by who reads packs, and by nobody else
    from jsonschema.exceptions import best_match

    schema = json.loads((FOLDER / "pack.schema.json").read_text("utf-8"))
    fault = best_match(Draft202012Validator(schema).iter_errors(document))
    if fault is not None:
        raise PackBroken(f"{name}: {fault.json_path.removeprefix('$.')}: {fault.message}")


def _days(document: dict[str, Any]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = [(name, document[name]) for name in ("since", "until") if name in document]
    for number, law in enumerate(document["laws"]):
        found += [
            (f"laws[{number}].{name}", law[name]) for name in ("issued", "since", "until") if name in law
        ]
    return found


def _for_form(entries: list[dict[str, Any]], form: AwardForm) -> list[dict[str, Any]]:
    return [each for each in entries if form.value in each.get("forms", [form.value])]


def _nominees(entry: dict[str, Any]) -> frozenset[NomineeKind]:
    return frozenset(map(NomineeKind, entry.get("nominees", NomineeKind)))


def _day(entry: dict[str, Any], name: str) -> date | None:
    return date.fromisoformat(entry[name]) if name in entry else None


def _value(name: str, value: Any) -> Any:
    if name == "tie_break":
        return TieBreak(value)
    if name == "comment_days":
        return value or None
    return value


def _pack_of(document: dict[str, Any], form: AwardForm) -> Pack:
    return Pack(
        code=document["code"],
        version=document["version"],
        form=form,
        name=document["name"],
        legal_basis=document["legal_basis"],
        since=_day(document, "since"),
        until=_day(document, "until"),
        laws=tuple(
            Law(
                law["cited"],
                law["source"],
                _day(law, "issued"),
                _day(law, "since"),
                _day(law, "until"),
                law.get("note"),
            )
            for law in document["laws"]
        ),
        settings=tuple(
            Setting(
                each["name"],
                _value(each["name"], each["value"]),
                each.get("article"),
                each.get("source"),
                each.get("note"),
            )
            for each in _for_form(document["settings"], form)
        ),
        items=tuple(
            Item(
                section=each["section"],
                code=each["code"],
                kind=ItemKind(each["kind"]),
                name=each["name"],
                help=each.get("help"),
                required=each["required"],
                most=each.get("most"),
                sensitive=each.get("sensitive", False),
                article=each["article"],
                source=each.get("source"),
                nominees=_nominees(each),
            )
            for each in _for_form(document["items"], form)
        ),
        questions=tuple(
            Question(
                code=each["code"],
                question=each["question"],
                wanted=each["wanted"],
                refusal=each["refusal"],
                article=each["article"],
                source=each.get("source"),
                nominees=_nominees(each),
            )
            for each in _for_form(document["questions"], form)
        ),
        criteria=tuple(
            Measure(
                code=each["code"],
                name=each["name"],
                guidance=each.get("guidance"),
                weight=each["weight"],
                most=each["most"],
                nominees=_nominees(each),
            )
            for each in _for_form(document["criteria"], form)
        ),
    )
