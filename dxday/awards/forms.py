"""The shape of a decision, and of what comes before it."""

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

from wtforms import (
    BooleanField,
    DateField,
    DateTimeLocalField,
    FieldList,
    FormField,
    HiddenField,
    RadioField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    widgets,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Optional, ValidationError

from dxday.awards import rules
from dxday.awards.models import Decision
from dxday.core.i18n import gettext, lazy_gettext, pick
from dxday.nominations.models import Nomination
from dxday.nominations.rules import ReasonMissing
from dxday.web.forms import Form, at, at_most, clean_line, possible_day, required

_LONG = rules.MOST_LINES * rules.LINE_OF_DOCUMENT


class ChooseForm(Form):
    """Whom a decision honours."""

    nominations = SelectMultipleField(
        lazy_gettext("Whom does the decision honour?"),
        [InputRequired(rules.NobodyChosen.sentence)],
        choices=[],
        coerce=clean_line,
        widget=widgets.ListWidget(prefix_label=False),
        option_widget=widgets.CheckboxInput(),
        # What was chosen meanwhile by somebody else is refused by name when the decision is recorded.
        validate_choice=False,
    )

    def __init__(self, waiting: Sequence[Nomination], **given: Any):
        """Offer the nominations that wait for a decision."""
        super().__init__(**given)
        self.nominations.choices = [SelectChoice(each.code, each.nominee_name) for each in waiting]


class LineForm(Form):
    """What the certificate of one nomination prints."""

    class Meta(Form.Meta):
        """The token is in the form around it."""

        csrf = False

    nomination = HiddenField()
    line = TextAreaField(
        lazy_gettext("Line on the certificate"),
        [
            DataRequired(lazy_gettext("Write the line that the certificate prints.")),
            at_most(rules.LINE_LENGTH),
        ],
    )


class Lines(FieldList):
    """A list of which only plain numbers count; WTForms fails on `²`, which is a digit and no number."""

    def _extract_indices(self, prefix: str, formdata: Any) -> Iterator[int]:
        plain = re.compile(rf"{re.escape(prefix)}-[0-9]{{1,4}}(-|$)")
        return super()._extract_indices(prefix, [key for key in formdata if plain.match(key)])


class AnnouncementForm(Form):
    """When everybody may know of a decision."""

    announce = RadioField(
        lazy_gettext("When is it announced?"),
        [required()],
        choices=[SelectChoice(value.value, name) for value, name in rules.ANNOUNCEMENT_NAMES.items()],
        default=rules.Announcement.BY_HAND.value,
    )
    announce_at = DateTimeLocalField(lazy_gettext("Moment of announcing"), [Optional(), possible_day])

    def validate_announce(self, field: Any) -> None:
        """Refuse a moment that is wanted and not given; one that cannot be read says so itself."""
        if field.data == rules.Announcement.AT and not any(self.announce_at.raw_data or ()):
            raise ValidationError(gettext("Say when it is announced."))

    def moment(self, now: datetime) -> datetime | None:
        """Return when it is announced: now for at once, None for by hand."""
        if self.announce.data == rules.Announcement.NOW:
            return now
        if self.announce.data == rules.Announcement.AT:
            return at(self.announce_at.data.date(), self.announce_at.data.time())
        return None


class DecisionForm(AnnouncementForm):
    """A decision as it stands on paper, and a line for each whom it honours."""

    number = StringField(
        lazy_gettext("Number of the decision"), [DataRequired(rules.NumberMissing.sentence), at_most(60)]
    )
    decided_on = DateField(
        lazy_gettext("Date of the decision"), [InputRequired(lazy_gettext("Give the date of the decision."))]
    )
    place = StringField(
        lazy_gettext("Place where it was signed"),
        [DataRequired(lazy_gettext("Say where it was signed.")), at_most(100)],
    )
    signatory_name = StringField(
        lazy_gettext("Name of the signatory"),
        [DataRequired(lazy_gettext("Say who signed it.")), at_most(200)],
    )
    signatory_title = StringField(
        lazy_gettext("Title of the signatory"),
        [DataRequired(lazy_gettext("Give the title of the signatory.")), at_most(200)],
    )
    issuer = StringField(
        lazy_gettext("Agency on the letterhead"),
        [DataRequired(lazy_gettext("Name the agency whose decision it is.")), at_most(200)],
    )
    authority = StringField(
        lazy_gettext("Office that decides"),
        [DataRequired(lazy_gettext("Name the office that decides.")), at_most(300)],
    )
    about = StringField(
        lazy_gettext("What it is about"),
        [DataRequired(lazy_gettext("Say what the decision is about.")), at_most(300)],
    )
    bases = TextAreaField(
        lazy_gettext("Legal bases"), [DataRequired(rules.BasisMissing.sentence), at_most(_LONG)]
    )
    articles = TextAreaField(
        lazy_gettext("Articles"), [DataRequired(rules.ArticleMissing.sentence), at_most(_LONG)]
    )
    recipients = TextAreaField(lazy_gettext("Recipients"), [at_most(_LONG)])
    awards = Lines(FormField(LineForm))
    compared = BooleanField(
        lazy_gettext("I compared names and lines with the signed decision."),
        [InputRequired(lazy_gettext("Compare names and lines with the signed decision, then tick this."))],
    )

    @classmethod
    def for_chosen(
        cls,
        chosen: Sequence[Nomination],
        *,
        wording: rules.Wording,
        last: Decision | None,
        today: date,
    ) -> "DecisionForm":
        """Return the form with proposals: words, the lines from the dossiers, the signatory as the last time."""
        titles = {pick(each.category.scheme.signatory_title, "vi") for each in chosen}
        return cls(
            formdata=None,
            data={
                "decided_on": today,
                "place": last.place if last else "",
                "signatory_name": last.signatory_name if last else "",
                "signatory_title": titles.pop() if len(titles) == 1 else "",
                "issuer": wording.issuer,
                "authority": wording.authority,
                "about": wording.about,
                "bases": rules.write_lines(wording.bases),
                "articles": rules.write_lines(wording.articles),
                "recipients": rules.write_lines(wording.recipients),
                "announce": rules.Announcement.BY_HAND.value,
                "awards": [
                    {"nomination": each.code, "line": rules.propose_line(each.achievement)} for each in chosen
                ],
            },
        )

    def wording(self) -> rules.Wording:
        """Return the words of the document; the lists of the honoured are not written here."""
        return rules.Wording(
            issuer=rules.one_line(self.issuer.data or ""),
            authority=rules.one_line(self.authority.data or ""),
            about=rules.one_line(self.about.data or ""),
            bases=rules.read_lines(self.bases.data or ""),
            articles=rules.read_lines(self.articles.data or ""),
            recipients=rules.read_lines(self.recipients.data or ""),
        )

    def lines(self) -> dict[str, str]:
        """Return the line of each nomination by its code, in the order of the page."""
        return {entry.form.nomination.data: entry.form.line.data for entry in self.awards}


class DeclineForm(Form):
    """Why a nomination goes without an honour."""

    reason = TextAreaField(lazy_gettext("Reason"), [DataRequired(ReasonMissing.sentence), at_most(2000)])
