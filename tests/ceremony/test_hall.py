"""The hall of honour."""

import pytest

from dxday.ceremony.rules import PressState
from dxday.db import db
from dxday.nominations.rules import State
from dxday.schemes.rules import AwardForm
from tests import make
from tests.ceremony.scene import LINE, annul


@pytest.fixture
def path(scene) -> str:
    return f"/{scene.edition.code}/honours"


def shown(page) -> list[str]:
    return page.all("//*[@class='honour-name']")


def test_an_empty_roll_says_what_will_come(client, path):
    page = client.open(path)

    assert page.heading == "Honours"
    assert page.all("//*[@class='empty-title']") == ["Nobody was honoured yet"]


def test_everybody_reads_who_was_honoured_for_what_and_by_which_decision(client, scene, path):
    scene.award("Nguyễn Văn Mẫu", recipient_position="Bản Mẫu")

    page = client.open(path)

    assert shown(page) == ["Nguyễn Văn Mẫu"]
    assert page.all("//*[@class='honour-unit']") == ["Bản Mẫu"]
    assert page.all("//*[@class='honour-form']") == ["Diploma of Merit (Bằng khen)"]
    assert page.all("//*[@class='honour-achievement']") == [LINE]
    assert page.all("//*[@class='honour-decision']") == [
        f"Decision {scene.decision.number} of {make.TODAY:%d/%m/%Y}"
    ]


def test_the_roll_is_grouped_by_scheme_and_category(client, scene, path):
    second = make.scheme(scene.edition, position=2, name={"en": "Certificates of merit"})
    people = make.category(second, name={"en": "People"}, position=2)
    homes = make.category(second, name={"en": "Households"}, position=1)
    for category in (people, homes, scene.collectives):
        scene.award("Tên", category=category)

    page = client.open(path)

    assert page.all("//section/h2") == ["Digital transformation honours", "Certificates of merit"]
    assert page.all("//section/h3[@class='section-title']") == ["Collectives", "Households", "People"]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("nguyen duc", ["Nguyễn Đức Mẫu"]),
        ("THÍ DỤ", ["Trần Thị Thí Dụ"]),
        ("so hoa ho so", ["Nguyễn Đức Mẫu"]),
        ("xa vi du", ["Trần Thị Thí Dụ"]),
        ("3204/qd", ["Trần Thị Thí Dụ"]),
        ("nobody", []),
    ],
)
def test_search_finds_name_achievement_agency_and_decision_whatever_the_marks(
    client, scene, path, asked, found
):
    scene.award("Nguyễn Đức Mẫu", achievement="Đã số hóa hồ sơ.")
    scene.award(
        "Trần Thị Thí Dụ",
        agency=make.organisation(name={"vi": "Xã Ví Dụ"}),
        decision=make.decision(scene.edition, number="3204/QĐ-UBND"),
    )

    page = client.open(path, query_string={"q": asked})

    assert shown(page) == found


def test_filters_show_one_scheme_category_kind_or_site(client, scene, path):
    other = make.category(make.scheme(scene.edition, form=AwardForm.GIAY_KHEN, position=5))
    scene.award("Tập thể", agency=scene.agency)
    scene.award("Cá nhân", category=scene.people)
    scene.award("Khác", category=other)
    scene.ordered()

    def names(**wish):
        return shown(client.open(path, query_string=wish))

    assert names(scheme=other.scheme_id) == ["Khác"]
    assert names(category=scene.people.id) == ["Cá nhân"]
    assert names(kind="individual") == ["Cá nhân"]
    assert names(site=scene.site.id) == ["Tập thể"]
    assert names(kind="nonsense", category="x", site="²", page="0") == ["Tập thể", "Cá nhân", "Khác"]


def test_many_awards_stand_on_several_pages_and_on_one_to_print(client, scene, path):
    for number in range(50):
        scene.award(f"Tên {number}")

    first, second = client.open(path), client.open(f"{path}?page=2")
    everything = client.open(f"{path}?all=1")

    assert [len(shown(page)) for page in (first, second, everything)] == [48, 2, 50]
    assert client.open(f"{path}?page=99").all("//*[@class='empty-title']") == []


def test_an_annulled_award_is_gone_and_its_page_says_so_without_a_name(client, scene, path):
    gone = scene.award("Đã Hủy")
    scene.award("Còn")
    annul(gone)

    page = client.open(path)
    home = client.open(f"/{scene.edition.code}/")
    own = client.open(f"{path}/{gone.code}")

    assert shown(page) == ["Còn"]
    assert shown(home) == ["Còn"]
    assert (own.status, own.heading) == (410, "This honour was annulled")
    assert "Đã Hủy" not in own.text


def test_a_replaced_certificate_changes_nothing(client, scene, path):
    award = scene.award("Còn")
    make.certificate(award, standing="replaced")
    make.certificate(award)

    assert shown(client.open(path)) == ["Còn"]


def test_an_award_has_its_own_page_with_words_only_when_they_were_approved(client, scene, path):
    award = scene.award("Nguyễn Văn Mẫu")
    summary = make.press_summary(award, text="Lời giới thiệu.", state=PressState.SENT)

    before = client.open(f"{path}/{award.code}")
    summary.state, summary.token_hash, summary.approved_at = PressState.APPROVED, None, make.NOW
    after = client.open(f"{path}/{award.code}")

    assert before.heading == "Nguyễn Văn Mẫu"
    assert LINE in before.words
    assert "Lời giới thiệu." not in before.text
    assert after.all("//blockquote") == ["Lời giới thiệu."]


def test_an_award_of_another_edition_is_not_found_here(client, scene):
    award = scene.award("Nguyễn Văn Mẫu")
    other = make.edition()

    assert shown(client.open(f"/{other.code}/honours")) == []
    assert client.open(f"/{other.code}/honours/{award.code}").status == 404


def test_earlier_editions_with_honours_are_linked_and_others_are_not(client, scene, path):
    earlier = make.edition(name={"en": "The Day of 2023"})
    nomination = make.nomination(make.category(make.scheme(earlier)), state=State.AWARDED)
    make.award(make.decision(earlier), nomination)
    without = make.edition()

    links = client.open(path).links()

    assert f"/{earlier.code}/honours" in links
    assert f"/{without.code}/honours" not in links


def test_the_roll_takes_as_many_queries_for_one_as_for_thirty(client, scene, path, queries):
    scene.award("Một")
    db.session.commit()
    with queries() as one:
        client.open(path)
    for number in range(30):
        scene.award(f"Tên {number}", category=scene.people)
    db.session.commit()

    with queries() as many:
        page = client.open(path)

    assert len(shown(page)) == 31
    assert many.total == one.total
