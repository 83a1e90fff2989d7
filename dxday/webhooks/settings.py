"""What the settings say of hooks: where calls may go, and what their secrets are made of."""

from datetime import datetime

from flask import current_app

from dxday.adapters import calls
from dxday.webhooks import rules
from dxday.webhooks.models import Hook


def reach() -> calls.Reach:
    """Return where calls may go."""
    settings = current_app.extensions["dxday_settings"]
    return calls.Reach(public_only=settings.calls_to == "public", https_only=settings.production)


def secrets_of(hook: Hook, now: datetime) -> list[bytes]:
    """Return the secrets that sign a delivery now, the newest first."""
    key = current_app.extensions["dxday_settings"].secret_key
    rounds = rules.rounds_in_use(hook.secret_round, hook.secret_changed_at, now)
    return [rules.secret_of(key, hook.guid, secret_round) for secret_round in rounds]
