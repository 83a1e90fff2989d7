"""Files that are kept in a folder."""

import os
import stat
from hashlib import sha256
from pathlib import Path

import pytest

from dxday.adapters.storage import FileMissing, FolderStorage, StorageUnavailable, StoredFile, open_storage


@pytest.fixture
def storage(tmp_path: Path) -> FolderStorage:
    return FolderStorage(tmp_path / "files")


def test_what_is_put_is_got_back_with_its_size_and_hash(storage):
    data = b"\x00\r\n\xff" * 1000

    stored = storage.put("certificates/2026/bk-0042.pdf", data)

    assert stored == StoredFile("certificates/2026/bk-0042.pdf", 4000, sha256(data).hexdigest())
    assert storage.get("certificates/2026/bk-0042.pdf") == data
    with storage.open("certificates/2026/bk-0042.pdf") as file:
        assert file.read() == data
    assert storage.exists("certificates/2026/bk-0042.pdf") is True


def test_a_second_put_replaces_the_first_and_leaves_nothing_else(storage):
    storage.put("a/b.pdf", b"first")
    storage.put("a/b.pdf", b"second")

    assert storage.get("a/b.pdf") == b"second"
    assert os.listdir(storage.folder / "a") == ["b.pdf"]


def test_only_this_user_may_read_a_file(storage):
    storage.put("a/b.pdf", b"x")

    assert stat.S_IMODE((storage.folder / "a" / "b.pdf").stat().st_mode) == 0o600


@pytest.mark.parametrize("key", ["none.pdf", "a", "a/b.pdf/c"])
def test_what_was_never_put_is_missing(storage, key):
    storage.put("a/b.pdf", b"x")

    assert storage.exists(key) is False
    with pytest.raises(FileMissing):
        storage.get(key)
    storage.delete(key)
    assert storage.get("a/b.pdf") == b"x"


def test_what_was_deleted_is_missing(storage):
    storage.put("a.pdf", b"x")
    storage.delete("a.pdf")

    with pytest.raises(FileMissing):
        storage.open("a.pdf")


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/etc/passwd",
        "../x",
        "a/../../x",
        "a//b",
        "a/",
        ".hidden",
        "a/.b",
        "a\\b",
        "a\nb",
        "a\0",
        "é",
        "a" * 256,
    ],
)
def test_what_is_no_key_is_refused(storage, key):
    for act in (storage.get, storage.exists, storage.delete, storage.open, lambda key: storage.put(key, b"")):
        with pytest.raises(ValueError, match="no key"):
            act(key)


def test_a_reader_that_opened_the_old_file_reads_it_to_the_end(storage):
    storage.put("a.pdf", b"old")
    with storage.open("a.pdf") as file:
        storage.put("a.pdf", b"new file")

        assert file.read() == b"old"
    assert storage.get("a.pdf") == b"new file"


def test_a_write_that_fails_leaves_the_old_file_and_no_rubbish(storage):
    storage.put("a/b", b"old")
    with pytest.raises(StorageUnavailable, match="cannot write a:"):
        storage.put("a", b"a folder stands here")

    assert storage.get("a/b") == b"old"
    assert sorted(os.listdir(storage.folder)) == ["a"]


def test_a_folder_that_can_be_used_is_ready_and_stays_clean(storage):
    storage.ready()

    assert [path for path in storage.folder.rglob("*") if path.is_file()] == []


def test_a_folder_that_cannot_be_made_is_not_ready(tmp_path):
    (tmp_path / "files").write_text("a file stands where the folder should be")

    with pytest.raises(StorageUnavailable, match="cannot write"):
        FolderStorage(tmp_path / "files").ready()


def test_a_folder_is_opened_from_its_setting(tmp_path):
    for url in (f"file:{tmp_path}/kept #1 %20", f"file://{tmp_path}/kept #1 %20"):
        storage = open_storage(url)
        storage.put("a", b"x")

        assert (tmp_path / "kept #1 %20" / "a").read_bytes() == b"x"


@pytest.mark.parametrize("url", ["s3://bucket", "", "/srv/files", "ftp://host/x"])
def test_an_unknown_kind_of_storage_is_refused_with_what_is_known(url):
    with pytest.raises(ValueError, match="known is file:<folder>"):
        open_storage(url)


@pytest.mark.parametrize("url", ["file:", "file:files", "file://server/share"])
def test_a_setting_without_a_folder_of_this_machine_is_refused(url):
    with pytest.raises(ValueError, match="folder of this machine"):
        open_storage(url)
