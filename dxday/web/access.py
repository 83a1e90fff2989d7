"""Who may open which page: closed by default, and the application does not start while a page has no gate."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Flask, current_app, g, redirect, request, url_for
from werkzeug.wrappers import Response

from dxday.core.errors import NotAllowed
from dxday.core.permissions import Permission

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Gate:
    """What a view asks of the one who opens it; no permission at all is open to all."""

    permission: Permission | None
    signed_in: bool = False


class UngatedView(RuntimeError):
    """A view that says nothing of who may open it."""


def requires(permission: Permission) -> Callable[[View], View]:
    """Let only those open the view who hold `permission` (in the edition of the address, if it names one)."""

    def decorate(view: View) -> View:
        view.gate = Gate(permission)  # type: ignore[attr-defined]  # a mark on the function
        return view

    return decorate


def signed_in_only(view: View) -> View:
    """Let anybody with an account open the view."""
    view.gate = Gate(None, signed_in=True)  # type: ignore[attr-defined]  # a mark on the function
    return view


def open_to_all(view: View) -> View:
    """Let everybody open the view, visitors included."""
    view.gate = Gate(None)  # type: ignore[attr-defined]  # a mark on the function
    return view


def gate_of(app: Flask, endpoint: str) -> Gate | None:
    """Return the gate of an endpoint, or None where it has none."""
    return getattr(app.view_functions[endpoint], "gate", None)


def check_every_view_has_a_gate(app: Flask) -> None:
    """Raise UngatedView when a view was registered without @requires, @signed_in_only or @open_to_all."""
    ungated = sorted(endpoint for endpoint in app.view_functions if gate_of(app, endpoint) is None)
    if ungated:
        raise UngatedView(f"no gate on: {', '.join(ungated)} (add @requires(…) or @open_to_all)")


def guard() -> Response | None:
    """Stop a request before its view when its gate does not let the actor in.

    A visitor is asked to sign in; a person without the permission is refused (NotAllowed), which is audited.
    """
    if request.endpoint is None:
        return None
    gate = gate_of(current_app, request.endpoint)
    if gate is None:
        raise NotAllowed
    if gate.permission is None and not gate.signed_in:
        return None
    if not g.actor.is_signed_in:
        if request.method in ("GET", "HEAD") and not request.path.startswith("/api/"):
            return redirect(url_for("accounts.sign_in", next=request.full_path.rstrip("?")))
        raise NotAllowed
    edition = g.get("edition")
    if gate.permission and not g.actor.may(gate.permission, edition_id=edition.id if edition else None):
        raise NotAllowed
    return None


def init_app(app: Flask) -> None:
    """Gate Flask's own static view; the guard itself is put in order by the application factory."""
    app.view_functions["static"] = open_to_all(app.view_functions["static"])
