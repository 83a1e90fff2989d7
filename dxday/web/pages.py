"""What every template can use: languages, addresses, icons, the menu; and pages kept for visitors."""

from typing import Any
from urllib.parse import urlencode

from flask import Flask, g, request, url_for
from flask_wtf.csrf import generate_csrf
from jinja2 import StrictUndefined

from dxday.core.actor import VISITOR
from dxday.core.i18n import LOCALES
from dxday.core.permissions import ROLE_NAMES, Permission
from dxday.web.assets import asset, icon
from dxday.web.languages import current_locale


def here(**query: Any) -> str:
    """Return the address of this page with some arguments of its query changed; None takes one away.

    The query is written behind the address and never given to url_for, which would read `_scheme` or `_anchor` in it.
    """
    if request.endpoint is None or (request.url_rule and "GET" not in (request.url_rule.methods or ())):
        return _with_query(url_for("public.home"), query)
    arguments: dict[str, Any] = {**request.args.to_dict(flat=False), **query}
    return _with_query(url_for(request.endpoint, **(request.view_args or {})), arguments)


def _with_query(path: str, arguments: dict[str, Any]) -> str:
    given = {name: value for name, value in arguments.items() if value is not None}
    return f"{path}?{urlencode(given, doseq=True)}" if given else path


def init_app(app: Flask) -> None:
    """Make templates strict and give them the common names."""
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.add_extension("jinja2.ext.do")
    app.jinja_env.globals.update(
        asset=asset,
        icon=icon,
        here=here,
        csrf_token=generate_csrf,
        Permission=Permission,
        role_names=ROLE_NAMES,
        locales=list(LOCALES.items()),
    )

    @app.context_processor
    def _common() -> dict[str, Any]:
        g.setdefault("actor", VISITOR)
        g.setdefault("edition", None)
        return {
            "locale": current_locale(),
            "menu": app.extensions["dxday_menu"]() if g.actor.is_signed_in else [],
        }
