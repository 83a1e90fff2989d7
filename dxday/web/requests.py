"""What happens around every request: its id and log line, security headers, and the three numbers for operators."""

import re
import secrets
import time

import structlog
from flask import Flask, Response, g, request
from prometheus_client import Counter, Histogram

log = structlog.get_logger()

REQUESTS = Counter("dxday_requests_total", "Requests answered.", ["endpoint", "method", "status"])
SECONDS = Histogram("dxday_request_seconds", "Seconds to answer a request.", ["endpoint"])

CSP = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "frame-ancestors 'none'; form-action 'self'"
)
_METHODS = frozenset("GET HEAD POST PUT PATCH DELETE OPTIONS TRACE".split())
_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}")


def sane_id(given: str) -> str:
    """Return the id that the proxy gave the request, or a new one."""
    return given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)


def note(endpoint: str, *, method: str, status: int, seconds: float, rule: str | None, **more: str) -> None:
    """Count an answered request, and write one line for it; the rule, never the address: addresses carry tokens."""
    # A made-up method would be a number of its own that is never forgotten.
    REQUESTS.labels(endpoint, method if method in _METHODS else "other", status).inc()
    SECONDS.labels(endpoint).observe(seconds)
    if endpoint != "static":
        log.info("request", method=method, rule=rule, status=status, ms=round(seconds * 1000, 1), **more)


def begin() -> None:
    """Give the request an id (a sane one from the proxy is kept) and bind it to every log line."""
    g.request_id = sane_id(request.headers.get("X-Request-ID", ""))
    g.begun = time.perf_counter()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def finish(response: Response) -> Response:
    """Add the security headers, count, and write one line without addresses that carry tokens."""
    headers = response.headers
    headers.setdefault("Content-Security-Policy", CSP)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
    if request.is_secure:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if request.endpoint != "static" and "Cache-Control" not in headers:
        headers["Cache-Control"] = "private, no-cache"
    request_id = g.get("request_id")
    if request_id:
        headers["X-Request-ID"] = request_id
        note(
            request.endpoint or "none",
            method=request.method,
            status=response.status_code,
            seconds=time.perf_counter() - g.begun,
            rule=request.url_rule.rule if request.url_rule else None,
        )
    return response


def init_app(app: Flask) -> None:
    """Put the beginning first and the finish last."""
    app.before_request(begin)
    app.after_request(finish)
