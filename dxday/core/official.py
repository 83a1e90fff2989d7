"""Official documents in the form of Decree 30/2020/NĐ-CP Annex I: what stands around their words.

A document is a template that extends `pdf/_decree30.html`, given a `Paper` as `paper` and its `title`, and drawn by
`dxday.adapters.pdf.render_official`; lists of names go into an `appendix` of `pdf/_decree30_parts.html`.  They are
always in Vietnamese.
"""

from dataclasses import dataclass
from datetime import date

BLANK = "……"
"""What stands where a hand will write: the number of a draft, its day."""


@dataclass(frozen=True)
class Signature:
    """Whoever signs: for whom ("TM. ỦY BAN NHÂN DÂN"), in which office, and the name; each may be empty."""

    title: str
    name: str = ""
    authority: str = ""


@dataclass(frozen=True)
class Paper:
    """The parts of a document that Decree 30/2020 puts in their places; texts are Vietnamese, without markup."""

    agency: str
    """Whose document it is."""
    kind: str
    """The kind in words, as TỜ TRÌNH, BIÊN BẢN or QUYẾT ĐỊNH; set in capitals."""
    superior: str = ""
    """The agency above it, where the form names one."""
    number: str = ""
    """Number and symbol, as 12/TTr-UBND; "" leaves a blank before `symbol`."""
    symbol: str = ""
    """The symbol after a number that is still to be given, as TTr-UBND."""
    place: str = ""
    on: date | None = None
    """The day of the document; None leaves blanks for a hand to fill."""
    about: str = ""
    """What it is about, under the kind."""
    authority: str = ""
    """Who decides, above the legal bases: CHỦ TỊCH ỦY BAN NHÂN DÂN TỈNH …"""
    addressed_to: tuple[str, ...] = ()
    """Whom a proposal is addressed to (Kính gửi)."""
    bases: tuple[str, ...] = ()
    """The legal bases, in their order; punctuation is put where the Decree wants it."""
    resolves: str = ""
    """The word between bases and articles: QUYẾT ĐỊNH."""
    recipients: tuple[str, ...] = ()
    """Who gets it (Nơi nhận); the last is where it is kept, as "Lưu: VT"."""
    signatures: tuple[Signature, ...] = ()
    """One, who signs at the right; of two (minutes), the first signs at the left; more stand two in a row."""

    @property
    def numbered(self) -> str:
        """The number with its symbol, or a blank and the symbol."""
        return self.number or f"{BLANK}/{self.symbol or BLANK}"

    @property
    def dated(self) -> str:
        """Place and day in one line."""
        day = vietnamese_date(self.on) if self.on else f"ngày {BLANK} tháng {BLANK} năm {BLANK}"
        return f"{self.place or BLANK}, {day}"

    @property
    def based_on(self) -> list[str]:
        """The legal bases, each ending in a semicolon and the last in a full stop (Annex I, part II, 6.b)."""
        return _ended(self.bases)

    @property
    def sent_to(self) -> list[str]:
        """The recipients with the dash before and the sign behind each."""
        return [f"- {line}" for line in _ended(self.recipients)]


def vietnamese_date(day: date) -> str:
    """Write a date as documents do: days under 10 and the months 1 and 2 with a nought (Decree 30/2020 Annex I)."""
    month = f"{day.month:02d}" if day.month < 3 else str(day.month)
    return f"ngày {day.day:02d} tháng {month} năm {day.year}"


def _ended(lines: tuple[str, ...]) -> list[str]:
    """End every line in a semicolon and the last in a full stop, whatever it ended in; empty ones are left out."""
    bare = [bare for line in lines if (bare := " ".join(line.split()).rstrip(" ;.,"))]
    return [f"{line};" for line in bare[:-1]] + [f"{line}." for line in bare[-1:]]
