"""What is typed on the pages of certificates."""

from flask_wtf.file import FileField
from wtforms import HiddenField, RadioField, StringField
from wtforms.fields.choices import SelectChoice

from dxday.certificates import rules
from dxday.core.i18n import lazy_gettext
from dxday.web.forms import Form, at_most, required


class CodeForm(Form):
    """The code under the QR picture; it is sent by GET and changes nothing, so it needs no token."""

    class Meta(Form.Meta):
        """Read from the address."""

        csrf = False

    code = StringField(lazy_gettext("Code or address of the certificate"), [required(), at_most(500)])


class FileForm(Form):
    """A PDF to compare; nothing is kept of it, so it needs no token and works from a command line too."""

    class Meta(Form.Meta):
        """Nothing is changed that a token would protect."""

        csrf = False

    file = FileField(lazy_gettext("PDF of the certificate"))


class IssueForm(Form):
    """The decision for whose awards certificates are issued."""

    decision = HiddenField(validators=[required()])


class RetryForm(Form):
    """The certificate to make again; empty is all that failed."""

    number = HiddenField()


class RevokeForm(Form):
    """The reason of the law for which an award is annulled."""

    reason = RadioField(
        lazy_gettext("Why is the award annulled?"),
        [required()],
        choices=[SelectChoice(reason.value, name) for reason, name in rules.REASON_NAMES.items()],
        validate_choice=True,
    )
