"""What the secretary's pages have in common: which council they are about."""

from flask import g, redirect, url_for
from flask.typing import ResponseReturnValue

from dxday.accounts.models import Account
from dxday.core import clock
from dxday.core.errors import NotFound
from dxday.council import queries
from dxday.council.models import Council, Term


def only_council(endpoint: str) -> ResponseReturnValue:
    """Go on to the page of the first council; without one, to where one is made."""
    councils = queries.list_councils(g.edition.id)
    if not councils:
        return redirect(url_for("seats.index"))
    return redirect(url_for(endpoint, council_code=councils[0].code))


def sitting(council: Council) -> list[Term]:
    """Return who sits on the council today."""
    return queries.list_sitting(council.id, queries.today_of(g.edition.id, clock.now()))


def member(council: Council, account_id: str) -> Account:
    """Return the account of somebody who sits on the council.  Raises NotFound."""
    found = next((term.account for term in sitting(council) if str(term.account_id) == account_id), None)
    if found is None:
        raise NotFound
    return found
