"""What is sensitive cannot be read in the database or in the storage, and only some people read it in the pages."""

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import inspect, text
from sqlalchemy import update as sql_update

from dxday import db as transactions
from dxday import doctor
from dxday.adapters.sealing import Sealer
from dxday.adapters.storage import open_storage
from dxday.appraisal import services as appraisal
from dxday.cli import cli
from dxday.core.errors import NotFound
from dxday.core.permissions import Role
from dxday.db import db, table_of
from dxday.nominations import content, jobs, queries, rules, sealing, seals, sections, services
from dxday.nominations.lists import services as lists
from dxday.nominations.models import Nomination
from dxday.nominations.services import sealing_again
from dxday.schemes import rules as scheme_rules
from dxday.schemes import services as schemes
from dxday.schemes.models import DossierItem, Scheme
from dxday.schemes.rules import ItemKind
from tests import make
from tests.client import PageClient
from tests.conftest import on_both
from tests.nominations.conftest import Desk
from tests.nominations.test_dossier import add_item, values, write

SECRET = "Kẻ-thử-dấu-kín-7391: theo đạo Tin Lành"
OPEN = "Kẻ-thử-dấu-mở-2846: làm đường"
KEYS = (bytes(range(32)), bytes(range(1, 33)))


def desk_of(app) -> Desk:
    """An agency at work in an application of its own."""
    edition = make.edition()
    agency = make.organisation()
    account = make.account(Role.AGENCY, edition_id=edition.id, organisation_id=agency.id)
    category = make.category(make.scheme(edition))
    storage = open_storage(app.extensions["dxday_settings"].storage_url)
    return Desk(edition, agency, category, account, storage)


def with_keys(app, monkeypatch, *keys: bytes) -> None:
    """Let the application have these keys from now on."""
    known = app.extensions["dxday_settings"]
    monkeypatch.setitem(app.extensions, "dxday_settings", replace(known, sealing_keys=keys))


def columns_with(marker: str) -> list[str]:
    """Where the marker stands in any column of any table: table.column."""
    db.session.flush()
    found = []
    for table in inspect(db.session.connection()).get_table_names():
        for row in db.session.execute(text(f'SELECT * FROM "{table}"')).mappings():
            found += [f"{table}.{name}" for name, value in row.items() if marker in str(value)]
    return sorted(set(found))


def files_with(folder: Path, marker: str) -> list[str]:
    """The files below a folder that hold the marker."""
    return sorted(
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and marker.encode() in path.read_bytes()
    )


def fill(desk: Desk) -> Nomination:
    """A dossier with an open and a sensitive answer and file, of every kind that is written."""
    add_item(desk, "reason")
    add_item(desk, "religion", sensitive=True)
    open_item = add_item(desk, "plan", ItemKind.FILE, section="papers")
    item = add_item(desk, "party", ItemKind.FILE, section="papers", sensitive=True)
    nomination = desk.draft()
    write(nomination, "reasons", "reason", OPEN, actor=desk.officer)
    write(nomination, "reasons", "religion", SECRET, actor=desk.officer)
    desk.attach(nomination, OPEN.encode(), item=open_item, filename="mo.txt")
    desk.attach(nomination, SECRET.encode(), item=item, filename=f"{SECRET[:20]}.txt")
    return nomination


# At rest


@on_both
def test_neither_database_nor_storage_can_be_searched_for_what_is_sensitive(own_app):
    with own_app.app_context():
        nomination = fill(desk_of(own_app))
        db.session.commit()
        instance = own_app.extensions["dxday_settings"].instance
        read = values(nomination)

        assert (read["religion"], read["reason"]) == (SECRET, OPEN)
        assert columns_with("Kẻ-thử-dấu-kín") == columns_with(SECRET[-8:]) == []
        assert columns_with("Kẻ-thử-dấu-mở") == ["dossier_answer.value"]
        assert files_with(instance, "Kẻ-thử-dấu-kín") == []
        opened = [name for name in files_with(instance, "Kẻ-thử-dấu-mở") if name.startswith("files/")]
        assert len(opened) == 1  # and the search does find what is kept open


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        (ItemKind.YES_NO, "yes", "no"),
        (ItemKind.DATE, "1930-02-03", "1945-09-02"),
        (ItemKind.NUMBER, "1", "1000000"),
        (ItemKind.TEXT, "Kinh", "Khơ Mú"),
    ],
)
def test_answers_of_every_kind_are_sealed_and_as_long_as_each_other(desk, kind, one, other):
    add_item(desk, "fact", kind, sensitive=True)
    nomination = desk.draft()
    sealed = []
    for version, value in enumerate((one, other)):
        write(nomination, "reasons", "fact", value, actor=desk.officer, version=version)
        answer = queries.find_answer(nomination.id, "fact")
        sealed.append(answer.sealed)
        assert (answer.value, values(nomination)["fact"]) == (None, value)

    assert len(sealed[0]) == len(sealed[1])
    assert columns_with(other) == [] or kind is ItemKind.NUMBER or kind is ItemKind.YES_NO


def test_an_empty_answer_is_empty_again(desk):
    add_item(desk, "fact", sensitive=True)
    nomination = desk.draft()
    write(nomination, "reasons", "fact", "x", actor=desk.officer)
    write(nomination, "reasons", "fact", "", actor=desk.officer, version=1)

    answer = queries.find_answer(nomination.id, "fact")

    assert (answer.value, answer.sealed, values(nomination)["fact"]) == ("", None, "")


def test_the_same_sensitive_file_again_is_the_file_that_is_there(desk):
    item = add_item(desk, "party", ItemKind.FILE, sensitive=True)
    nomination = desk.draft()

    first = desk.attach(nomination, b"Party history.", item=item, filename="dang-vien.txt")
    again = desk.attach(nomination, b"Party history.", item=item, filename="again.txt")
    given = services.hand_out(nomination, first, storage=desk.storage, actor=desk.officer, now=make.NOW)

    assert again is first
    assert (first.filename, first.sealed, first.size) == (f"party-{first.code.lower()}.txt", True, 14)
    assert given == b"Party history."


def test_a_sensitive_file_leaves_no_fingerprint_by_which_dossiers_are_compared(desk):
    item = add_item(desk, "party", ItemKind.FILE, sensitive=True)
    plain = add_item(desk, "plan", ItemKind.FILE)
    one, other = desk.draft(), desk.draft()

    sealed = [desk.attach(each, b"The same.", item=item).sha256 for each in (one, other)]
    opened = [desk.attach(each, b"The same.", item=plain).sha256 for each in (one, other)]

    assert len({*sealed, *opened}) == 3
    assert opened[0] == opened[1]


def test_a_sensitive_text_is_in_no_comparison(desk):
    add_item(desk, "reason")
    add_item(desk, "religion", sensitive=True)
    nomination = desk.draft()
    write(nomination, "reasons", "reason", "Open road for everybody", actor=desk.officer)
    write(nomination, "reasons", "religion", SECRET, actor=desk.officer)

    appraisal.note_text(nomination)

    assert (columns_with("tin lanh"), columns_with("open road")) == ([], ["dossier_print.words"])


def test_a_list_of_nominees_is_sealed_with_the_columns_that_we_do_not_ask_for(desk):
    data = f"Name of the nominee,Tôn giáo\nNguyễn Văn Mẫu,{SECRET}\n".encode()

    kept = lists.keep_list(
        desk.edition,
        desk.agency,
        filename="ds.csv",
        data=data,
        storage=desk.storage,
        actor=desk.officer,
        now=make.NOW,
    )

    assert files_with(desk.storage.folder, "Kẻ-thử-dấu-kín") == []
    assert sealing.read_list(kept, desk.storage) == data


def test_what_every_nomination_has_cannot_be_marked_as_sensitive(desk):
    scheme = desk.category.scheme_id
    given = {
        "section": "achievement", "kind": ItemKind.TEXT, "name": {"en": "A"}, "help": None, "required": False,
        "most": None, "article": "Art. 1", "source": None, "category_id": None, "position": 0,
    }  # fmt: skip
    row = db.session.get_one(Scheme, scheme)

    with pytest.raises(scheme_rules.NeverSensitive):
        schemes.add_part(
            row, DossierItem, code="achievement", sensitive=True, actor=make.actor(), now=make.NOW, **given
        )

    assert set(sections.COLUMNS) == scheme_rules.KEPT_OPEN


# Swapped, damaged, without its key


def test_rows_that_are_swapped_cannot_be_opened(desk):
    add_item(desk, "one", sensitive=True)
    add_item(desk, "two", sensitive=True)
    nomination, other = desk.draft(), desk.draft()
    for each in (nomination, other):
        write(each, "reasons", "one", "First", actor=desk.officer)
        write(each, "reasons", "two", "Second", actor=desk.officer)
    one, two = (queries.find_answer(nomination.id, code) for code in ("one", "two"))
    one.sealed, two.sealed = two.sealed, one.sealed
    db.session.flush()

    assert {"one", "two"} & values(nomination).keys() == set()

    one.sealed, two.sealed = two.sealed, one.sealed
    assert values(nomination)["one"] == "First"
    nomination.seal = other.seal
    assert {"one", "two"} & values(nomination).keys() == set()
    assert sealing.list_damaged() == [nomination.code]


@pytest.mark.parametrize("harm", ["key", "answer", "cut", "no key"])
def test_what_cannot_be_opened_is_said_where_it_stands_and_is_not_written_over(app, desk, monkeypatch, harm):
    add_item(desk, "reason")
    add_item(desk, "religion", sensitive=True, required=False)
    nomination = desk.draft()
    write(nomination, "reasons", "religion", SECRET, actor=desk.officer)
    before = queries.find_answer(nomination.id, "religion").sealed
    answer = queries.find_answer(nomination.id, "religion")
    if harm == "key":
        with_keys(app, monkeypatch, KEYS[0])
    elif harm == "no key":
        nomination.seal = None
    else:
        answer.sealed = before[:-8] + "AAAAAAAA" if harm == "answer" else before[:-3]
    db.session.flush()
    kept = answer.sealed
    client = PageClient(app).sign_in(desk.account)
    path = f"{desk.path}{nomination.code}/sections/reasons"

    page = client.open(path)
    assert (page.status, "is sealed and cannot be opened now" in page.words) == (200, True)
    assert client.open(f"{desk.path}{nomination.code}").status == 200
    assert [gap.field for gap in queries.find_gaps(nomination) if isinstance(gap, sections.SealedAway)] == [
        "religion"
    ]
    with pytest.raises(sections.SealedAway):
        write(nomination, "reasons", "religion", "Another", actor=desk.officer, version=1)
    saved = client.fill(path, answer_reason="Written all the same")

    assert saved.status == 302
    assert values(nomination)["reason"] == "Written all the same"
    assert queries.find_answer(nomination.id, "religion").sealed == kept


def test_a_sealed_file_without_its_key_is_refused_with_a_sentence(app, desk, monkeypatch):
    item = add_item(desk, "party", ItemKind.FILE, sensitive=True)
    nomination = desk.draft()
    attachment = desk.attach(nomination, b"Party history.", item=item)
    with_keys(app, monkeypatch, KEYS[0])
    given = {"storage": desk.storage, "actor": desk.officer, "now": make.NOW}

    with pytest.raises(sections.SealedAway):
        services.hand_out(nomination, attachment, **given)
    with pytest.raises(sections.SealedAway):
        desk.attach(nomination, b"More history.", item=item)


def test_the_doctor_names_the_key_that_is_missing(app, desk, monkeypatch):
    add_item(desk, "religion", sensitive=True)
    write(desk.draft(), "reasons", "religion", "x", actor=desk.officer)
    settings = app.extensions["dxday_settings"]
    sound = doctor._seals(settings)
    with_keys(app, monkeypatch, KEYS[0])

    missing = doctor._seals(app.extensions["dxday_settings"])

    assert sound.mend == ""
    assert Sealer(settings.sealing_keys).newest in missing.state
    assert missing.mend != ""


# What was open before, and keys that change


def open_again(nomination: Nomination, storage) -> None:
    """Let a dossier be as one was before there were seals: open answers, open files, the names as they were sent."""
    for answer in queries.list_answers(nomination.id).values():
        if answer.sealed is not None:
            answer.value, answer.sealed = sealing.read_answer(nomination, answer), None
    for attachment in queries.list_attachments(nomination.id):
        if attachment.sealed:
            storage.put(attachment.storage_key, sealing.read_file(nomination, attachment, storage))
            attachment.sealed = False
    db.session.flush()
    nomination.seal = None
    db.session.flush()


@on_both
def test_what_was_written_open_is_sealed_by_the_job_and_nothing_of_it_stays(own_app):
    with own_app.app_context():
        desk = desk_of(own_app)
        nomination = fill(desk)
        open_again(nomination, desk.storage)
        db.session.commit()
        instance = own_app.extensions["dxday_settings"].instance
        assert columns_with("Kẻ-thử-dấu-kín") != []
        assert files_with(instance, "Kẻ-thử-dấu-kín") != []
        version = nomination.version
        db.session.commit()

        swept = jobs.seal_what_is_open(make.NOW)

        assert (swept.answers, swept.files, swept.broken) == (1, 1, ())
        assert (columns_with("Kẻ-thử-dấu-kín"), files_with(instance, "Kẻ-thử-dấu-kín")) == ([], [])
        db.session.expire_all()
        assert values(nomination)["religion"] == SECRET
        assert nomination.version > version  # so that what is compared with others is made anew
        db.session.commit()
        assert jobs.seal_dossiers(make.NOW) == 0


@on_both
def test_an_answer_that_is_sensitive_no_more_is_opened(own_app):
    with own_app.app_context():
        desk = desk_of(own_app)
        nomination = fill(desk)
        db.session.execute(sql_update(table_of(DossierItem)).values(sensitive=False))
        db.session.commit()

        jobs.seal_dossiers(make.NOW)

        db.session.expire_all()
        assert queries.find_answer(nomination.id, "religion").value == SECRET


@on_both
def test_keys_are_rotated_and_an_interrupted_rotation_goes_on(own_app, monkeypatch):
    with own_app.app_context():
        desk = desk_of(own_app)
        add_item(desk, "religion", sensitive=True)
        with_keys(own_app, monkeypatch, KEYS[0])
        dossiers = [desk.draft() for _ in range(5)]
        for each in dossiers:
            write(each, "reasons", "religion", SECRET, actor=desk.officer)
        db.session.commit()
        versions = [each.version for each in dossiers]
        with_keys(own_app, monkeypatch, KEYS[1], KEYS[0])
        monkeypatch.setattr(jobs, "AT_ONCE", 2)
        with transactions.transaction():  # what a rotation that was ended had done
            sealing_again.wrap_again(dossiers[:2])

        swept = jobs.rotate_keys(make.NOW)

        assert (swept.wrapped, swept.broken) == (3, ())
        assert seals.count_seals() == {Sealer([KEYS[1]]).newest: 5}
        with_keys(own_app, monkeypatch, KEYS[1])
        db.session.expire_all()
        assert [values(each)["religion"] for each in dossiers] == [SECRET] * 5
        assert [each.version for each in dossiers] == versions
        with_keys(own_app, monkeypatch, KEYS[0])
        assert ["religion" in values(each) for each in dossiers] == [False] * 5
        db.session.commit()


def test_a_rotation_names_what_it_cannot_open(own_app, monkeypatch):
    with own_app.app_context():
        desk = desk_of(own_app)
        add_item(desk, "religion", sensitive=True)
        nomination = desk.draft()
        write(nomination, "reasons", "religion", SECRET, actor=desk.officer)
        db.session.commit()
        with_keys(own_app, monkeypatch, KEYS[0])

        assert jobs.rotate_keys(make.NOW).broken == (nomination.code,)


def test_a_new_key_is_kept_before_the_others_and_both_are_listed(tmp_path):
    runner = CliRunner(env={"DXDAY_INSTANCE": str(tmp_path), "LOG_LEVEL": "ERROR"})
    assert runner.invoke(cli, ["db", "upgrade"]).exit_code == 0

    made = runner.invoke(cli, ["keys", "new"])
    listed = runner.invoke(cli, ["keys", "list"])
    rotated = runner.invoke(cli, ["keys", "rotate"])

    assert [made.exit_code, listed.exit_code, rotated.exit_code] == [0, 0, 0]
    assert [line.split()[1] for line in listed.output.splitlines()] == ["seals", "opens"]
    assert listed.output.split()[0] == made.output.split()[0]
    assert (tmp_path / "sealing-keys").stat().st_mode & 0o777 == 0o600


# Who may read


def test_endorsers_and_members_of_the_council_get_neither_answer_nor_file(desk):
    nomination = fill(desk)
    sealed = next(each for each in queries.list_attachments(nomination.id) if each.sealed)

    shown = content.read_content(nomination, sensitive=False)

    assert [part.code for part in shown.parts] == ["reason"]
    assert [each.filename for each in shown.attachments] == ["mo.txt"]
    with pytest.raises(NotFound):
        queries.get_attachment(nomination.id, sealed.code, sensitive=False)
    assert queries.get_attachment(nomination.id, sealed.code) is sealed
    assert shown.sha256 == content.read_content(nomination).sha256


def test_the_secretary_reads_what_is_sensitive_and_the_history_does_not_tell_it(app, desk):
    nomination = fill(desk)
    nomination.state, nomination.submitted_at = rules.State.SUBMITTED, make.NOW
    db.session.flush()
    secretary = PageClient(app).sign_in(make.account(Role.COUNCIL, edition_id=desk.edition.id))
    officer = PageClient(app).sign_in(desk.account)
    base = f"/council/{desk.edition.code}"

    appraised = secretary.open(f"{base}/appraisal/dossiers/{nomination.code}")
    shown = secretary.open(f"{base}/nominations/{nomination.code}")
    own = officer.open(f"{desk.path}{nomination.code}")

    assert (SECRET in appraised.words, appraised.status) == (True, 200)
    for page in (shown, own, secretary.open(f"{base}/"), officer.open(desk.path)):
        assert (page.status, SECRET in page.words, SECRET[:12] in page.words) == (200, False, False)


def test_the_agency_prints_what_is_sensitive_and_another_agency_gets_nothing(app, desk):
    nomination = fill(desk)
    stranger = make.account(Role.AGENCY, edition_id=desk.edition.id, organisation_id=make.organisation().id)
    sealed = next(each for each in queries.list_attachments(nomination.id) if each.sealed)
    path = f"{desk.path}{nomination.code}"

    assert SECRET in [part.value for part in content.read_content(nomination).parts]
    for address in ("/report.pdf", "/sections/reasons", f"/files/{sealed.code}"):
        assert PageClient(app).sign_in(stranger).open(path + address).status == 404
