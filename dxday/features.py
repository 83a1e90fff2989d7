"""Every blueprint and its address, one per line; and the menu of those who work here."""

from flask import Flask, current_app, g, request, url_for

from dxday.accounts.views import own as accounts
from dxday.accounts.views import people
from dxday.appraisal import views as appraisal
from dxday.audit import views as audit
from dxday.awards.views import council
from dxday.ballots.views import members as voting
from dxday.ballots.views import secretary as ballots
from dxday.board import views as board
from dxday.ceremony.views import handing, press
from dxday.ceremony.views import staff as ceremony
from dxday.ceremony.views import visitors as honours
from dxday.certificates.views import public as certificates_public
from dxday.certificates.views import staff as certificates
from dxday.changes import views as changes
from dxday.conflicts import views as conflicts
from dxday.consultation import queries as consultation_queries
from dxday.consultation.views import members as comment_texts
from dxday.consultation.views import public as consultation
from dxday.consultation.views import secretary as comments
from dxday.core.i18n import Words, lazy_gettext
from dxday.core.permissions import Permission
from dxday.council.sheets.views import members as score_sheets
from dxday.council.sheets.views import secretary as scores
from dxday.council.views import assignment, interests, seats, sitting
from dxday.editions import views as editions
from dxday.exchange.views import staff as exchange
from dxday.exchange.views import visitors as exchange_public
from dxday.nominations.lists import views as nominee_lists
from dxday.nominations.views import beginning, dossier, endorsements, endorser
from dxday.nominations.views import documents as nomination_documents
from dxday.nominations.views import officer as nominations
from dxday.notifications.views import bounces, suppressions, unsubscribe, wording
from dxday.notifications.views import messages as notifications
from dxday.operations import views as operations
from dxday.programme.views import chosen as programme_chosen
from dxday.programme.views import screens as programme_screens
from dxday.programme.views import staff as programme
from dxday.programme.views import tracks
from dxday.programme.views import visitors as programme_public
from dxday.proposals import queries as proposal_queries
from dxday.proposals.views import site as site_desk
from dxday.proposals.views import staff as proposals
from dxday.public import views as public
from dxday.registration.views import staff as registration
from dxday.registration.views import visitors as registration_public
from dxday.releases.views import staff as releases
from dxday.releases.views import visitors as releases_public
from dxday.reminders import views as reminders
from dxday.runs import views as runs
from dxday.scheduling import views as scheduling
from dxday.schemes.views import limits as scheme_limits
from dxday.schemes.views import parts as scheme_parts
from dxday.schemes.views import schemes
from dxday.sites import views as sites
from dxday.web import monitoring
from dxday.webhooks import views as webhooks

MenuGroup = tuple[str, list[tuple[str, str, bool]]]

MENU: list[tuple[Words, list[tuple[Words, str, Permission]]]] = [
    (
        lazy_gettext("Edition"),
        [
            (lazy_gettext("Overview"), "staff.home", Permission.EDITION_MANAGE),
            (lazy_gettext("Your site"), "site_desk.start", Permission.SITE_EDIT),
            (lazy_gettext("Registrations"), "registration.index", Permission.REGISTRATION_VIEW),
            (lazy_gettext("Reminders"), "reminders.index", Permission.REMINDER_EDIT),
            (lazy_gettext("Theme and dates"), "editions.edit", Permission.EDITION_MANAGE),
            (lazy_gettext("Postpone or cancel"), "changes.index", Permission.PLAN_CHANGE),
        ],
    ),
    (
        lazy_gettext("Programme"),
        [
            (lazy_gettext("Sessions"), "programme.index", Permission.PROGRAMME_EDIT),
            (lazy_gettext("Board"), "board.index", Permission.PROGRAMME_EDIT),
            (lazy_gettext("Check"), "conflicts.index", Permission.PROGRAMME_EDIT),
            (lazy_gettext("Automatic scheduling"), "scheduling.index", Permission.PROGRAMME_EDIT),
            (lazy_gettext("Proposals"), "proposals.index", Permission.PROGRAMME_EDIT),
            (lazy_gettext("Releases"), "releases.index", Permission.PROGRAMME_RELEASE),
            (lazy_gettext("Sites and rooms"), "sites.index", Permission.PROGRAMME_EDIT),
            (lazy_gettext("Tracks"), "tracks.index", Permission.PROGRAMME_EDIT),
            (lazy_gettext("People"), "people.index", Permission.PROGRAMME_EDIT),
        ],
    ),
    (
        lazy_gettext("Honours"),
        [
            (lazy_gettext("Award schemes"), "schemes.index", Permission.SCHEME_EDIT),
            (lazy_gettext("Nominations of your agency"), "nominations.index", Permission.NOMINATION_WRITE),
            (lazy_gettext("Appraisal"), "appraisal.index", Permission.DOSSIER_APPRAISE),
            (lazy_gettext("Council"), "council.index", Permission.NOMINATION_VIEW),
            (lazy_gettext("Seats"), "seats.index", Permission.COUNCIL_MANAGE),
            (lazy_gettext("Conflicts of interest"), "interests.index", Permission.COUNCIL_MANAGE),
            (lazy_gettext("Assignment"), "assignment.index", Permission.COUNCIL_MANAGE),
            (lazy_gettext("Dossiers to read"), "sitting.index", Permission.COUNCIL_SIT),
            (lazy_gettext("Your score sheets"), "sheets.index", Permission.COUNCIL_SIT),
            (lazy_gettext("Ranking"), "scores.index", Permission.COUNCIL_MANAGE),
            (lazy_gettext("Public comment"), "comments.index", Permission.COUNCIL_MANAGE),
            (lazy_gettext("Ballots"), "ballots.index", Permission.COUNCIL_MANAGE),
            (lazy_gettext("Votes"), "voting.index", Permission.COUNCIL_SIT),
            (lazy_gettext("Decisions"), "council.decisions", Permission.NOMINATION_VIEW),
            (lazy_gettext("Certificates"), "certificates.index", Permission.CERTIFICATE_MANAGE),
            (lazy_gettext("Ceremonies"), "ceremony.index", Permission.CEREMONY_MANAGE),
            (lazy_gettext("Awards to hand over"), "handing.start", Permission.SITE_EDIT),
            (lazy_gettext("Words for the press"), "press.index", Permission.CEREMONY_MANAGE),
            (lazy_gettext("Words about your awardees"), "press_agency.own", Permission.NOMINATION_WRITE),
        ],
    ),
    (
        lazy_gettext("Behind the scenes"),
        [
            (lazy_gettext("Messages"), "messages.index", Permission.MAIL_VIEW),
            (lazy_gettext("Words of the letters"), "letters.index", Permission.WORDING_EDIT),
            (lazy_gettext("Mailbox"), "mailbox.index", Permission.MAIL_VIEW),
            (lazy_gettext("Long work"), "operations.index", Permission.STAFF_HOME),
            (lazy_gettext("Webhooks"), "webhooks.index", Permission.HOOK_EDIT),
            (lazy_gettext("Audit trail"), "audit.index", Permission.AUDIT_VIEW),
            (lazy_gettext("Workers and jobs"), "jobs.index", Permission.JOB_MANAGE),
        ],
    ),
]
"""Heading → (label, endpoint, permission); what the actor may not open is left out."""

WITHOUT_EDITION = frozenset({"mailbox.index", "jobs.index"})
"""Pages of the whole system: in the menu also where no edition is at hand."""
WAITING = {
    "proposals.index": proposal_queries.count_open,
    "comments.index": consultation_queries.count_waiting,
}
"""Pages where something may wait for somebody: how much it is, by the edition's id."""
EVERYWHERE = frozenset({Permission.JOB_MANAGE})
"""Permissions that count only when they are bound to no edition."""


def register(app: Flask) -> None:
    """Register every feature."""
    app.register_blueprint(monitoring.bp)
    app.register_blueprint(public.bp)  # / and /<edition>/
    app.register_blueprint(public.staff)  # /my/ and /manage/<edition>/
    app.register_blueprint(accounts.bp)  # /sign-in, /sign-out, /my/account
    app.register_blueprint(editions.bp)  # /manage/<edition>/edition
    app.register_blueprint(changes.bp)  # /manage/<edition>/change-of-plan
    app.register_blueprint(people.bp)  # /manage/<edition>/people
    app.register_blueprint(sites.bp)  # /manage/<edition>/sites
    app.register_blueprint(tracks.bp)  # /manage/<edition>/tracks
    app.register_blueprint(proposals.bp)  # /manage/<edition>/programme/proposals
    app.register_blueprint(site_desk.bp)  # /site/<edition>
    app.register_blueprint(programme.bp)  # /manage/<edition>/programme
    app.register_blueprint(board.bp)  # /manage/<edition>/programme/board
    app.register_blueprint(conflicts.bp)  # /manage/<edition>/programme/check, rules, travel, availability
    app.register_blueprint(programme_public.bp)  # /<edition>/schedule, /<edition>/sessions, /<edition>/sites
    app.register_blueprint(scheduling.bp)  # /manage/<edition>/programme/solve
    app.register_blueprint(releases.bp)  # /manage/<edition>/programme/releases
    app.register_blueprint(releases_public.bp)  # /<edition>/schedule/changes
    app.register_blueprint(exchange.bp)  # /manage/<edition>/programme/import
    app.register_blueprint(exchange_public.bp)  # /<edition>/schedule.xml, /<edition>/schedule.json
    app.register_blueprint(programme_chosen.bp)  # /<edition>/schedule/mine, /<edition>/people/<guid>
    app.register_blueprint(programme_screens.bp)  # /<edition>/now, …/sites/<site>/now, /<edition>/widget
    app.register_blueprint(registration_public.bp)  # /<edition>/register, /my/registration/<token>
    app.register_blueprint(registration.bp)  # /manage/<edition>/registrations
    app.register_blueprint(reminders.bp)  # /manage/<edition>/reminders
    app.register_blueprint(scheme_limits.bp)  # …/schemes/holidays, …/schemes/<scheme>/quotas, extensions
    app.register_blueprint(schemes.bp)  # /manage/<edition>/schemes
    app.register_blueprint(scheme_parts.bp)  # /manage/<edition>/schemes/<scheme>/criteria, items, questions
    app.register_blueprint(beginning.bp)  # /agency/<edition>/nominations/begin
    app.register_blueprint(dossier.bp)  # /agency/<edition>/nominations/<code>/sections
    app.register_blueprint(nominations.bp)  # /agency/<edition>/nominations
    app.register_blueprint(nominee_lists.bp)  # /agency/<edition>/nominations/import
    app.register_blueprint(endorsements.bp)  # /agency/<edition>/nominations/<code>/endorsement
    app.register_blueprint(endorser.bp)  # /endorse/<token>
    app.register_blueprint(nomination_documents.bp)  # …/nominations/proposal, …/<code>/report.pdf
    app.register_blueprint(appraisal.bp)  # /council/<edition>/appraisal
    app.register_blueprint(score_sheets.bp)  # /sit/<edition>/sheets, /sit/<edition>/<code>/sheet
    app.register_blueprint(scores.bp)  # /council/<edition>/ranking, moderation, fairness
    app.register_blueprint(council.bp)  # /council/<edition>
    app.register_blueprint(seats.bp)  # /council/<edition>/seats
    app.register_blueprint(interests.bp)  # /council/<edition>/conflicts
    app.register_blueprint(assignment.bp)  # /council/<edition>/assignment
    app.register_blueprint(sitting.bp)  # /sit/<edition>
    app.register_blueprint(comments.bp)  # /council/<edition>/comments
    app.register_blueprint(comment_texts.bp)  # /sit/<edition>/dossiers/<code>/comments
    app.register_blueprint(consultation.bp)  # /<edition>/nominations
    app.register_blueprint(ballots.bp)  # /council/<edition>/ballots
    app.register_blueprint(voting.bp)  # /sit/<edition>/ballots
    app.register_blueprint(honours.bp)  # /<edition>/honours
    app.register_blueprint(certificates_public.bp)  # /v, /my/certificate/<token>
    app.register_blueprint(certificates.bp)  # /manage/<edition>/certificates
    app.register_blueprint(ceremony.bp)  # /manage/<edition>/ceremonies
    app.register_blueprint(handing.staff_bp)  # /manage/<edition>/handing-over
    app.register_blueprint(handing.site_bp)  # /site/<edition>/handing-over
    app.register_blueprint(press.staff_bp)  # /manage/<edition>/press
    app.register_blueprint(press.agency_bp)  # /agency/<edition>/press
    app.register_blueprint(press.answer_bp)  # /my/press/<token>
    app.register_blueprint(notifications.messages)  # /manage/<edition>/messages
    app.register_blueprint(notifications.mailbox)  # /manage/mailbox
    app.register_blueprint(suppressions.bp)  # /manage/<edition>/messages/spared
    app.register_blueprint(unsubscribe.bp)  # /my/unsubscribe/<token>
    app.register_blueprint(bounces.bp)  # /hooks/bounces
    app.register_blueprint(wording.bp)  # /manage/<edition>/letters
    app.register_blueprint(operations.bp)  # /manage/<edition>/operations
    app.register_blueprint(webhooks.bp)  # /manage/<edition>/webhooks
    app.register_blueprint(runs.bp)  # /manage/jobs
    app.register_blueprint(audit.bp)  # /manage/<edition>/audit
    app.extensions["dxday_menu"] = menu


def _is_absent(endpoint: str) -> bool:
    """Tell whether a page is not there in this set-up: the built-in mailbox goes when a mail server comes."""
    return endpoint == "mailbox.index" and current_app.extensions["dxday_settings"].smtp_url is not None


def menu() -> list[MenuGroup]:
    """Return the menu of g.actor: what they may do in the edition at hand, and what is their own."""
    groups = [_group(heading, entries) for heading, entries in MENU]
    own = [(lazy_gettext("Your work"), "staff.desk"), (lazy_gettext("Your account"), "accounts.edit")]
    return [
        *(group for group in groups if group[1]),
        (g.actor.label, [(str(label), url_for(page), request.endpoint == page) for label, page in own]),
    ]


def _group(heading: Words, entries: list[tuple[Words, str, Permission]]) -> MenuGroup:
    shown = [
        (_with_count(label, endpoint), url_for(endpoint), request.endpoint == endpoint)
        for label, endpoint, permission in entries
        if _may_open(endpoint, permission) and not _is_absent(endpoint)
    ]
    return str(heading), shown


def _with_count(label: Words, endpoint: str) -> str:
    """Return the entry's words, with how many things wait there."""
    count = WAITING[endpoint](g.edition.id) if endpoint in WAITING else 0
    return f"{label} ({count})" if count else str(label)


def _may_open(endpoint: str, permission: Permission) -> bool:
    if g.edition is None and endpoint not in WITHOUT_EDITION:
        return False
    if permission in EVERYWHERE:
        return bool(g.actor.may_everywhere(permission))
    return bool(g.actor.may(permission, edition_id=g.edition.id if g.edition is not None else None))
