"""The faces that paper is set in: where they are, and which letters they can draw."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path

import fontpkg_be_vietnam_pro
import fontpkg_mukta
from fontTools.ttLib import TTFont  # type: ignore[import-untyped]  # fontTools comes without types

_SYSTEM_FONTS = (
    Path("/usr/share/fonts"),
    Path("/usr/local/share/fonts"),
    Path.home() / ".local" / "share" / "fonts",
    Path.home() / ".fonts",
)

FAMILIES = ("Be Vietnam Pro", "Mukta", "Tinos")
"""Our text face, its Devanagari companion, and the Times-like face of official documents."""


class FontMissing(LookupError):
    """A family that documents are set in is not installed here; another would take its place unasked."""


@dataclass(frozen=True)
class Font:
    """One face: where it is, and what it is called in style sheets."""

    family: str
    weight: int
    style: str
    path: Path

    @property
    def address(self) -> str:
        """The address by which style sheets and the fetcher know it."""
        return f"font:{self.path.name}"


def installed() -> tuple[Font, ...]:
    """Return the faces that are installed here."""
    return _installed()


def families_here() -> tuple[str, ...]:
    """Return the families of which a face is installed, as style sheets name them; FAMILIES lists all that are used."""
    here = {font.family for font in installed()}
    return tuple(family for family in FAMILIES if family in here)


def check_fonts(families: Iterable[str]) -> None:
    """Raise FontMissing, which names them, when a face of one of the families is installed nowhere."""
    if missing := sorted(set(families) - set(families_here())):
        raise FontMissing(f"not installed: {', '.join(missing)}")


def style_sheet() -> str:
    """Return the @font-face rules of every installed face."""
    return "\n".join(
        f'@font-face {{ font-family: "{font.family}"; font-weight: {font.weight}; font-style: {font.style}; '
        f'src: url("{font.address}"); }}'
        for font in installed()
    )


def missing_glyphs(text: str, families: Iterable[str] | None = None) -> list[str]:
    """Return the characters, once each, that no face of the families (all of ours by default) can draw.

    Raises FontMissing when one of the families is not installed.
    """
    wanted = frozenset(FAMILIES if families is None else families)
    check_fonts(wanted)
    drawable = _drawable(wanted)
    return [
        character
        for character in dict.fromkeys(text)
        if ord(character) not in drawable and character not in "\t\n\r\u200b\u200c\u200d\u2060\ufeff"
    ]


@cache
def _installed() -> tuple[Font, ...]:
    be_vietnam = Path(fontpkg_be_vietnam_pro.ROOT) / "files"
    mukta = Path(fontpkg_mukta.ROOT) / "files"
    tinos = {path.stem: path for root in _SYSTEM_FONTS if root.is_dir() for path in root.rglob("Tinos-*.ttf")}
    none = Path()
    faces = [
        Font("Be Vietnam Pro", 400, "normal", be_vietnam / "BeVietnamPro-Regular.ttf"),
        Font("Be Vietnam Pro", 400, "italic", be_vietnam / "BeVietnamPro-Italic.ttf"),
        Font("Be Vietnam Pro", 500, "normal", be_vietnam / "BeVietnamPro-Medium.ttf"),
        Font("Be Vietnam Pro", 600, "normal", be_vietnam / "BeVietnamPro-SemiBold.ttf"),
        Font("Be Vietnam Pro", 700, "normal", be_vietnam / "BeVietnamPro-Bold.ttf"),
        Font("Mukta", 400, "normal", mukta / "Mukta-Regular.ttf"),
        Font("Mukta", 500, "normal", mukta / "Mukta-Medium.ttf"),
        Font("Mukta", 600, "normal", mukta / "Mukta-SemiBold.ttf"),
        Font("Mukta", 700, "normal", mukta / "Mukta-Bold.ttf"),
        Font("Tinos", 400, "normal", tinos.get("Tinos-Regular", none)),
        Font("Tinos", 400, "italic", tinos.get("Tinos-Italic", none)),
        Font("Tinos", 700, "normal", tinos.get("Tinos-Bold", none)),
        Font("Tinos", 700, "italic", tinos.get("Tinos-BoldItalic", none)),
    ]
    return tuple(face for face in faces if face.path.is_file())


@cache
def _drawable(families: frozenset[str]) -> frozenset[int]:
    """Return the code points that the regular faces of the families draw; the other weights draw the same."""
    drawable: set[int] = set()
    for font in installed():
        if font.family in families and (font.weight, font.style) == (400, "normal"):
            with TTFont(BytesIO(font.path.read_bytes()), lazy=True) as face:
                drawable.update(face.getBestCmap())
    return frozenset(drawable)
