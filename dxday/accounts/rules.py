"""What makes an organisation, an address and a password acceptable."""

from enum import StrEnum

from dxday.core.errors import NotAllowed, RuleBroken
from dxday.core.i18n import Words, lazy_gettext
from dxday.core.permissions import Role


class OrganisationKind(StrEnum):
    """What sort of body an organisation is (domain vocabulary; kinds are data of the demo, not law)."""

    MINISTRY = "ministry"
    PROVINCE = "province"
    DEPARTMENT = "department"
    CITY = "city"
    TOWN = "town"
    DISTRICT = "district"
    COMMUNE = "commune"
    COMPANY = "company"
    OTHER = "other"


ORGANISATION_KIND_NAMES: dict[OrganisationKind, Words] = {
    OrganisationKind.MINISTRY: lazy_gettext("Ministry"),
    OrganisationKind.PROVINCE: lazy_gettext("Province"),
    OrganisationKind.DEPARTMENT: lazy_gettext("Department"),
    OrganisationKind.CITY: lazy_gettext("City"),
    OrganisationKind.TOWN: lazy_gettext("Town"),
    OrganisationKind.DISTRICT: lazy_gettext("District"),
    OrganisationKind.COMMUNE: lazy_gettext("Commune or ward"),
    OrganisationKind.COMPANY: lazy_gettext("Company"),
    OrganisationKind.OTHER: lazy_gettext("Other organisation"),
}

PASSWORD_LENGTH = 12
"""Least number of characters of a password (NIST SP 800-63B-4 asks for length, not for symbols)."""


class SignInFailed(NotAllowed):
    """Address and password do not belong together; which of the two is not said."""

    status = 422
    sentence = lazy_gettext("This e-mail address and password do not belong together.")


class LinkNotValid(RuleBroken):
    """A one-time link that was used, is over its time, or never was."""

    sentence = lazy_gettext("This link was used already or is over its time. Ask for a new one.")


class PasswordTooShort(RuleBroken):
    """A password below the least length."""

    field = "password"
    sentence = lazy_gettext("A password has at least %(length)s characters.")


class SiteNeeded(RuleBroken):
    """A site coordinator of no site."""

    sentence = lazy_gettext("Name the site that the coordinator looks after.")


def check_grant(role: Role, *, site_id: int | None) -> None:
    """Raise SiteNeeded for a site coordinator without a site."""
    if role is Role.SITE and site_id is None:
        raise SiteNeeded


class NameMissing(RuleBroken):
    """A person without a name."""

    field = "full_name"
    sentence = lazy_gettext("Write the name.")


def check_name(full_name: str) -> None:
    """Raise NameMissing."""
    if not full_name.strip():
        raise NameMissing


def check_password(password: str) -> None:
    """Raise PasswordTooShort for fewer than PASSWORD_LENGTH characters."""
    if len(password) < PASSWORD_LENGTH:
        raise PasswordTooShort(length=PASSWORD_LENGTH)


def email_key(address: str) -> str:
    """Return the form of an address in which two spellings of one mailbox are equal."""
    return address.strip().casefold()
