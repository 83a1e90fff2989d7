"""Who acts: a person with grants, a visitor, or the system itself; passed to every service."""

from dataclasses import dataclass, field
from enum import StrEnum

from dxday.core.permissions import ROLE_PERMISSIONS, Permission, Role


class ActorKind(StrEnum):
    """What sort of actor it is, as the audit trail writes it."""

    VISITOR = "visitor"
    PERSON = "person"
    SYSTEM = "system"


@dataclass(frozen=True)
class Grant:
    """A role, everywhere (`None`) or only in one edition, for one organisation, at one site."""

    role: Role
    edition_id: int | None = None
    organisation_id: int | None = None
    site_id: int | None = None


@dataclass(frozen=True)
class Actor:
    """The one who acts, with what they were granted; a value, not a row."""

    kind: ActorKind
    label: str
    account_id: int | None = None
    email: str | None = None
    grants: tuple[Grant, ...] = field(default=())

    @property
    def is_signed_in(self) -> bool:
        """Whether a person with an account acts."""
        return self.kind is ActorKind.PERSON

    def may(self, permission: Permission, *, edition_id: int | None = None) -> bool:
        """Tell whether some grant carries `permission` (in that edition, when one is given).

        The system may do everything: it acts only through jobs and commands.
        """
        if self.kind is ActorKind.SYSTEM:
            return True
        return any(permission in ROLE_PERMISSIONS[g.role] for g in self._grants_for(edition_id))

    def may_everywhere(self, permission: Permission) -> bool:
        """Tell whether some grant carries `permission` for the whole system, bound to no edition, agency or site."""
        return self.kind is ActorKind.SYSTEM or any(
            permission in ROLE_PERMISSIONS[g.role]
            for g in self.grants
            if g.edition_id is None and g.organisation_id is None and g.site_id is None
        )

    def organisation_ids(self, permission: Permission, *, edition_id: int) -> frozenset[int]:
        """Return the organisations for which the actor holds `permission` in the edition."""
        return frozenset(
            g.organisation_id
            for g in self._grants_for(edition_id)
            if g.organisation_id is not None and permission in ROLE_PERMISSIONS[g.role]
        )

    def site_ids(self, permission: Permission, *, edition_id: int) -> frozenset[int]:
        """Return the sites for which the actor holds `permission` in the edition."""
        return frozenset(
            g.site_id
            for g in self._grants_for(edition_id)
            if g.site_id is not None and permission in ROLE_PERMISSIONS[g.role]
        )

    def roles(self, *, edition_id: int | None = None) -> frozenset[Role]:
        """Return the roles held, in any edition or in the one given."""
        return frozenset(g.role for g in self._grants_for(edition_id))

    def _grants_for(self, edition_id: int | None) -> tuple[Grant, ...]:
        if edition_id is None:
            return self.grants
        return tuple(g for g in self.grants if g.edition_id in (None, edition_id))


VISITOR = Actor(kind=ActorKind.VISITOR, label="visitor")
SYSTEM = Actor(kind=ActorKind.SYSTEM, label="system")
