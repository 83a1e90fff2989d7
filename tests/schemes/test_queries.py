"""What schemes answer to those who build on them."""

from datetime import date, timedelta

import pytest

from dxday.accounts.rules import OrganisationKind
from dxday.core.errors import NotFound
from dxday.schemes import queries
from dxday.schemes.models import Criterion, DossierItem, EligibilityQuestion, Extension, Holiday, Quota
from dxday.schemes.rules import Call, ItemKind
from tests import make

OPENS, CLOSES = make.at("2026-08-01 08:00"), make.at("2026-08-31 17:00")
DAY = timedelta(days=1)


def edition(**given):
    return make.edition(**{"nominations_open_at": OPENS, "nominations_close_at": CLOSES} | given)


def extension(scheme, **given):
    return make.save(
        Extension(scheme_id=scheme.id, **{"reason": "Bão số 10", "created_at": make.NOW} | given)
    )


def test_a_scheme_without_a_calendar_follows_the_edition(app):
    category = make.category(make.scheme(edition()))

    assert queries.get_call(category, 1) == Call(OPENS, CLOSES, CLOSES)


def test_a_calendar_of_its_own_comes_first_with_its_grace(app):
    scheme = make.scheme(edition(), opens_at=OPENS + DAY, closes_at=CLOSES + DAY, grace_minutes=30)

    call = queries.get_call(make.category(scheme), 1)

    assert call == Call(OPENS + DAY, CLOSES + DAY, CLOSES + DAY + timedelta(minutes=30))


def test_an_edition_without_dates_has_no_call(app):
    category = make.category(make.scheme(edition(nominations_open_at=None, nominations_close_at=None)))

    assert queries.get_call(category, 1) == Call(None, None, None)


def test_extensions_hold_for_their_category_and_agency_alone(app):
    scheme = make.scheme(edition())
    one, other = make.category(scheme), make.category(scheme)
    flooded, dry = make.organisation(), make.organisation()
    extension(scheme, category_id=one.id, closes_at=CLOSES + DAY)
    extension(scheme, organisation_id=flooded.id, closes_at=CLOSES + 2 * DAY)
    extension(scheme, category_id=other.id, organisation_id=flooded.id, closes_at=CLOSES + 3 * DAY)

    closes = {
        (category, agency): queries.get_call(category, agency.id).closes_at
        for category in (one, other)
        for agency in (flooded, dry)
    }

    assert closes == {
        (one, flooded): CLOSES + 2 * DAY,
        (one, dry): CLOSES + DAY,
        (other, flooded): CLOSES + 3 * DAY,
        (other, dry): CLOSES,
    }
    assert queries.get_call(one).closes_at == CLOSES + DAY


def test_a_category_is_asked_what_is_its_own_and_what_is_everybodys_in_order(app):
    scheme = make.scheme(edition())
    one, other = make.category(scheme), make.category(scheme)
    for code, category_id, position in (("c", None, 2), ("a", one.id, 1), ("b", other.id, 0)):
        made = {"scheme_id": scheme.id, "category_id": category_id, "code": code, "position": position}
        words = {"vi": code}
        make.save(
            DossierItem(**made, section="s", kind=ItemKind.TEXT, name=words, article="Điều 84"),
        )
        make.save(
            EligibilityQuestion(**made, question=words, wanted=True, refusal=words, article="Điều 84"),
        )
        make.save(Criterion(**made, name=words, weight=1))

    for listed in (queries.list_items, queries.list_questions, queries.list_criteria):
        assert [each.code for each in listed(one)] == ["a", "c"]
        assert [each.code for each in listed(other)] == ["b", "c"]


def test_quotas_are_those_of_the_scheme(app):
    scheme, other = make.scheme(edition()), make.scheme(edition())
    quota = make.save(Quota(scheme_id=scheme.id, organisation_kind=OrganisationKind.COMMUNE, most=2))

    assert queries.list_quotas(scheme.id) == [quota]
    assert queries.list_quotas(other.id) == []


def test_a_scheme_is_found_in_its_edition_alone(app):
    day = edition()
    scheme = make.scheme(day, code="bang-khen")

    assert queries.get_scheme(day.id, "bang-khen") is scheme
    with pytest.raises(NotFound):
        queries.get_scheme(edition().id, "bang-khen")


def test_the_holiday_table_says_which_days_are_off(app):
    make.save(Holiday(day=date(2027, 2, 5), name="Bù Tết", off=True, source="Thông báo mẫu"))
    make.save(Holiday(day=date(2027, 1, 30), name="Làm bù", off=False, source="Thông báo mẫu"))

    assert queries.days_off() == {date(2027, 1, 30): False, date(2027, 2, 5): True}
    assert [each.day for each in queries.list_holidays()] == [date(2027, 1, 30), date(2027, 2, 5)]
