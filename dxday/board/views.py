"""Pages: the board, what its scripts ask and send, and the form that moves a session without scripts."""

import json
from datetime import date, datetime, timedelta
from typing import Any

from flask import Blueprint, flash, g, get_template_attribute, jsonify, render_template, request, url_for
from flask import redirect as go_to
from flask.typing import ResponseReturnValue

from dxday import db
from dxday.board import queries, rules, services, shown
from dxday.board.forms import ChangesForm, MoveForm, Sent
from dxday.board.queries import Placed, Row
from dxday.board.rules import Filters
from dxday.conflicts.rules import Finding, Level
from dxday.core import clock
from dxday.core.errors import NotFound, Refusal, Stale
from dxday.core.i18n import gettext as _
from dxday.core.permissions import Permission
from dxday.programme import queries as programme
from dxday.programme.arranging import Wanted
from dxday.programme.rules import MODE_NAMES, SESSION_STATE_NAMES, Mode, Overridable
from dxday.programme.shown import zone_name
from dxday.sites import queries as sites
from dxday.web.access import requires
from dxday.web.converters import row_id
from dxday.web.filters import clock as clock_words
from dxday.web.filters import day_short, local, text
from dxday.web.forms import at, seen_version

bp = Blueprint("board", __name__, url_prefix="/manage/<edition_code>/programme/board")

MOST_FINDINGS = 100
"""How many findings are written out; the others are counted."""
LEVEL_SHAPES = {Level.WARN: "warn", Level.BLOCK_RELEASE: "bad", Level.BLOCK: "bad", Level.IGNORE: "neutral"}


@bp.get("")
@requires(Permission.PROGRAMME_EDIT)
def index() -> ResponseReturnValue:
    board = _board()
    findings = queries.load_index(g.edition.id).check()
    return render_template(
        "board/index.html",
        board=board,
        filters=board.filters,
        findings=findings[:MOST_FINDINGS],
        finding_count=len(findings),
        marks=_marks(findings),
        mode_names=MODE_NAMES,
        state_names=SESSION_STATE_NAMES,
        new_session_url=shown.new_session_url,
        block_label=shown.block_label,
        zone=zone_name(g.edition),
        zoom=_zoom(),
        data_url=f"{url_for('.data')}?{request.query_string.decode()}",
        move_url=url_for(".move", code="-").removesuffix("-"),
    )


@bp.get("/data")
@requires(Permission.PROGRAMME_EDIT)
def data() -> ResponseReturnValue:
    return jsonify(**_board().as_json(), **_findings())


@bp.post("/try")
@requires(Permission.PROGRAMME_EDIT)
def try_out() -> ResponseReturnValue:
    form = ChangesForm()
    if not form.validate_on_submit():
        return _not_understood(form)
    try:
        sent = form.read()
        difference = services.try_out(g.edition, sent.wanted, sent.off)
    except Refusal as refusal:
        return jsonify(message=str(refusal), new=[], solved=[]), refusal.status
    return jsonify(
        message="",
        new=[_finding(found) for found in difference.new],
        solved=[_finding(found) for found in difference.solved],
    )


@bp.post("/changes")
@requires(Permission.PROGRAMME_EDIT)
def change() -> ResponseReturnValue:
    form = ChangesForm()
    if not form.validate_on_submit():
        return _not_understood(form)
    sent = None
    try:
        sent = form.read()
        with db.transaction():
            services.rearrange(
                g.edition,
                sent.wanted,
                off=sent.off,
                override_reason=form.override_reason.data or "",
                actor=g.actor,
                now=clock.now(),
            )
    except Stale as refusal:
        return jsonify(message=str(refusal), stale=_stale(sent) if sent else []), refusal.status
    except Refusal as refusal:
        asks_reason = isinstance(refusal, Overridable)
        broken = services.try_out(g.edition, sent.wanted, sent.off).new if sent and asks_reason else []
        return jsonify(
            message=str(refusal), asks_reason=asks_reason, new=[_finding(found) for found in broken]
        ), refusal.status
    return jsonify(sessions=_sessions(sent.session_ids), **_findings())


@bp.route("/move/<code>", methods=["GET", "POST"])
@requires(Permission.PROGRAMME_EDIT)
def move(code: str) -> ResponseReturnValue:
    row = _row(code)
    placed = _chosen(row)
    words = _words()
    joined = len(row.placements) > 1
    places = [
        site
        for site in sites.list_sites(g.edition.id)
        if not joined or placed is None or site.id == placed.site_id
    ]
    form = MoveForm(
        rooms=places,
        one_site=joined,
        needs_room=placed is None or placed.mode is not Mode.ONLINE,
        data=_as_form(row, placed, words),
    )
    status, changed, findings = 200, None, ()
    if form.validate_on_submit():
        starts_at = at(form.day.data, form.begins.data)
        wanted = Wanted(
            row.id,
            seen_version(form.version),
            placed.id if placed else None,
            starts_at,
            starts_at + timedelta(minutes=form.length.data),
            form.room_id,
        )
        try:
            with db.transaction():
                services.rearrange(
                    g.edition,
                    [wanted],
                    override_reason=form.override_reason.data or "",
                    actor=g.actor,
                    now=clock.now(),
                )
        except Refusal as refusal:
            form.refuse(refusal)
            status, findings = refusal.status, getattr(refusal, "findings", ())
            row = _row(code)
            if isinstance(refusal, Stale):
                changed = _change_of(row, words, seen=_parsed(form.seen.data))
            # The next try is made in sight of what is saved now.
            form.version.data = str(row.version)
            form.seen.data = json.dumps(words.session(row))
        else:
            flash(_("“%(title)s” was moved.", title=text(row.title)), "success")
            return go_to(url_for(".index", day=form.day.data.isoformat()))
    return render_template(
        "board/move.html",
        form=form,
        row=row,
        placed=placed,
        place=words.placement(placed) if placed else None,
        others=[words.placement(each) for each in row.placements if placed and each.id != placed.id],
        changed=changed,
        findings=findings,
        joined=joined,
        zone=zone_name(g.edition),
        back=url_for(".index", day=local(placed.starts_at).date().isoformat() if placed else None),
    ), status


# What is asked -------------------------------------------------------------------------------------------------------


def _board() -> shown.Board:
    return shown.Board(g.edition, day=_day(request.args.get("day")), filters=_filters(), zoom=_zoom())


def _day(written: str | None) -> date | None:
    try:
        return date.fromisoformat(written or "")
    except ValueError:
        return None


def _zoom() -> str:
    wanted = request.args.get("zoom", "")
    return wanted if wanted in rules.ZOOMS else rules.USUAL_ZOOM


def _filters() -> Filters:
    given = request.args
    return Filters(
        site=given.get("site") or None,
        track=given.get("track") or None,
        person=given.get("person", type=row_id),
        mode=given.get("mode") or None,
        state=given.get("state") or None,
    )


def _row(code: str) -> Row:
    """Return the session of the draft with this code.  Raises NotFound."""
    found = queries.find_row(g.edition.id, code)
    if found is None:
        raise NotFound
    return found


def _chosen(row: Row) -> Placed | None:
    """Return the placement that the address names, else the first; None for what has no place yet.

    Raises NotFound.
    """
    wanted = request.args.get("placement", type=row_id)
    if wanted is None:
        return row.placements[0] if row.placements else None
    for placed in row.placements:
        if placed.id == wanted:
            return placed
    raise NotFound


def _as_form(row: Row, placed: Placed | None, words: shown.Words) -> dict[str, Any]:
    common = {"version": str(row.version), "seen": json.dumps(words.session(row))}
    if placed is None:
        length = row.duration or rules.USUAL_LENGTH
        return {
            **common,
            "day": g.edition.starts_on,
            "length": int(length / timedelta(minutes=1)),
        }
    return {
        **common,
        "day": local(placed.starts_at).date(),
        "begins": local(placed.starts_at).time(),
        "length": int((placed.ends_at - placed.starts_at) / timedelta(minutes=1)),
        "room": str(placed.room_id or ""),
    }


def _parsed(written: str | None) -> Any:
    try:
        return json.loads(written or "")
    except (ValueError, RecursionError):
        return None


# What is answered ----------------------------------------------------------------------------------------------------


def _words() -> shown.Words:
    return shown.Words(sites.list_sites(g.edition.id), programme.list_tracks(g.edition.id))


def _sessions(ids: set[int]) -> list[dict[str, Any]]:
    words = _words()
    return [words.session(row) for row in queries.list_rows(g.edition.id, ids=ids)]


def _stale(sent: Sent) -> list[dict[str, Any]]:
    """Say of every session that somebody else changed who did it, when, and what is different."""
    words = _words()
    versions = {each.session_id: each.seen for each in sent.wanted}
    versions |= {each.session_id: each.seen for each in sent.off}
    return [
        _change_of(row, words, seen=sent.seen.get(row.id))
        for row in queries.list_rows(g.edition.id, ids=sent.session_ids)
        if row.version != versions[row.id]
    ]


def _change_of(row: Row, words: shown.Words, *, seen: Any) -> dict[str, Any]:
    current = words.session(row)
    entry = queries.find_last_change(g.edition.id, row.code)
    known = entry is not None and entry.at >= row.updated_at
    return {
        "session": current,
        "by": entry.actor_label if entry is not None and known else "",
        "at": _moment_words(row.updated_at),
        "fields": [
            {"label": str(each.label), "was": each.was, "now": each.now}
            for each in rules.find_differences(seen, current)
        ],
    }


def _moment_words(moment: datetime) -> str:
    return f"{clock_words(moment)}, {day_short(moment)}"


def _findings() -> dict[str, Any]:
    findings = queries.load_index(g.edition.id).check()
    return {
        "findings": [_finding(found) for found in findings[:MOST_FINDINGS]],
        "finding_count": len(findings),
        "marks": _marks(findings),
    }


def _finding(found: Finding) -> dict[str, Any]:
    return {
        "rule": found.rule,
        "level": found.level.value,
        "shape": LEVEL_SHAPES[found.level],
        "message": str(found.message),
        "override": found.override,
        "sessions": found.session_ids,
        "html": get_template_attribute("macros/findings.html", "finding")(found),
    }


def _marks(findings: list[Finding]) -> dict[int, str]:
    """Return the shape of the heaviest finding that nobody overrode, by placement; what is about sessions, by none."""
    marks: dict[int, str] = {}
    for found in findings:  # the heaviest first
        if found.override is None:
            for placement_id in found.placement_ids:
                marks.setdefault(placement_id, LEVEL_SHAPES[found.level])
    return marks


def _not_understood(form: ChangesForm) -> ResponseReturnValue:
    words = form.refusals or [str(rules.NotReadable())]
    return jsonify(message=words[0], new=[], solved=[]), 400
