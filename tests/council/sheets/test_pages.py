"""The pages of score sheets, of the order, of moderation and of fairness."""

import csv
import io

import openpyxl
import pytest
from sqlalchemy import select

from dxday.audit.models import AuditEntry
from dxday.council.sheets import queries
from dxday.council.sheets.rules import SheetState
from dxday.db import db
from tests import make
from tests.client import PageClient
from tests.council.sheets import scene as scenes


@pytest.fixture
def scene(app):
    return scenes.built()


@pytest.fixture
def reader(app, scene):
    """The first reader's browser."""
    return PageClient(app).sign_in(scene.readers[0])


@pytest.fixture
def secretary(app, scene):
    return PageClient(app).sign_in(scene.secretary)


def sheet_path(scene, nomination):
    return f"/sit/{scene.edition.code}/{nomination.code}/sheet"


def council(scene, page):
    return f"/council/{scene.edition.code}/{page}"


def saved(nomination, account):
    db.session.expire_all()
    return queries.find_sheet(nomination.id, account.id)


class Autosave:
    """What the page's script sends."""

    def __init__(self, client, path):
        self.client, self.path = client, path
        self.token = client.open(path).form().fields["csrf_token"]

    def __call__(self, field, value, version=0, **given):
        page = self.client.post(
            f"{self.path}/field",
            {"csrf_token": self.token, "field": field, "value": value, "version": version} | given,
        )
        return page.status, page.response.get_json(silent=True)


def test_a_sheet_can_be_filled_in_without_scripts(scene, reader):
    nomination = scene.dossier(scene.readers[0])
    effect, reach = scene.criteria
    path = sheet_path(scene, nomination)

    page = reader.post(
        path,
        {
            "csrf_token": reader.open(path).form().fields["csrf_token"],
            f"score_{effect.id}": "8",
            f"score_{reach.id}": "5",
            f"note_{effect.id}": "Every hamlet.",
            "recommendation": "approve",
            "act": "submit",
        },
    )

    assert page.location == path
    shown = reader.open(path)
    assert "68.0 of 100" in shown.words
    assert "Every hamlet." in shown.words
    assert saved(nomination, scene.readers[0]).state is SheetState.SUBMITTED


def test_saving_keeps_what_was_written_for_the_next_time(scene, reader):
    nomination = scene.dossier(scene.readers[0])
    mark = f"score_{scene.criteria[0].id}"

    reader.fill(sheet_path(scene, nomination), **{mark: "8"})

    page = reader.open(sheet_path(scene, nomination))
    assert page.value(mark) == "8"
    assert page.value(f"version-{mark}") == "1"
    assert saved(nomination, scene.readers[0]).state is SheetState.OPEN


def test_what_is_missing_is_said_beside_its_field(scene, reader):
    nomination = scene.dossier(scene.readers[0])
    path = sheet_path(scene, nomination)
    token = reader.open(path).form().fields["csrf_token"]

    page = reader.post(path, {"csrf_token": token, "act": "submit", "recommendation": "approve"})

    assert page.errors == ["Give a score for “Effect”."]


def test_each_field_saves_by_itself(scene, reader):
    nomination = scene.dossier(scene.readers[0])
    save = Autosave(reader, sheet_path(scene, nomination))
    mark = f"score_{scene.criteria[0].id}"

    status, answer = save(mark, "8")

    assert (status, answer["version"]) == (200, 1)
    assert answer["said"].startswith("Saved at ")
    assert saved(nomination, scene.readers[0]).scores[0].score == 8


def test_two_tabs_see_each_others_values(scene, reader):
    nomination = scene.dossier(scene.readers[0])
    save = Autosave(reader, sheet_path(scene, nomination))
    save("comment", "From the first tab.")

    status, answer = save("comment", "From the second tab.")

    assert (status, answer["value"], answer["version"]) == (409, "From the first tab.", 1)
    assert save("comment", "From the second tab.", 1)[0] == 200


def test_two_tabs_see_each_others_values_without_scripts_too(scene, reader):
    nomination = scene.dossier(scene.readers[0])
    path = sheet_path(scene, nomination)
    old = reader.open(path)
    reader.fill(path, comment="From the first tab.")

    page = reader.send(old, path, comment="From the second tab.")

    assert page.errors == [
        "This was changed in another window. Choose which of the two stays.",
        "In the other window: “From the first tab.”.",
    ]
    assert page.value("comment").strip() == "From the second tab."
    assert reader.send(page, path).location == path
    assert saved(nomination, scene.readers[0]).comment == "From the second tab."


def test_a_field_that_is_refused_says_why(scene, reader):
    nomination = scene.dossier(scene.readers[0])
    save = Autosave(reader, sheet_path(scene, nomination))

    assert save(f"score_{scene.criteria[0].id}", "11") == (
        422,
        {"message": "Give a whole number from 0 to 10."},
    )
    assert save("comment", "x" * 4001)[0] == 422
    assert save("total", "100")[0] == 404
    assert save("comment", "x", csrf_token="wrong")[0] == 422


def test_a_dossier_that_one_does_not_read_is_not_there(scene, reader):
    nomination = scene.dossier(scene.readers[1])
    barred = scene.dossier(scene.readers[0])
    scenes.bar(barred, scene.readers[0])

    for each in (nomination, barred):
        for path in ("", "/decline"):
            assert reader.open(sheet_path(scene, each) + path).status == 404
        assert each.nominee_name not in reader.open(f"/sit/{scene.edition.code}/sheets").words


def test_saving_does_not_tell_a_dossier_of_others_from_one_that_is_not_there(scene, reader):
    own, others = scene.dossier(scene.readers[0]), scene.dossier(scene.readers[1])
    save = Autosave(reader, sheet_path(scene, own))
    answers = []
    for code in (others.code, "NOTHERE2"):
        save.path = f"/sit/{scene.edition.code}/{code}/sheet"
        answers.append(save("comment", "Mine."))

    assert answers == [(404, {"message": "There is nothing at this address."})] * 2


def test_declining_tells_the_secretary_why(scene, reader, secretary):
    nomination = scene.dossier(scene.readers[0], nominee_name="Xã Mẫu")

    page = reader.fill(sheet_path(scene, nomination) + "/decline", reason="I am abroad.")

    assert page.location == f"/sit/{scene.edition.code}/sheets"
    assert "Not going to read" in reader.open(page.location).words
    assert secretary.open(council(scene, "moderation")).all("//section[@id='declined']//li") == [
        f"Xã Mẫu {scene.readers[0].full_name}"
    ]
    assert "I am abroad." in secretary.open(council(scene, f"moderation/{nomination.code}")).words


def test_the_list_of_ones_own_sheets_asks_the_same_for_one_as_for_three(scene, reader, queries):
    counts = []
    for more in (1, 2):
        for _ in range(more):
            scene.submit(scene.dossier(scene.readers[0]), scene.readers[0], 5, 5)
        db.session.commit()
        db.session.expire_all()
        with queries() as counted:
            assert reader.open(f"/sit/{scene.edition.code}/sheets").status == 200
        counts.append(counted.total)

    assert counts[0] == counts[1]


# The secretary


def scored(scene, *scores, **given):
    """A dossier whose readers gave these, the same for both criteria."""
    readers = scene.readers[: len(scores)]
    nomination = scene.dossier(*readers, **given)
    for reader, score in zip(readers, scores, strict=True):
        scene.submit(nomination, reader, score, score)
    return nomination


def names(page):
    return [words.split(" Sample")[0] for words in page.all("//tbody//th[@scope='row']/a")]


def test_the_order_goes_by_the_mean_and_by_the_moderated_score(scene, secretary):
    scored(scene, 9, 9, nominee_name="Đầu")
    low = scored(scene, 3, 5, nominee_name="Sau")
    scene.dossier(nominee_name="Chưa")
    secretary.fill(council(scene, f"moderation/{low.code}"), score="95,5", reason="They talked.")

    assert names(secretary.open(council(scene, "ranking?by=raw"))) == ["Đầu", "Sau", "Chưa"]
    moderated = secretary.open(council(scene, "ranking?by=moderated"))
    assert names(moderated) == ["Sau", "Đầu", "Chưa"]
    assert moderated.all("//tbody/tr[1]/td[@data-label='After moderation']/div") == ["95.5 moderated"]


def test_an_order_by_normalised_scores_stands_beside_the_readers_mean(scene, secretary):
    for n in range(6):
        scored(scene, n, n + 1, n + 2)

    page = secretary.open(council(scene, "ranking?by=normalised"))

    assert page.all('//tbody/tr[1]/td[@data-label="Readers\' mean"]/div') == ["60.0"]
    assert page.all("//tbody/tr[1]/td[@data-label='Normalised']/div") != ["–"]
    assert page.all("//tbody/tr/td[@data-label='Rank']/div") == list("123456")


def test_a_category_is_ranked_by_itself(scene, secretary):
    scored(scene, 9, nominee_name="Tập thể")
    other = make.category(scene.scheme, code="people")
    scored(scene, 3, nominee_name="Cá nhân", category=other)

    page = secretary.open(council(scene, f"ranking?of={scene.scheme.code}/people"))

    assert names(page) == ["Cá nhân"]
    assert page.all("//tbody/tr/td[@data-label='Rank']/div") == ["1"]


def test_the_ranking_asks_the_same_for_one_dossier_as_for_three(scene, secretary, queries):
    counts = []
    for more in (1, 2):
        for _ in range(more):
            scored(scene, 5, 6, 7)
        db.session.commit()
        db.session.expire_all()
        with queries() as counted:
            assert secretary.open(council(scene, "ranking")).status == 200
        counts.append(counted.total)

    assert counts[0] == counts[1]


@pytest.mark.parametrize("where", ["moderation", "fairness"])
def test_the_other_lists_ask_the_same_for_two_dossiers_as_for_six(scene, secretary, queries, where):
    counts = []
    for more in (2, 4):
        for n in range(more):
            scored(scene, 1 + n, 6, 9)
        db.session.commit()
        db.session.expire_all()
        with queries() as counted:
            assert secretary.open(council(scene, where)).status == 200
        counts.append(counted.total)

    assert counts[0] == counts[1]


def test_readers_that_are_far_apart_are_listed_from_the_schemes_limit_on(app):
    scene = scenes.built(discrepancy=30)
    secretary = PageClient(app).sign_in(scene.secretary)
    scored(scene, 5, 8, nominee_name="Ba mươi")
    scored(scene, 6, 8, nominee_name="Hai mươi")
    scored(scene, 1, nominee_name="Một mình")

    page = secretary.open(council(scene, "moderation"))

    assert page.all("//section[@id='apart']//th[@scope='row']/a") == ["Ba mươi"]


def test_moderation_shows_every_sheet_and_keeps_its_history(scene, secretary):
    nomination = scored(scene, 2, 9)
    path = council(scene, f"moderation/{nomination.code}")

    secretary.fill(path, score="60", reason="The report had been misread.")
    secretary.fill(path, score="", reason="No, it had not.")

    page = secretary.open(path)
    assert "70.0 points apart: to be talked about" in page.words
    assert page.all("//section[@id='history']//p[@class='event-text']") == [
        "The readers' mean (55.0) counts again: No, it had not.",
        "Moderated to 60.0 from a mean of 55.0: The report had been misread.",
    ]
    assert secretary.fill(path, score="101", reason="x").errors == ["Write a number from 0 to 100."]
    assert secretary.fill(path, score="nan", reason="x").errors == ["Write a number from 0 to 100."]
    assert secretary.fill(path, score="50").errors == ["Answer this question."]


def test_the_secretary_opens_a_sheet_again(scene, secretary, reader):
    nomination = scored(scene, 2)
    path = council(scene, f"moderation/{nomination.code}/reopen/{scene.readers[0].id}")

    assert secretary.fill(path).errors == ["Answer this question."]
    secretary.fill(path, reason="A typing mistake.")

    assert reader.open(sheet_path(scene, nomination)).value(f"score_{scene.criteria[0].id}") == "2"
    assert (
        "was opened again: A typing mistake."
        in secretary.open(council(scene, f"moderation/{nomination.code}")).words
    )
    assert (
        secretary.open(council(scene, f"moderation/{nomination.code}/reopen/{scene.secretary.id}")).status
        == 404
    )


def test_the_day_on_which_sheets_are_due_is_set_and_taken_away(scene, secretary, reader):
    path = council(scene, f"ranking/closing/{scene.scheme.code}")
    nomination = scene.dossier(scene.readers[0])

    secretary.fill(path, day="2020-01-01", clock="17:00")
    assert (
        "There is no time to score this dossier any more." in reader.open(sheet_path(scene, nomination)).words
    )

    assert secretary.open(path).value("clock") == "17:00"
    secretary.fill(path, day="", clock="")
    assert reader.open(sheet_path(scene, nomination)).all("//main//form[@data-autosave]") != []


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_an_export_holds_the_order_and_no_formula(scene, secretary, form):
    scored(scene, 9, 7, nominee_name="=1+1")
    scored(scene, 3, nominee_name="Xã Mẫu")

    page = secretary.open(council(scene, f"ranking.{form}?by=raw"))

    rows = read(form, secretary, council(scene, f"ranking.{form}?by=raw"))
    assert page.status == 200
    assert [row[0] for row in rows] == ["Place", "1", "2"]
    assert [row[2] for row in rows] == ["Nominee", "'=1+1", "Xã Mẫu"]
    assert [row[5] for row in rows[1:]] == ["80.0", "30.0"] if form == "csv" else ["80", "30"]
    entry = db.session.scalars(select(AuditEntry).order_by(AuditEntry.sequence.desc())).first()
    assert (entry.action, entry.facts["dossiers"]) == ("ranking.exported", 2)


def read(form, client, path):
    """The rows of an export, as text."""
    data = client.http.get(path).get_data()
    if form == "csv":
        return list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
    sheet = openpyxl.load_workbook(io.BytesIO(data)).active
    return [["" if cell.value is None else str(cell.value) for cell in row] for row in sheet.rows]


def test_the_fairness_report_says_who_is_strict_and_what_weights_decide(scene, secretary):
    for strict, mild in ((2, 6), (4, 8), (3, 7)):
        scored(scene, strict, mild)

    page = secretary.open(council(scene, "fairness"))

    assert page.all("//section[@id='severity']//tbody/tr/*[not(contains(@class,'fair-drawn'))]") == [
        scene.readers[0].full_name, "-40.0", "0.0", "3",
        scene.readers[1].full_name, "+40.0", "0.0", "3",
    ]  # fmt: skip
    assert len(page.all("//section[@id='weights']//tbody/tr")) == 4
    assert page.all("//section[@id='kinds']//tbody//td[@data-label='Mean']") == ["50.0"]
    assert page.all("//section[@id='kinds']//tbody//td[@data-label='Dossiers']") == ["3"]


def test_the_fairness_report_counts_recusals_and_late_changes(scene, secretary):
    nomination = scored(scene, 5, 5)
    scenes.bar(nomination, scene.readers[2])
    secretary.fill(
        council(scene, f"moderation/{nomination.code}/reopen/{scene.readers[0].id}"), reason="Mistake."
    )

    page = secretary.open(council(scene, "fairness"))

    assert page.all("//section[@id='recusals']//tbody/tr/td[last()]") == ["1", "0", "0", "0"]
    assert page.all("//section[@id='late']//tbody/tr/td[last()]") == ["1", "0", "0"]


@pytest.mark.parametrize("where", ["ranking", "moderation", "fairness"])
def test_an_edition_without_schemes_says_so(app, where):
    edition = make.edition()
    client = PageClient(app).sign_in(make.account(scenes.Role.COUNCIL, edition_id=edition.id))

    assert "No award scheme yet" in client.open(f"/council/{edition.code}/{where}").words


def test_a_dossier_of_another_edition_is_not_found(scene, app):
    nomination = scored(scene, 5)
    other = make.edition()
    secretary = PageClient(app).sign_in(make.account(scenes.Role.COUNCIL, edition_id=other.id))

    assert secretary.open(f"/council/{other.code}/moderation/{nomination.code}").status == 404
    assert secretary.open(f"/council/{other.code}/ranking/closing/{scene.scheme.code}").status == 404
