"""Writing a site's proposal change by change, submitting and withdrawing it; and deciding on proposals."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from dxday.accounts import queries as accounts
from dxday.audit import services as audit
from dxday.conflicts import services as conflicts
from dxday.core.actor import Actor
from dxday.core.errors import Stale
from dxday.db import db
from dxday.editions.models import Edition
from dxday.notifications import addresses
from dxday.notifications import services as notifications
from dxday.programme import arranging
from dxday.programme import rules as programme
from dxday.programme.models import Placement, Session
from dxday.programme.rules import Mode
from dxday.proposals import letters, queries, rules, taking
from dxday.proposals.models import Proposal
from dxday.proposals.rules import Change, Kind, Source, State
from dxday.sites import rules as site_rules
from dxday.sites.models import Room, Site

# What a site proposes ------------------------------------------------------------------------------------------------


def propose_session(
    site: Site,
    edition: Edition,
    *,
    guid: UUID,
    words: Mapping[str, Any],
    starts_at: datetime,
    ends_at: datetime,
    room: Room,
    actor: Actor,
    now: datetime,
) -> Proposal:
    """Propose a session of the site's own; the same `guid` again is the same session in other words.

    `words` are plain values of `queries.WORDS`, and ids of people.  Raises NotYourSite, SiteCancelled, TitleMissing,
    TimesNotInOrder, TooLong, OutsideEdition, RoomNotAtSite, WithOrganizers.
    """
    programme.check_title(words["title"])
    _check_place(site, edition, room, starts_at, ends_at)
    becomes = {
        "guid": str(guid),
        **words,
        "starts_at": queries.plain(starts_at),
        "ends_at": queries.plain(ends_at),
        "room": room.id,
    }
    return _put(site, [Change(Kind.ADD, None, 0, becomes=becomes)], actor=actor, now=now)


def propose_changes(
    site: Site,
    edition: Edition,
    session: Session,
    *,
    seen: int,
    words: Mapping[str, Any],
    starts_at: datetime,
    ends_at: datetime,
    room: Room | None,
    actor: Actor,
    now: datetime,
) -> Proposal:
    """Propose what a session of the site's own is called and about, who has a part in it, and its time and room.

    Raises Stale, NotYourSite, SiteCancelled, CancelledForGood, TitleMissing, TimesNotInOrder, TooLong, OutsideEdition,
    RoomNotAtSite, WithOrganizers.
    """
    _check_own(site, session, seen=seen)
    programme.check_title(words["title"])
    _check_place(site, edition, room, starts_at, ends_at)
    place = {
        "starts_at": queries.plain(starts_at),
        "ends_at": queries.plain(ends_at),
        "room": room.id if room else None,
    }
    changes = [
        Change(kind, session.id, session.version, was=queries.values_of(kind, session), becomes=becomes)
        for kind, becomes in ((Kind.CHANGE, dict(words)), (Kind.MOVE, place))
    ]
    return _put(site, changes, actor=actor, now=now)


def propose_cancelling(site: Site, session: Session, *, seen: int, actor: Actor, now: datetime) -> Proposal:
    """Propose to cancel a session of the site's own.

    Raises Stale, NotYourSite, SiteCancelled, CancelledForGood, WithOrganizers.
    """
    _check_own(site, session, seen=seen)
    was = queries.values_of(Kind.CANCEL, session)
    change = Change(Kind.CANCEL, session.id, session.version, was=was)
    return _put(site, [change], actor=actor, now=now)


def propose_reception(
    site: Site,
    edition: Edition,
    placement: Placement,
    *,
    seen: int,
    becomes: Mapping[str, Any],
    room: Room | None,
    actor: Actor,
    now: datetime,
) -> Proposal:
    """Propose how the site receives a joined session: plain values as `queries.values_of` gives them.

    The placement's session must be whole.  Raises Stale, NotYourSite, SiteCancelled, CancelledForGood, RoomNotAtSite,
    RoomNeeded, TimesNotInOrder, TooLong, OutsideEdition, WithOrganizers.
    """
    session = _check_received(site, placement, seen=seen)
    if room is not None and room.site_id != site.id:
        raise programme.RoomNotAtSite
    programme.check_room_for(Mode(becomes["mode"]), has_room=room is not None)
    arranging.check_times(edition, *taking.times_there(session, becomes))
    wanted = {**becomes, "room": room.id if room else None, "received": True}
    was = queries.values_of(Kind.RECEIVE, session, placement)
    change = Change(Kind.RECEIVE, session.id, session.version, placement.id, was, wanted)
    return _put(site, [change], actor=actor, now=now)


def propose_opting_out(
    site: Site, placement: Placement, *, seen: int, reason: str, actor: Actor, now: datetime
) -> Proposal:
    """Propose that the site does not take part in a joined session.

    Raises Stale, NotYourSite, SiteCancelled, CancelledForGood, ReasonMissing, WithOrganizers.
    """
    session = _check_received(site, placement, seen=seen)
    if not reason.strip():
        raise programme.ReasonMissing
    was = {"received": queries.values_of(Kind.OPT_OUT, session, placement)["received"]}
    becomes = {"received": False, "reason": reason}
    change = Change(Kind.OPT_OUT, session.id, session.version, placement.id, was, becomes)
    return _put(site, [change], actor=actor, now=now)


def drop_change(site: Site, key: str, *, actor: Actor, now: datetime) -> None:
    """Leave one change out of the site's proposal; one that is not in it changes nothing.

    Raises NotYourSite, WithOrganizers.
    """
    rules.check_acts_for(actor, site.id, edition_id=site.edition_id)
    current = queries.find_current(site.id)
    kept = [change for change in queries.changes_of(current) if change.key != key]
    if current is None or len(kept) == len(current.changes):
        return
    _write(_draft(site, actor=actor, now=now), kept, actor=actor, now=now)


def submit_proposal(site: Site, *, seen: int, note: str, actor: Actor, now: datetime) -> Proposal:
    """Hand the site's proposal to the organizers.

    `seen` is the version that the person had before them.  Raises NotYourSite, NothingProposed, WithOrganizers, Stale.
    """
    rules.check_acts_for(actor, site.id, edition_id=site.edition_id)
    current = queries.find_current(site.id)
    if current is None or not current.changes:
        raise rules.NothingProposed
    if current.state is State.OPEN:
        raise rules.WithOrganizers
    programme.check_seen(seen, current.version)
    draft = _draft(site, actor=actor, now=now)
    draft.note, draft.created_by_id = note, actor.account_id
    return _move(draft, State.OPEN, actor=actor, now=now)


def withdraw_proposal(site: Site, *, actor: Actor, now: datetime) -> Proposal:
    """Take the site's proposal back before it was decided on; its changes are kept and can be written on.

    Raises NotYourSite, DecidedAlready.
    """
    rules.check_acts_for(actor, site.id, edition_id=site.edition_id)
    current = queries.find_current(site.id)
    if current is None:
        raise rules.DecidedAlready
    return _move(current, State.WITHDRAWN, actor=actor, now=now)


# What the solver proposes --------------------------------------------------------------------------------------------


def open_solver_proposal(
    edition: Edition,
    operation_id: int | None,
    changes: Sequence[Mapping[str, Any]],
    facts: Mapping[str, Any],
    *,
    actor: Actor,
    now: datetime,
) -> Proposal:
    """Open a proposal of automatic scheduling: changes of the kinds in SOLVER_KINDS, and what is said beside them.

    A change becomes {room, starts_at, ends_at} (a room's id, moments in ISO 8601) and names the version of the session
    that the solver read; `was` may be left out, and then is how the session stands now.  The same operation again
    returns the proposal that is there already.  Raises ChangeNotKnown.
    """
    known = queries.find_of_operation(operation_id) if operation_id is not None else None
    if known is not None:
        return known
    read = [rules.read_change({"was": None, **change}) for change in changes]
    if any(change.kind not in rules.SOLVER_KINDS for change in read):
        raise rules.ChangeNotKnown
    standings = queries.stand(edition.id, read)
    whole = [
        replace(each.change, was=queries.values_of(each.change.kind, each.session, each.placement))
        if each.session is not None and not each.change.was
        else each.change
        for each in standings
    ]
    proposal = Proposal(
        edition_id=edition.id,
        source=Source.SOLVER,
        state=State.OPEN,
        operation_id=operation_id,
        changes=[change.to_json() for change in whole],
        facts=dict(facts),
        created_by_id=actor.account_id,
        created_at=now,
        updated_at=now,
    )
    db.session.add(proposal)
    db.session.flush()
    _note("proposal.opened", proposal, actor=actor, now=now, changes=len(whole))
    return proposal


# What organizers decide ----------------------------------------------------------------------------------------------


def take_proposal(
    proposal: Proposal,
    edition: Edition,
    *,
    seen: int,
    actor: Actor,
    now: datetime,
    chosen: Collection[str] | None = None,
    answer: str = "",
    override_reason: str = "",
) -> None:
    """Put the proposed changes into the working draft, all or none: every one, or the `chosen` by their keys.

    What is not chosen is not taken, and the site is told.  Raises NotYoursToDecide, Stale, DecidedAlready,
    NothingProposed, OutOfDate, RoomTaken, Blocked, and what the services of the programme raise.
    """
    rules.check_may_decide(actor, edition_id=edition.id)
    programme.check_seen(seen, proposal.version)
    rules.check_move(proposal.state, State.TAKEN)
    changes = queries.changes_of(proposal)
    wanted = [change for change in changes if chosen is None or change.key in chosen]
    rules.check_chosen(wanted)
    _claim(proposal, now=now)
    with conflicts.watch_change(edition.id, reason=override_reason, actor=actor, now=now) as changed:
        session_ids = taking.apply(
            edition,
            wanted,
            site_id=proposal.site_id,
            override_reason=override_reason,
            actor=actor,
            now=now,
        )
        for session_id in session_ids:
            changed(session_id)
    taken = {change.key for change in wanted}
    proposal.changes = [replace(change, taken=change.key in taken).to_json() for change in changes]
    proposal.answer = answer
    _decide(proposal, State.TAKEN, actor=actor, now=now, changes=len(wanted), left=len(changes) - len(wanted))
    _tell(
        letters.PROPOSAL_TAKEN, proposal, edition, now=now, taken=len(wanted), left=len(changes) - len(wanted)
    )


def return_proposal(
    proposal: Proposal, edition: Edition, *, seen: int, answer: str, actor: Actor, now: datetime
) -> None:
    """Give the proposal back with an answer; a site can then change it and submit it again.

    Raises NotYoursToDecide, Stale, DecidedAlready, AnswerMissing.
    """
    rules.check_may_decide(actor, edition_id=edition.id)
    programme.check_seen(seen, proposal.version)
    rules.check_move(proposal.state, State.RETURNED)
    rules.check_answer(answer)
    proposal.answer = answer
    _decide(proposal, State.RETURNED, actor=actor, now=now)
    _tell(letters.PROPOSAL_RETURNED, proposal, edition, now=now)


# Common --------------------------------------------------------------------------------------------------------------


def _check_own(site: Site, session: Session, *, seen: int) -> None:
    programme.check_seen(seen, session.version)
    programme.check_can_change(session.state)
    if session.edition_id != site.edition_id:
        raise rules.NotYourSite
    if not programme.is_local((placement.site_id for placement in session.placements), site.id):
        raise rules.NotYourSite


def _check_received(site: Site, placement: Placement, *, seen: int) -> Session:
    session = placement.session
    programme.check_seen(seen, session.version)
    programme.check_can_change(session.state)
    if placement.site_id != site.id or placement.role is not programme.PlacementRole.RECEIVING:
        raise rules.NotYourSite
    return session


def _check_place(
    site: Site, edition: Edition, room: Room | None, starts_at: datetime, ends_at: datetime
) -> None:
    if room is not None and room.site_id != site.id:
        raise programme.RoomNotAtSite
    arranging.check_times(edition, starts_at, ends_at)


def _put(site: Site, changes: Sequence[Change], *, actor: Actor, now: datetime) -> Proposal:
    rules.check_acts_for(actor, site.id, edition_id=site.edition_id)
    site_rules.check_takes_part(site.cancelled_at)
    draft = _draft(site, actor=actor, now=now)
    kept = queries.changes_of(draft)
    for change in changes:
        kept = rules.put_change(kept, change)
    _write(draft, kept, actor=actor, now=now)
    return draft


def _draft(site: Site, *, actor: Actor, now: datetime) -> Proposal:
    """Return the site's draft: the one that is there, what came back, or a new one.  Raises WithOrganizers, Stale."""
    current = queries.find_current(site.id)
    if current is not None:
        if current.state is not State.DRAFT:
            rules.check_move(current.state, State.DRAFT)
            current.state, current.decided_at, current.decided_by_id = State.DRAFT, None, None
        return current
    draft = Proposal(
        edition_id=site.edition_id,
        source=Source.SITE,
        state=State.DRAFT,
        site_id=site.id,
        changes=[],
        created_by_id=actor.account_id,
        created_at=now,
        updated_at=now,
    )
    try:
        with db.session.begin_nested():
            db.session.add(draft)
    except IntegrityError as error:
        raise Stale from error  # two coordinators of one site began at the same moment
    return draft


def _write(proposal: Proposal, changes: Sequence[Change], *, actor: Actor, now: datetime) -> None:
    proposal.changes = [change.to_json() for change in changes]
    proposal.updated_at = now
    db.session.flush()
    _note("proposal.written", proposal, actor=actor, now=now, changes=len(changes))


def _move(proposal: Proposal, wanted: State, *, actor: Actor, now: datetime) -> Proposal:
    rules.check_move(proposal.state, wanted)
    proposal.state, proposal.updated_at = wanted, now
    db.session.flush()
    action = "proposal.submitted" if wanted is State.OPEN else f"proposal.{wanted.value}"
    _note(action, proposal, actor=actor, now=now, changes=len(proposal.changes))
    return proposal


def _claim(proposal: Proposal, *, now: datetime) -> None:
    """Let nobody else decide on it until the transaction ends: who comes second finds it changed (Stale)."""
    proposal.state, proposal.updated_at = State.TAKEN, now
    db.session.flush()


def _decide(proposal: Proposal, state: State, *, actor: Actor, now: datetime, **facts: Any) -> None:
    proposal.state, proposal.updated_at = state, now
    proposal.decided_at, proposal.decided_by_id = now, actor.account_id
    db.session.flush()
    _note(f"proposal.{state.value}", proposal, actor=actor, now=now, **facts)


def _tell(
    letter: letters.Letter, proposal: Proposal, edition: Edition, *, now: datetime, **facts: Any
) -> None:
    """Write to everybody who looks after the site, and to who submitted it."""
    if proposal.site_id is None or proposal.site is None:
        return
    readers = {account.id: account for account in accounts.list_coordinators(proposal.site.id)}
    if proposal.created_by is not None and proposal.created_by.disabled_at is None:
        readers[proposal.created_by.id] = proposal.created_by
    for account in readers.values():
        notifications.enqueue(
            letter,
            to_address=account.email,
            to_name=account.full_name,
            locale=account.locale,
            key=f"{letter.kind}:{proposal.id}:{proposal.version}:{account.id}",
            now=now,
            edition=edition,
            site=proposal.site.name,
            answer=proposal.answer,
            url=addresses.address("site_desk.show", edition_code=edition.code, site_code=proposal.site.code),
            **facts,
        )


def _note(action: str, proposal: Proposal, *, actor: Actor, now: datetime, **facts: Any) -> None:
    audit.record(
        action,
        subject=f"proposal:{proposal.id}",
        actor=actor,
        now=now,
        edition_id=proposal.edition_id,
        **({"site_id": proposal.site_id} if proposal.site_id else {}),
        **facts,
    )
