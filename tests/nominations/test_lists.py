"""Lists of nominees: read from every usual table, refused for what is wrong, taken over whole and once."""

import csv
import io
import unicodedata

import pytest
from openpyxl import Workbook, load_workbook
from sqlalchemy import func, select

from dxday.accounts.models import RoleGrant
from dxday.audit import queries as audit
from dxday.core.permissions import Role
from dxday.db import db
from dxday.nominations import rules as nominations
from dxday.nominations.lists import queries, rules, services, tables
from dxday.nominations.models import Nomination
from dxday.nominations.rules import State
from dxday.schemes.rules import NomineeKind
from tests import make
from tests.clamd import EICAR

HEADS = ["STT", "Họ và tên", "Chức vụ", "Đơn vị công tác", "Hạng mục", "Thư điện tử", "Thành tích"]
AN = ["1", "Nguyễn Văn An", "Chuyên viên", "Sở Mẫu", "Cá nhân xuất sắc", "an@example.org", "Số hóa hồ sơ."]
BINH = ["2", "Trần Thị Bình", "Tổ trưởng", "Xã Mẫu", "Cá nhân xuất sắc", "", "Hướng dẫn người dân."]


def as_csv(*rows, delimiter=",", encoding="utf-8") -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter).writerows(rows)
    return out.getvalue().encode(encoding)


def as_xlsx(*rows) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.fixture
def category(desk):
    """The category that the lists of these tests name."""
    return make.category(
        make.scheme(desk.edition),
        name={"vi": "Cá nhân xuất sắc", "en": "Outstanding individual"},
        nominee_kind=NomineeKind.INDIVIDUAL,
    )


@pytest.fixture
def officer(client, desk):
    """The browser of the agency's officer."""
    return client.sign_in(desk.account)


def keep(desk, data: bytes, **given):
    given = {
        "filename": "trich-ngang.xlsx",
        "storage": desk.storage,
        "actor": desk.officer,
        "now": make.NOW,
    } | given
    return services.keep_list(desk.edition, desk.agency, data=data, **given)


def take_over(desk, kept, **given) -> int:
    given = {
        "contact_name": "Lê Thị Ví Dụ",
        "contact_email": "agency@example.org",
        "contact_locale": "vi",
        "storage": desk.storage,
        "actor": desk.officer,
        "now": make.NOW,
    } | given
    return services.import_list(kept, **given)


def errors_of(desk, *rows, heads=HEADS) -> list[tuple[int, list[str]]]:
    found = services.look_at(keep(desk, as_csv(heads, *rows)), storage=desk.storage)
    return [(each.line.row, [str(error) for error in each.errors]) for each in found.wrong]


def count_nominations() -> int:
    return db.session.scalar(select(func.count()).select_from(Nomination))


def row(**values) -> list[str]:
    """A row under HEADS."""
    names = ("number", "name", "position", "unit", "category", "email", "achievement")
    return [values.get(name, default) for name, default in zip(names, AN, strict=True)]


# Reading


@pytest.mark.parametrize(
    "data",
    [
        as_csv(HEADS, AN, BINH),
        as_csv(HEADS, AN, BINH, delimiter=";", encoding="utf-8-sig"),
        as_csv(HEADS, AN, BINH, delimiter="\t", encoding="utf-16"),
        as_xlsx(HEADS, AN, BINH),
        as_xlsx(["ỦY BAN NHÂN DÂN XÃ MẪU"], [], ["DANH SÁCH TRÍCH NGANG"], HEADS, AN, BINH),
        unicodedata.normalize("NFD", as_csv(HEADS, AN, BINH).decode()).encode(),
    ],
    ids=["csv", "semicolon and BOM", "UTF-16", "xlsx", "title above", "NFD"],
)
def test_a_list_is_read_in_every_usual_form(data):
    reading = tables.read(data)

    assert [line.values["name"] for line in reading.lines] == ["Nguyễn Văn An", "Trần Thị Bình"]
    assert [line.values["position"] for line in reading.lines] == ["Chuyên viên, Sở Mẫu", "Tổ trưởng, Xã Mẫu"]
    assert reading.lines[0].values["email"] == "an@example.org"


@pytest.mark.parametrize(
    ("head", "field"),
    [
        ("HỌ VÀ TÊN", "name"),
        ("Ho va ten", "name"),
        ("Họ và tên (*)", "name"),
        ("Họ và tên / Full name", "name"),
        ("Full name", "name"),
        ("Doi tuong", "kind"),
        ("E-mail", "email"),
        ("Tóm tắt thành tích:", "achievement"),
        ("Ngày sinh", None),
    ],
)
def test_heads_are_known_in_both_languages_without_accents(head, field):
    assert rules.find_field(head) == field


def test_columns_that_mean_nothing_here_are_told():
    assert tables.read(as_csv(["Họ tên", "Ngày sinh"], ["An", "1990"])).ignored == ("Ngày sinh",)


@pytest.mark.parametrize(
    ("data", "refusal"),
    [
        (b"", rules.ListEmpty),
        (as_csv(HEADS), rules.ListEmpty),
        (as_csv(["a", "b"], ["1", "2"]), rules.HeadsMissing),
        (b"%PDF-1.7", rules.ListUnknown),
        (b"PK\x03\x04 no archive", rules.ListUnknown),
        (b"MZ\x90\x00\xff", rules.ListUnknown),
        ('Họ tên,STT\n"An"x,1\n'.encode(), rules.ListBroken),
        (b"x" * 5_000_001, rules.ListTooLarge),
        (as_csv(HEADS, *[AN] * 1001), rules.ListTooLong),
        (as_csv(HEADS, *[AN] * 10_000), rules.ListTooLong),
    ],
)
def test_a_file_that_is_no_list_is_refused_for_what_it_is(data, refusal):
    with pytest.raises(refusal):
        tables.read(data)


def test_a_zip_bomb_is_refused_before_it_unfolds():
    import zipfile

    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"<row/>" * 20_000_000)

    assert len(out.getvalue()) < 1_000_000
    with pytest.raises(rules.ListTooLong):
        tables.read(out.getvalue())


def test_the_limit_itself_is_taken():
    assert len(tables.read(as_csv(HEADS, *[AN] * 1000)).lines) == 1000


# What is wrong with a row


def test_every_fault_of_a_row_is_told_with_its_number(desk, category):
    found = errors_of(
        desk,
        AN,
        row(name=""),
        row(name="Một", category="Hạng mục lạ"),
        row(name="Hai", email="không phải"),
        row(name="x" * 201),
        row(name="Ba", achievement="=SUM(A1:A9)"),
        row(name="=1+1"),
    )

    assert found == [
        (3, ["There is no name."]),
        (4, ["There is no category “Hạng mục lạ”."]),
        (5, ["“không phải” is no e-mail address."]),
        (6, ["“Name of the nominee” has 201 characters; at most 200 are taken."]),
        (7, ["In “Achievement” stands a formula. Write its value."]),
        (8, ["In “Name of the nominee” stands a formula. Write its value."]),
    ]


def test_a_formula_in_a_workbook_is_refused_and_never_computed(desk, category):
    kept = keep(
        desk, as_xlsx(HEADS, row(name='=HYPERLINK("https://evil.example","An")'), row(name="+84 nhóm"))
    )

    found = services.look_at(kept, storage=desk.storage)

    assert [each.line.row for each in found.wrong] == [2]
    assert [each.line.values["name"] for each in found.new] == ["+84 nhóm"]


def test_a_nominee_who_stands_twice_is_told(desk, category):
    draft = make.nomination(
        category, desk.agency, state=State.DRAFT, nominee_name="Trần Thị Bình", created_by=desk.account
    )
    make.nomination(
        category, desk.agency, state=State.WITHDRAWN, nominee_name="Lê Văn Cũ", created_by=desk.account
    )
    make.nomination(category, nominee_name="Phạm Của Người Khác")

    found = errors_of(
        desk, AN, BINH, row(name="NGUYỄN VĂN AN"), row(name="Lê Văn Cũ"), row(name="Phạm Của Người Khác")
    )

    assert found == [
        (3, [f"Your agency nominates them in this category already: {draft.code}."]),
        (4, ["The same nominee and category stand in row 2."]),
    ]


def test_names_that_differ_in_an_accent_or_a_position_are_two_people(desk, category):
    assert errors_of(desk, AN, row(name="Nguyễn Văn Ân"), row(unit="Sở Khác")) == []


def test_a_category_is_found_by_code_name_scheme_and_kind(desk, category):
    scheme = make.scheme(desk.edition, name={"vi": "Giấy khen", "en": "Certificate"})
    other = make.category(
        scheme, code="ho", name={"vi": "Cá nhân xuất sắc", "en": "Same"}, nominee_kind=NomineeKind.HOUSEHOLD
    )
    heads = ["Họ tên", "Hình thức khen thưởng", "Hạng mục", "Đối tượng"]
    data = as_csv(
        heads,
        ["Một", "", "HO", ""],
        ["Hai", "giay khen", "ca nhan xuat sac", ""],
        ["Ba", "", "Cá nhân xuất sắc", "Cá nhân"],
        ["Bốn", "", "", "hộ gia đình"],
        ["Năm", "", "Cá nhân xuất sắc", ""],
        ["Sáu", "Huân chương", "", ""],
        ["Bảy", "", "", "người ngoài hành tinh"],
        ["Tám", "", "ho", "tập thể"],
    )

    found = services.look_at(keep(desk, data), storage=desk.storage)

    assert [each.category_id for each in found.new] == [other.id, other.id, category.id, other.id]
    assert [str(each.errors[0]) for each in found.wrong] == [
        "Several categories fit. Say the category, and the award scheme if need be.",
        "There is no award scheme “Huân chương”.",
        "“người ngoài hành tinh” is no kind of nominee.",
        "The category “ho” is for another kind of nominee: Household.",
    ]


# Taking it over


def test_a_list_becomes_drafts_with_everything_that_it_says(desk, category):
    kept = keep(desk, as_xlsx(HEADS, AN, BINH))

    count = take_over(desk, kept)

    made = db.session.scalars(select(Nomination).order_by(Nomination.id)).all()
    assert (count, kept.imported_count, kept.imported_at) == (2, 2, make.NOW)
    assert [(each.state, each.category_id, each.organisation_id) for each in made] == [
        (State.DRAFT, category.id, desk.agency.id)
    ] * 2
    assert (made[0].nominee_name, made[0].nominee_position, made[0].nominee_email, made[0].achievement) == (
        "Nguyễn Văn An",
        "Chuyên viên, Sở Mẫu",
        "an@example.org",
        "Số hóa hồ sơ.",
    )
    assert (made[0].contact_name, made[0].contact_email) == ("Lê Thị Ví Dụ", "agency@example.org")
    db.session.commit()
    assert [entry.action for entry in audit.list_entries(limit=4)] == [
        "nominee_list.imported",
        "nomination.drafted",
        "nomination.drafted",
        "nominee_list.sent",
    ]


def test_twice_is_once(desk, category):
    kept = keep(desk, as_csv(HEADS, AN, BINH))
    again_before = keep(desk, as_csv(HEADS, AN, BINH))
    counts = [take_over(desk, kept), take_over(desk, kept)]

    again_after = keep(desk, as_csv(HEADS, AN, BINH))
    found = services.look_at(again_after, storage=desk.storage)

    assert (again_before.id, counts) == (kept.id, [2, 2])
    assert (again_after.id != kept.id, len(found.here), found.new, found.wrong) == (True, 2, [], [])
    assert (take_over(desk, again_after), count_nominations()) == (0, 2)


def test_one_wrong_row_and_nothing_is_imported(desk, category):
    kept = keep(desk, as_csv(HEADS, AN, row(name="")))

    with pytest.raises(rules.ListHasErrors):
        take_over(desk, kept)

    assert (count_nominations(), kept.imported_at) == (0, None)


def test_a_list_is_judged_anew_when_it_is_taken_over(desk, category):
    kept = keep(desk, as_csv(HEADS, AN))
    make.nomination(category, desk.agency, nominee_name="Nguyễn Văn An", created_by=desk.account)

    with pytest.raises(rules.ListHasErrors):
        take_over(desk, kept)


def test_nothing_is_imported_after_the_closing_time(desk, category):
    from datetime import timedelta

    kept = keep(desk, as_csv(HEADS, AN))

    with pytest.raises(nominations.CallClosed):
        take_over(desk, kept, now=desk.edition.nominations_close_at + timedelta(seconds=1))


def test_nobody_imports_for_another_agency(desk, category):
    stranger = make.account(Role.AGENCY, edition_id=desk.edition.id, organisation_id=make.organisation().id)
    from tests.nominations.conftest import acting

    kept = keep(desk, as_csv(HEADS, AN))

    with pytest.raises(nominations.NotYourAgency):
        keep(desk, as_csv(HEADS, BINH), actor=acting(stranger))
    with pytest.raises(nominations.NotYourAgency):
        take_over(desk, kept, actor=acting(stranger))


def test_a_list_whose_file_is_gone_says_so(desk, category):
    kept = keep(desk, as_csv(HEADS, AN))
    desk.storage.delete(kept.storage_key)

    with pytest.raises(nominations.FileGone):
        services.look_at(kept, storage=desk.storage)


def test_looking_at_a_list_takes_as_many_queries_for_a_hundred_rows_as_for_one(desk, category, queries):
    counts = []
    for number in (1, 100):
        kept = keep(desk, as_csv(HEADS, *(row(name=f"Người {n}") for n in range(number))))
        db.session.commit()
        with queries() as counted:
            services.look_at(kept, storage=desk.storage)
        counts.append(counted.total)

    assert counts[0] == counts[1]


# Pages


def send(officer, desk, data: bytes, name="trich-ngang.csv"):
    return officer.fill(f"{desk.path}import", files={"file": (io.BytesIO(data), name)})


def test_an_officer_sends_a_list_looks_at_it_and_takes_it_over(officer, desk, category):
    sent = send(officer, desk, as_xlsx(HEADS, AN, BINH), "trích ngang.docx")
    page = officer.open(sent.location)
    done = officer.send(page, sent.location)

    assert page.heading == "What the list would make"
    assert page.all("//section[@id='new']//tbody//th") == [
        "Nguyễn Văn AnChuyên viên, Sở Mẫu",
        "Trần Thị BìnhTổ trưởng, Xã Mẫu",
    ]
    assert done.location == desk.path
    assert "2 drafts were made." in officer.open(desk.path).text
    assert "2 drafts were made." in officer.open(sent.location).words
    assert count_nominations() == 2


def test_rows_with_errors_are_shown_and_there_is_no_button(officer, desk, category):
    page = officer.open(send(officer, desk, as_csv(HEADS, AN, row(name="<b>x</b>", category="?"))).location)

    assert page.all("//section[@id='errors']//tbody//tr") == ["3 <b>x</b> There is no category “?”."]
    assert page.all("//main//button") == []


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "There is no nominee in the file."),
        (EICAR, "This is no list that can be read: take XLSX or CSV, and fill in the template."),
        (
            as_csv(HEADS, *[AN] * 1001),
            "The list has more than 1000 nominees. Divide it into several files; nothing was imported.",
        ),
    ],
)
def test_a_file_that_is_refused_is_refused_beside_its_field(officer, desk, category, data, words):
    page = send(officer, desk, data)

    assert (page.status, page.errors) == (422, [words])


def test_no_file_is_no_list(officer, desk):
    page = officer.fill(f"{desk.path}import")

    assert page.errors == ["Choose a file."]


def test_an_officer_of_two_agencies_says_for_which(officer, desk, category):
    second = make.organisation()
    make.save(
        RoleGrant(
            account_id=desk.account.id,
            role=Role.AGENCY,
            edition_id=desk.edition.id,
            organisation_id=second.id,
            granted_at=make.NOW,
        )
    )
    db.session.commit()

    page = officer.fill(
        f"{desk.path}import",
        organisation=str(second.id),
        files={"file": (io.BytesIO(as_csv(HEADS, AN)), "a.csv")},
    )
    officer.fill(page.location)

    assert db.session.scalars(select(Nomination.organisation_id)).all() == [second.id]


def test_another_agency_s_list_is_not_there(client, officer, desk, category):
    code = send(officer, desk, as_csv(HEADS, AN)).location.rpartition("/")[2]
    stranger = make.account(Role.AGENCY, edition_id=desk.edition.id, organisation_id=make.organisation().id)

    page = client.sign_in(stranger).open(f"{desk.path}import/{code}")

    assert page.status == 404
    assert queries.get_list(desk.edition.id, code, {desk.agency.id}).code == code


@pytest.mark.parametrize("form", ["csv", "xlsx"])
@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_template_is_read_again_when_it_was_filled_in(officer, desk, category, form, language):
    answer = officer.open(f"{desk.path}import/template.{form}?lang={language}")
    data = answer.response.data
    rows = (
        list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
        if form == "csv"
        else [[cell or "" for cell in cells] for cells in load_workbook(io.BytesIO(data)).active.values]
    )
    rows[-1][list(rules.COLUMNS).index("name")] = "Nguyễn Văn An"

    found = services.look_at(keep(desk, as_csv(*rows)), storage=desk.storage)

    assert rows[0] == rules.heads(language)
    assert ([each.category_id for each in found.new], found.wrong, found.ignored) == ([category.id], [], ())


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_the_agency_s_list_is_exported_without_formulas_and_read_again_as_it_is(
    officer, desk, category, form
):
    evil = '=HYPERLINK("https://evil.example")'
    make.nomination(
        category,
        desk.agency,
        state=State.DRAFT,
        nominee_name=evil,
        nominee_position="+84",
        achievement="-1+1",
        created_by=desk.account,
    )
    make.nomination(category, nominee_name="Của cơ quan khác")

    answer = officer.open(f"{desk.path}list.{form}")

    (line,) = tables.read(answer.response.data).lines
    assert answer.response.headers["Content-Disposition"] == (
        f"attachment; filename=nominations-{desk.edition.code}.{form}"
    )
    assert (line.values["name"], line.values["position"], line.values["achievement"], line.formulas) == (
        evil,
        "+84",
        "-1+1",
        (),
    )
    if form == "csv":
        assert f'"\'{evil.replace(chr(34), chr(34) * 2)}"' in answer.response.data.decode()
    else:
        sheet = load_workbook(io.BytesIO(answer.response.data)).active
        assert [cell.data_type for cell in sheet[2] if isinstance(cell.value, str)].count("f") == 0
    assert [(entry.action, entry.facts) for entry in audit.list_entries(limit=1)] == [
        ("nominee_list.exported", {"count": 1})
    ]


def test_a_form_of_table_that_is_not_there_is_not_found(officer, desk):
    assert [officer.open(f"{desk.path}{path}").status for path in ("list.ods", "import/template.ods")] == [
        404,
        404,
    ]
