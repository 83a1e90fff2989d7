"""What went wrong with a delivery, in the language of whoever looks."""

from dxday.adapters.calls import Fault, read_fault
from dxday.core.i18n import Words
from dxday.core.i18n import gettext as _
from dxday.leases import WORKER_GONE
from dxday.webhooks.models import HookDelivery


def say_error(delivery: HookDelivery) -> tuple[Words, str]:
    """Return a sentence for people and, as the system said it in English, the detail; each may be ""."""
    error = delivery.error or ""
    if not error:
        return "", ""
    if delivery.status_code:
        if 300 <= delivery.status_code < 400:
            return _("The address leads elsewhere, which is not followed."), ""
        return _("The receiver answered %(status)s.", status=delivery.status_code), ""
    if error == WORKER_GONE:
        return _("The worker stopped before it was done."), ""
    found = read_fault(error)
    if found is None:
        return "", error
    fault, where, why = found
    sentences = {
        Fault.NOT_CALLED: _("This address is not called."),
        Fault.NOT_KNOWN: _("No server of the name %(where)s is known.", where=where),
        Fault.NOT_REACHED: _("%(where)s cannot be reached.", where=where),
        Fault.NOT_SAFE: _("There is no safe line to %(where)s.", where=where),
        Fault.NO_ANSWER: _("%(where)s gave no answer.", where=where),
    }
    return sentences[fault], why
