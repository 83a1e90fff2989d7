"""All settings, read once from the environment; production refuses what is missing, default or unknown."""

import binascii
import contextlib
import os
import re
import secrets
import tempfile
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import available_timezones

ROOT = Path(__file__).resolve().parent
LOCALES = ("vi", "en", "hi")

KNOWN = frozenset(
    "DATABASE_URL STORAGE_URL SMTP_URL SMS_URL CALLS_TO QUEUE_URL RATE_LIMIT_URL SECRET_KEY SEALING_KEYS "
    "BASE_URL DEFAULT_LOCALE TIME_ZONE MAIL_SENDER BOUNCE_ADDRESS BOUNCE_URL BOUNCE_TOKEN CLAMAV_ADDRESS "
    "TRUSTED_PROXIES DXDAY_ENV DXDAY_INSTANCE".split()
)
WEAK_SECRETS = frozenset({"", "dev", "secret", "changeme", "change-me", "test", "password"})


class SettingsRefused(Exception):
    """The settings cannot be used; the message is a list of faults with their mend."""

    def __init__(self, faults: list[str]) -> None:
        """Keep every fault, so that one start names them all."""
        super().__init__(
            "DXDay cannot start with these settings:\n" + "\n".join(f"  - {fault}" for fault in faults)
        )
        self.faults = faults


@dataclass(frozen=True)
class Settings:
    """The settings of one process."""

    production: bool
    instance: Path
    database_url: str
    storage_url: str
    smtp_url: str | None
    sms_url: str | None
    """The gateway for text messages; without one nobody is asked for a telephone number."""
    calls_to: str
    """Where webhooks may lead: "public" addresses, or "anywhere"."""
    queue_url: str
    rate_limit_url: str
    secret_key: str
    base_url: str | None
    default_locale: str
    time_zone: str
    mail_sender: str
    bounce_address: str | None
    """Where letters that cannot be delivered go back to (the envelope's sender); None is where they come from."""
    bounce_url: str | None
    """The mailbox of that address, to be read every minute."""
    bounce_token: str | None
    """The secret of a mail server that hands over by itself what comes back."""
    clamav_address: str | None
    """Where clamd answers; without one, files are checked by their content alone."""
    trusted_proxies: int
    """How many proxies in front of the web may say who the visitor is."""
    sealing_keys: tuple[bytes, ...] = field(repr=False)
    """What sensitive answers and files are sealed with; the first seals, each of them opens."""
    keys_are_given: bool
    """Whether they come from outside; if not, they are kept in the instance."""

    @property
    def kept_keys(self) -> Path:
        """Where the sealing keys are kept unless they are given."""
        return self.instance / "sealing-keys"

    @property
    def mailbox(self) -> Path:
        """Where the built-in mailbox keeps its letters while no SMTP server is set."""
        return self.instance / "mailbox"

    def flask(self) -> dict[str, object]:
        """Return what Flask and its extensions read."""
        return {
            "SECRET_KEY": self.secret_key,
            "SQLALCHEMY_DATABASE_URI": self.database_url,
            "SQLALCHEMY_ENGINE_OPTIONS": _engine_options(self.database_url),
            "SESSION_COOKIE_SAMESITE": "Lax",
            "SESSION_COOKIE_HTTPONLY": True,
            "SESSION_COOKIE_SECURE": (self.base_url or "").startswith("https:"),
            "SESSION_COOKIE_NAME": "dxday",
            "PERMANENT_SESSION_LIFETIME": 12 * 3600,
            "MAX_CONTENT_LENGTH": 64 * 1024 * 1024,
            "MAX_FORM_MEMORY_SIZE": 2 * 1024 * 1024,
            "WTF_CSRF_TIME_LIMIT": 4 * 3600,
            "WTF_CSRF_CHECK_DEFAULT": False,  # checked after access, see dxday.web.forms
            "WTF_CSRF_SSL_STRICT": True,
            "BABEL_DEFAULT_LOCALE": self.default_locale,
            "BABEL_DEFAULT_TIMEZONE": self.time_zone,
            "BABEL_TRANSLATION_DIRECTORIES": str(ROOT / "dxday" / "translations"),
            "RATELIMIT_STORAGE_URI": self.rate_limit_url,
            "RATELIMIT_HEADERS_ENABLED": True,
            "SEND_FILE_MAX_AGE_DEFAULT": 365 * 24 * 3600,
        }


def read(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings; raise SettingsRefused with every fault and its mend."""
    given = dict(os.environ if environ is None else environ)
    faults = [
        f"{name} is not a setting of DXDay. Remove it, or correct its name: {', '.join(sorted(KNOWN))}."
        for name in sorted(given)
        if name.startswith("DXDAY_") and name not in KNOWN
    ]
    kind = given.get("DXDAY_ENV", "embedded")
    if kind not in ("embedded", "production"):
        faults.append("DXDAY_ENV is “embedded” or “production”.")
    production = kind == "production"
    instance = Path(given.get("DXDAY_INSTANCE") or ROOT / "instance").resolve()
    locale = given.get("DEFAULT_LOCALE", "vi")
    if locale not in LOCALES:
        faults.append(f"DEFAULT_LOCALE is one of {', '.join(LOCALES)}, not “{locale}”.")
    smtp = given.get("SMTP_URL") or None
    if smtp and urlsplit(smtp).scheme not in ("smtp", "smtps"):
        faults.append("SMTP_URL begins with smtp:// or smtps://.")
    sms = given.get("SMS_URL") or None
    if sms and urlsplit(sms).scheme not in (("https",) if production else ("https", "http")):
        faults.append("SMS_URL begins with https://, for example https://:token@gateway.example/messages.")
    calls_to = given.get("CALLS_TO") or ("public" if production else "anywhere")
    if calls_to not in ("public", "anywhere"):
        faults.append("CALLS_TO is “public” or “anywhere”.")
    storage = given.get("STORAGE_URL") or f"file:{instance / 'files'}"
    if urlsplit(storage).scheme != "file":
        faults.append("STORAGE_URL begins with file: (a folder that every process sees).")
    zone = given.get("TIME_ZONE") or "Asia/Ho_Chi_Minh"
    if zone not in available_timezones():
        faults.append(f"TIME_ZONE is the name of a time zone, as Asia/Ho_Chi_Minh; “{zone}” is none.")
    proxies = given.get("TRUSTED_PROXIES") or "0"
    if proxies not in ("0", "1", "2", "3"):
        faults.append("TRUSTED_PROXIES is how many proxies stand in front of the web: 0 to 3.")
    secret = given.get("SECRET_KEY")
    if production:
        if secret is None or len(secret) < 32 or secret in WEAK_SECRETS:
            faults.append(
                "SECRET_KEY is missing or too short. Set 32 or more random characters, for example the output of: "
                'python3 -c "import secrets; print(secrets.token_urlsafe(48))"'
            )
        if not given.get("DATABASE_URL"):
            faults.append(
                "DATABASE_URL is missing. Set it, for example postgresql+psycopg://user@host/dxday."
            )
        if smtp is None:
            faults.append(
                "SMTP_URL is missing. Set it, for example smtp://user:password@host:587?tls=starttls."
            )
        if not (given.get("BASE_URL") or "").startswith("https://"):
            faults.append("BASE_URL is missing. Set the address that people use, beginning with https://.")
        if not given.get("SEALING_KEYS"):
            faults.append(
                "SEALING_KEYS is missing. Sensitive answers and files are sealed with it, and lost without it. "
                'Set the output of: python3 -c "import secrets; print(secrets.token_urlsafe(32))" – the same on every '
                "machine – and keep a copy apart from the database and its backups."
            )
    sealing_keys: tuple[bytes, ...] = ()
    if given.get("SEALING_KEYS") or not production:
        kept = instance / "sealing-keys"
        words, where = given.get("SEALING_KEYS"), "SEALING_KEYS"
        if not words:
            instance.mkdir(mode=0o700, parents=True, exist_ok=True)
            words, where = kept_secret(kept, size=32), str(kept)
        try:
            sealing_keys = read_keys(words)
        except ValueError as fault:
            faults.append(f"{where}: {fault}")
    faults += _bounce_faults(given)
    clamav = given.get("CLAMAV_ADDRESS") or None
    if clamav and not _is_clamd(clamav):
        faults.append("CLAMAV_ADDRESS is tcp://host:3310 or unix:/run/clamav/clamd.ctl.")
    if faults:
        raise SettingsRefused(faults)
    instance.mkdir(mode=0o700, parents=True, exist_ok=True)  # letters, passwords and the database lie there
    return Settings(
        production=production,
        instance=instance,
        database_url=_with_driver(given.get("DATABASE_URL") or f"sqlite:///{instance / 'dxday.db'}"),
        storage_url=storage,
        smtp_url=smtp,
        sms_url=sms,
        calls_to=calls_to,
        queue_url=given.get("QUEUE_URL") or f"sqlite:{instance / 'queue.db'}",
        rate_limit_url=given.get("RATE_LIMIT_URL") or "memory://",
        secret_key=secret or kept_secret(instance / "secret-key"),
        base_url=(given.get("BASE_URL") or "").rstrip("/") or None,
        default_locale=locale,
        time_zone=zone,
        trusted_proxies=int(proxies),
        mail_sender=given.get("MAIL_SENDER") or "DXDay <no-reply@dxday.example>",
        bounce_address=given.get("BOUNCE_ADDRESS") or None,
        bounce_url=given.get("BOUNCE_URL") or None,
        bounce_token=given.get("BOUNCE_TOKEN") or None,
        clamav_address=clamav,
        sealing_keys=sealing_keys,
        keys_are_given=bool(given.get("SEALING_KEYS")),
    )


def read_keys(words: str) -> tuple[bytes, ...]:
    """Return keys written as 43 letters of base64url each, between blanks, commas or lines; the newest first.

    Raises ValueError for anything else; the message never shows a key.
    """
    keys = []
    for place, word in enumerate(filter(None, re.split(r"[\s,]+", words)), start=1):
        try:
            key = urlsafe_b64decode(word + "=" * (-len(word) % 4))
        except (binascii.Error, ValueError):
            key = b""
        if len(key) != 32 or not re.fullmatch(r"[\w-]+=?", word, re.ASCII):
            raise ValueError(
                f"key {place} is no key: each is the output of "
                'python3 -c "import secrets; print(secrets.token_urlsafe(32))", the newest first.'
            )
        keys.append(key)
    if not keys:
        raise ValueError("there is no key in it.")
    return tuple(dict.fromkeys(keys))


def _bounce_faults(given: Mapping[str, str]) -> list[str]:
    """Return what is wrong with the settings of returned mail; never shows a password."""
    faults = []
    address, token = given.get("BOUNCE_ADDRESS"), given.get("BOUNCE_TOKEN")
    if address and not re.fullmatch(r"[!-?A-~]+@[A-Za-z0-9.-]+", address):
        faults.append("BOUNCE_ADDRESS is one bare mail address, as bounces@example.org.")
    if token and (len(token) < 32 or not token.isascii()):
        faults.append(
            "BOUNCE_TOKEN is too short. Set 32 or more random characters, and give them to the mail server."
        )
    if (url := given.get("BOUNCE_URL")) and not _is_mailbox(url):
        faults.append(
            "BOUNCE_URL is a mailbox: imaps://user:password@host/INBOX, imap://user:password@host/INBOX "
            "or maildir:/folder."
        )
    return faults


def _is_mailbox(url: str) -> bool:
    try:
        parts = urlsplit(url)
        is_server = parts.scheme in ("imap", "imaps") and bool(parts.hostname and parts.username)
        return (is_server and parts.port != 0) or (parts.scheme == "maildir" and parts.path.startswith("/"))
    except ValueError:  # a port that is no number
        return False


def _is_clamd(address: str) -> bool:
    try:
        parts = urlsplit(address)
        if parts.scheme == "unix":
            return parts.path.startswith("/") and not parts.netloc
        return (
            parts.scheme == "tcp" and bool(parts.hostname) and parts.port != 0 and not parts.path.strip("/")
        )
    except ValueError:  # a port that is no number
        return False


def kept_secret(path: Path, *, size: int = 48) -> str:
    """Return the secret in `path`, made of `size` random bytes on the first run with mode 600.

    Two first runs at once agree on one: it is written aside whole, and the first who gives it its name wins.
    """
    if not path.exists():
        handle, aside = tempfile.mkstemp(prefix=".secret-", dir=path.parent)  # mode 600
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(size))
        with contextlib.suppress(FileExistsError):
            os.link(aside, path)
        os.unlink(aside)
    return path.read_text().strip()


def _with_driver(url: str) -> str:
    """Let the plain spellings postgres:// and postgresql:// mean the installed driver."""
    for plain in ("postgres://", "postgresql://"):
        if url.startswith(plain):
            return "postgresql+psycopg://" + url.removeprefix(plain)
    return url


def _engine_options(url: str) -> dict[str, object]:
    # What a statement was given may be somebody's address or token: it must not stand in a log.
    if url.startswith("sqlite"):
        return {"hide_parameters": True}
    # A connection that died with its server is noticed and replaced, so recovery needs no restart.
    return {
        "hide_parameters": True,
        "pool_pre_ping": True,
        "pool_size": 10,
        "max_overflow": 10,
        "connect_args": {"connect_timeout": 5},
    }
