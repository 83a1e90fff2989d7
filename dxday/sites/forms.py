"""Adding and changing sites and rooms."""

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _
from wtforms import BooleanField, HiddenField, IntegerField, SelectField, StringField, URLField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Optional

from dxday.accounts.models import Organisation, Person
from dxday.core.i18n import lazy_gettext
from dxday.sites.rules import SITE_KIND_NAMES
from dxday.web.filters import text
from dxday.web.forms import CodesField, Form, at_most, between, required, whole_address

NOT_A_NUMBER = lazy_gettext("Write a whole number.")
CODE_HELP = lazy_gettext("Small letters, digits and dashes; it stands in addresses and does not change.")


class SiteForm(Form):
    """A site: what it is called, where it is, who presides."""

    seen = HiddenField()
    code = StringField(lazy_gettext("Code"), [required(), at_most(40)], description=CODE_HELP)
    kind = SelectField(
        lazy_gettext("Kind of site"),
        choices=[SelectChoice(kind.value, name) for kind, name in SITE_KIND_NAMES.items()],
    )
    name_vi = StringField(lazy_gettext("Name in Vietnamese"), [at_most(200)])
    name_en = StringField(lazy_gettext("Name in English"), [at_most(200)])
    name_hi = StringField(lazy_gettext("Name in Hindi"), [at_most(200)])
    address_vi = StringField(lazy_gettext("Address in Vietnamese"), [at_most(300)])
    address_en = StringField(lazy_gettext("Address in English"), [at_most(300)])
    address_hi = StringField(lazy_gettext("Address in Hindi"), [at_most(300)])
    organisation = SelectField(lazy_gettext("Organisation that it belongs to"), coerce=str)
    officer = SelectField(lazy_gettext("Presiding officer"), coerce=str)
    join_url = URLField(
        lazy_gettext("Link to join the site’s video conference"),
        [Optional(), at_most(500), whole_address()],
        description=lazy_gettext("Sent by mail to those who registered; never shown on public pages."),
    )
    position = IntegerField(
        lazy_gettext("Position in lists"),
        [Optional(), between(0, 10_000)],
        description=lazy_gettext("The main site comes first, then the smaller number."),
    )

    def __init__(
        self,
        *args: Any,
        organisations: Sequence[Organisation],
        people: Sequence[Person],
        is_new: bool,
        **options: Any,
    ) -> None:
        """Offer these organisations and people; the code is asked of a new site alone."""
        super().__init__(*args, **options)
        if not is_new:
            del self["code"]
        none = SelectChoice("", _("None"))
        self.organisation.choices = [
            none,
            *(SelectChoice(str(each.id), text(each.name)) for each in organisations),
        ]
        self.officer.choices = [
            none,
            *(SelectChoice(str(person.id), person.full_name) for person in people),
        ]


class RoomForm(Form):
    """A room: seats, equipment, how long it takes to make it ready."""

    seen = HiddenField()
    code = StringField(lazy_gettext("Code"), [required(), at_most(40)], description=CODE_HELP)
    name_vi = StringField(lazy_gettext("Name in Vietnamese"), [at_most(200)])
    name_en = StringField(lazy_gettext("Name in English"), [at_most(200)])
    name_hi = StringField(lazy_gettext("Name in Hindi"), [at_most(200)])
    capacity = IntegerField(
        lazy_gettext("Seats"),
        [InputRequired(message=lazy_gettext("Answer this question.")), between(0, 100_000)],
    )
    shared = BooleanField(
        lazy_gettext("May hold several sessions at once"),
        description=lazy_gettext("For an exhibition hall or a foyer."),
    )
    features = CodesField(lazy_gettext("Equipment"), description=lazy_gettext("With commas between."))
    turnaround = IntegerField(
        lazy_gettext("Minutes to make it ready for the next session"),
        [Optional(), between(0, 24 * 60)],
        description=lazy_gettext("Leave it out for the usual time of the edition."),
    )

    def __init__(self, *args: Any, is_new: bool, **options: Any) -> None:
        """Ask for the code of a new room alone."""
        super().__init__(*args, **options)
        if not is_new:
            del self["code"]
