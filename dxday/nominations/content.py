"""What a dossier says, read once for all who show it whole: its endorsers, its printed report, its digest."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from dxday.core.i18n import Words
from dxday.nominations import queries, sections
from dxday.nominations.models import Attachment, Nomination
from dxday.schemes.rules import ItemKind


@dataclass(frozen=True)
class Part:
    """One item of the dossier with its answer as it is kept."""

    section: str
    code: str
    name: Words
    kind: ItemKind
    value: str
    sensitive: bool = False


@dataclass(frozen=True)
class Content:
    """A dossier as it is read: the nominee, the parts in their order, and the files that were not removed."""

    nomination: Nomination
    parts: tuple[Part, ...]
    attachments: tuple[Attachment, ...]

    @property
    def sha256(self) -> str:
        """The digest of everything that its endorsers are shown: another word or another file makes another digest.

        What is sensitive is not in it, so that nobody can try out answers until the digest fits.
        """
        nomination = self.nomination
        said: dict[str, Any] = {
            "code": nomination.code,
            "category": nomination.category_id,
            "agency": nomination.organisation_name,
            "nominee": [nomination.nominee_name, nomination.nominee_position],
            "parts": [[part.section, part.code, part.value] for part in self.parts if not part.sensitive],
            "files": [[each.filename, each.sha256] for each in self.attachments if not each.is_sensitive],
        }
        written = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(written.encode("utf-8", "surrogatepass")).hexdigest()


def read_content(nomination: Nomination, *, sensitive: bool = True) -> Content:
    """Return what the dossier says now, sensitive answers and files too, as the agency may print them.

    Without `sensitive` they are left out: for those who hold a mailed link, and for the members of the council.

    The nominee's name, and whom to ask, are facts of the nomination and no parts of it.
    """
    about = set(sections.COLUMNS) - {sections.ACHIEVEMENT}
    parts = tuple(
        Part(section.code, field.code, field.name, field.kind, value, field.sensitive)
        for section, fields in queries.list_shown(nomination, sensitive=sensitive)
        for field, value in fields
        if field.code not in about
    )
    return Content(nomination, parts, tuple(queries.list_attachments(nomination.id, sensitive=sensitive)))
