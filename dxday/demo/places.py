"""Nghệ An and its twenty-one district-level units as they were in 2023, with their official codes."""

from datetime import date, datetime

from dxday.accounts import queries, services
from dxday.accounts.models import Organisation
from dxday.accounts.rules import OrganisationKind
from dxday.core.actor import SYSTEM
from dxday.core.errors import NotFound

CITY, TOWN, DISTRICT = OrganisationKind.CITY, OrganisationKind.TOWN, OrganisationKind.DISTRICT

# Code of the General Statistics Office, kind, name, ASCII code for addresses.
UNITS: tuple[tuple[int, OrganisationKind, str, str], ...] = (
    (412, CITY, "Vinh", "vinh"),
    (413, TOWN, "Cửa Lò", "cua-lo"),
    (414, TOWN, "Thái Hòa", "thai-hoa"),
    (432, TOWN, "Hoàng Mai", "hoang-mai"),
    (415, DISTRICT, "Quế Phong", "que-phong"),
    (416, DISTRICT, "Quỳ Châu", "quy-chau"),
    (417, DISTRICT, "Kỳ Sơn", "ky-son"),
    (418, DISTRICT, "Tương Dương", "tuong-duong"),
    (419, DISTRICT, "Nghĩa Đàn", "nghia-dan"),
    (420, DISTRICT, "Quỳ Hợp", "quy-hop"),
    (421, DISTRICT, "Quỳnh Lưu", "quynh-luu"),
    (422, DISTRICT, "Con Cuông", "con-cuong"),
    (423, DISTRICT, "Tân Kỳ", "tan-ky"),
    (424, DISTRICT, "Anh Sơn", "anh-son"),
    (425, DISTRICT, "Diễn Châu", "dien-chau"),
    (426, DISTRICT, "Yên Thành", "yen-thanh"),
    (427, DISTRICT, "Đô Lương", "do-luong"),
    (428, DISTRICT, "Thanh Chương", "thanh-chuong"),
    (429, DISTRICT, "Nghi Lộc", "nghi-loc"),
    (430, DISTRICT, "Nam Đàn", "nam-dan"),
    (431, DISTRICT, "Hưng Nguyên", "hung-nguyen"),
)

IN_VIETNAMESE = {CITY: "Thành phố", TOWN: "Thị xã", DISTRICT: "Huyện"}
IN_ENGLISH = {CITY: "city", TOWN: "town", DISTRICT: "district"}

DISTRICTS_ENDED_ON = date(2025, 6, 30)
"""The two-level model left communes and wards directly under the province from 1 July 2025."""


def province(now: datetime) -> Organisation:
    """Return Nghệ An, added at the first call."""
    return _known("nghe-an") or services.add_organisation(
        "nghe-an",
        kind=OrganisationKind.PROVINCE,
        name={
            "vi": "Ủy ban nhân dân tỉnh Nghệ An",
            "en": "People's Committee of Nghệ An province",
            "hi": "न्घे आन प्रांत की जन समिति",
        },
        actor=SYSTEM,
        now=now,
    )


def unit(name: str, now: datetime) -> Organisation:
    """Return the unit with this ASCII code, added at the first call."""
    code, kind, vietnamese, _ = next(row for row in UNITS if row[3] == name)
    return _known(f"40-{code}") or services.add_organisation(
        f"40-{code}",
        kind=kind,
        name={
            "vi": f"Ủy ban nhân dân {IN_VIETNAMESE[kind].lower()} {vietnamese}",
            "en": f"People's Committee of {vietnamese} {IN_ENGLISH[kind]}",
        },
        parent=province(now),
        valid_to=DISTRICTS_ENDED_ON,
        actor=SYSTEM,
        now=now,
    )


def sample_agency(now: datetime) -> Organisation:
    """Return a made-up agency, for which the demo's focal officer acts."""
    return _known("so-mau") or services.add_organisation(
        "so-mau",
        kind=OrganisationKind.DEPARTMENT,
        name={
            "vi": "Sở Mẫu (đơn vị ví dụ)",
            "en": "Sample Department (example agency)",
            "hi": "नमूना विभाग (उदाहरण)",
        },
        parent=province(now),
        actor=SYSTEM,
        now=now,
    )


def _known(code: str) -> Organisation | None:
    try:
        return queries.get_organisation(code)
    except NotFound:
        return None
