"""A main site and two joined ones with a broadcast to all, and what each site holds itself."""

from dxday.accounts import queries as accounts
from dxday.core.permissions import Role
from dxday.db import db
from dxday.programme import queries as programme
from dxday.programme.rules import Mode, PlacementRole, SessionState
from dxday.proposals import queries
from dxday.sites import queries as sites
from dxday.sites.rules import SiteKind
from tests import make


class Scene:
    """An edition of one day; `north` and `south` have a coordinator each, and there is an organizer."""

    def __init__(self):
        day = make.at("2026-10-10 00:00").date()
        self.edition = make.edition(starts_on=day, ends_on=day)
        main = make.site(self.edition, kind=SiteKind.MAIN, name={"en": "Vinh"}, code="vinh")
        north = make.site(self.edition, name={"en": "North"}, code="north")
        south = make.site(self.edition, name={"en": "South"}, code="south")
        self.hall = make.room(main, name={"en": "Hall"}, code="hall")
        self.north_room = make.room(north, name={"en": "Meeting room"}, code="meeting")
        self.north_small = make.room(north, name={"en": "Small room"}, code="small")
        self.south_room = make.room(south, name={"en": "South room"}, code="south")
        self.person = make.person(full_name="Trần Thị Thí Dụ")
        self.broadcast = self.session(
            "opening", "08:00", "09:00", self.hall, title={"en": "Opening"}, receiving=True
        )
        self.own = self.session("training", "13:30", "15:00", self.north_room, title={"en": "Training"})
        self.other = self.session("talk", "13:30", "15:00", self.south_room, title={"en": "Talk"})
        self.main, self.north, self.south = sites.list_sites(self.edition.id)
        self.coordinator = make.account(Role.SITE, edition_id=self.edition.id, site_id=self.north.id)
        self.neighbour = make.account(Role.SITE, edition_id=self.edition.id, site_id=self.south.id)
        self.organizer = make.account(Role.ORGANIZER, edition_id=self.edition.id)
        self.path = f"/site/{self.edition.code}/north"
        self.manage = f"/manage/{self.edition.code}/programme/proposals"

    def session(self, code, begins, ends, room, *, receiving=False, **given):
        made = make.session(self.edition, code=code, **({"state": SessionState.DRAFT} | given))
        times = {"starts_at": f"2026-10-10 {begins}", "ends_at": f"2026-10-10 {ends}"}
        make.placement(made, room, **times)
        for each in (self.north_room, self.south_room) if receiving else ():
            make.placement(made, each, role=PlacementRole.RECEIVING, mode=Mode.BROADCAST, **times)
        return made.code

    def read(self, code):
        db.session.expire_all()
        return programme.get_session(self.edition.id, code)

    def received(self, site=None, code="opening"):
        wanted = site or self.north
        return next(p for p in self.read(code).placements if p.site_id == wanted.id)

    def current(self, site=None):
        db.session.expire_all()
        return queries.find_current((site or self.north).id)

    def actor(self, account):
        return accounts.actor_of(accounts.find_account(account.id))


def by(scene, account):
    """Who acts, and when."""
    return {"actor": scene.actor(account), "now": make.NOW}
