"""The shape of a list that is sent."""

from collections.abc import Sequence
from typing import Any

from flask_wtf.file import FileField
from wtforms import SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, ValidationError

from dxday.accounts.models import Organisation
from dxday.core.i18n import gettext as _
from dxday.core.i18n import lazy_gettext
from dxday.web.filters import text
from dxday.web.forms import Form


class ListForm(Form):
    """A list of nominees, and the agency that nominates when there are several."""

    organisation = SelectField(
        lazy_gettext("Agency that nominates"),
        [DataRequired(lazy_gettext("Choose the agency that nominates."))],
        invalid_choice_message=lazy_gettext("Choose one from the list."),
    )
    file = FileField(
        lazy_gettext("List of nominees (trích ngang)"),
        description=lazy_gettext("XLSX or CSV, at most 1,000 nominees and 5 MB."),
    )

    def __init__(self, organisations: Sequence[Organisation], **given: Any):
        """Offer the agencies when there are several."""
        super().__init__(**given)
        if len(organisations) > 1:
            self.organisation.choices = [
                SelectChoice("", str(lazy_gettext("Choose an agency"))),
                *(SelectChoice(str(each.id), text(each.name)) for each in organisations),
            ]
        else:
            del self.organisation

    def validate_file(self, field: FileField) -> None:
        """Refuse that nothing was chosen."""
        if not field.data or not field.data.filename:
            raise ValidationError(_("Choose a file."))


class TakeOverForm(Form):
    """A button: only the token is checked."""
