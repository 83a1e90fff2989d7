"""The base of all forms: token, refusals beside the fields, and one way of reading local times."""

from datetime import date, datetime, time
from typing import Any

from flask_babel import gettext
from flask_wtf import FlaskForm
from wtforms import Field, StringField
from wtforms.fields.core import UnboundField
from wtforms.validators import Length, StopValidation

from dxday.core.errors import Refusal
from dxday.core.i18n import LOCALES, Translations, lazy_gettext
from dxday.core.vietnamese import nfc
from dxday.web.filters import zone

EXPIRED = lazy_gettext("This page had been open for too long. Nothing you typed is lost: send it once more.")


def clean(value: Any) -> Any:
    """Return typed text in NFC without blanks at its ends."""
    return nfc(value).strip() if isinstance(value, str) else value


class Form(FlaskForm):
    """A form of a page.  `refusals` holds what is not about one field."""

    def __init__(self, *args: Any, **options: Any) -> None:
        """Begin without refusals."""
        super().__init__(*args, **options)
        self.refusals: list[str] = []

    class Meta(FlaskForm.Meta):
        """Every text is cleaned before anything looks at it."""

        def bind_field(self, form: Any, unbound_field: Any, options: dict[str, Any]) -> Any:
            """Put `clean` in front of the field's own filters, passwords excepted."""
            kind = unbound_field.field_class
            if issubclass(kind, StringField) and kind.__name__ != "PasswordField":
                given = {**unbound_field.kwargs, "filters": (clean, *unbound_field.kwargs.get("filters", ()))}
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
