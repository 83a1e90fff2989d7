"""QR codes that a scanner reads back."""

import base64
import shutil
import subprocess
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest
from lxml import etree
from PIL import Image

from dxday.adapters.qr import qr_png, qr_svg_data_uri

scanner = pytest.mark.skipif(
    shutil.which("zbarimg") is None, reason="no zbarimg (Debian: zbar-tools) to scan with"
)
ADDRESS = "https://dxday.example/v/0123456789abcdefghjkmnpqrs?lang=vi&x=Nghệ An"


def scanned(picture: Path) -> str:
    done = subprocess.run(
        ["zbarimg", "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", str(picture)],
        check=True,
        capture_output=True,
    )
    return done.stdout.decode().removesuffix("\n")


def svg(uri: str) -> etree._Element:
    head, _, body = uri.partition(",")
    data = base64.b64decode(body) if head.endswith(";base64") else unquote_to_bytes(body)
    return etree.fromstring(data)


@scanner
@pytest.mark.parametrize("text", [ADDRESS, "x", "a" * 2000])
def test_a_scanner_reads_the_png_back(text, tmp_path):
    (tmp_path / "code.png").write_bytes(qr_png(text, scale=4))

    assert scanned(tmp_path / "code.png") == text


@scanner
def test_the_code_is_read_with_a_tenth_of_it_dirty(tmp_path):
    (tmp_path / "code.png").write_bytes(qr_png(ADDRESS, scale=8))
    with Image.open(tmp_path / "code.png") as picture:
        dirty = picture.convert("L")
    side = dirty.width - 64
    dirty.paste(255, (32 + side // 3, 32 + side // 3, 32 + side // 3 + side // 4, 32 + side // 3 + side // 4))
    dirty.save(tmp_path / "dirty.png")

    assert scanned(tmp_path / "dirty.png") == ADDRESS


def test_four_white_modules_are_kept_on_each_side(tmp_path):
    (tmp_path / "code.png").write_bytes(qr_png(ADDRESS, scale=1))
    with Image.open(tmp_path / "code.png") as picture:
        dark = picture.convert("L").point(lambda level: 255 - level).getbbox()
        size = picture.size

    assert dark == (4, 4, size[0] - 4, size[1] - 4)


def test_the_svg_is_the_same_code_and_scales_freely():
    uri = qr_svg_data_uri(ADDRESS)
    picture = svg(uri)

    side = int(picture.get("viewBox").split()[2])
    assert uri.startswith("data:image/svg+xml")
    assert picture.get("viewBox") == f"0 0 {side} {side}"
    assert (picture.get("width"), picture.get("height")) == (None, None)


def test_text_that_is_too_long_is_refused():
    with pytest.raises(ValueError, match="too large"):
        qr_png("a" * 3000)
