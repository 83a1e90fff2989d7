"""Files of dossiers: refused for what they are, in quarantine until they were checked, and never handed out before."""

import zipfile
from dataclasses import replace
from datetime import timedelta
from io import BytesIO

import pikepdf
import pytest
from openpyxl import Workbook

from dxday import leases
from dxday.adapters.storage import open_storage
from dxday.audit import queries as audit
from dxday.core.carriage import Carriage
from dxday.core.errors import NotFound
from dxday.core.permissions import Role
from dxday.db import db
from dxday.nominations import jobs, queries, rules, services
from dxday.nominations.rules import FileState, State
from dxday.schemes.models import DossierItem
from dxday.schemes.rules import ItemKind
from tests import make
from tests.clamd import EICAR, HANG, open_clamd
from tests.nominations.conftest import pdf

SECOND = timedelta(seconds=1)


@pytest.fixture
def clamd(app):
    """A scanner that every file waits for."""
    settings = app.extensions["dxday_settings"]
    with open_clamd() as opened:
        app.extensions["dxday_settings"] = replace(settings, clamav_address=opened.address)
        try:
            yield opened
        finally:
            app.extensions["dxday_settings"] = settings


@pytest.fixture
def desk(app, desk):
    """The desk, with the storage that the pages and the workers use."""
    desk.storage = open_storage(app.extensions["dxday_settings"].storage_url)
    return desk


@pytest.fixture
def officer(client, desk):
    return client.sign_in(desk.account)


def packed(**parts: bytes) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return out.getvalue()


def workbook() -> bytes:
    out = BytesIO()
    book = Workbook()
    book.active["A1"] = "Số liệu"
    book.save(out)
    return out.getvalue()


def bomb() -> bytes:
    """A workbook of a few hundred kilobytes that unfolds to 200 MB."""
    out = BytesIO(workbook())
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/image1.bmp", b"\0" * 200_000_000)
    return out.getvalue()


def pdf_with_script() -> bytes:
    with pikepdf.open(BytesIO(pdf())) as document:
        document.Root.OpenAction = pikepdf.Dictionary(
            S=pikepdf.Name.JavaScript, JS=pikepdf.String("app.alert(1)")
        )
        out = BytesIO()
        document.save(out)
    return out.getvalue()


def item_of(desk, **given) -> DossierItem:
    given = {
        "scheme_id": desk.category.scheme_id,
        "section": "evidence",
        "code": "evidence",
        "kind": ItemKind.FILE,
        "name": {"vi": "Minh chứng", "en": "Evidence"},
        "article": "Art. 84",
    } | given
    return make.save(DossierItem(**given))


def scan(now=make.NOW) -> list[Carriage | None]:
    """Let the clock hand out what is due, and a worker do it."""
    db.session.commit()
    outcomes = [jobs.scan_file(row_id, now) for row_id in jobs.hand_out_files(now)]
    db.session.expire_all()
    return outcomes


# What is taken, and what is refused for what it is


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("bom.xlsx", bomb, "unfolds to more than 100 MB"),
        ("bao-cao.pdf", lambda: b"MZ\x90\x00\x03 a program", "Files of this kind are not taken here"),
        ("bao-cao.pdf", lambda: b"\x7fELF\x02\x01", "Files of this kind are not taken here"),
        ("bao-cao.docx", lambda: packed(**{"classes.dex": b"dex"}), "Files of this kind are not taken here"),
        ("bao-cao.pdf", pdf_with_script, "The PDF holds a program"),
        ("bao-cao.pdf", lambda: b"", "The file is empty."),
    ],
    ids=["zip bomb", "program of Windows", "program of Linux", "app", "script", "empty"],
)
def test_a_dangerous_file_is_refused_for_what_it_is_and_nothing_is_kept(officer, desk, name, data, words):
    draft = desk.draft()
    db.session.commit()

    page = officer.fill(f"{desk.path}{draft.code}/edit", files={"attachment": (BytesIO(data()), name)})

    assert (len(page.errors), words in page.errors[0]) == (1, True)
    assert queries.list_attachments(draft.id) == []


def test_three_hundred_files_at_once_are_refused_by_their_number(officer, desk):
    draft = desk.draft()
    db.session.commit()
    files = [(BytesIO(f"{n}".encode()), f"{n}.txt") for n in range(300)]

    page = officer.fill(f"{desk.path}{draft.code}/edit", files={"attachment": files})

    assert page.errors == ["A dossier holds at most 10 files."]
    assert queries.list_attachments(draft.id) == []


def test_a_workbook_is_taken_under_the_name_that_fits(desk):
    attachment = desk.attach(desk.draft(), workbook(), filename="so-lieu.pdf")

    assert (attachment.filename, attachment.state) == ("so-lieu.pdf.xlsx", FileState.CLEAN)


# What of the dossier it is


def test_a_file_belongs_to_the_item_that_was_chosen(officer, desk):
    item_of(desk, most=1)
    draft = desk.draft()
    db.session.commit()
    path = f"{desk.path}{draft.code}/edit"
    page = officer.open(path)
    chosen = page.document.xpath("//select[@name='item']/option[.='Evidence']/@value")[0]

    officer.send(page, path, item=chosen, files={"attachment": (BytesIO(b"one"), "a.txt")})
    refused = officer.fill(path, item=chosen, files={"attachment": (BytesIO(b"two"), "b.txt")})
    officer.fill(path, item="", files={"attachment": (BytesIO(b"three"), "c.txt")})

    kept = queries.list_attachments(draft.id)
    assert [(each.filename, each.item and each.item.code) for each in kept] == [
        ("a.txt", "evidence"),
        ("c.txt", None),
    ]
    assert refused.errors == ["“Evidence” takes at most 1 files."]


def test_an_item_of_another_scheme_or_without_files_is_none_of_the_dossier(desk):
    elsewhere = make.category(make.scheme(desk.edition))
    items = [item_of(desk, scheme_id=elsewhere.scheme_id), item_of(desk, code="text", kind=ItemKind.TEXT)]
    draft = desk.draft()

    for item in items:
        with pytest.raises(NotFound):
            desk.attach(draft, b"x", item=item)


# Quarantine


def test_without_a_scanner_a_file_is_clean_at_once(desk):
    attachment = desk.attach(desk.draft())

    assert (attachment.state, attachment.checked_at) == (FileState.CLEAN, make.NOW)
    assert scan() == []


def test_a_file_waits_until_the_scanner_has_answered(desk, clamd):
    draft = desk.draft()
    attachment = desk.attach(draft, b"What was done.")
    before = attachment.state
    with pytest.raises(rules.FileWaiting):
        services.hand_out(draft, attachment, storage=desk.storage, actor=desk.officer, now=make.NOW)

    outcomes = scan()

    data = services.hand_out(draft, attachment, storage=desk.storage, actor=desk.officer, now=make.NOW)
    assert (before, outcomes, attachment.state) == (FileState.WAITING, [Carriage.DONE], FileState.CLEAN)
    assert (clamd.taken, data) == ([b"What was done."], b"What was done.")
    assert scan() == []


def test_a_harmful_file_is_never_handed_out_and_does_not_count(desk, clamd):
    draft = desk.draft()
    attachment = desk.attach(draft, b"see " + EICAR)

    scan()

    assert (attachment.state, attachment.refusal) == (FileState.REFUSED, "Eicar-Test-Signature")
    with pytest.raises(rules.FileHarmful):
        services.hand_out(draft, attachment, storage=desk.storage, actor=desk.officer, now=make.NOW)
    with pytest.raises(rules.EvidenceMissing):
        services.submit_nomination(draft, actor=desk.officer, now=make.NOW)
    assert queries.count_attachments([draft.id]) == {}
    entry = audit.list_entries(limit=1)[0]
    assert (entry.action, entry.subject, entry.facts["reason"]) == (
        "attachment.refused",
        draft.code,
        "bao-cao.txt: Eicar-Test-Signature",
    )


def test_a_file_in_quarantine_counts_so_that_nobody_misses_the_closing_time(desk, clamd):
    draft = desk.complete()

    services.submit_nomination(draft, actor=desk.officer, now=make.NOW)

    assert draft.state is State.SUBMITTED


@pytest.mark.parametrize("mood", ["stream: out of sorts ERROR", "drop"])
def test_a_scanner_out_of_sorts_is_asked_again_until_it_answers(desk, clamd, mood):
    attachment = desk.attach(desk.draft())
    clamd.mood = mood

    first = scan()
    too_early = scan(make.NOW + 9 * SECOND)
    second = scan(make.NOW + 11 * SECOND)
    clamd.mood = None
    third = scan(make.NOW + 60 * SECOND)

    assert [first, too_early, second, third] == [[Carriage.QUEUED], [], [Carriage.QUEUED], [Carriage.DONE]]
    assert (attachment.state, attachment.tries, attachment.error) == (FileState.CLEAN, 3, None)


def test_a_scanner_that_cannot_be_reached_leaves_the_file_in_quarantine(app, desk, clamd):
    attachment = desk.attach(desk.draft())
    app.extensions["dxday_settings"] = replace(
        app.extensions["dxday_settings"], clamav_address="unix:/nowhere/clamd.ctl"
    )

    assert scan() == [Carriage.QUEUED]
    assert (attachment.state, attachment.error) == (FileState.WAITING, "clamd: No such file or directory")


def test_waiting_grows_to_ten_minutes_and_no_further():
    assert [rules.wait_for_scanner(tries).total_seconds() for tries in (1, 2, 5, 7, 500)] == [
        10,
        20,
        160,
        600,
        600,
    ]


def test_what_a_dead_worker_held_is_looked_at_again(desk, clamd):
    attachment = desk.attach(desk.draft())
    db.session.commit()
    leases.claim(type(attachment), attachment.id, now=make.NOW)
    db.session.commit()

    assert scan(make.NOW + SECOND) == []
    assert scan(make.NOW + leases.LEASE + SECOND) == [Carriage.DONE]


def test_of_two_workers_one_looks_at_the_file(desk, clamd):
    attachment = desk.attach(desk.draft())
    db.session.commit()

    assert [jobs.scan_file(attachment.id, make.NOW) for _ in range(2)] == [Carriage.DONE, None]
    assert len(clamd.taken) == 1


def test_a_file_that_is_gone_from_the_store_stays_in_quarantine(desk, clamd):
    attachment = desk.attach(desk.draft())
    desk.storage.delete(attachment.storage_key)

    assert scan() == [Carriage.QUEUED]
    assert attachment.state is FileState.WAITING


def test_what_waited_for_a_scanner_that_was_given_up_is_let_through(app, desk, clamd):
    attachment = desk.attach(desk.draft())
    app.extensions["dxday_settings"] = replace(app.extensions["dxday_settings"], clamav_address=None)

    assert scan() == [Carriage.DONE]
    assert (attachment.state, clamd.taken) == (FileState.CLEAN, [])


# Pages


def test_the_agency_reads_the_state_in_words_and_finds_no_way_to_the_file(officer, desk, clamd):
    draft = desk.draft()
    attachment = desk.attach(draft, EICAR)
    db.session.commit()
    path = f"{desk.path}{draft.code}"

    waiting = officer.open(path)
    asked = officer.open(f"{path}/files/{attachment.code}")
    scan()
    refused = officer.open(path)
    asked_again = officer.open(f"{path}/files/{attachment.code}")

    assert ("Being checked for viruses" in waiting.words, asked.status) == (True, 409)
    assert "Refused: harmful (Eicar-Test-Signature)" in refused.words
    assert "File refused by the virus scanner: bao-cao.txt: Eicar-Test-Signature" in refused.words
    assert asked_again.status == 409
    assert [link for link in waiting.links() + refused.links() if "/files/" in link] == []


def test_the_council_gets_no_file_that_is_not_clean(client, desk, clamd):
    draft = desk.draft()
    attachments = [
        desk.attach(draft, data, filename=name) for data, name in ((b"x", "a.txt"), (EICAR, "b.txt"))
    ]
    services.submit_nomination(draft, actor=desk.officer, now=make.NOW)
    council = client.sign_in(make.account(Role.COUNCIL, edition_id=desk.edition.id))
    paths = [
        f"/council/{desk.edition.code}/nominations/{draft.code}/files/{each.code}" for each in attachments
    ]

    before = [council.open(path).status for path in paths]
    scan()
    after = [council.open(path).status for path in paths]
    page = council.open(f"/council/{desk.edition.code}/nominations/{draft.code}")

    assert (before, after) == ([409, 409], [200, 409])
    assert [link for link in page.links() if "/files/" in link] == [paths[0]]


def test_a_scanner_that_hangs_does_not_hold_the_page(officer, desk, clamd):
    clamd.mood = HANG
    draft = desk.draft()
    db.session.commit()

    page = officer.fill(
        f"{desk.path}{draft.code}/edit", files={"attachment": (BytesIO(b"What was done."), "a.txt")}
    )

    assert page.status == 302
    assert [each.state for each in queries.list_attachments(draft.id)] == [FileState.WAITING]
    assert clamd.taken == []
