"""Giving a release its name."""

from wtforms import BooleanField, HiddenField, StringField, TextAreaField

from dxday.core.i18n import lazy_gettext
from dxday.releases.rules import LONGEST_NAME, LONGEST_NOTE
from dxday.web.forms import Form, at_most, required


class ReleaseForm(Form):
    """What the release is called, what visitors are told of it, and why it goes out in spite of findings."""

    name = StringField(lazy_gettext("Name of the release"), [required(), at_most(LONGEST_NAME)])
    note_vi = TextAreaField(lazy_gettext("Note for visitors in Vietnamese"), [at_most(LONGEST_NOTE)])
    note_en = TextAreaField(lazy_gettext("Note for visitors in English"), [at_most(LONGEST_NOTE)])
    note_hi = TextAreaField(lazy_gettext("Note for visitors in Hindi"), [at_most(LONGEST_NOTE)])
    force = BooleanField(lazy_gettext("Release it although findings stand against it"))
    reason = TextAreaField(lazy_gettext("Why it is released all the same"), [at_most(LONGEST_NOTE)])
    seen = HiddenField()
    """The fingerprint of what the person saw that would go out."""


class RollBackForm(Form):
    """The token, and nothing to fill in."""
