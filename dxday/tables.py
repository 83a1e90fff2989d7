"""Every table in one import, for migrations and for mappers that name each other."""

from dxday.accounts import models as accounts
from dxday.appraisal import models as appraisal
from dxday.audit import models as audit
from dxday.awards import models as awards
from dxday.ballots import models as ballots
from dxday.ceremony import models as ceremony
from dxday.certificates import models as certificates
from dxday.changes import models as changes
from dxday.conflicts import models as conflicts
from dxday.consultation import models as consultation
from dxday.council import models as council
from dxday.council.sheets import models as score_sheets
from dxday.editions import models as editions
from dxday.exchange import models as exchange
from dxday.nominations import models as nominations
from dxday.notifications import models as notifications
from dxday.operations import models as operations
from dxday.programme import models as programme
from dxday.proposals import models as proposals
from dxday.registration import models as registration
from dxday.reminders import models as reminders
from dxday.runs import models as runs
from dxday.schemes import models as schemes
from dxday.sites import models as sites
from dxday.webhooks import models as webhooks

__all__ = [
    "accounts",
    "appraisal",
    "audit",
    "awards",
    "ballots",
    "ceremony",
    "certificates",
    "changes",
    "conflicts",
    "consultation",
    "council",
    "editions",
    "exchange",
    "nominations",
    "notifications",
    "operations",
    "programme",
    "proposals",
    "registration",
    "reminders",
    "runs",
    "schemes",
    "score_sheets",
    "sites",
    "webhooks",
]
