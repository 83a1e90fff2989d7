"""Spreadsheets: what is read as what, and that nothing which is written is ever computed."""

import csv
import io
import zipfile

import pytest
from openpyxl import Workbook, load_workbook

from dxday.adapters import spreadsheets
from dxday.adapters.spreadsheets import Formula

ROWS = [["Họ và tên", "Số"], ["Nguyễn Văn Mẫu", "7"]]


def is_head(line: str) -> bool:
    return line.strip() == "Tên"


def workbook(*rows, change=None) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    if change:
        change(book.active)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_csv_is_read_in_every_usual_dialect(delimiter, encoding):
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter).writerows(ROWS)

    read = list(spreadsheets.read_csv(out.getvalue().encode(encoding), is_head=is_head))

    assert read == [(1, ROWS[0]), (2, ROWS[1])]


def test_a_csv_file_of_one_column_is_known_by_its_head():
    assert list(spreadsheets.read_csv("Tên\nMẫu\n".encode(), is_head=is_head)) == [(1, ["Tên"]), (2, ["Mẫu"])]
    with pytest.raises(spreadsheets.SheetUnknown):
        spreadsheets.read_csv(b"a letter\n", is_head=is_head)


@pytest.mark.parametrize("data", [b"\xe9\xff\x00", b"a,b\0\n"])
def test_what_is_no_text_is_no_spreadsheet(data):
    with pytest.raises(spreadsheets.SheetUnknown):
        spreadsheets.read_csv(data, is_head=is_head)


def test_a_csv_file_that_stops_to_be_one_says_where():
    rows = spreadsheets.read_csv(b'a,b\n"1"2,3\n', is_head=is_head)

    with pytest.raises(spreadsheets.SheetBroken) as broken:
        list(rows)

    assert broken.value.line == 2


def test_a_formula_is_marked_and_never_computed():
    rows = [
        (number, list(cells[:4]))
        for number, cells in spreadsheets.read_xlsx(workbook(["=1+1", "text", "+84", 7]), formulas=True)
    ]
    in_csv = list(spreadsheets.read_csv(b"=1+1,text,+84\n", is_head=is_head))

    assert rows == [(1, ["=1+1", "text", "+84", 7])]
    assert [isinstance(cell, Formula) for cell in rows[0][1]] == [True, False, False, False]
    assert [isinstance(cell, Formula) for cell in in_csv[0][1]] == [True, False, False]


def test_text_that_looks_like_a_formula_is_text_where_the_file_says_so():
    def as_text(sheet):
        sheet["A1"] = "=1+1"
        sheet["A1"].data_type = "s"

    (_, cells) = next(spreadsheets.read_xlsx(workbook(change=as_text), formulas=True))

    assert (cells[0], isinstance(cells[0], Formula)) == ("=1+1", False)


@pytest.mark.parametrize(
    ("name", "part", "refusal"),
    [
        ("xl/worksheets/sheet1.xml", b"<a>" * 2_100_000, spreadsheets.SheetTooLong),
        ("xl/media/image1.png", b"\0" * 200_000_001, spreadsheets.SheetTooLarge),
        ("xl/workbook.xml", b"<?xml version='1.0'?><!DOCTYPE x []><x/>", spreadsheets.SheetHasEntities),
        ("anything.txt", b"x", spreadsheets.SheetUnknown),
    ],
)
def test_a_packed_file_is_looked_at_before_it_is_unfolded(name, part, refusal):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, part)

    with pytest.raises(refusal):
        list(spreadsheets.read_xlsx(out.getvalue()))


@pytest.mark.parametrize("cell", ["=1", "+1", "-1", "@a", "\t=1", "\r=1", "＝1"])
def test_what_a_spreadsheet_would_compute_gets_an_apostrophe(cell):
    assert spreadsheets.plain_cell(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["Nguyễn Văn Mẫu", "", "a=b", "1-2"])
def test_plain_text_stays_as_it_is(cell):
    assert spreadsheets.plain_cell(cell) == cell


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_what_is_written_is_read_as_it_was_and_holds_no_formula(form):
    rows = [["Tên", "Ghi chú"], ['=HYPERLINK("https://evil.example")', "+84"], ["-2", "@a"]]

    data = spreadsheets.write(form, rows)

    read = (
        spreadsheets.read_csv(data, is_head=is_head)
        if form == "csv"
        else spreadsheets.read_xlsx(data, formulas=True)
    )
    cells = [list(row[:2]) for _, row in read]
    assert [isinstance(cell, Formula) for row in cells for cell in row] == [False] * 6
    assert [[spreadsheets.text_of(cell) for cell in row] for row in cells] == rows


def test_what_is_written_as_text_stays_text_when_it_is_edited():
    sheet = load_workbook(io.BytesIO(spreadsheets.write("xlsx", [["=1+1", "plain"]]))).active

    assert [(cell.data_type, cell.quotePrefix) for cell in sheet[1]] == [("s", True), ("s", False)]
