"""What both demo editions are built with: sites, scheme, dossiers."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from dxday.accounts.models import Organisation
from dxday.adapters.storage import Storage
from dxday.core.actor import SYSTEM, Actor
from dxday.core.i18n import Translations
from dxday.core.permissions import Role
from dxday.core.seen import fingerprint
from dxday.demo import people, places
from dxday.editions.models import Edition
from dxday.nominations import services as nominations
from dxday.nominations.models import Nomination
from dxday.registration import services as registration
from dxday.registration.rules import SeatMode
from dxday.schemes import packs, taking
from dxday.schemes import queries as scheme_queries
from dxday.schemes import services as schemes
from dxday.schemes.models import Category, DossierItem
from dxday.schemes.rules import AwardForm, NomineeKind
from dxday.sites import queries as site_queries
from dxday.sites import services as sites
from dxday.sites.models import Room, Site
from dxday.sites.rules import SiteKind

NAMESPACE = UUID("5b1f0c3e-1010-4d58-9d0a-101010101010")


def guid(*names: str) -> UUID:
    """Return a UUID that is the same at every load (RFC 9562 version 5)."""
    return uuid5(NAMESPACE, "/".join(names))


def add_hall(edition: Edition, now: datetime) -> tuple[Site, Room, Room]:
    """Add the main site in the provincial hall; return it with its hall and its shared exhibition hall."""
    main = sites.add_site(
        edition,
        "hoi-truong-tinh",
        kind=SiteKind.MAIN,
        name={
            "vi": "Hội trường tỉnh Nghệ An",
            "en": "Provincial hall of Nghệ An",
            "hi": "न्घे आन प्रांतीय सभागार",
        },
        organisation=places.province(now),
        address={"vi": "Thành phố Vinh, tỉnh Nghệ An", "en": "Vinh, Nghệ An province"},
        position=0,
        actor=SYSTEM,
        now=now,
    )
    hall = sites.add_room(
        main,
        "hoi-truong",
        name={"vi": "Hội trường", "en": "Hall", "hi": "सभागार"},
        capacity=400,
        actor=SYSTEM,
        now=now,
    )
    exhibition = sites.add_room(
        main,
        "trien-lam",
        name={"vi": "Không gian triển lãm", "en": "Exhibition space", "hi": "प्रदर्शनी स्थल"},
        capacity=200,
        shared=True,
        actor=SYSTEM,
        now=now,
    )
    return main, hall, exhibition


def add_joined_sites(edition: Edition, now: datetime, *, with_units: bool) -> dict[str, tuple[Site, Room]]:
    """Add the twenty-one joined sites, each with its meeting room; `with_units` as sites of the district-level units."""
    joined = {}
    for position, (_, kind, name, code) in enumerate(places.UNITS, start=1):
        site = sites.add_site(
            edition,
            code,
            kind=SiteKind.SATELLITE,
            name={
                "vi": f"{places.IN_VIETNAMESE[kind]} {name}" if with_units else f"Điểm cầu {name}",
                "en": f"{name} {places.IN_ENGLISH[kind]}" if with_units else f"{name} site",
            },
            organisation=places.unit(code, now) if with_units else None,
            position=position,
            actor=SYSTEM,
            now=now,
        )
        room = sites.add_room(
            site,
            "phong-hop",
            name={"vi": "Phòng họp trực tuyến", "en": "Video-conference room", "hi": "वीडियो-सम्मेलन कक्ष"},
            capacity=80,
            actor=SYSTEM,
            now=now,
        )
        joined[code] = (site, room)
    site_queries.list_sites(edition.id)  # with their rooms, which receiving a session asks for
    return joined


def add_seats(sites_and_seats: list[tuple[Site, SeatMode, int]], now: datetime) -> None:
    """Add seat pools: (site, mode, seats)."""
    for site, mode, seats in sites_and_seats:
        registration.add_pool(site, mode=mode, capacity=seats, actor=SYSTEM, now=now)


REPORT = "report"
"""The item of the packs that is the achievement report as a file."""

ON_PAPER = frozenset({"submission", "minutes"})
"""Items that the agencies of the demo hand in on paper, so that a dossier is complete with its report."""


def add_scheme(edition: Edition, pack_code: str, now: datetime) -> dict[str, Category]:
    """Add the chairman's diploma of merit by a rule pack, with a category for collectives and one for individuals."""
    return add_scheme_by_pack(
        edition,
        packs.get_pack(pack_code, AwardForm.BANG_KHEN),
        code="bang-khen",
        name={
            "vi": "Bằng khen của Chủ tịch Ủy ban nhân dân tỉnh về chuyển đổi số",
            "en": "Diploma of Merit of the provincial chairman for digital transformation",
            "hi": "डिजिटल परिवर्तन के लिए प्रांतीय अध्यक्ष का प्रशस्ति-पत्र",
        },
        categories=[
            ("tap-the", NomineeKind.COLLECTIVE, {"vi": "Tập thể", "en": "Collectives", "hi": "सामूहिक"}),
            ("ca-nhan", NomineeKind.INDIVIDUAL, {"vi": "Cá nhân", "en": "Individuals", "hi": "व्यक्ति"}),
        ],
        now=now,
    )


def add_scheme_by_pack(
    edition: Edition,
    pack: packs.Pack,
    *,
    code: str,
    name: Translations,
    categories: list[tuple[str, NomineeKind, Translations]],
    now: datetime,
    **settings: Any,
) -> dict[str, Category]:
    """Add a scheme of the provincial chairman as a rule pack has it; `settings` are what the organizer decides."""
    scheme = schemes.add_scheme(
        edition,
        code=code,
        name=name,
        form=pack.form,
        legal_basis=pack.legal_basis,
        giver={
            "vi": "Chủ tịch Ủy ban nhân dân tỉnh Nghệ An",
            "en": "Chairman of the People's Committee of Nghệ An province",
        },
        signatory_title={"vi": "Chủ tịch", "en": "Chairman"},
        actor=SYSTEM,
        now=now,
    )
    added = {
        category: schemes.add_category(
            scheme, code=category, name=title, nominee_kind=kind, position=position, actor=SYSTEM, now=now
        )
        for position, (category, kind, title) in enumerate(categories)
    }
    taking.take_over_pack(scheme, pack, actor=SYSTEM, now=now)
    for item in scheme_queries.list_all(DossierItem, scheme.id):
        if item.code in ON_PAPER:
            wanted = {name: getattr(item, name) for name in schemes.ITEM_FIELDS} | {"required": False}
            seen = fingerprint(item, schemes.ITEM_FIELDS)
            schemes.change_part(scheme, item, seen=seen, actor=SYSTEM, now=now, **wanted)
    if settings:
        schemes.change_scheme(scheme, edition, version=scheme.version, actor=SYSTEM, now=now, **settings)
    return added


def add_dossier(
    category: Category,
    *,
    nominee: str,
    position: str,
    achievement: str,
    storage: Storage,
    now: datetime,
    agency: Organisation | None = None,
    officer: Actor | None = None,
    nominee_email: str = "nguoi.duoc.khen@example.org",
    contact: tuple[str, str] = ("Trần Thị Thí Dụ", "agency@dxday.example"),
) -> Nomination:
    """Draft a dossier with a short report attached: of the sample agency, or of another with its officer."""
    officer = officer or people.actor_for(Role.AGENCY)
    nomination = nominations.draft_nomination(
        category,
        agency or places.sample_agency(now),
        guid=guid("nomination", str(category.edition_id), nominee),
        nominee_name=nominee,
        nominee_position=position,
        nominee_email=nominee_email,
        achievement=achievement,
        contact_name=contact[0],
        contact_email=contact[1],
        eligibility={each.code: each.wanted for each in scheme_queries.list_questions(category)},
        actor=officer,
        now=now,
    )
    report = f"BÁO CÁO THÀNH TÍCH (tài liệu mẫu)\n\nĐơn vị, cá nhân: {nominee}\n\n{achievement}\n".encode()
    upload = nominations.check_file("bao-cao-thanh-tich.txt", report)
    nominations.attach_file(
        nomination,
        upload,
        report,
        item=scheme_queries.get_part(DossierItem, category.scheme_id, REPORT),
        storage=storage,
        actor=officer,
        now=now,
    )
    return nomination
