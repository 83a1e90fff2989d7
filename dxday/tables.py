"""Every table in one import, for migrations and for mappers that name each other."""

from dxday.accounts import models as accounts
from dxday.audit import models as audit
from dxday.awards import models as awards
from dxday.certificates import models as certificates
from dxday.editions import models as editions
from dxday.nominations import models as nominations
from dxday.notifications import models as notifications
from dxday.programme import models as programme
from dxday.registration import models as registration
from dxday.sites import models as sites

__all__ = [
    "accounts",
    "audit",
    "awards",
    "certificates",
    "editions",
    "nominations",
    "notifications",
    "programme",
    "registration",
    "sites",
]
