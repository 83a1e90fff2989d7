"""The language of letters: text, placeholders, conditions and a little Markdown, and nothing else.

A template is worked out with marks in the place of values, and laid out with them (`markdown`); the values come last
and are never read as a template or as Markdown.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache

from jinja2 import StrictUndefined, TemplateSyntaxError, nodes
from jinja2 import Template as Compiled
from jinja2.sandbox import ImmutableSandboxedEnvironment

from dxday.core.errors import RuleBroken
from dxday.core.i18n import Words, lazy_gettext
from dxday.notifications import markdown

MOST = {"subject": 200, "body": 10_000}
"""Characters of a subject and a body."""

_DEEPEST = 8
"""Conditions within conditions; more than that nobody reads."""

_LINE_SHOWN = 60


@dataclass(frozen=True)
class Template:
    """Words with placeholders, in one language; the body is in the Markdown of letters."""

    subject: str
    body: str


@dataclass(frozen=True)
class Value:
    """What stands for a placeholder: its text, lines only where it is a list, and whether a condition on it is met."""

    text: str
    truth: bool


class WordsMissing(RuleBroken):
    """An empty subject or body."""

    sentence = lazy_gettext("A letter needs a subject and a text.")


class WordsTooLong(RuleBroken):
    """More than anybody reads, or a mail program shows."""

    sentence = lazy_gettext("At most %(most)d characters, please; these are %(length)d.")


class SubjectHasLines(RuleBroken):
    """A line break in a subject."""

    field = "subject"
    sentence = lazy_gettext("The subject is one line.")


class WordsNotReadable(RuleBroken):
    """Braces that do not fit together, or a word that is none of the language."""

    sentence = lazy_gettext(
        "Line %(line)d cannot be read: “%(what)s”. A placeholder is written {{ recipient }}; "
        "a condition begins with {%% if name %%} and ends with {%% endif %%}."
    )


class NotInLetters(RuleBroken):
    """Something that Jinja can do and a letter cannot."""

    sentence = lazy_gettext(
        "Line %(line)d: “%(what)s” is %(kind)s, which a letter cannot have. There are placeholders such as "
        "{{ recipient }}, and {%% if name %%} … {%% else %%} … {%% endif %%}."
    )


class ConditionsTooDeep(RuleBroken):
    """Conditions within conditions within conditions."""

    sentence = lazy_gettext("There are too many conditions within each other: at most %(most)d.")


class PlaceholderUnknown(RuleBroken):
    """A name that this letter does not have."""

    sentence = lazy_gettext(
        "Line %(line)d: there is no placeholder “%(name)s” in this letter. There are: %(known)s."
    )


class PlaceholderMistyped(RuleBroken):
    """A name that this letter does not have, much like one that it has."""

    sentence = lazy_gettext(
        "Line %(line)d: there is no placeholder “%(name)s” in this letter. Did you mean “%(nearest)s”? "
        "There are: %(known)s."
    )


class YesOrNoShown(RuleBroken):
    """A yes or no written where text belongs."""

    sentence = lazy_gettext(
        "Line %(line)d: “%(name)s” is a yes or no and has no words. "
        "Ask for it with {%% if %(name)s %%} … {%% endif %%}."
    )


class LinkNotPossible(RuleBroken):
    """A link to something that is no web page and no mail address."""

    sentence = lazy_gettext(
        "The link “%(label)s” leads to “%(address)s”. Links begin with https://, http:// or mailto:."
    )


# Reading a template -----------------------------------------------------------------------------------------

_environment = ImmutableSandboxedEnvironment(
    undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False, cache_size=0
)
_environment.globals.clear()
_environment.filters.clear()
_environment.tests.clear()

_Kind = tuple[str, Words]

_TAGS: dict[type[nodes.Node], _Kind] = {
    nodes.For: ("{% for %}", lazy_gettext("a loop")),
    nodes.Assign: ("{% set %}", lazy_gettext("an assignment")),
    nodes.AssignBlock: ("{% set %}", lazy_gettext("an assignment")),
    nodes.Include: ("{% include %}", lazy_gettext("another file")),
    nodes.Import: ("{% import %}", lazy_gettext("another file")),
    nodes.FromImport: ("{% from %}", lazy_gettext("another file")),
    nodes.Extends: ("{% extends %}", lazy_gettext("another file")),
    nodes.Macro: ("{% macro %}", lazy_gettext("a macro")),
    nodes.CallBlock: ("{% call %}", lazy_gettext("a call")),
    nodes.FilterBlock: ("{% filter %}", lazy_gettext("a filter")),
    nodes.Block: ("{% block %}", lazy_gettext("a block")),
    nodes.With: ("{% with %}", lazy_gettext("an assignment")),
}
_COMPARED = {"eq": "==", "ne": "!=", "gt": ">", "gteq": ">=", "lt": "<", "lteq": "<=", "notin": "not in"}
_SIGNS: dict[str, _Kind] = {
    "comment_begin": ("{# … #}", lazy_gettext("a comment")),
    "raw_begin": ("{% raw %}", lazy_gettext("a command")),
}


def _expression(node: nodes.Node) -> _Kind:
    """Say what an expression is that no letter can have, as it is written."""
    if isinstance(node, nodes.Getattr):
        return f"{_written(node.node)}.{node.attr}", lazy_gettext("a part of a value")
    if isinstance(node, nodes.Getitem):
        return f"{_written(node.node)}[…]", lazy_gettext("a part of a value")
    if isinstance(node, nodes.Call):
        return f"{_written(node.node)}(…)", lazy_gettext("a call")
    if isinstance(node, nodes.Filter):
        return f"|{node.name}", lazy_gettext("a filter")
    if isinstance(node, nodes.Test):
        return f"is {node.name}", lazy_gettext("a test")
    if isinstance(node, nodes.Const | nodes.TemplateData):
        return repr(node.as_const())[:_LINE_SHOWN], lazy_gettext("a fixed value")
    if isinstance(node, nodes.Compare):
        return f"{_written(node.expr)} {_COMPARED.get(node.ops[0].op, node.ops[0].op)} …", lazy_gettext(
            "a comparison"
        )
    if isinstance(node, nodes.BinExpr | nodes.UnaryExpr):
        return node.operator, lazy_gettext("a calculation")
    if isinstance(node, nodes.CondExpr):
        return "… if …", lazy_gettext("a condition inside a placeholder")
    return type(node).__name__.lower(), lazy_gettext("an expression")


def _written(node: nodes.Node) -> str:
    if isinstance(node, nodes.Name):
        return node.name
    return _expression(node)[0]


@dataclass(frozen=True)
class _Use:
    """A name in a template: on which line, and whether it is shown or only asked for."""

    name: str
    line: int
    shown: bool


def _uses(tree: nodes.Template) -> Iterator[_Use]:
    """Walk a template and yield the names in it.  Raises NotInLetters, ConditionsTooDeep."""
    yield from _uses_of(tree.body, depth=0)


def _uses_of(body: Sequence[nodes.Node], *, depth: int) -> Iterator[_Use]:
    if depth > _DEEPEST:
        raise ConditionsTooDeep(most=_DEEPEST)
    for node in body:
        if isinstance(node, nodes.Output):
            for piece in node.nodes:
                if isinstance(piece, nodes.Name):
                    yield _Use(piece.name, piece.lineno, shown=True)
                elif not isinstance(piece, nodes.TemplateData):
                    _refuse(piece)
        elif isinstance(node, nodes.If):
            yield from _asked(node.test)
            yield from _uses_of(node.body, depth=depth + 1)
            for branch in node.elif_:
                yield from _asked(branch.test)
                yield from _uses_of(branch.body, depth=depth + 1)
            yield from _uses_of(node.else_, depth=depth + 1)
        else:
            _refuse(node)


def _asked(test: nodes.Node, depth: int = 0) -> Iterator[_Use]:
    if depth > _DEEPEST:
        raise ConditionsTooDeep(most=_DEEPEST)
    if isinstance(test, nodes.Name):
        yield _Use(test.name, test.lineno, shown=False)
    elif isinstance(test, nodes.Not):
        yield from _asked(test.node, depth + 1)
    elif isinstance(test, nodes.And | nodes.Or):
        yield from _asked(test.left, depth + 1)
        yield from _asked(test.right, depth + 1)
    else:
        _refuse(test)


def _refuse(node: nodes.Node) -> None:
    what, kind = _TAGS.get(type(node)) or _expression(node)
    raise NotInLetters(line=node.lineno, what=what, kind=kind)


def _line(source: str, number: int) -> str:
    lines = source.splitlines() or [""]
    text = lines[min(max(number, 1), len(lines)) - 1].strip()
    return text if len(text) <= _LINE_SHOWN else text[: _LINE_SHOWN - 1] + "…"


@lru_cache(maxsize=512)
def _read(source: str) -> tuple[Compiled, tuple[_Use, ...]]:
    """Compile a template of the language.  Raises WordsNotReadable, NotInLetters, ConditionsTooDeep."""
    source = markdown.without_marks(source)
    try:
        for line, sign, said in _environment.lex(source):
            if sign in _SIGNS or (sign, said) == ("name", "autoescape"):
                what, kind = _SIGNS.get(sign, ("{% autoescape %}", lazy_gettext("a command")))
                raise NotInLetters(line=line, what=what, kind=kind)
        tree = _environment.parse(source)
        uses = tuple(_uses(tree))
        return _environment.from_string(source), uses
    except TemplateSyntaxError as error:
        raise WordsNotReadable(line=error.lineno, what=_line(source, error.lineno)) from error
    except ValueError as error:  # a number of thousands of digits, which Python does not read
        raise WordsNotReadable(line=1, what=_line(source, 1)) from error
    except RecursionError as error:
        raise ConditionsTooDeep(most=_DEEPEST) from error


def names_in(template: Template) -> set[str]:
    """Return the names of the placeholders that a template shows or asks for.  Raises as `check` does."""
    return {use.name for source in (template.subject, template.body) for use in _read(source)[1]}


def check(template: Template, *, known: Mapping[str, bool]) -> None:
    """Refuse a template that is not of the language or names what is not there; the refusal's field says where.

    `known` has the names of the placeholders, and whether each is a yes or no.  Raises WordsMissing, WordsTooLong,
    SubjectHasLines, WordsNotReadable, NotInLetters, ConditionsTooDeep, PlaceholderUnknown, PlaceholderMistyped,
    YesOrNoShown, LinkNotPossible.
    """
    for field, source in (("subject", template.subject), ("body", template.body)):
        try:
            _check_source(source, most=MOST[field], known=known)
            if field == "body":
                _check_links(source)
        except RuleBroken as refusal:
            refusal.field = field
            raise
    if "\n" in template.subject or "\r" in template.subject:
        raise SubjectHasLines


def _check_source(source: str, *, most: int, known: Mapping[str, bool]) -> None:
    if not source.strip():
        raise WordsMissing
    if len(source) > most:
        raise WordsTooLong(most=most, length=len(source))
    for use in _read(source)[1]:
        if use.name not in known:
            names = ", ".join(known)
            nearest = get_close_matches(use.name, list(known), n=1)
            if nearest:
                raise PlaceholderMistyped(line=use.line, name=use.name, nearest=nearest[0], known=names)
            raise PlaceholderUnknown(line=use.line, name=use.name, known=names)
        if use.shown and known[use.name]:
            raise YesOrNoShown(line=use.line, name=use.name)


def _check_links(source: str) -> None:
    """Refuse an address that is written out and is none; also where a condition may not be met."""
    said = re.sub(r"\{%.*?%\}", "\n\n", source, flags=re.DOTALL)
    for label, address in markdown.find_no_links(
        re.sub(r"\{\{.*?\}\}", markdown.mark(0), said, flags=re.DOTALL)
    ):
        raise LinkNotPossible(label=label, address=address)


# Filling in -------------------------------------------------------------------------------------------------


class _Slot:
    """Stands for a value while a template is worked out: writes its mark, and is as true as the value."""

    __slots__ = ("_mark", "_truth")

    def __init__(self, number: int, *, truth: bool) -> None:
        self._mark = markdown.mark(number)
        self._truth = truth

    def __bool__(self) -> bool:
        return self._truth

    def __str__(self) -> str:
        return self._mark


def _marked(source: str, value_of: Callable[[str], Value], names: list[str], values: list[str]) -> str:
    """Work the conditions of a template out and leave marks for its values, which are noted."""
    compiled, uses = _read(source)
    slots = {}
    for use in uses:
        if use.name not in names:
            names.append(use.name)
            values.append(value_of(use.name).text)
        slots[use.name] = _Slot(names.index(use.name), truth=value_of(use.name).truth)
    return compiled.render(slots)


def fill(template: Template, value_of: Callable[[str], Value]) -> tuple[str, str, str]:
    """Return subject, text and HTML of a template, with what `value_of` gives for each name in it.

    Whatever a value says, it is text: it makes no element, no list and no second line of the subject.  An address that
    is none of a page or of mail makes no link.  Raises what `check` raises for a template that was not checked.
    """
    names: list[str] = []
    values: list[str] = []
    subject = _marked(template.subject, value_of, names, values)
    body = _marked(template.body, value_of, names, values)
    text, html = markdown.fill_in(markdown.lay_out(body), values)
    return markdown.fill_line(subject, values), text, html
