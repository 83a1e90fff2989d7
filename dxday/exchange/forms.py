"""The shape of an upload, and of the word that takes it over."""

from flask_wtf.file import FileField
from wtforms import BooleanField, HiddenField
from wtforms.validators import ValidationError

from dxday.core.i18n import gettext as _
from dxday.core.i18n import lazy_gettext
from dxday.exchange import rules
from dxday.web.forms import Form


class UploadForm(Form):
    """A file to compare."""

    file = FileField(
        lazy_gettext("File"),
        description=lazy_gettext("frab XML (schedule.xml), schedule JSON, CSV or XLSX; at most 50 MB."),
    )
    make_rooms = BooleanField(
        lazy_gettext("Make rooms that a table names and the edition has not"),
        description=lazy_gettext("They are made at the main site. Leave it out to find slips of the pen."),
    )

    def validate_file(self, field: FileField) -> None:
        """Refuse nothing, an empty file, and one that is too large, before anything is read."""
        if not field.data or not field.data.filename:
            raise ValidationError(_("Choose a file."))
        stream = field.data.stream
        size = stream.seek(0, 2)
        stream.seek(0)
        if not size:
            raise ValidationError(_("The file is empty."))
        if size > rules.MOST_BYTES:
            raise ValidationError(str(rules.FileTooLarge(most=rules.MOST_BYTES // 1_000_000)))


class ApplyForm(Form):
    """Take over what was compared."""

    seen = HiddenField()
    cancel_missing = BooleanField(
        lazy_gettext("Cancel the sessions that the file does not have"), default=True
    )
    leave_out = BooleanField(lazy_gettext("Leave the rows with errors out, and import the rest"))


class AgainForm(Form):
    """A button: only the token is checked."""
