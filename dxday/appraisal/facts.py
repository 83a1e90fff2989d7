"""A dossier as plain values, as the checks take it: no row, no request, no clock."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from dxday.appraisal.rules import HoldKind, HoldOn
from dxday.core.i18n import Translations, Words
from dxday.nominations.rules import State
from dxday.schemes.rules import NomineeKind


@dataclass(frozen=True, slots=True)
class Other:
    """Another dossier, as far as it is compared with this one."""

    id: int
    code: str
    state: State
    nominee_name: str
    nominee_position: str
    nominee_email: str
    organisation_id: int
    organisation_name: Translations
    edition_id: int
    edition_name: Translations
    year: int
    scheme_id: int
    scheme_name: Translations
    thematic: bool
    submitted_on: date
    decided_on: date | None = None
    """When it was honoured."""
    decision: str = ""
    """Number of the decision that honoured it."""


@dataclass(frozen=True, slots=True)
class Alike:
    """How much the text of another dossier shares with this one, in percent."""

    other: Other
    own_share: int
    other_share: int
    words: int
    digest: str
    """Of both texts: another text is another finding."""

    @property
    def share(self) -> int:
        """The greater share: a short text that stands whole in a long one is the same achievement."""
        return max(self.own_share, self.other_share)


@dataclass(frozen=True, slots=True)
class SameFile:
    """A file with the same content in a dossier of another agency or scheme."""

    other: Other
    filename: str
    other_filename: str
    sha256: str


@dataclass(frozen=True, slots=True)
class SharedFile:
    """A file that the agency put into several of its dossiers in the scheme."""

    filename: str
    sha256: str
    others: int
    """In how many others it is."""
    first: Other
    """One of them."""


@dataclass(frozen=True, slots=True)
class HoldFacts:
    """A hold that concerns the dossier."""

    id: int
    kind: HoldKind
    on: HoldOn
    name: str
    """Whom it concerns, in words."""
    reason: str
    opened_on: date
    opened_by: str
    expires_on: date | None
    holding: bool
    lifted_on: date | None = None
    lifted_by: str = ""
    lift_reason: str = ""


@dataclass(frozen=True, slots=True)
class Missing:
    """An item that the scheme asks for and the dossier does not have."""

    code: str
    name: Words
    article: str


@dataclass(frozen=True, slots=True)
class QuotaFacts:
    """A quota of the scheme that the agency went beyond with this dossier."""

    id: int
    most: int
    place: int
    """Which of the agency's it is, from 1: in its own order, else as they were handed in."""
    category_name: Translations | None


@dataclass(frozen=True, slots=True)
class OpinionFacts:
    """What another agency was asked."""

    id: int
    organisation_name: str
    asked_on: date
    due_on: date
    answered_on: date | None
    in_favour: bool | None
    text: str


@dataclass(frozen=True, slots=True)
class Dossier:
    """Everything that the checks look at."""

    id: int
    code: str
    today: date
    nominee_name: str
    nominee_kind: NomineeKind
    nominee_position: str
    nominee_email: str
    organisation_id: int
    organisation_name: Translations
    """As it was when the nomination was begun."""
    organisation_now: Translations
    organisation_ended_on: date | None
    successor_name: Translations | None
    edition_id: int
    scheme_id: int
    scheme_name: Translations
    thematic: bool
    words: str
    """The folded words of the text, with blanks between."""
    namesakes: Sequence[Other] = field(default=())
    """Dossiers whose nominee has the same name, accents aside."""
    alike: Sequence[Alike] = field(default=())
    files: Sequence[SameFile] = field(default=())
    shared_files: Sequence[SharedFile] = field(default=())
    holds: Sequence[HoldFacts] = field(default=())
    missing: Sequence[Missing] = field(default=())
    quotas: Sequence[QuotaFacts] = field(default=())
    opinions: Sequence[OpinionFacts] = field(default=())
