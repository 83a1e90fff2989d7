"""The honour roll."""

from dxday.db import db
from tests import make
from tests.awards.conftest import LINE


def test_an_empty_roll_says_what_will_come(client):
    page = client.open(f"/{make.edition().code}/honours")

    assert page.heading == "Honours"
    assert page.all("//*[@class='empty-title']") == ["Nobody was honoured yet"]


def test_everybody_reads_who_was_honoured_for_what_and_by_which_decision(client, council):
    council.record(
        council.nomination(nominee_name="Nguyễn Văn Mẫu", nominee_position="Bản Mẫu"),
        number="3204/QĐ-UBND",
        decided_on=make.TODAY,
    )

    page = client.open(f"/{council.edition.code}/honours")

    assert page.all("//*[@class='honour-name']") == ["Nguyễn Văn Mẫu"]
    assert page.all("//*[@class='honour-unit']") == ["Bản Mẫu"]
    assert page.all("//*[@class='honour-form']") == ["Diploma of Merit (Bằng khen)"]
    assert page.all("//*[@class='honour-achievement']") == [LINE]
    assert page.all("//*[@class='honour-decision']") == [f"Decision 3204/QĐ-UBND of {make.TODAY:%d/%m/%Y}"]


def test_the_roll_is_grouped_by_scheme_and_category(client, council):
    edition = council.edition
    second = make.scheme(edition, position=2, name={"en": "Certificates of merit"})
    people = make.category(second, name={"en": "People"}, position=2)
    homes = make.category(second, name={"en": "Households"}, position=1)
    council.record(*(make.nomination(each) for each in (people, homes, council.category)))

    page = client.open(f"/{edition.code}/honours")

    assert page.all("//section/h2") == ["Digital transformation honours", "Certificates of merit"]
    assert page.all("//section/h3") == ["Collectives", "Households", "People"]


def test_search_forgives_missing_marks_and_capitals(client, council):
    council.record(
        council.nomination(nominee_name="Nguyễn Đức Mẫu"), council.nomination(nominee_name="Trần Thị Thí Dụ")
    )
    path = f"/{council.edition.code}/honours"

    def names(query):
        return client.open(f"{path}?{query}").all("//*[@class='honour-name']")

    assert names("q=nguyen+duc") == ["Nguyễn Đức Mẫu"]
    assert names("q=THÍ+DỤ") == ["Trần Thị Thí Dụ"]
    assert names(f"category={council.category.id}") == ["Nguyễn Đức Mẫu", "Trần Thị Thí Dụ"]
    assert client.open(f"{path}?q=nobody").all("//*[@class='empty-title']") == ["Nothing found"]


def test_another_edition_s_honours_do_not_appear(client, council):
    council.record(council.nomination())

    page = client.open(f"/{make.edition().code}/honours")

    assert page.all("//*[@class='honour-name']") == []


def test_the_roll_takes_as_many_queries_for_one_as_for_three(client, council, queries):
    path = f"/{council.edition.code}/honours"
    council.record(council.nomination())
    db.session.commit()
    with queries() as one:
        client.open(path)
    council.record(council.nomination(), make.nomination(make.category(make.scheme(council.edition))))
    db.session.commit()

    with queries() as three:
        page = client.open(path)

    assert len(page.all("//*[@class='honour-name']")) == 3
    assert three.total == one.total
