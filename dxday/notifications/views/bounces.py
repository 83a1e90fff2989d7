"""Where a mail server hands over what came back, instead of putting it into a mailbox."""

import hmac

from flask import Blueprint, Response, current_app, request
from flask.typing import ResponseReturnValue

from dxday import db
from dxday.core import clock
from dxday.core.errors import NotFound
from dxday.notifications import services
from dxday.web.access import open_to_all
from dxday.web.limits import limiter

bp = Blueprint("bounces", __name__)

MOST_BYTES = 10 * 1024 * 1024


@bp.post("/hooks/bounces")
@open_to_all
@limiter.limit("600 per minute")
def take() -> ResponseReturnValue:
    token: str | None = current_app.extensions["dxday_settings"].bounce_token
    if token is None:
        raise NotFound
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), token.encode()):
        return _refuse(401, "the secret of BOUNCE_TOKEN is needed", {"WWW-Authenticate": "Bearer"})
    if request.mimetype != "message/rfc822":
        return _refuse(415, "send the letter as it came, as message/rfc822")
    request.max_content_length = MOST_BYTES
    raw = request.get_data()
    with db.transaction():
        taken = services.take_letter(raw, now=clock.now())
    return {"taken": taken}


def _refuse(status: int, words: str, headers: dict[str, str] | None = None) -> Response:
    return Response(f"{words}\n", status, headers, content_type="text/plain; charset=utf-8")
