"""Conflicts of interest that rules find: from agencies past and present, addresses, endorsements and names."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from dxday.accounts.rules import email_key
from dxday.core.vietnamese import same_name
from dxday.council.rules import ConflictKind

FREE_MAIL = frozenset(
    """gmail.com googlemail.com yahoo.com yahoo.com.vn ymail.com outlook.com outlook.com.vn hotmail.com live.com
    msn.com icloud.com me.com proton.me protonmail.com zoho.com mail.com gmx.com aol.com yandex.com
    zing.vn vnn.vn hn.vnn.vn hcm.vnn.vn fpt.vn""".split()
)
"""Domains at which anybody may have mail: having one in common says nothing."""


@dataclass(frozen=True)
class Tree:
    """How agencies belong together: who is above whom, and who succeeded whom by merger or renaming."""

    parents: Mapping[int, int | None] = field(default_factory=dict)
    successors: Mapping[int, int | None] = field(default_factory=dict)

    def today(self, agency: int) -> int:
        """Return what an agency has become by now; itself while nobody succeeded it."""
        seen = {agency}
        while (following := self.successors.get(agency)) is not None and following not in seen:
            agency = following
            seen.add(agency)
        return agency

    def above(self, agency: int) -> frozenset[int]:
        """Return, as of today, every agency above this one, above what it has become, or above those again."""
        found: set[int] = set()
        waiting, seen = [agency, self.today(agency)], set[int]()
        while waiting:
            each = waiting.pop()
            if each in seen:
                continue
            seen.add(each)
            parent = self.parents.get(each)
            if parent is not None:
                found.add(self.today(parent))
                waiting += [parent, self.today(parent)]
        return frozenset(found - {self.today(agency)})


@dataclass(frozen=True)
class MemberFacts:
    """What is known of somebody who holds a seat."""

    account_id: int
    full_name: str
    email: str
    agencies: frozenset[int] = frozenset()
    past_agencies: frozenset[int] = frozenset()


@dataclass(frozen=True)
class DossierFacts:
    """What of a dossier may stand between it and a member."""

    nomination_id: int
    agency: int
    nominee_name: str
    nominee_email: str
    contact_email: str
    names_a_person: bool = False
    """Whether the nominee's name is a person's: of an individual or a household."""
    written_by: frozenset[int] = frozenset()
    endorsers: frozenset[str] = frozenset()
    """Their addresses."""


def find_conflicts(
    member: MemberFacts, dossier: DossierFacts, tree: Tree, shared_domains: Collection[str] = ()
) -> list[tuple[ConflictKind, str]]:
    """Return each kind of conflict between the two with what it was seen by: an address, a domain, a name.

    Agencies are compared as what they have become, so that a merger hides nobody.  Namesakes are found too; the
    secretary lifts what is none.
    """
    found: list[tuple[ConflictKind, str]] = []
    own = email_key(member.email)
    if own == email_key(dossier.nominee_email):
        found.append((ConflictKind.NOMINEE, own))
    elif dossier.names_a_person and same_name(member.full_name, dossier.nominee_name):
        found.append((ConflictKind.NOMINEE, dossier.nominee_name))
    if member.account_id in dossier.written_by or own == email_key(dossier.contact_email):
        found.append((ConflictKind.WRITER, own))
    if own in {email_key(address) for address in dossier.endorsers}:
        found.append((ConflictKind.ENDORSER, own))
    agency = tree.today(dossier.agency)
    mine = {tree.today(each) for each in member.agencies}
    if agency in mine:
        found.append((ConflictKind.SAME_AGENCY, ""))
    elif mine & tree.above(dossier.agency):
        found.append((ConflictKind.SUPERIOR, ""))
    elif any(agency in tree.above(each) for each in member.agencies):
        found.append((ConflictKind.SUBORDINATE, ""))
    elif agency in {tree.today(each) for each in member.past_agencies}:
        found.append((ConflictKind.PAST_AGENCY, ""))
    domain = _domain(member.email)
    theirs = {_domain(dossier.nominee_email), _domain(dossier.contact_email)}
    if domain and domain in theirs and domain not in FREE_MAIL and domain not in shared_domains:
        found.append((ConflictKind.MAIL_DOMAIN, domain))
    return found


def _domain(address: str) -> str:
    return email_key(address).rpartition("@")[2] if "@" in address else ""
