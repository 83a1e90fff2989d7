"""The pages of those who arrange, of the announcer, and of the sites."""

import pytest

from dxday.ceremony.queries import order
from dxday.ceremony.services import ordering
from dxday.core.permissions import Role
from dxday.db import db
from tests import make
from tests.ceremony.scene import annul, names, turn_of


@pytest.fixture
def secretary(client, scene):
    return client.sign_in(scene.secretary)


def test_a_ceremony_is_set_up_and_put_in_order(secretary, scene):
    scene.award("Tập thể")
    scene.award("Cá nhân", category=scene.people)

    first = secretary.open(scene.path)
    set_up = secretary.fill(first.location, per_call="5", first="individuals")
    empty = secretary.follow(set_up)
    secretary.send(secretary.open(f"{scene.path}/propose"), f"{scene.path}/propose")
    page = secretary.open(scene.path)

    assert "2 awards wait to be put in order." in empty.words
    assert page.all("//*[@class='ceremony-name']") == ["Cá nhân", "Tập thể"]


def test_a_template_with_an_unknown_blank_is_explained(secretary, scene):
    page = secretary.fill(f"{scene.path}/set-up", line="{nme}")

    assert page.status == 422
    assert page.errors[0].startswith("Nothing fills the blank {nme}.")


def test_a_session_that_is_no_ceremony_has_no_order(secretary, scene):
    talk = make.session(scene.edition)

    assert secretary.open(f"/manage/{scene.edition.code}/ceremonies/{talk.code}").status == 404


def test_buttons_move_split_and_move_calls(secretary, scene):
    first, second = scene.award("Một"), scene.award("Hai")
    ceremony = scene.ordered()

    def press(do):
        return secretary.fill(scene.path, form=f"{scene.path}/move", do=do)

    moved = press(f"up:award:{second.code}")
    after_move = names(ceremony)
    press(f"split:award:{first.code}")
    after_split = names(ceremony)
    press(f"up:call:{order.list_calls(ceremony.id)[1].id}")
    at_the_end = secretary.follow(press(f"up:award:{first.code}"))

    assert moved.location == f"{scene.path}#award-{second.code}"
    assert (after_move, after_split, names(ceremony)) == (
        [["Hai", "Một"]],
        [["Hai"], ["Một"]],
        [["Một"], ["Hai"]],
    )
    assert "It is at the end of the order already." in at_the_end.words
    for nonsense in (
        "",
        "up",
        "up:award:NOTHING1",
        "sideways:call:1",
        "up:call:²",
        "up:call:99999999999999999999",
    ):
        assert press(nonsense).status == 404


def test_site_and_representative_are_set_beforehand(secretary, scene):
    award = scene.award("Một")
    ceremony = scene.ordered()
    path = f"{scene.path}/awards/{award.code}"

    refused = secretary.fill(path, receiver="representative", representative_name="")
    secretary.fill(
        path, site=scene.site.code, receiver="representative", representative_name="Trần Thị Thí Dụ"
    )

    turn = turn_of(ceremony, award)
    assert refused.errors == ["Write the name of the representative."]
    assert (turn.site_id, turn.representative_name) == (scene.site.id, "Trần Thị Thí Dụ")


def test_the_words_of_a_call_are_edited_and_never_read_as_a_template(secretary, scene):
    scene.award("Một")
    ceremony = scene.ordered()
    path = f"{scene.path}/calls/{order.list_calls(ceremony.id)[0].id}"

    proposed = secretary.open(path).value("script")
    secretary.fill(path, script="Xin mời {{ 7*7 }} {name}.")
    page = secretary.open(f"{scene.path}/calls/{order.list_calls(ceremony.id)[0].id}")

    assert "1. Một" in proposed
    assert page.value("script").strip() == "Xin mời {{ 7*7 }} {name}."


def test_the_announcer_calls_one_after_the_other_and_back(secretary, scene):
    scene.award("Một")
    scene.award("Hai", category=scene.people)
    scene.ordered()
    path = f"{scene.path}/now"

    before = secretary.open(path)
    first = secretary.follow(secretary.fill(path))
    second = secretary.follow(secretary.fill(path))
    back = secretary.follow(secretary.fill(path))

    assert [page.heading for page in (before, first, second, back)] == [
        "Nobody was called yet",
        "Now: call 1 of 2",
        "Now: call 2 of 2",
        "Now: call 1 of 2",
    ]
    assert "Một" in first.words


def test_an_annulled_award_is_flagged_and_skipped_by_the_announcer(secretary, scene):
    gone = scene.award("Đã Hủy", category=scene.people)
    scene.award("Một")
    scene.ordered()
    annul(gone)

    page = secretary.open(scene.path)
    secretary.fill(f"{scene.path}/now")
    now = secretary.open(f"{scene.path}/now")

    assert "Annulled: skipped" in page.words
    assert "This is the last call." in now.words
    assert "Đã Hủy" not in now.words


def test_a_site_sees_its_own_list_and_ticks_it(client, scene):
    award = scene.award("Của điểm cầu", agency=scene.agency)
    scene.award("Của hội trường")
    ceremony = scene.ordered()
    ordering.call_now(ceremony, order.list_calls(ceremony.id)[0], actor=scene.actor, now=make.NOW)
    client.sign_in(scene.coordinator)

    start = client.open(f"/site/{scene.edition.code}/handing-over/")
    before = client.follow(start)
    tick = f"{scene.site_path}{award.code}/tick"
    form = {"csrf_token": before.form(tick).fields["csrf_token"], "undone": "0"}
    first, again = client.post(tick, form), client.post(tick, form)
    after = client.follow(again)

    assert before.all("//*[@class='ceremony-name']") == ["Của điểm cầu"]
    assert "Now on the stage" in before.words
    assert first.location == again.location == f"{scene.site_path}#award-{award.code}"
    assert "Của điểm cầu was ticked already." in after.words
    assert scene.coordinator.full_name in after.words
    assert after.all("//*[@data-progress-text]") == ["1 of 1"]


def test_a_tick_is_taken_back_with_a_reason_and_a_late_one_is_explained(client, scene):
    award = scene.award("Một", agency=scene.agency)
    ceremony = scene.ordered()
    client.sign_in(scene.coordinator)
    tick = f"{scene.site_path}{award.code}/tick"
    form = {
        "csrf_token": client.open(scene.site_path).form(tick).fields["csrf_token"],
        "undone": "0",
    }
    client.post(tick, form)

    without = client.fill(f"{scene.site_path}{award.code}/undo")
    client.fill(f"{scene.site_path}{award.code}/undo", reason="Nhầm người.")
    late = client.follow(client.post(tick, form))

    assert without.errors == ["Say why the tick is taken back."]
    assert "has been taken back in the meantime" in late.words
    assert turn_of(ceremony, award).handed_at is None


def test_a_representative_is_noted_with_the_tick(client, scene):
    award = scene.award("Một", agency=scene.agency)
    ceremony = scene.ordered()
    client.sign_in(scene.coordinator)

    client.fill(
        f"{scene.site_path}{award.code}",
        receiver="representative",
        representative_name="Lê Thị Ví Dụ",
        then="tick",
    )

    turn = turn_of(ceremony, award)
    assert turn.representative_name == "Lê Thị Ví Dụ"
    assert turn.handed_at is not None


def test_a_coordinator_of_another_site_finds_nothing_there(client, scene):
    award = scene.award("Một", agency=scene.agency)
    scene.ordered()
    other = make.site(scene.edition)
    client.sign_in(make.account(Role.SITE, edition_id=scene.edition.id, site_id=other.id))
    token = client.open("/my/account").form().fields["csrf_token"]

    pages = [
        client.open(f"{scene.site_path}{rest}") for rest in ("", "list.pdf", award.code, f"{award.code}/undo")
    ]
    ticked = client.post(f"{scene.site_path}{award.code}/tick", {"csrf_token": token, "undone": "0"})
    through_own = client.open(f"/site/{scene.edition.code}/handing-over/{other.code}/{award.code}")
    start = client.open(f"/site/{scene.edition.code}/handing-over/")

    assert [page.status for page in [*pages, ticked, through_own]] == [404] * 6
    assert "Nothing to hand over" in start.words
    # The control: the site's own coordinator opens the very same addresses.
    client.sign_in(scene.coordinator)
    assert [
        client.open(f"{scene.site_path}{rest}").status
        for rest in ("", "list.pdf", award.code, f"{award.code}/undo")
    ] == [200] * 4


def test_who_arranges_ticks_in_the_hall(secretary, scene):
    award = scene.award("Một")
    ceremony = scene.ordered()
    path = f"/manage/{scene.edition.code}/handing-over/{scene.hall.code}/"

    ticked = secretary.fill(path, form=f"{path}{award.code}/tick")

    assert ticked.status == 302
    assert turn_of(ceremony, award).handed_by_id == scene.secretary.id


def test_the_order_and_the_list_are_drawn_on_paper(secretary, scene):
    annul(scene.award("Đã Hủy", agency=scene.agency))
    scene.award("Một", agency=scene.agency)
    scene.ordered()

    papers = [
        secretary.open(path).response
        for path in (
            f"{scene.path}/run-sheet.pdf",
            f"/manage/{scene.edition.code}/handing-over/{scene.site.code}/list.pdf",
        )
    ]

    assert [paper.data[:5] for paper in papers] == [b"%PDF-"] * 2


def test_the_page_of_the_order_takes_as_many_queries_for_one_as_for_thirty(secretary, scene, queries):
    scene.award("Một")
    ceremony = scene.ordered()
    secretary.open(scene.path)
    with queries() as one:
        secretary.open(scene.path)
    for number in range(30):
        scene.award(f"Tên {number}", category=scene.people)
    ordering.add_missing(ceremony, actor=scene.actor, now=make.NOW)
    db.session.commit()

    with queries() as many:
        page = secretary.open(scene.path)

    assert len(page.all("//*[@class='ceremony-name']")) == 31
    assert many.total == one.total
