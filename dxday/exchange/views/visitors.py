"""Addresses that other systems read: the published programme as frab XML and as schedule JSON."""

from flask import Blueprint, Response, g
from flask.typing import ResponseReturnValue

from dxday.core.i18n import DEFAULT_LOCALE
from dxday.exchange import publication
from dxday.web.access import open_to_all
from dxday.web.kept import kept

bp = Blueprint("exchange_public", __name__)


@bp.get("/<edition_code>/schedule.xml")
@open_to_all
@kept(by_host=True)
def schedule_xml() -> ResponseReturnValue:
    return _file("xml", f"{publication.XML_TYPE}; charset=utf-8")


@bp.get("/<edition_code>/schedule.json")
@open_to_all
@kept(by_host=True)
def schedule_json() -> ResponseReturnValue:
    return _file("json", publication.JSON_TYPE)


def _file(form: str, content_type: str) -> Response:
    response = Response(publication.write(g.edition, form, locale=DEFAULT_LOCALE), content_type=content_type)
    response.headers["Access-Control-Allow-Origin"] = "*"  # anybody's page may show what is public
    return response
