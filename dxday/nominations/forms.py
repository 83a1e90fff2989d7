"""The shape of a nomination as an agency writes it."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

from flask_wtf.file import MultipleFileField
from werkzeug.datastructures import FileStorage
from wtforms import EmailField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Email, Optional

from dxday.accounts.models import Organisation
from dxday.core.i18n import lazy_gettext
from dxday.nominations.models import Nomination, Scheme
from dxday.nominations.rules import NOMINEE_KIND_NAMES, NomineeNameMissing
from dxday.web.filters import text
from dxday.web.forms import Form, at_most, seen_version

_NOT_AN_ADDRESS = lazy_gettext("Write an e-mail address like name@example.org.")
_NOT_A_CHOICE = lazy_gettext("Choose one from the list.")
_TEXTS = ("nominee_name", "nominee_position", "nominee_email", "achievement", "contact_name", "contact_email")
ACHIEVEMENT_CHARACTERS = 20_000
"""What a draft may hold; how many words may be submitted is a rule."""


class NominationForm(Form):
    """A dossier.  A draft needs the nominee's name and a category; everything else may come later."""

    guid = HiddenField()
    version = HiddenField()
    organisation = SelectField(
        lazy_gettext("Agency that nominates"),
        [DataRequired(lazy_gettext("Choose the agency that nominates."))],
        invalid_choice_message=_NOT_A_CHOICE,
    )
    category = SelectField(
        lazy_gettext("Category"),
        [DataRequired(lazy_gettext("Choose a category."))],
        invalid_choice_message=_NOT_A_CHOICE,
    )
    nominee_name = StringField(
        lazy_gettext("Name of the nominee"), [DataRequired(NomineeNameMissing.sentence), at_most(200)]
    )
    nominee_position = StringField(lazy_gettext("Position and unit, or address"), [at_most(300)])
    nominee_email = EmailField(
        lazy_gettext("E-mail address of the nominee"),
        [Optional(), at_most(254), Email(_NOT_AN_ADDRESS)],
    )
    achievement = TextAreaField(lazy_gettext("Achievement"), [at_most(ACHIEVEMENT_CHARACTERS)])
    attachment = MultipleFileField(lazy_gettext("Add files"))
    contact_name = StringField(lazy_gettext("Name of the contact"), [at_most(200)])
    contact_email = EmailField(
        lazy_gettext("E-mail address of the contact"),
        [Optional(), at_most(254), Email(_NOT_AN_ADDRESS)],
    )

    def __init__(self, schemes: Sequence[Scheme], organisations: Sequence[Organisation], **given: Any):
        """Offer the categories of `schemes`, and the agencies when there are several."""
        super().__init__(**given)
        self.category.choices = [
            SelectChoice("", str(lazy_gettext("Choose a category"))),
            *(
                SelectChoice(
                    str(category.id),
                    f"{text(category.name)} ({str(NOMINEE_KIND_NAMES[category.nominee_kind]).lower()})",
                    optgroup=text(scheme.name),
                )
                for scheme in schemes
                for category in scheme.categories
            ),
        ]
        if len(organisations) > 1:
            self.organisation.choices = [
                SelectChoice("", str(lazy_gettext("Choose an agency"))),
                *(SelectChoice(str(each.id), text(each.name)) for each in organisations),
            ]
        else:
            del self.organisation

    @classmethod
    def for_new(cls, schemes: Sequence[Scheme], organisations: Sequence[Organisation], **given: Any):
        """Return the empty form of a new nomination; its guid is made here, once."""
        return cls(schemes, organisations, data={"guid": str(uuid4()), **given})

    @classmethod
    def for_change(cls, schemes: Sequence[Scheme], nomination: Nomination):
        """Return the form filled with what is kept; the agency stays."""
        kept = {name: getattr(nomination, name) for name in (*_TEXTS, "version")}
        return cls(schemes, (), data={"category": str(nomination.category_id), **kept})

    @property
    def key(self) -> UUID:
        """The guid; one that somebody tampered with is as good as a new one."""
        try:
            return UUID(self.guid.data)
        except (TypeError, ValueError):
            return uuid4()

    @property
    def seen_version(self) -> int:
        """The version that the writer had before their eyes; 0 fits none."""
        return seen_version(self.version)

    def written(self) -> dict[str, str]:
        """Return the texts, named as the services name them."""
        return {name: self[name].data or "" for name in _TEXTS}

    def files(self) -> list[FileStorage]:
        """Return the files that were sent."""
        return list(self.attachment.data or [])


class ConfirmForm(Form):
    """A button that does something heavy; `version` is what was read before it was pressed."""

    version = HiddenField()

    @property
    def seen_version(self) -> int:
        """The version that was read; 0 fits none."""
        return seen_version(self.version)
