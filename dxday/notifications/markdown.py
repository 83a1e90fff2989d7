"""The little Markdown of letters, laid out once in both forms with blanks into which values are put.

What stands in a blank is never read as Markdown: it comes when everything is laid out.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal
from urllib.parse import quote

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode
from markupsafe import escape

# The marks are characters that Unicode says are none (noncharacters): no text of ours has them.
_OPEN, _CLOSE = "\ufdd0", "\ufdd1"
_SIGNS = re.compile(f"[{_OPEN}{_CLOSE}]")
_MARK = re.compile(f"{_OPEN}([0-9]+){_CLOSE}")
_LINK = re.compile(r"(?:https?://|mailto:)[^\s<>\"`]+", re.IGNORECASE)
_EMPTY = re.compile("\n{3,}")
_LABEL = re.compile(r"([^:\ufdd0]{1,60}):(?: |$)")


def mark(number: int) -> str:
    """Return what stands in the place of a value while a letter is laid out."""
    return f"{_OPEN}{number}{_CLOSE}"


def without_marks(text: str) -> str:
    """Return text that nothing in takes for a mark."""
    return _SIGNS.sub("", text)


def fill_line(marked: str, values: Sequence[str]) -> str:
    """Return a line with its values, single blanks between words."""
    return " ".join(_MARK.sub(lambda found: values[int(found[1])], marked).split())


def find_no_links(marked: str) -> Iterator[tuple[str, str]]:
    """Yield label and address of each link that leads to no page and no mail address, with “…” for values.

    An address that begins with a value is looked at when the value is there.
    """
    for link in (node for node in SyntaxTreeNode(_markdown.parse(marked)).walk() if node.type == "link"):
        address = str(link.attrs["href"])
        if not address.startswith(_OPEN) and not _LINK.fullmatch(_MARK.sub("x", address)):
            label = "".join(_MARK.sub("…", node.content) for node in link.walk() if node.type == "text")
            yield label, _MARK.sub("…", address)


class _Markdown(MarkdownIt):
    """The Markdown of letters: paragraphs, lines, lists, **strong**, [label](address)."""

    def __init__(self) -> None:
        super().__init__("zero", {"breaks": True, "maxNesting": 20})
        self.enable(["list", "emphasis", "link", "newline", "escape"])

    def normalizeLink(self, url: str) -> str:  # noqa: N802 (the name is the library's)
        """Leave an address as it is written: its marks are filled in later."""
        return url

    def validateLink(self, url: str) -> bool:  # noqa: N802 (the name is the library's)
        """Take every address: which may be a link is decided when its values are there."""
        return True


_markdown = _Markdown()

_As = Literal["text", "href", "address"]
_Address = tuple[str | int, ...]
_Piece = str | tuple[_As, int | _Address]
"""Fixed text; or a value by its number; or the attribute href, or the words, of an address."""


@dataclass(frozen=True)
class LaidOut:
    """A body in both forms, with blanks for values."""

    html: tuple[_Piece, ...]
    text: tuple[_Piece, ...]


_P = "margin:0 0 16px;"
_BUTTON = (
    "display:inline-block;padding:10px 20px;background:#134199;border-radius:6px;color:#ffffff;"
    "font-weight:600;text-decoration:none;"
)
_SMALL = "margin:0 0 16px;color:#4d5867;font-size:14px;word-break:break-all;"
_TERM = "padding:4px 16px 4px 0;color:#4d5867;font-weight:400;text-align:left;vertical-align:top;"
_FACT = "padding:4px 0;font-weight:600;vertical-align:top;"


def _pieces(text: str, fixed: Callable[[str], str]) -> Iterator[_Piece]:
    """Cut text at its marks."""
    for index, part in enumerate(_MARK.split(text)):
        if index % 2:
            yield "text", int(part)
        elif part:
            yield fixed(part)


def _address(href: str) -> _Address:
    return tuple(
        int(part) if index % 2 else part for index, part in enumerate(_MARK.split(href)) if index % 2 or part
    )


def _escaped(text: str) -> str:
    return str(escape(text))


def _value_html(text: str) -> str:
    return _escaped(text).replace("\n", "<br>")


def _blocks_html(parent: SyntaxTreeNode) -> Iterator[_Piece]:
    for node in parent.children:
        if node.type == "paragraph":
            yield from _paragraph_html(node)
        elif node.type in ("bullet_list", "ordered_list"):
            facts = _facts(node)
            if facts:
                yield '<table role="presentation" class="facts" style="margin:0 0 16px;border-collapse:collapse;">'
                for label, said, inline in facts:
                    yield f'<tr><th scope="row" class="muted" style="{_TERM}">{_escaped(label)}</th>'
                    yield f'<td style="{_FACT}">'
                    yield from _inline_html(inline, skip=said)
                    yield "</td></tr>"
                yield "</table>"
                continue
            tag = "ul" if node.type == "bullet_list" else "ol"
            yield f'<{tag} style="margin:0 0 16px;padding:0 0 0 24px;">'
            for item in node.children:
                yield '<li style="margin:0 0 4px;">'
                yield from _blocks_html(item)
                yield "</li>"
            yield f"</{tag}>"


def _paragraph_html(node: SyntaxTreeNode) -> Iterator[_Piece]:
    inline = node.children[0]
    link = _lonely_link(inline)
    if link is not None and not node.hidden:
        address = _address(str(link.attrs["href"]))
        yield f'<p style="margin:0 0 8px;"><a class="button" style="{_BUTTON}"'
        yield "href", address
        yield ">"
        yield from _inline_html(link)
        yield f'</a></p><p class="muted" style="{_SMALL}">'
        yield "address", address
        yield "</p>"
    elif node.hidden:
        yield from _inline_html(inline)
    else:
        yield f'<p style="{_P}">'
        yield from _inline_html(inline)
        yield "</p>"


def _lonely_link(inline: SyntaxTreeNode) -> SyntaxTreeNode | None:
    """Return the link that is all that a paragraph says."""
    said = [node for node in inline.children if node.type != "text" or node.content.strip()]
    return said[0] if len(said) == 1 and said[0].type == "link" else None


def _inline_html(parent: SyntaxTreeNode, *, skip: int = 0) -> Iterator[_Piece]:
    """Write what stands in a line; the first `skip` characters are said already."""
    for node in parent.children:
        if node.type == "text":
            content, skip = node.content[skip:], 0
            yield from _pieces(content, _escaped)
        elif node.type in ("softbreak", "hardbreak"):
            yield "<br>"
        elif node.type == "link":
            yield '<a style="color:#134199;"'
            yield "href", _address(str(node.attrs["href"]))
            yield ">"
            yield from _inline_html(node)
            yield "</a>"
        elif node.type == "strong":
            yield "<strong>"
            yield from _inline_html(node)
            yield "</strong>"
        else:  # one star or low line is no emphasis in a letter
            yield _escaped(node.markup)
            yield from _inline_html(node)
            yield _escaped(node.markup)


def _facts(node: SyntaxTreeNode) -> list[tuple[str, int, SyntaxTreeNode]]:
    """Return label, its characters and the line of each item of a list in which all read “Label: value”; else nothing.

    What a value says makes no label.
    """
    found = []
    for item in node.children if node.type == "bullet_list" else ():
        inline = (
            item.children[0].children[0] if item.children and item.children[0].type == "paragraph" else None
        )
        if (
            len(item.children) != 1
            or inline is None
            or not inline.children
            or inline.children[0].type != "text"
        ):
            return []
        label = _LABEL.match(inline.children[0].content)
        if label is None or any(each.type in ("softbreak", "hardbreak") for each in inline.children):
            return []
        found.append((label.group(1), label.end(), inline))
    return found


def _blocks_text(parent: SyntaxTreeNode) -> Iterator[_Piece]:
    for index, node in enumerate(parent.children):
        if index:
            yield "\n" if node.type.endswith("_list") and node.level else "\n\n"
        if node.type == "paragraph":
            inline = node.children[0]
            link = _lonely_link(inline)
            yield from _link_text(link, "\n") if link is not None else _inline_text(inline)
        elif node.type in ("bullet_list", "ordered_list"):
            facts = _facts(node)
            for number, item in enumerate(node.children):
                if number:
                    yield "\n"
                sign = "" if facts else "- " if node.type == "bullet_list" else f"{number + 1}. "
                yield sign
                for piece in _blocks_text(item):
                    yield piece.replace("\n", "\n" + " " * len(sign)) if isinstance(piece, str) else piece


def _inline_text(parent: SyntaxTreeNode) -> Iterator[_Piece]:
    for node in parent.children:
        if node.type == "text":
            yield from _pieces(node.content, str)
        elif node.type in ("softbreak", "hardbreak"):
            yield "\n"
        elif node.type == "link":
            yield from _link_text(node, " ")
        elif node.type == "strong":
            yield from _inline_text(node)
        else:
            yield node.markup
            yield from _inline_text(node)
            yield node.markup


def _link_text(link: SyntaxTreeNode, between: str) -> Iterator[_Piece]:
    """Write a link as its label and its address: under it when it stands alone, else in angle brackets (RFC 3986 C)."""
    label, address = list(_inline_text(link)), _address(str(link.attrs["href"]))
    if tuple(piece if isinstance(piece, str) else piece[1] for piece in label) == address:
        yield "address", address
        return
    yield from label
    alone = between == "\n"
    if alone and not (
        label and isinstance(label[-1], str) and label[-1].rstrip().endswith((":", "?", ".", "!"))
    ):
        yield ":"
    yield between if alone else f"{between}<"
    yield "address", address
    if not alone:
        yield ">"


def _joined(pieces: Iterator[_Piece]) -> tuple[_Piece, ...]:
    """Join fixed text that lies side by side."""
    joined: list[_Piece] = []
    for piece in pieces:
        if isinstance(piece, str) and joined and isinstance(joined[-1], str):
            joined[-1] += piece
        else:
            joined.append(piece)
    return tuple(joined)


@lru_cache(maxsize=2048)
def lay_out(marked: str) -> LaidOut:
    """Lay out Markdown with marks in the place of values (`mark`)."""
    tree = SyntaxTreeNode(_markdown.parse(marked))
    return LaidOut(html=_joined(_blocks_html(tree)), text=_joined(_blocks_text(tree)))


def _whole_address(address: _Address, values: Sequence[str]) -> str:
    """Put an address together; a value behind other parts is quoted (RFC 3986 §2), one in front is the beginning."""
    return "".join(
        part if isinstance(part, str) else values[part] if index == 0 else quote(values[part], safe="")
        for index, part in enumerate(address)
    )


def _fill(pieces: tuple[_Piece, ...], values: Sequence[str], written: Callable[[str], str]) -> str:
    filled = []
    for piece in pieces:
        if isinstance(piece, str):
            filled.append(piece)
            continue
        sort, what = piece
        if isinstance(what, int):
            filled.append(written(values[what]))
            continue
        address = _whole_address(what, values)
        if sort == "address":
            filled.append(written(address.removeprefix("mailto:")))
        elif _LINK.fullmatch(address):
            filled.append(f' href="{_escaped(address)}"')
    return "".join(filled)


def fill_in(laid_out: LaidOut, values: Sequence[str]) -> tuple[str, str]:
    """Return text and HTML with the values in their blanks, by number.

    An address that leads to no page and no mail address makes no link.
    """
    text = _EMPTY.sub("\n\n", _fill(laid_out.text, values, str))
    return text, _fill(laid_out.html, values, _value_html)
