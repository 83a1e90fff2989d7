"""Refusals: the system understood and says no, in a whole sentence for a person."""

from typing import Any, ClassVar

from flask_babel.speaklater import LazyString

from dxday.core.i18n import Words, lazy_gettext, sentence


class Refusal(Exception):
    """Something that is refused.  Subclasses are facts (`CallClosed`) with a sentence and its blanks."""

    status: ClassVar[int] = 422
    sentence: ClassVar[Words] = lazy_gettext("This could not be done.")
    field: str | None = None
    """The form field that the refusal is about, if it is about one."""

    def __init__(self, **facts: Any) -> None:
        """Keep the facts that fill the sentence's blanks."""
        super().__init__(facts)
        self.facts = facts

    def __str__(self) -> str:
        return sentence(self.sentence, self.facts)

    @property
    def words(self) -> Words:
        """The sentence, put into the language of whoever reads it later."""
        return LazyString(lambda: str(self))


class NotFound(Refusal):
    """No such thing, or not in this edition: the two look the same from outside."""

    status = 404
    sentence = lazy_gettext("There is nothing at this address.")


class NotAllowed(Refusal):
    """The person may not do this."""

    status = 403
    sentence = lazy_gettext("You may not do this.")


class RuleBroken(Refusal):
    """A rule of the house, the edition or the law stands in the way."""

    status = 422


class Stale(Refusal):
    """Somebody else changed the thing in the meantime."""

    status = 409
    sentence = lazy_gettext(
        "Somebody else changed this in the meantime. Look at their change, then try again."
    )
