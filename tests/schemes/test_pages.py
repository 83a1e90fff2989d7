"""The pages on which schemes are set up: what they show, ask, save and refuse."""

from datetime import date, timedelta

import pytest

from dxday.audit.models import AuditEntry
from dxday.core.permissions import Role
from dxday.db import db
from dxday.schemes import packs, queries, taking
from dxday.schemes.models import (
    Criterion,
    DossierItem,
    EligibilityQuestion,
    Extension,
    Holiday,
    Quota,
    Scheme,
)
from dxday.schemes.rules import AwardForm, ItemKind, NomineeKind, TieBreak
from tests import make

CLOSES = make.at("2030-08-31 17:00")
DAY = timedelta(days=1)
BOUND = (
    "Dossiers were handed in under the items and questions of today: "
    "what a dossier must hold cannot change any more."
)


class World:
    def __init__(self, client):
        self.edition = make.edition(
            nominations_open_at=make.at("2026-01-01 08:00"), nominations_close_at=CLOSES
        )
        self.scheme = make.scheme(self.edition, code="bang-khen")
        self.category = make.category(self.scheme, code="tap-the")
        self.path = f"/manage/{self.edition.code}/schemes"
        self.own = f"{self.path}/bang-khen"
        client.sign_in(make.account(Role.COUNCIL, edition_id=self.edition.id))

    def found(self, code="bang-khen") -> Scheme:
        db.session.expire_all()
        return queries.get_scheme(self.edition.id, code)

    def take(self, code="law-2022"):
        with db.session.begin_nested():
            pack = packs.get_pack(code, AwardForm.BANG_KHEN)
            taking.take_over_pack(self.scheme, pack, actor=make.actor(), now=make.NOW)
        db.session.commit()


@pytest.fixture
def world(client):
    return World(client)


@pytest.fixture
def counting(request):
    return request.getfixturevalue("queries")


def test_an_edition_without_schemes_says_what_to_do(client, world):
    empty = make.edition()
    client.sign_in(make.account(Role.ADMIN))

    page = client.open(f"/manage/{empty.code}/schemes/")

    assert page.all("//p[@class='empty-title']") == ["No award scheme yet"]


def test_the_list_says_of_each_scheme_whether_its_rules_are_decided(client, world):
    make.scheme(world.edition, pack="law-2022@1", unconfirmed=["quorum", "ballot"])
    make.scheme(world.edition, pack="law-2022@1")

    page = client.open(f"{world.path}/")

    assert page.all("//tbody//*[contains(@class, 'status')]/span") == [
        "No rule pack",
        "2 settings to decide",
        "Decided",
    ]


def test_a_list_of_three_asks_as_often_as_a_list_of_one(client, world, counting):
    client.open(f"{world.path}/")  # so that what is read once is read
    with counting() as one:
        client.open(f"{world.path}/")
    for _n in range(2):
        make.category(make.scheme(world.edition))

    with counting() as three:
        client.open(f"{world.path}/")

    assert three.total == one.total


def test_the_page_of_a_scheme_asks_as_often_with_many_rows_as_with_one(client, world, counting):
    def fill(number):
        agency = make.organisation()
        make.save(Quota(scheme_id=world.scheme.id, organisation_id=agency.id, most=2))
        make.save(
            Extension(
                scheme_id=world.scheme.id,
                organisation_id=agency.id,
                closes_at=CLOSES + DAY,
                reason="Bão",
                created_at=make.NOW,
            )
        )
        make.nomination(world.category, agency)
        make.save(
            Criterion(scheme_id=world.scheme.id, code=f"c{number}", name={"vi": "Kết quả"}, weight=number)
        )

    fill(1)
    client.open(world.own)
    with counting() as one:
        client.open(world.own)
    fill(2)
    fill(3)

    with counting() as three:
        client.open(world.own)

    assert three.total == one.total


def test_a_scheme_is_added_with_everything_that_is_asked(client, world):
    page = client.fill(
        f"{world.path}/new",
        code="chuyen-de",
        name_vi="Khen chuyên đề",
        award_form="thematic",
        thematic="y",
        legal_basis="Luật mẫu",
        giver_vi="Chủ tịch Ủy ban nhân dân tỉnh Mẫu",
        signatory_title_vi="Chủ tịch",
        nominators=["department", "commune"],
        opens_at="2030-06-01T08:00",
        closes_at="2030-07-01T17:00",
        grace_minutes="30",
        position="2",
    )

    made = world.found("chuyen-de")
    assert page.location == f"{world.path}/chuyen-de"
    assert (made.form, made.thematic, made.nominators) == (
        AwardForm.THEMATIC,
        True,
        ["department", "commune"],
    )
    assert (made.opens_at, made.closes_at) == (make.at("2030-06-01 08:00"), make.at("2030-07-01 17:00"))
    assert (made.grace_minutes, made.position, made.giver) == (
        30,
        2,
        {"vi": "Chủ tịch Ủy ban nhân dân tỉnh Mẫu"},
    )


@pytest.mark.parametrize(
    ("answers", "errors"),
    [
        (
            {"code": "holidays"},
            ["“holidays” cannot be used as a code: use small letters, digits and dashes."],
        ),
        ({"code": "bang-khen"}, ["“bang-khen” is the code of another one already."]),
        ({"name_vi": None}, ["Give it a name in at least one language."]),
        ({"legal_basis": None}, ["Answer this question."]),
        ({"grace_minutes": "-1"}, ["Write a number from 0 to 10000."]),
        (
            {"opens_at": "2031-01-01T08:00"},
            [
                "Nominations would close before they open. The edition’s dates count where none is given.",
            ],
        ),
    ],
)
def test_what_cannot_be_is_said_beside_its_field(client, world, answers, errors):
    given = {
        "code": "moi", "name_vi": "Mới", "legal_basis": "Luật", "giver_vi": "Chủ tịch",
        "signatory_title_vi": "Chủ tịch",
    } | answers  # fmt: skip

    page = client.fill(f"{world.path}/new", **given)

    assert page.errors == errors


def test_a_scheme_is_changed_and_a_stale_page_is_a_conflict(client, world):
    opened = client.open(f"{world.own}/edit")
    saved = client.fill(f"{world.own}/edit", legal_basis="Luật mới", closes_at="2030-05-01T17:00")

    late = client.send(opened, f"{world.own}/edit", legal_basis="Luật cũ")

    assert saved.location == world.own
    assert (world.found().legal_basis, world.found().closes_at) == ("Luật mới", make.at("2030-05-01 17:00"))
    assert late.status == 409
    assert len(late.errors) == 1


def test_the_settings_of_the_council_are_changed_and_a_stale_page_is_a_conflict(client, world):
    opened = client.open(f"{world.own}/council")
    saved = client.fill(
        f"{world.own}/council",
        readers="5",
        discrepancy="30",
        ballot="y",
        secret=None,
        quorum="75",
        threshold="80",
        rounds="2",
        tie_break="chair",
        comment_days="10",
    )

    late = client.send(opened, f"{world.own}/council", quorum="50")

    scheme = world.found()
    assert saved.location == world.own
    assert (scheme.readers, scheme.discrepancy, scheme.ballot, scheme.secret) == (5, 30, True, False)
    assert (scheme.quorum, scheme.threshold, scheme.rounds) == (75, 80, 2)
    assert (scheme.tie_break, scheme.comment_days) == (TieBreak.CHAIR, 10)
    assert late.status == 409


@pytest.mark.parametrize(("name", "typed"), [("quorum", "0"), ("threshold", "101"), ("rounds", "6")])
def test_percents_and_rounds_have_limits(client, world, name, typed):
    page = client.fill(f"{world.own}/council", **{name: typed})

    assert len(page.errors) == 1
    assert world.found().version == 1


def test_steps_of_endorsement_keep_their_codes_when_their_names_change(client, world):
    path = f"{world.own}/endorsement"
    client.fill(path, **{"steps-0-name_vi": "Thủ trưởng cơ quan", "steps-2-name_en": "Steering committee"})
    first = world.found().endorsers

    client.fill(path, **{"steps-0-name_vi": "Người đứng đầu", "steps-3-name_vi": "Người đứng đầu"})

    assert first == [
        {"code": "thu-truong-co-quan", "name": {"vi": "Thủ trưởng cơ quan"}},
        {"code": "steering-committee", "name": {"en": "Steering committee"}},
    ]
    assert [each["code"] for each in world.found().endorsers] == [
        "thu-truong-co-quan",
        "steering-committee",
        "nguoi-dung-dau",
    ]
    assert "Người đứng đầu" in client.open(world.own).words


def test_a_pack_shows_what_would_change_and_is_taken_over(client, world):
    chosen = client.open(f"{world.own}/packs")
    preview = client.open(f"{world.own}/packs/law-2022")
    untouched = world.found().pack

    page = client.send(preview, f"{world.own}/packs/law-2022")

    assert f"{world.own}/packs/law-2022" in chosen.links()
    assert "Minutes of the agency's own council (biên bản xét khen thưởng)" in preview.words
    assert untouched is None
    assert page.location == world.own
    assert world.found().pack == "law-2022@1"
    shown = client.follow(page)
    assert shown.all("//section[@id='undecided']//tbody/tr/th") == [
        "Majority needed, in percent of all seats",
        "The ballot is secret",
        "A ballot stands before the decision",
        "Quorum, in percent of all seats",
        "Rounds of the ballot",
        "When a round decides nothing",
        "Who may nominate",
        "Grace after closing, in minutes",
        "Criteria and weights",
    ]
    assert shown.all("//section[@id='criteria']//tbody/tr/td[1]") == ["40%", "30%", "15%", "15%"]


def test_a_pack_that_was_taken_over_says_that_nothing_would_change(client, world):
    world.take()

    page = client.open(f"{world.own}/packs/law-2022")

    assert "The scheme is as this pack says: nothing would change." in page.words
    assert page.all("//main//button") == []


def test_a_preview_of_yesterday_is_a_conflict(client, world):
    preview = client.open(f"{world.own}/packs/law-2022")
    make.save(Criterion(scheme_id=world.scheme.id, code="own", name={"vi": "Riêng"}, weight=1))

    page = client.send(preview, f"{world.own}/packs/law-2022")

    assert page.status == 409
    assert world.found().pack is None


def test_a_pack_with_other_items_cannot_be_taken_once_a_dossier_was_handed_in(client, world):
    preview = client.open(f"{world.own}/packs/law-2022")
    make.nomination(world.category)

    sent = client.send(preview, f"{world.own}/packs/law-2022")
    again = client.open(f"{world.own}/packs/law-2022")

    assert (sent.status, sent.errors) == (409, [BOUND])
    assert again.all("//main//button") == []
    assert world.found().pack is None


def test_an_unknown_pack_is_not_found(client, world):
    assert client.open(f"{world.own}/packs/law-1945").status == 404


def test_an_open_setting_is_confirmed_with_what_it_stands_on(client, world):
    world.take()
    path = f"{world.own}/settings/quorum"
    nothing = client.fill(path)

    page = client.fill(path, basis="Quy chế 12/QC-HĐTĐKT")

    assert nothing.errors == ["Answer this question."]
    assert page.location == f"{world.own}#undecided"
    assert "quorum" not in world.found().unconfirmed
    entry = db.session.query(AuditEntry).order_by(AuditEntry.sequence.desc()).first()
    assert (entry.action, entry.facts["basis"]) == ("scheme.setting_confirmed", "Quy chế 12/QC-HĐTĐKT")
    assert client.open(path).status == 404


def test_a_category_is_added_and_changed(client, world):
    added = client.fill(
        f"{world.own}/categories/new",
        code="ho",
        nominee_kind="household",
        name_vi="Hộ gia đình",
        position="3",
    )
    opened = client.open(f"{world.own}/categories/ho")
    client.fill(f"{world.own}/categories/ho", name_en="Households")
    late = client.send(opened, f"{world.own}/categories/ho", name_vi="Hộ")

    made = next(each for each in world.found().categories if each.code == "ho")
    assert added.location == f"{world.own}#categories"
    assert (made.nominee_kind, made.name) == (
        NomineeKind.HOUSEHOLD,
        {"vi": "Hộ gia đình", "en": "Households"},
    )
    assert late.status == 409
    assert client.open(f"{world.own}/categories/none").status == 404


def test_an_item_is_added_changed_and_removed(client, world):
    added = client.fill(
        f"{world.own}/items/new",
        code="bien-ban",
        section="Giấy tờ",
        kind="file",
        name_vi="Biên bản",
        most="2",
        sensitive="y",
        article="Điều 84",
        category=str(world.category.id),
    )
    made = queries.get_part(DossierItem, world.scheme.id, "bien-ban")
    assert added.location == f"{world.own}#items"
    assert (made.section, made.kind, made.most, made.sensitive, made.required) == (
        "giay-to",
        ItemKind.FILE,
        2,
        True,
        True,
    )
    assert (made.category_id, made.source, made.help) == (world.category.id, None, None)
    assert client.open(world.own).all("//section[@id='items']//*[contains(@class,'status')]/span") == [
        "Sensitive",
        "Not confirmed",
    ]

    opened = client.open(f"{world.own}/items/bien-ban")
    client.fill(f"{world.own}/items/bien-ban", source="congbao.example", is_required=None)
    late = client.send(opened, f"{world.own}/items/bien-ban", most="9")
    made = queries.get_part(DossierItem, world.scheme.id, "bien-ban")
    assert (made.source, made.required, made.most) == ("congbao.example", False, 2)
    assert late.status == 409

    removed = client.fill(f"{world.own}/items/bien-ban/remove")
    assert removed.location == f"{world.own}#items"
    assert queries.list_all(DossierItem, world.scheme.id) == []


def test_a_question_is_added_and_keeps_the_answer_that_is_wanted(client, world):
    path = f"{world.own}/questions"
    client.fill(
        f"{path}/new",
        code="held",
        question_vi="Đang bị xem xét kỷ luật?",
        wanted="no",
        refusal_vi="Chưa xét.",
        article="Điều 4",
    )
    client.fill(f"{path}/held", position="4")

    made = queries.get_part(EligibilityQuestion, world.scheme.id, "held")
    assert (made.wanted, made.position, made.category_id) == (False, 4, None)


def test_weights_are_shown_as_percent_of_their_sum(client, world):
    for code, weight in (("a", 1), ("b", 3)):
        client.fill(f"{world.own}/criteria/new", code=code, name_vi=code, weight=str(weight), most="10")

    page = client.open(world.own)

    assert page.all("//section[@id='criteria']//tbody/tr/td[1]") == ["25%", "75%"]


def test_parts_that_are_none_are_not_found(client, world):
    for path in (
        "criteria/none",
        "items/none/remove",
        "quotas/none",
        "honours/new",
        "quotas/99",
        "x/y/remove",
    ):
        assert client.open(f"{world.own}/{path}").status == 404, path


def test_what_dossiers_must_hold_is_bound_once_one_was_handed_in(client, world):
    world.take()
    make.nomination(world.category)

    page = client.fill(f"{world.own}/items/minutes/remove")

    assert (page.status, page.errors) == (409, [BOUND])


def test_a_quota_is_set_counted_changed_and_removed(client, world):
    agency = make.organisation()
    client.fill(f"{world.own}/quotas/new", organisation=str(agency.id), most="2")
    for _n in range(3):
        make.nomination(world.category, agency)
    quota = queries.list_quotas(world.scheme.id)[0]

    over = client.open(world.own)
    client.fill(f"{world.own}/quotas/{quota.id}", most="5")
    within = client.open(world.own)
    twice = client.fill(f"{world.own}/quotas/new", organisation=str(agency.id), most="9")
    both = client.fill(
        f"{world.own}/quotas/new", organisation=str(agency.id), organisation_kind="commune", most="9"
    )
    client.fill(f"{world.own}/quotas/{quota.id}/remove")
    free = client.open(world.own)

    counted = [page.all("//section[@id='quotas']//tr/td[last()]")[-1] for page in (over, within, free)]
    assert counted == ["3 of 2", "3 of 5", "No limit"]
    assert (twice.status, both.errors) == (
        409,
        ["Choose a kind of organisation or a single one, not both."],
    )


def test_the_closing_is_extended_for_an_agency_and_the_extension_withdrawn(client, world):
    agency = make.organisation()
    path = f"{world.own}/extensions/new"
    early = client.fill(path, organisation=str(agency.id), closes_at="2030-08-31T17:00", reason="Bão")
    added = client.fill(path, organisation=str(agency.id), closes_at="2030-09-05T17:00", reason="Bão số 10")
    made = queries.list_extensions(world.scheme.id)[0]
    until = made.closes_at
    shown = client.open(world.own)

    withdrawn = client.fill(f"{world.own}/extensions/{made.id}/withdraw")

    assert early.errors == ["Give a time after the closing time and after now."]
    assert (until, added.location) == (make.at("2030-09-05 17:00"), f"{world.own}#calendar")
    assert "Bão số 10" in shown.words
    assert withdrawn.location == f"{world.own}#calendar"
    assert queries.list_extensions(world.scheme.id) == []


def test_the_holiday_table_takes_days_and_lets_them_go(client, world):
    path = f"{world.path}/holidays"
    client.fill(path, day="2027-02-05", off="off", name="Nghỉ bù", source="Thông báo 1")
    client.fill(path, day="2027-01-30", off="works", name="Làm bù", source="Thông báo 1")
    twice = client.fill(path, day="2027-02-05", off="works", name="Nghỉ bù", source="Thông báo 2")

    assert queries.days_off() == {date(2027, 2, 5): True, date(2027, 1, 30): False}
    assert twice.errors == ["This day is in the table already: remove it first."]

    holiday = db.session.query(Holiday).filter_by(day=date(2027, 2, 5)).one()
    removed = client.fill(f"{path}/{holiday.id}/remove")

    assert removed.location == path
    assert queries.days_off() == {date(2027, 1, 30): False}


def test_a_scheme_of_another_edition_is_not_found(client, world):
    other = make.scheme(make.edition(), code="khac")

    assert client.open(f"{world.path}/{other.code}").status == 404


@pytest.mark.parametrize("role", [Role.ORGANIZER, Role.MEMBER])
def test_others_do_not_set_schemes_up(client, world, role):
    client.sign_in(make.account(role, edition_id=world.edition.id))

    assert client.open(world.own).status == 403
    assert client.post(f"{world.own}/council", {"quorum": "1"}).status in (400, 403)
    assert world.found().quorum == 67
