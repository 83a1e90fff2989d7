"""Reading the running order: calls, turns, who receives what where, and what was handed over."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import joinedload

from dxday.accounts.models import Account, Organisation
from dxday.awards.models import Award, Decision
from dxday.ceremony import rules
from dxday.ceremony.models import Call, Ceremony, Turn
from dxday.ceremony.queries import is_recalled, list_recalled
from dxday.ceremony.rules import Called, Candidate, propose_site
from dxday.core.errors import NotFound
from dxday.core.i18n import pick
from dxday.db import db
from dxday.nominations.models import Nomination
from dxday.programme.models import Session
from dxday.programme.rules import SessionKind, SessionState
from dxday.schemes.models import Category, Scheme
from dxday.sites.models import Site
from dxday.sites.rules import SiteKind


@dataclass(frozen=True)
class Listed:
    """A session at which awards can be handed over, with how far its order is."""

    session: Session
    ceremony: Ceremony | None
    turns: int
    handed: int


def list_ceremonies(edition_id: int) -> list[Listed]:
    """Return the edition's ceremonies: sessions of that kind, and any other for which an order was made."""
    rows = db.session.execute(
        select(Session, Ceremony, func.count(Turn.id), func.count(Turn.handed_at))
        .outerjoin(Ceremony, Ceremony.session_id == Session.id)
        .outerjoin(Call, Call.ceremony_id == Ceremony.id)
        .outerjoin(Turn, Turn.call_id == Call.id)
        .where(
            Session.edition_id == edition_id,
            (Session.kind == SessionKind.CEREMONY) | Ceremony.id.is_not(None),
            (Session.state != SessionState.CANCELLED) | Ceremony.id.is_not(None),
        )
        .group_by(Session.id, Ceremony.id)
        .order_by(Session.id)
    )
    return [Listed(*row) for row in rows]


def get_session(edition_id: int, code: str) -> Session:
    """Return the session of the edition at which awards can be handed over.  Raises NotFound."""
    found = next((each.session for each in list_ceremonies(edition_id) if each.session.code == code), None)
    if found is None:
        raise NotFound
    return found


def find_ceremony(edition_id: int, session_id: int) -> Ceremony | None:
    """Return the ceremony held in a session, or None while it has no order."""
    return db.session.scalars(
        select(Ceremony).where(Ceremony.edition_id == edition_id, Ceremony.session_id == session_id)
    ).one_or_none()


def get_ceremony(edition_id: int, code: str) -> tuple[Ceremony, Session]:
    """Return the ceremony of the session with this code, and the session.  Raises NotFound."""
    found = db.session.execute(
        select(Ceremony, Session)
        .join(Session, Session.id == Ceremony.session_id)
        .where(Ceremony.edition_id == edition_id, Session.code == code)
    ).one_or_none()
    if found is None:
        raise NotFound
    return found[0], found[1]


@dataclass(frozen=True)
class Placed:
    """A turn with its award, and whether that was annulled."""

    turn: Turn
    recalled: bool

    @property
    def award(self) -> Award:
        """The award."""
        return self.turn.award


@dataclass(frozen=True)
class CallShown:
    """A call with its turns and what is read out for it."""

    call: Call
    turns: list[Placed]
    script: str
    proposed: str
    stale: bool
    """Whether its own words were written for other names or another order."""

    @property
    def number(self) -> int:
        """Its place in the order, from 1."""
        return self.call.position

    @property
    def standing(self) -> list[Placed]:
        """Those who are called: annulled awards are skipped."""
        return [each for each in self.turns if not each.recalled]


@dataclass(frozen=True)
class Counter:
    """How many of a site's awards were handed over."""

    site: Site | None
    handed: int
    total: int


@dataclass(frozen=True)
class Order:
    """The running order of a ceremony."""

    calls: list[CallShown]

    @property
    def current(self) -> CallShown | None:
        """The call that was called last, or None before the first."""
        called = [each for each in self.calls if each.call.called_at is not None]
        return max(called, key=_called_at) if called else None

    @property
    def following(self) -> CallShown | None:
        """The call after the current one that has somebody to call."""
        after = self.current.number if self.current else 0
        return next((each for each in self.calls if each.number > after and each.standing), None)

    @property
    def before(self) -> CallShown | None:
        """The call before the current one that has somebody to call."""
        until = self.current.number if self.current else 0
        return next((each for each in reversed(self.calls) if each.number < until and each.standing), None)

    @property
    def placed(self) -> list[Placed]:
        """Every turn in its order."""
        return [turn for call in self.calls for turn in call.turns]

    def counters(self) -> list[Counter]:
        """Return how far each site is, in the order of the sites; annulled awards do not count."""
        by_site: dict[int | None, list[Placed]] = {}
        for each in self.placed:
            if not each.recalled:
                by_site.setdefault(each.turn.site_id, []).append(each)
        found = [
            Counter(turns[0].turn.site, sum(each.turn.handed_at is not None for each in turns), len(turns))
            for turns in by_site.values()
        ]
        return sorted(found, key=lambda each: _rank(each.site))


def _rank(site: Site | None) -> tuple[bool, bool, int, int]:
    if site is None:
        return True, False, 0, 0
    return False, site.kind is not SiteKind.MAIN, site.position, site.id


def _called_at(shown: CallShown) -> tuple[datetime, int]:
    assert shown.call.called_at is not None
    return shown.call.called_at, shown.number


def read_order(ceremony: Ceremony) -> Order:
    """Return the whole running order; three statements, however long it is."""
    calls = db.session.scalars(
        select(Call).where(Call.ceremony_id == ceremony.id).order_by(Call.position, Call.id)
    ).all()
    turns = db.session.scalars(
        _whole().where(Call.ceremony_id == ceremony.id).order_by(Call.position, Turn.position, Turn.id)
    ).all()
    recalled = list_recalled(ceremony.edition_id)
    return Order([_shown(ceremony, call, turns, recalled) for call in calls])


def _whole() -> Select[Turn]:
    return (
        select(Turn)
        .join(Call, Call.id == Turn.call_id)
        .options(
            joinedload(Turn.site),
            joinedload(Turn.award).joinedload(Award.decision),
            joinedload(Turn.award).joinedload(Award.category).joinedload(Category.scheme),
        )
    )


def _shown(ceremony: Ceremony, call: Call, turns: Sequence[Turn], recalled: set[int]) -> CallShown:
    own = [Placed(turn, turn.award_id in recalled) for turn in turns if turn.call_id == call.id]
    proposed = rules.write_script(
        ceremony.opening,
        ceremony.line,
        number=call.position,
        called=[_called(each.turn) for each in own if not each.recalled],
    )
    stale = call.script is not None and call.script_for != codes_of(own)
    return CallShown(call, own, call.script if call.script is not None else proposed, proposed, stale)


def codes_of(turns: Sequence[Placed]) -> list[str]:
    """Return the codes of those who are called, in their order."""
    return [each.award.code for each in turns if not each.recalled]


def _called(turn: Turn) -> Called:
    award, scheme = turn.award, turn.award.category.scheme
    name = pick(scheme.name, "vi")
    away = turn.site is not None and turn.site.kind is not SiteKind.MAIN
    return Called(
        name=award.recipient_name,
        position=award.recipient_position,
        agency=pick(award.organisation_name, "vi"),
        place=f"nhận tại {pick(turn.site.name, 'vi')}" if away and turn.site else "",
        achievement=award.achievement,
        decision=award.decision.number,
        form=rules.title_of(scheme.form, name),
        giver=pick(scheme.giver, "vi"),
        scheme=name,
    )


def list_candidates(edition_id: int) -> list[Candidate]:
    """Return the edition's awards that have no place in any ceremony and were not annulled."""
    return _candidates(
        select(Award.id)
        .outerjoin(Turn, Turn.award_id == Award.id)
        .where(Award.edition_id == edition_id, Turn.id.is_(None), ~is_recalled())
    )


def list_own_candidates(ceremony: Ceremony) -> list[Candidate]:
    """Return the awards of the ceremony that were not annulled."""
    return _candidates(
        select(Award.id)
        .join(Turn, Turn.award_id == Award.id)
        .join(Call, Call.id == Turn.call_id)
        .where(Call.ceremony_id == ceremony.id, ~is_recalled())
    )


def _candidates(award_ids: Select[int]) -> list[Candidate]:
    rows = db.session.execute(
        select(Award, Category, Scheme, Decision.decided_on)
        .join(Category, Category.id == Award.category_id)
        .join(Scheme, Scheme.id == Category.scheme_id)
        .join(Decision, Decision.id == Award.decision_id)
        .where(Award.id.in_(award_ids))
    )
    return [
        Candidate(
            award_id=award.id,
            form=scheme.form,
            scheme=(scheme.position, scheme.id),
            kind=award.recipient_kind,
            category=(category.position, category.id),
            decided=(decided_on, award.decision_id),
            position=award.position,
        )
        for award, category, scheme, decided_on in rows
    ]


def count_candidates(edition_id: int) -> int:
    """Return how many awards have no place in any ceremony yet."""
    return (
        db.session.scalar(
            select(func.count(Award.id))
            .outerjoin(Turn, Turn.award_id == Award.id)
            .where(Award.edition_id == edition_id, Turn.id.is_(None), ~is_recalled())
        )
        or 0
    )


def propose_sites(edition_id: int, award_ids: Sequence[int]) -> dict[int, int | None]:
    """Return the site at which each award is best received: the agency's own, else one above it, else the main one."""
    sites = db.session.scalars(
        select(Site)
        .where(Site.edition_id == edition_id, Site.cancelled_at.is_(None))
        .order_by(Site.id.desc())
    ).all()
    main = next((site.id for site in sites if site.kind is SiteKind.MAIN), None)
    own = {site.organisation_id: site.id for site in sites if site.organisation_id is not None}
    parents = dict(db.session.execute(select(Organisation.id, Organisation.parent_id)).all())
    agencies = db.session.execute(
        select(Award.id, Nomination.organisation_id)
        .join(Nomination, Nomination.id == Award.nomination_id)
        .where(Award.edition_id == edition_id)
    )
    wanted = set(award_ids)
    return {
        award_id: propose_site(agency, sites=own, parents=parents, main=main)
        for award_id, agency in agencies
        if award_id in wanted
    }


def count_handed(ceremony_id: int) -> int:
    """Return how many turns of a ceremony are ticked."""
    return (
        db.session.scalar(
            select(func.count(Turn.handed_at))
            .join(Call, Call.id == Turn.call_id)
            .where(Call.ceremony_id == ceremony_id)
        )
        or 0
    )


def list_calls(ceremony_id: int) -> list[Call]:
    """Return the calls of a ceremony in their order."""
    return list(
        db.session.scalars(
            select(Call).where(Call.ceremony_id == ceremony_id).order_by(Call.position, Call.id)
        )
    )


def list_turns(ceremony_id: int) -> list[Turn]:
    """Return the turns of a ceremony in their order, without their awards."""
    return list(
        db.session.scalars(
            select(Turn)
            .join(Call, Call.id == Turn.call_id)
            .where(Call.ceremony_id == ceremony_id)
            .order_by(Call.position, Turn.position, Turn.id)
        )
    )


def get_call(ceremony_id: int, call_id: int) -> Call:
    """Return a call of the ceremony.  Raises NotFound."""
    found = db.session.scalars(
        select(Call).where(Call.ceremony_id == ceremony_id, Call.id == call_id)
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


def get_placed(ceremony_id: int, award_code: str) -> Placed:
    """Return the turn of an award in the ceremony, with award, call and site.  Raises NotFound."""
    found = db.session.scalars(
        _whole()
        .join(Award, Award.id == Turn.award_id)
        .options(joinedload(Turn.call))
        .where(Call.ceremony_id == ceremony_id, Award.code == award_code)
    ).one_or_none()
    if found is None:
        raise NotFound
    return Placed(found, found.award_id in list_recalled(found.edition_id))


def get_at_site(edition_id: int, site_id: int, award_code: str) -> Placed:
    """Return the turn of an award that is received at the site, with award and call.  Raises NotFound for any other."""
    found = db.session.scalars(
        _whole()
        .join(Award, Award.id == Turn.award_id)
        .options(joinedload(Turn.call))
        .where(Turn.edition_id == edition_id, Turn.site_id == site_id, Award.code == award_code)
    ).one_or_none()
    if found is None:
        raise NotFound
    return Placed(found, found.award_id in list_recalled(edition_id))


@dataclass(frozen=True)
class SiteList:
    """What a site hands over, with who ticked what, and the call that is on the stage."""

    turns: list[Placed]
    who: dict[int, str]
    calling: dict[int, int]
    """The number of the call on the stage, by the id of its ceremony."""

    @property
    def due(self) -> list[Placed]:
        """What was not annulled."""
        return [each for each in self.turns if not each.recalled]

    @property
    def handed(self) -> int:
        """How many are ticked."""
        return sum(each.turn.handed_at is not None for each in self.due)


def read_site(edition_id: int, site_id: int) -> SiteList:
    """Return the site's own list, in the order in which its people are called."""
    turns = db.session.scalars(
        _whole()
        .options(joinedload(Turn.call))
        .where(Turn.edition_id == edition_id, Turn.site_id == site_id)
        .order_by(Call.ceremony_id, Call.position, Turn.position, Turn.id)
    ).all()
    recalled = list_recalled(edition_id)
    who = dict(
        db.session.execute(
            select(Turn.id, Account.full_name)
            .join(Account, Account.id == Turn.handed_by_id)
            .where(Turn.edition_id == edition_id, Turn.site_id == site_id)
        ).all()
    )
    latest = (
        select(Call.ceremony_id, func.max(Call.called_at).label("at"))
        .join(Ceremony, Ceremony.id == Call.ceremony_id)
        .where(Ceremony.edition_id == edition_id)
        .group_by(Call.ceremony_id)
        .subquery()
    )
    calling = db.session.execute(
        select(Call.ceremony_id, func.max(Call.position))
        .join(latest, (latest.c.ceremony_id == Call.ceremony_id) & (latest.c.at == Call.called_at))
        .group_by(Call.ceremony_id)
    )
    return SiteList([Placed(turn, turn.award_id in recalled) for turn in turns], who, dict(calling.all()))


def list_counters(edition_id: int, site_ids: Collection[int] | None = None) -> list[Counter]:
    """Return how far each site is with all that it hands over in the edition; annulled awards do not count."""
    query = (
        select(Site, func.count(Turn.handed_at), func.count(Turn.id))
        .join(Turn, Turn.site_id == Site.id)
        .join(Award, Award.id == Turn.award_id)
        .where(Site.edition_id == edition_id, ~is_recalled())
        .group_by(Site.id)
    )
    if site_ids is not None:
        query = query.where(Site.id.in_(site_ids))
    found = [Counter(*row) for row in db.session.execute(query)]
    return sorted(found, key=lambda each: _rank(each.site))
