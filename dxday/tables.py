"""Every table in one import, for migrations and for mappers that name each other."""

from dxday.accounts import models as accounts
from dxday.audit import models as audit
from dxday.awards import models as awards
from dxday.certificates import models as certificates
from dxday.changes import models as changes
from dxday.conflicts import models as conflicts
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
from dxday.sites import models as sites
from dxday.webhooks import models as webhooks

__all__ = [
    "accounts",
    "audit",
    "awards",
    "certificates",
    "changes",
    "conflicts",
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
    "sites",
    "webhooks",
]
