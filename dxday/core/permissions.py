"""What may be done, and which role may do it."""

from enum import StrEnum

from dxday.core.i18n import Words, lazy_gettext


class Permission(StrEnum):
    """One door each; a view names exactly one."""

    STAFF_HOME = "staff.home"
    EDITION_MANAGE = "edition.manage"
    PROGRAMME_EDIT = "programme.edit"
    PROGRAMME_RELEASE = "programme.release"
    """Let the public see the programme as it stands."""
    REGISTRATION_VIEW = "registration.view"
    MAIL_VIEW = "mail.view"
    MAIL_VIEW_ALL = "mail.view_all"
    """Also letters of no edition: the links in them sign other people in."""
    REMINDER_EDIT = "reminder.edit"
    WORDING_EDIT = "wording.edit"
    PLAN_CHANGE = "plan.change"
    """Postpone or cancel a session, a site or the edition."""
    HOOK_EDIT = "hook.edit"
    JOB_MANAGE = "job.manage"
    """See what happens by itself in the whole system; run and pause it."""
    AUDIT_VIEW = "audit.view"
    SCHEME_EDIT = "scheme.edit"
    """Set up award schemes, and the rules that they stand on."""
    NOMINATION_WRITE = "nomination.write"
    NOMINATION_VIEW = "nomination.view"
    """Look into every dossier that was handed in."""
    DOSSIER_APPRAISE = "dossier.appraise"
    """Admit a dossier to the council, or return it to its agency."""
    COUNCIL_MANAGE = "council.manage"
    """Seats, conflicts of interest, assignment, ballots."""
    COUNCIL_SIT = "council.sit"
    """Read the dossiers that one is assigned, give scores, vote."""
    DECISION_RECORD = "decision.record"
    CERTIFICATE_MANAGE = "certificate.manage"
    CEREMONY_MANAGE = "ceremony.manage"
    """Order and call a ceremony, and write what the press reads of each award."""
    SITE_EDIT = "site.edit"
    """Say how one's own site takes part, and propose changes of what it holds itself."""


class Role(StrEnum):
    """A person's part, granted for everything or for one edition, organisation or site."""

    ADMIN = "admin"
    ORGANIZER = "organizer"
    AGENCY = "agency"
    COUNCIL = "council"
    MEMBER = "member"
    SITE = "site"


ROLE_NAMES: dict[Role, Words] = {
    Role.ADMIN: lazy_gettext("Administrator"),
    Role.ORGANIZER: lazy_gettext("Organizer"),
    Role.AGENCY: lazy_gettext("Focal officer of an agency"),
    Role.COUNCIL: lazy_gettext("Council secretary"),
    Role.MEMBER: lazy_gettext("Council member"),
    Role.SITE: lazy_gettext("Site coordinator"),
}

ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.ADMIN: frozenset(Permission),
    Role.ORGANIZER: frozenset(
        {
            Permission.STAFF_HOME,
            Permission.EDITION_MANAGE,
            Permission.PROGRAMME_EDIT,
            Permission.PROGRAMME_RELEASE,
            Permission.REGISTRATION_VIEW,
            Permission.MAIL_VIEW,
            Permission.REMINDER_EDIT,
            Permission.WORDING_EDIT,
            Permission.PLAN_CHANGE,
            Permission.HOOK_EDIT,
            Permission.AUDIT_VIEW,
            Permission.CERTIFICATE_MANAGE,
            Permission.CEREMONY_MANAGE,
        }
    ),
    Role.AGENCY: frozenset({Permission.STAFF_HOME, Permission.NOMINATION_WRITE}),
    Role.COUNCIL: frozenset(
        {
            Permission.STAFF_HOME,
            Permission.SCHEME_EDIT,
            Permission.NOMINATION_VIEW,
            Permission.DOSSIER_APPRAISE,
            Permission.COUNCIL_MANAGE,
            Permission.DECISION_RECORD,
            Permission.CERTIFICATE_MANAGE,
            Permission.CEREMONY_MANAGE,
        }
    ),
    Role.MEMBER: frozenset({Permission.STAFF_HOME, Permission.COUNCIL_SIT}),
    Role.SITE: frozenset({Permission.STAFF_HOME, Permission.SITE_EDIT}),
}
