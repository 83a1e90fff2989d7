"""What differs between two states of a session, and what stands in the way of a release."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from dxday.core.errors import RuleBroken
from dxday.core.i18n import Words, lazy_gettext

LONGEST_NAME = 120
LONGEST_NOTE = 1000


class Aspect(StrEnum):
    """In what a session may differ, as far as people are told of it."""

    TITLE = "title"
    WORDS = "words"
    KIND = "kind"
    LANGUAGE = "language"
    TRACK = "track"
    PEOPLE = "people"
    TIME = "time"
    ROOM = "room"
    MODE = "mode"
    LINK = "link"
    SITE_JOINS = "site_joins"
    SITE_LEAVES = "site_leaves"
    OTHER = "other"


ASPECT_NAMES: dict[Aspect, Words] = {
    Aspect.TITLE: lazy_gettext("Title"),
    Aspect.WORDS: lazy_gettext("Description"),
    Aspect.KIND: lazy_gettext("Kind"),
    Aspect.LANGUAGE: lazy_gettext("Language"),
    Aspect.TRACK: lazy_gettext("Track"),
    Aspect.PEOPLE: lazy_gettext("People"),
    Aspect.TIME: lazy_gettext("Time"),
    Aspect.ROOM: lazy_gettext("Room"),
    Aspect.MODE: lazy_gettext("How it is held"),
    Aspect.LINK: lazy_gettext("Join link"),
    Aspect.SITE_JOINS: lazy_gettext("Joins"),
    Aspect.SITE_LEAVES: lazy_gettext("Does not take part"),
    Aspect.OTHER: lazy_gettext("Other details"),
}

WITHOUT_VALUES = frozenset({Aspect.WORDS, Aspect.LINK, Aspect.OTHER})
"""What is only said to differ: too long to set side by side, or of no use to readers."""


class NothingToRelease(RuleBroken):
    """A release that would change nothing."""

    sentence = lazy_gettext(
        "The public sees the programme as it stands already. There is nothing to release."
    )


class FindingsStand(RuleBroken):
    """A release while findings stand that stop it."""

    sentence = lazy_gettext(
        "%(count)s findings of the check stop this release. Settle them, or override them with a reason, or "
        "release all the same and say why."
    )


class ReasonMissing(RuleBroken):
    """A release in spite of findings, without a reason."""

    field = "reason"
    sentence = lazy_gettext("Say why it is released although findings stand against it.")


class NameMissing(RuleBroken):
    """A release without a name."""

    field = "name"
    sentence = lazy_gettext("Give the release a name, such as “Second version”.")


class NothingToGoBackTo(RuleBroken):
    """A release that the draft is equal to already."""

    sentence = lazy_gettext("The draft is as this release left it already.")


@dataclass(frozen=True)
class Difference:
    """One thing in which a session differs: as a whole, or at some sites in the same way."""

    aspect: Aspect
    was: Any
    becomes: Any
    site_ids: tuple[int, ...] = ()


def check_name(name: str) -> None:
    """Raise NameMissing."""
    if not name.strip():
        raise NameMissing


def check_findings(count: int, *, force: bool, reason: str) -> None:
    """Raise FindingsStand when findings stop the release, or ReasonMissing when they are passed over without one."""
    if count and not force:
        raise FindingsStand(count=count)
    if count and not reason.strip():
        raise ReasonMissing


def find_differences(was: Mapping[str, Any] | None, becomes: Mapping[str, Any]) -> list[Difference]:
    """Return in what two contents of a session (see programme.publishing) differ; what is new differs in nothing.

    What is the same difference at several sites is one.
    """
    if was is None:
        return []
    found = [
        Difference(aspect, was.get(name), becomes.get(name))
        for aspect, name in (
            (Aspect.TITLE, "title"),
            (Aspect.KIND, "kind"),
            (Aspect.LANGUAGE, "language"),
            (Aspect.TRACK, "track_id"),
        )
        if was.get(name) != becomes.get(name)
    ]
    if any(was.get(name) != becomes.get(name) for name in ("subtitle", "abstract", "description")):
        found.append(Difference(Aspect.WORDS, None, None))
    people = [tuple(_people(content)) for content in (was, becomes)]
    if people[0] != people[1]:
        found.append(Difference(Aspect.PEOPLE, people[0], people[1]))
    found += _by_site(was, becomes)
    if not found and {**was, "state": None} != {**becomes, "state": None}:
        found.append(Difference(Aspect.OTHER, None, None))
    return found


def _people(content: Mapping[str, Any]) -> Iterator[int]:
    seen = set()
    for part in content["parts"]:
        if part["person_id"] not in seen:
            seen.add(part["person_id"])
            yield part["person_id"]


def _by_site(was: Mapping[str, Any], becomes: Mapping[str, Any]) -> list[Difference]:
    known = {placed["id"]: placed for placed in was["placements"]}
    groups: dict[tuple[Aspect, Any, Any], list[int]] = {}
    for placed in becomes["placements"]:
        old = known.get(placed["id"])
        for aspect, before, after in _of_placement(old, placed):
            sites = groups.setdefault((aspect, before, after), [])
            if placed["site_id"] not in sites:
                sites.append(placed["site_id"])
    return [
        Difference(aspect, before, after, tuple(sites)) for (aspect, before, after), sites in groups.items()
    ]


def _of_placement(
    old: Mapping[str, Any] | None, placed: Mapping[str, Any]
) -> Iterator[tuple[Aspect, Any, Any]]:
    takes_part = placed["cancelled_at"] is None
    took_part = old is not None and old["cancelled_at"] is None
    if not took_part and not takes_part:
        return
    if not took_part:
        yield Aspect.SITE_JOINS, None, _times(placed)
    elif not takes_part:
        yield Aspect.SITE_LEAVES, None, placed["opt_out_reason"]
    else:
        assert old is not None
        value_of: tuple[tuple[Aspect, Callable[[Mapping[str, Any]], Any]], ...] = (
            (Aspect.TIME, _times),
            (Aspect.ROOM, lambda each: each["room_id"]),
            (Aspect.MODE, lambda each: each["mode"]),
        )
        for aspect, value in value_of:
            if value(old) != value(placed):
                yield aspect, value(old), value(placed)
        if old["join_url"] != placed["join_url"]:
            yield Aspect.LINK, None, None


def _times(placed: Mapping[str, Any]) -> tuple[str, str]:
    return placed["starts_at"], placed["ends_at"]
