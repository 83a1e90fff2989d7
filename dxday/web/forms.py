"""The base of all forms: token, refusals beside the fields, and one way of reading local times."""

import re
from datetime import date, datetime, time
from typing import Any

from flask_babel import gettext
from flask_wtf import FlaskForm
from wtforms import Field, StringField, TextAreaField
from wtforms.fields.core import UnboundField
from wtforms.validators import Length, Regexp, StopValidation, ValidationError

from dxday.core.errors import Refusal
from dxday.core.i18n import LOCALES, Translations, lazy_gettext
from dxday.core.vietnamese import fold, nfc, slug
from dxday.web.filters import zone

EXPIRED = lazy_gettext("This page had been open for too long. Nothing you typed is lost: send it once more.")


_NO_TEXT = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef"
    + "".join(chr(plane + last) for plane in range(0, 0x110000, 0x10000) for last in (0xFFFE, 0xFFFF))
    + "]"
)
"""What stands in no text: control characters, which no database, page or letter takes whole; characters that turn the
direction of reading, so that a name shows as another; surrogates and what Unicode names no characters."""

_BREAKS = re.compile("[\x85\u2028\u2029]")
_BLANKS = re.compile("\r\n|[\t\n\r]")
_MOST_DIGITS = 9
_YEARS = range(1900, 3000)
_LONGEST_WORD = 40
_MOST_WORDS = 30


def clean(value: Any) -> Any:
    """Return typed text in NFC without what stands in no text, and without blanks at its ends; it may have lines."""
    return _BREAKS.sub("\n", _NO_TEXT.sub("", nfc(value))).strip() if isinstance(value, str) else value


def clean_line(value: Any) -> Any:
    """Return typed text as `clean` does, on one line: a line break in a name would break the head of a letter."""
    return _BLANKS.sub(" ", clean(value)) if isinstance(value, str) else value


def seen_version(field: Field) -> int:
    """Return the version in a hidden field; 0, which fits none, for what is no number."""
    written = str(field.data or "")
    return int(written) if re.fullmatch(f"[0-9]{{1,{_MOST_DIGITS}}}", written) else 0


class Form(FlaskForm):
    """A form of a page.  `refusals` holds what is not about one field."""

    def __init__(self, *args: Any, **options: Any) -> None:
        """Begin without refusals."""
        super().__init__(*args, **options)
        self.refusals: list[str] = []

    class Meta(FlaskForm.Meta):
        """Every text is cleaned before anything looks at it."""

        def bind_field(self, form: Any, unbound_field: Any, options: dict[str, Any]) -> Any:
            """Put `clean` or `clean_line` in front of the field's own filters, passwords excepted."""
            kind = unbound_field.field_class
            if issubclass(kind, StringField) and kind.__name__ != "PasswordField":
                cleaned = clean if issubclass(kind, TextAreaField) else clean_line
                given = {
                    **unbound_field.kwargs,
                    "filters": (cleaned, *unbound_field.kwargs.get("filters", ())),
                }
                unbound_field = UnboundField(kind, *unbound_field.args, name=unbound_field.name, **given)
            return super().bind_field(form, unbound_field, options)

    def validate(self, extra_validators: Any = None) -> bool:
        """Check the fields; an expired token becomes a sentence above the form, and what was typed stays."""
        fine: bool = super().validate(extra_validators)
        token = self._fields.get("csrf_token")
        if token is not None and token.errors:
            self.refusals.append(str(EXPIRED))
            token.errors = []
        return fine

    def refuse(self, refusal: Refusal) -> None:
        """Put a service's refusal beside the field it is about, or above the form."""
        field = self._fields.get(refusal.field) if refusal.field else None
        if field is None:
            self.refusals.append(str(refusal))
        else:
            field.errors = [*field.errors, str(refusal)]


class CodesField(StringField):
    """Several codes in one line, with commas between; read without accents, capitals and what stands there twice."""

    def _value(self) -> str:
        return ", ".join(self.data or [])

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the line."""
        words = [word.strip()[:_LONGEST_WORD] for word in re.split("[,;]", valuelist[0] if valuelist else "")]
        read = [slug(word) or fold(word).replace(" ", "-") for word in words]
        self.data = list(dict.fromkeys(filter(None, read)))[:_MOST_WORDS]


def translations(form: Form, name: str) -> Translations:
    """Gather the fields `<name>_vi`, `<name>_en`, `<name>_hi` into one translatable value."""
    given = {code: form[f"{name}_{code}"].data for code in LOCALES if f"{name}_{code}" in form}
    return {code: value for code, value in given.items() if value}


def spread(name: str, texts: Translations | None) -> dict[str, str]:
    """Return a translatable value as data for the fields `<name>_vi` and so on."""
    return {f"{name}_{code}": (texts or {}).get(code, "") for code in LOCALES}


def at(day: date, clock: time) -> datetime:
    """Return the moment of a day and time of day in the time zone of the edition."""
    return datetime.combine(day, clock, tzinfo=zone())


def possible_day(form: Any, field: Field) -> None:
    """Refuse a day so far away that its moments lead out of the calendar in another time zone."""
    if field.data is not None and field.data.year not in _YEARS:
        raise StopValidation(gettext("Write the day as in 10/10/2026."))


def required() -> "Given":
    """Return the validator of a field that must be filled in."""
    return Given()


class Given:
    """Refuse an empty answer, in words that name no field: the error stands beside it."""

    field_flags = {"required": True}

    def __call__(self, form: Form, field: Field) -> None:
        """Raise StopValidation for an empty answer; that it could not be read either goes without saying."""
        if field.data in (None, "", []) and not (field.raw_data and field.raw_data[0] and field.errors):
            field.errors = []
            raise StopValidation(gettext("Answer this question."))


def at_most(characters: int) -> Length:
    """Return the validator of the greatest length, with its sentence."""
    return Length(max=characters, message=lazy_gettext("Use at most %(max)d characters."))


def whole_address() -> Regexp:
    """Return the validator of a link to another site of the web."""
    return Regexp(r"https?://\S+$", message=lazy_gettext("Write the whole address, beginning with https://."))


def between(least: int, most: int) -> "Between":
    """Return the validator of a whole number, with its sentence."""
    return Between(least, most)


class Between:
    """Refuse a number outside of its limits; what is no number at all is the field's own matter."""

    def __init__(self, least: int, most: int) -> None:
        """Keep the limits, both allowed."""
        self.least, self.most = least, most

    def __call__(self, form: Form, field: Field) -> None:
        """Raise ValidationError."""
        if field.data is not None and not self.least <= field.data <= self.most:
            raise ValidationError(
                gettext("Write a number from %(min)s to %(max)s.", min=self.least, max=self.most)
            )
