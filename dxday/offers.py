"""What the features offer to each other's pages and jobs: letters, audiences, long work; one line each."""

from flask import Flask

from dxday.accounts import letters as accounts
from dxday.awards import operations as awards_operations
from dxday.ballots import letters as ballots
from dxday.ballots import reminders as ballot_reminders
from dxday.ceremony import letters as ceremony
from dxday.certificates import letters as certificates
from dxday.certificates import reminders as certificates_reminders
from dxday.certificates.models import Certificate
from dxday.changes import letters as changes
from dxday.conflicts import queries as conflicts
from dxday.conflicts import services as conflict_services
from dxday.consultation import letters as consultation
from dxday.core.i18n import lazy_gettext
from dxday.council.sheets import reminders as sheet_reminders
from dxday.exchange import operations as exchange_operations
from dxday.nominations import endorser_reminders
from dxday.nominations import letters as nominations
from dxday.nominations import queries as nomination_queries
from dxday.nominations import reminders as nominations_reminders
from dxday.nominations.models import Attachment
from dxday.notifications import letters
from dxday.notifications.models import Message
from dxday.operations import kinds
from dxday.operations.models import Operation
from dxday.programme import reminders as programme_reminders
from dxday.programme.watching import Watch
from dxday.proposals import letters as proposals
from dxday.registration import letters as registration
from dxday.registration import operations as registration_operations
from dxday.registration import reminders as registration_reminders
from dxday.reminders import offers
from dxday.runs import numbers
from dxday.runs.timetable import Load
from dxday.scheduling import operations as scheduling_operations
from dxday.webhooks.models import HookDelivery


def init_app(app: Flask) -> None:
    """Collect what the features offer.  Raises ValueError when two offer the same name."""
    audiences = offers.index(
        registration_reminders.AUDIENCES,
        programme_reminders.AUDIENCES,
        nominations_reminders.AUDIENCES,
        endorser_reminders.AUDIENCES,
        certificates_reminders.AUDIENCES,
        sheet_reminders.AUDIENCES,
        ballot_reminders.AUDIENCES,
    )
    app.extensions["dxday_audiences"] = audiences
    app.extensions["dxday_operations"] = kinds.index(
        exchange_operations.OPERATIONS,
        registration_operations.OPERATIONS,
        scheduling_operations.OPERATIONS,
        awards_operations.OPERATIONS,
    )
    app.extensions["dxday_letters"] = letters.index(
        accounts.LETTERS,
        registration.LETTERS,
        nominations.LETTERS,
        consultation.LETTERS,
        ballots.LETTERS,
        certificates.LETTERS,
        ceremony.LETTERS,
        changes.LETTERS,
        proposals.LETTERS,
        [letter for audience in audiences.values() for letter in audience.letters],
    )
    app.extensions["dxday_watch"] = Watch(conflict_services.watch_change, conflicts.list_findings_of)
    app.extensions["dxday_used"] = nomination_queries.count_used
    app.extensions["dxday_loads"] = (
        Load("messages", lazy_gettext("Messages"), Message, Message.created_at),
        Load("certificates", lazy_gettext("Certificates"), Certificate, Certificate.issued_at),
        Load("files", lazy_gettext("Files to be checked for viruses"), Attachment, Attachment.created_at),
        Load("operations", lazy_gettext("Long work"), Operation, Operation.created_at),
        Load(
            "hook_deliveries", lazy_gettext("Deliveries to webhooks"), HookDelivery, HookDelivery.created_at
        ),
    )
    app.extensions["dxday_numbers"] = numbers.list_metrics
