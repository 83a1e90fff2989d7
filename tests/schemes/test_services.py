"""Setting up schemes: what is changed, what is refused, and what the trail says."""

from datetime import date, timedelta

import pytest

from dxday.accounts.rules import OrganisationKind
from dxday.audit.models import AuditEntry
from dxday.core.errors import NotFound, Stale
from dxday.core.seen import fingerprint
from dxday.db import db
from dxday.nominations import queries as nominations
from dxday.nominations.rules import State
from dxday.schemes import packs, queries, rules, services, taking
from dxday.schemes.models import Criterion, DossierItem, EligibilityQuestion, Extension, Quota
from dxday.schemes.rules import AwardForm, ItemKind, NomineeKind
from dxday.sites.rules import CodeNotUsable, CodeTaken, NameMissing
from tests import make

OPENS, CLOSES = make.at("2026-08-01 08:00"), make.at("2026-08-31 17:00")
NOW = make.at("2026-08-20 09:00")
DAY = timedelta(days=1)
WORDS = {"vi": "Kết quả"}
ITEM = {
    "section": "papers", "kind": ItemKind.FILE, "name": WORDS, "help": None, "required": True, "most": None,
    "sensitive": False, "article": "Điều 84", "source": None, "category_id": None, "position": 0,
}  # fmt: skip
QUESTION = {
    "question": WORDS, "wanted": True, "refusal": WORDS, "article": "Điều 84", "source": None, "category_id": None,
    "position": 0,
}  # fmt: skip
CRITERION = {"name": WORDS, "guidance": None, "weight": 1, "most": 10, "category_id": None, "position": 0}
NEW_PARTS = {DossierItem: ITEM, EligibilityQuestion: QUESTION, Criterion: CRITERION}


@pytest.fixture
def edition(app):
    return make.edition(nominations_open_at=OPENS, nominations_close_at=CLOSES)


@pytest.fixture
def scheme(edition):
    return make.scheme(edition, code="bang-khen")


def actor():
    return make.actor()


def told() -> list[str]:
    db.session.commit()
    return [
        f"{entry.action} {entry.subject}"
        for entry in db.session.query(AuditEntry).order_by(AuditEntry.sequence)
    ]


def add(scheme, kind, code="one", **given):
    return services.add_part(scheme, kind, code=code, actor=actor(), now=NOW, **(NEW_PARTS[kind] | given))


def change(scheme, part, **given):
    fields = services.FIELDS[type(part)]
    kept = {name: getattr(part, name) for name in fields}
    services.change_part(
        scheme, part, seen=fingerprint(part, fields), actor=actor(), now=NOW, **(kept | given)
    )


def remove(scheme, part):
    seen = fingerprint(part, services.FIELDS[type(part)])
    services.remove_part(scheme, part, seen=seen, actor=actor(), now=NOW)


@pytest.mark.parametrize("code", ["holidays", "new", "Bang Khen", ""])
def test_a_scheme_has_a_code_that_can_stand_in_an_address(edition, code):
    with pytest.raises(CodeNotUsable):
        add_scheme(edition, code=code)


def add_scheme(edition, **given):
    defaults = {
        "code": "giay-khen", "name": WORDS, "form": AwardForm.GIAY_KHEN, "legal_basis": "Luật", "giver": WORDS,
        "signatory_title": WORDS,
    }  # fmt: skip
    return services.add_scheme(edition, actor=actor(), now=NOW, **(defaults | given))


def test_a_second_scheme_with_the_same_code_and_one_without_a_name_are_refused(edition, scheme):
    with pytest.raises(CodeTaken):
        add_scheme(edition, code="bang-khen")
    with pytest.raises(NameMissing):
        add_scheme(edition, name={})


def test_a_call_that_would_close_before_the_edition_opens_it_is_refused(edition, scheme):
    with pytest.raises(rules.CallNotInOrder):
        add_scheme(edition, closes_at=OPENS)
    with pytest.raises(rules.CallNotInOrder):
        services.change_scheme(scheme, edition, version=1, opens_at=CLOSES, actor=actor(), now=NOW)


def test_changing_a_scheme_is_told_with_what_was_changed(edition, scheme):
    services.change_scheme(scheme, edition, version=1, quorum=75, threshold=90, actor=actor(), now=NOW)

    assert (scheme.quorum, scheme.version) == (75, 2)
    assert told() == ["scheme.changed bang-khen"]
    assert db.session.query(AuditEntry).one().facts == {"changed": ["quorum"]}


def test_a_scheme_that_somebody_changed_meanwhile_is_stale(edition, scheme):
    services.change_scheme(scheme, edition, version=1, quorum=75, actor=actor(), now=NOW)

    with pytest.raises(Stale):
        services.change_scheme(scheme, edition, version=1, quorum=80, actor=actor(), now=NOW)
    assert scheme.quorum == 75


def test_an_open_setting_is_confirmed_once_with_what_it_stands_on(edition):
    scheme = make.scheme(edition, code="open", unconfirmed=["quorum", "ballot"])

    services.confirm_setting(scheme, "quorum", version=1, basis="Quy chế 12", actor=actor(), now=NOW)

    assert scheme.unconfirmed == ["ballot"]
    assert told() == ["scheme.setting_confirmed open"]
    assert db.session.query(AuditEntry).one().facts == {
        "setting": "quorum",
        "value": 67,
        "basis": "Quy chế 12",
    }
    with pytest.raises(NotFound):
        services.confirm_setting(scheme, "quorum", version=2, basis="x", actor=actor(), now=NOW)
    with pytest.raises(Stale):
        services.confirm_setting(scheme, "ballot", version=1, basis="x", actor=actor(), now=NOW)
    with pytest.raises(rules.BasisMissing):
        services.confirm_setting(scheme, "ballot", version=2, basis=" ", actor=actor(), now=NOW)


def test_a_category_keeps_its_code_and_whom_it_is_for(scheme):
    category = services.add_category(
        scheme, code="ca-nhan", name=WORDS, nominee_kind=NomineeKind.INDIVIDUAL, actor=actor(), now=NOW
    )
    seen = fingerprint(category, services.CATEGORY_FIELDS)

    services.change_category(
        scheme, category, seen=seen, name={"vi": "Cá nhân"}, position=2, actor=actor(), now=NOW
    )

    assert (category.name, category.position) == ({"vi": "Cá nhân"}, 2)
    assert told() == ["category.added bang-khen/ca-nhan", "category.changed bang-khen/ca-nhan"]
    with pytest.raises(Stale):
        services.change_category(scheme, category, seen=seen, name=WORDS, position=1, actor=actor(), now=NOW)
    with pytest.raises(CodeTaken):
        services.add_category(
            scheme, code="ca-nhan", name=WORDS, nominee_kind=NomineeKind.INDIVIDUAL, actor=actor(), now=NOW
        )


@pytest.mark.parametrize("kind", NEW_PARTS)
def test_parts_are_added_changed_and_removed_and_the_trail_says_so(scheme, kind):
    part = add(scheme, kind)
    change(scheme, part, position=5)
    remove(scheme, part)

    name = kind.__tablename__
    assert queries.list_all(kind, scheme.id) == []
    assert told() == [f"{name}.{done} bang-khen/one" for done in ("added", "changed", "removed")]


@pytest.mark.parametrize("kind", NEW_PARTS)
def test_a_part_is_refused_with_a_taken_code_a_foreign_category_no_name_or_a_stale_look(
    edition, scheme, kind
):
    part = add(scheme, kind)
    foreign = make.category(make.scheme(edition))
    name = "question" if kind is EligibilityQuestion else "name"

    with pytest.raises(CodeTaken):
        add(scheme, kind)
    with pytest.raises(NotFound):
        add(scheme, kind, "two", category_id=foreign.id)
    with pytest.raises(NameMissing):
        change(scheme, part, **{name: {}})
    with pytest.raises(Stale):
        services.change_part(scheme, part, seen="old", actor=actor(), now=NOW, **NEW_PARTS[kind])
    with pytest.raises(Stale):
        services.remove_part(scheme, part, seen="old", actor=actor(), now=NOW)


def test_what_a_dossier_must_hold_stands_once_one_was_handed_in(scheme):
    item, question = add(scheme, DossierItem), add(scheme, EligibilityQuestion)
    criterion = add(scheme, Criterion)
    make.nomination(make.category(scheme))

    for refused in (
        lambda: add(scheme, DossierItem, "two"),
        lambda: add(scheme, EligibilityQuestion, "two"),
        lambda: change(scheme, item, required=False),
        lambda: change(scheme, item, kind=ItemKind.TEXT),
        lambda: change(scheme, question, wanted=False),
        lambda: remove(scheme, item),
        lambda: remove(scheme, question),
    ):
        with pytest.raises(rules.DossiersUnderOtherItems):
            refused()
    add(scheme, DossierItem, "three", required=False)
    change(scheme, item, name={"vi": "Tên khác"})
    change(scheme, criterion, weight=7)

    assert item.name == {"vi": "Tên khác"}


def test_drafts_and_withdrawn_dossiers_bind_nothing_and_count_against_no_quota(scheme):
    category, agency = make.category(scheme), make.organisation()
    for state in (State.DRAFT, State.WITHDRAWN):
        make.nomination(category, agency, state=state)

    assert nominations.count_used(scheme.id) == {}
    remove(scheme, add(scheme, DossierItem))


def test_what_is_on_its_way_counts_until_it_is_withdrawn(scheme, edition):
    one, other = make.category(scheme), make.category(scheme)
    agency, another = make.organisation(), make.organisation()
    make.nomination(make.category(make.scheme(edition)), agency)
    for state in (State.ENDORSING, State.RETURNED, State.DECLINED):
        make.nomination(one, agency, state=state)
    make.nomination(other, agency)
    make.nomination(one, another, state=State.AWARDED)

    assert nominations.count_used(scheme.id) == {
        (one.id, agency.id): 3,
        (other.id, agency.id): 1,
        (one.id, another.id): 1,
    }


def quota(scheme, **given):
    wanted = {"category_id": None, "organisation_kind": None, "organisation_id": None, "most": 3} | given
    return services.add_quota(scheme, actor=actor(), now=NOW, **wanted)


def test_a_quota_is_once_for_each_even_where_columns_are_empty(scheme):
    agency = make.organisation()
    quota(scheme)
    quota(scheme, organisation_kind=OrganisationKind.COMMUNE)
    quota(scheme, organisation_id=agency.id)

    for again in ({}, {"organisation_kind": OrganisationKind.COMMUNE}, {"organisation_id": agency.id}):
        with pytest.raises(rules.QuotaTwice):
            quota(scheme, **again)
    with pytest.raises(rules.QuotaOfBoth):
        quota(scheme, organisation_kind=OrganisationKind.COMMUNE, organisation_id=agency.id)


def test_a_quota_is_changed_and_removed_and_the_trail_says_so(scheme):
    made = quota(scheme)
    seen = fingerprint(made, services.QUOTA_FIELDS)
    services.change_quota(scheme, made, seen=seen, most=5, actor=actor(), now=NOW)

    with pytest.raises(Stale):
        services.remove_quota(scheme, made, seen=seen, actor=actor(), now=NOW)
    with pytest.raises(Stale):
        services.change_quota(scheme, made, seen=seen, most=6, actor=actor(), now=NOW)
    number = made.id
    services.remove_quota(scheme, made, seen=fingerprint(made, services.QUOTA_FIELDS), actor=actor(), now=NOW)

    assert queries.list_quotas(scheme.id) == []
    assert told() == [f"quota.{done} bang-khen/{number}" for done in ("added", "changed", "removed")]


def extend(scheme, edition, **given):
    wanted = {"category_id": None, "organisation_id": None, "closes_at": CLOSES + DAY, "reason": "Bão số 10"}
    return services.extend_call(scheme, edition, actor=actor(), now=NOW, **(wanted | given))


def test_an_extension_moves_the_closing_and_can_be_withdrawn(edition, scheme):
    category, agency = make.category(scheme), make.organisation()
    made = extend(scheme, edition, category_id=category.id, organisation_id=agency.id)
    number, extended = made.id, queries.get_call(category, agency.id).closes_at

    services.withdraw_extension(scheme, made, actor=actor(), now=NOW)

    assert extended == CLOSES + DAY
    assert queries.get_call(category, agency.id).closes_at == CLOSES
    assert told() == [f"extension.added bang-khen/{number}", f"extension.withdrawn bang-khen/{number}"]
    assert db.session.query(AuditEntry).first().facts["reason"] == "Bão số 10"


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"closes_at": CLOSES}, rules.ExtensionTooEarly),
        ({"reason": " "}, rules.ReasonMissing),
        ({"category_id": 999_999}, NotFound),
    ],
)
def test_an_extension_that_extends_nothing_is_refused(edition, scheme, given, refusal):
    with pytest.raises(refusal):
        extend(scheme, edition, **given)
    assert db.session.query(Extension).count() == 0


def test_an_extension_into_the_past_and_one_without_a_closing_are_refused(edition):
    past = make.scheme(edition, opens_at=OPENS - 9 * DAY, closes_at=NOW - 3 * DAY)
    endless = make.edition(nominations_open_at=OPENS, nominations_close_at=None)

    with pytest.raises(rules.ExtensionTooEarly):
        extend(past, edition, closes_at=NOW - DAY)
    with pytest.raises(rules.NothingToExtend):
        extend(make.scheme(endless), endless)


def test_a_holiday_is_said_once_and_taken_back(edition):
    day = date(2027, 2, 5)

    def say():
        return services.add_holiday(
            day, name="Bù", off=True, source="TB 1", actor=actor(), now=NOW, edition_id=edition.id
        )

    holiday = say()
    with pytest.raises(rules.DayTwice):
        say()
    services.remove_holiday(holiday, actor=actor(), now=NOW, edition_id=edition.id)

    assert queries.days_off() == {}
    assert told() == ["holiday.added 2027-02-05", "holiday.removed 2027-02-05"]


def pack(code="law-2022", form=AwardForm.BANG_KHEN):
    return packs.get_pack(code, form)


def take(scheme, taken, **given):
    return taking.take_over_pack(scheme, taken, actor=actor(), now=NOW, **given)


def test_a_pack_is_taken_over_with_everything_it_holds(scheme):
    make.category(scheme, code="tap-the")
    person = make.category(scheme, code="ca-nhan", nominee_kind=NomineeKind.INDIVIDUAL)

    take(scheme, pack())

    items = {item.code: item for item in queries.list_all(DossierItem, scheme.id)}
    assert list(items) == [
        "achievement", "report", "submission", "minutes", "confirmation", "ethnicity-ca-nhan", "religion-ca-nhan",
        "party-ca-nhan", "discipline-ca-nhan",
    ]  # fmt: skip
    assert items["minutes"].category_id is None
    assert (items["party-ca-nhan"].category_id, items["party-ca-nhan"].sensitive) == (person.id, True)
    assert [each.code for each in queries.list_all(EligibilityQuestion, scheme.id)] == [
        each.code for each in pack().questions
    ]
    assert [(each.code, each.weight) for each in queries.list_all(Criterion, scheme.id)] == [
        ("results", 40), ("benefit", 30), ("novelty", 15), ("spread", 15),
    ]  # fmt: skip
    assert (scheme.pack, scheme.legal_basis, scheme.unconfirmed) == (
        "law-2022@1",
        pack().legal_basis,
        pack().unconfirmed,
    )
    assert told() == ["scheme.pack_taken_over bang-khen"]


def test_a_thematic_scheme_is_marked_by_its_pack(edition):
    thematic = make.scheme(edition, form=AwardForm.THEMATIC)

    take(thematic, pack("law-2022-2025", AwardForm.THEMATIC))

    assert thematic.thematic is True


def test_taking_over_again_changes_nothing(scheme):
    make.category(scheme)
    take(scheme, pack())

    plan = taking.plan_taking_over(scheme, pack())

    assert (plan.differences, plan.is_new) == ((), False)


def test_a_plan_shows_what_would_change_and_changes_nothing(scheme):
    take(scheme, pack())
    item = queries.get_part(DossierItem, scheme.id, "minutes")
    change(scheme, item, required=False)
    remove(scheme, queries.get_part(Criterion, scheme.id, "spread"))
    add(scheme, Criterion, "own")
    scheme.quorum = 50

    plan = taking.plan_taking_over(scheme, pack())

    shown = [(each.part, each.code, each.change.value, each.binds) for each in plan.differences]
    assert shown == [
        ("setting", "quorum", "changed", False),
        ("dossier_item", "minutes", "changed", True),
        ("criterion", "spread", "added", False),
        ("criterion", "own", "removed", False),
    ]
    assert (plan.differences[1].before, plan.differences[1].after) == (
        {"required": False},
        {"required": True},
    )
    assert scheme.quorum == 50


def test_the_rows_that_stay_keep_their_ids_since_answers_hang_on_them(scheme):
    take(scheme, pack("law-2003"))
    before = {item.code: item.id for item in queries.list_all(DossierItem, scheme.id)}

    take(scheme, pack("law-2022"))

    assert {item.code: item.id for item in queries.list_all(DossierItem, scheme.id)} == before


def test_a_plan_that_is_not_the_one_that_was_looked_at_is_stale(scheme):
    seen = taking.plan_taking_over(scheme, pack()).mark
    add(scheme, DossierItem, "minutes")

    with pytest.raises(Stale):
        take(scheme, pack(), seen=seen)
    take(scheme, pack(), seen=taking.plan_taking_over(scheme, pack()).mark)

    assert scheme.pack == "law-2022@1"


def test_a_pack_with_other_items_is_refused_once_a_dossier_was_handed_in(scheme):
    make.nomination(make.category(scheme))

    with pytest.raises(rules.DossiersUnderOtherItems):
        take(scheme, pack())

    assert (scheme.pack, queries.list_all(DossierItem, scheme.id)) == (None, [])


def test_a_pack_that_words_the_same_items_otherwise_is_taken_after_dossiers_were_handed_in(scheme):
    make.category(scheme)
    take(scheme, pack())
    item = queries.get_part(DossierItem, scheme.id, "minutes")
    item.article = "Điều cũ"
    db.session.flush()
    make.nomination(queries.list_categories(scheme.id)[0])

    take(scheme, pack())

    assert item.article == "Luật 06/2022/QH15, Điều 84"


def test_what_other_tables_hold_on_to_is_not_removed(scheme):
    category = make.category(scheme)
    make.save(Quota(scheme_id=scheme.id, category_id=category.id, most=1))

    with pytest.raises(rules.StillUsed):
        services.remove_row(category)
