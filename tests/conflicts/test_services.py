"""Overrides, levels, ways and times; and changes that the edition does not allow."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from dxday.audit.models import AuditEntry
from dxday.conflicts import queries as conflicts
from dxday.conflicts import rules, services
from dxday.conflicts.models import ConflictSetting
from dxday.conflicts.rules import Level, Limits
from dxday.core.errors import NotFound, Stale
from dxday.db import db
from dxday.programme.models import PlacementOverride
from tests import make

ACTOR = make.actor()
BY = {"actor": ACTOR, "now": make.NOW}


def double_booking(edition):
    """One person in two sessions at 08:00, in two rooms; returns the name of the finding and the sessions."""
    site, person = make.site(edition), make.person()
    sessions = [make.session(edition), make.session(edition)]
    for session in sessions:
        make.placement(session, make.room(site))
        make.part(session, person)
    return ("person-overlap", f"{person.id}-{sessions[0].id}-{sessions[1].id}"), sessions


def forbid(edition, rule="person-overlap"):
    make.save(ConflictSetting(edition_id=edition.id, rule=rule, level=Level.BLOCK))


def trail(edition):
    """What the trail of the edition says: actions with subjects."""
    db.session.commit()
    rows = db.session.execute(
        select(AuditEntry.action, AuditEntry.subject)
        .where(AuditEntry.edition_id == edition.id)
        .order_by(AuditEntry.sequence)
    )
    return [tuple(row) for row in rows]


# Overrides -----------------------------------------------------------------------------------------------------------


def test_an_overridden_finding_stops_nothing_any_more_and_the_reason_is_in_the_trail(app):
    edition = make.edition()
    name, _sessions = double_booking(edition)

    services.override_finding(edition, *name, reason="she leaves early", **BY)

    assert [(f.name, f.override) for f in conflicts.list_findings(edition.id)] == [(name, "she leaves early")]
    assert conflicts.list_standing(edition.id, Level.WARN) == []
    assert trail(edition) == [("conflict.overridden", ":".join(name))]


def test_a_second_reason_takes_the_place_of_the_first(app):
    edition = make.edition()
    name, _sessions = double_booking(edition)
    services.override_finding(edition, *name, reason="first", **BY)

    services.override_finding(edition, *name, reason="second", **BY)

    assert [f.override for f in conflicts.list_findings(edition.id)] == ["second"]


def test_an_override_needs_a_reason_and_something_that_stands(app):
    edition = make.edition()
    name, _sessions = double_booking(edition)

    with pytest.raises(rules.ReasonNeeded):
        services.override_finding(edition, *name, reason="", **BY)
    with pytest.raises(rules.ReasonNeeded):
        services.override_findings(edition.id, conflicts.list_findings(edition.id), reason="", **BY)
    with pytest.raises(rules.NotOverridable):
        services.override_finding(edition, "person-overlap", "0-0-0", reason="because", **BY)


def test_a_shared_room_is_not_overridden_a_second_time(app):
    edition = make.edition()
    room = make.room(make.site(edition))
    one = make.placement(make.session(edition), room)
    reason = make.save(PlacementOverride(reason="imported", created_at=make.NOW))
    other = make.placement(make.session(edition), room, override_id=reason.id)

    with pytest.raises(rules.NotOverridable):
        services.override_finding(edition, "room-overlap", f"{one.id}-{other.id}", reason="because", **BY)


def test_an_import_overrides_all_that_it_found_at_once(app):
    edition = make.edition()
    double_booking(edition)
    double_booking(edition)

    services.override_findings(edition.id, conflicts.list_findings(edition.id), reason="imported", **BY)

    assert [f.override for f in conflicts.list_findings(edition.id)] == ["imported", "imported"]


def test_a_removed_override_lets_the_finding_count_again(app):
    edition = make.edition()
    name, _sessions = double_booking(edition)
    services.override_finding(edition, *name, reason="she leaves early", **BY)

    services.remove_override(edition, *name, **BY)

    assert [f.name for f in conflicts.list_standing(edition.id, Level.BLOCK_RELEASE)] == [name]
    assert trail(edition)[-1] == ("conflict.override_removed", ":".join(name))


def test_an_override_that_is_not_there_cannot_be_removed(app):
    edition, elsewhere = make.edition(), make.edition()
    name, _sessions = double_booking(edition)
    services.override_finding(edition, *name, reason="she leaves early", **BY)

    with pytest.raises(NotFound):
        services.remove_override(elsewhere, *name, **BY)


def test_what_stands_is_asked_by_its_least_level(app):
    edition = make.edition()
    name, _sessions = double_booking(edition)
    loose = make.session(edition)

    assert [f.name for f in conflicts.list_standing(edition.id, Level.WARN)] == [
        name,
        ("unplaced", str(loose.id)),
    ]
    assert [f.name for f in conflicts.list_standing(edition.id, Level.BLOCK_RELEASE)] == [name]
    assert conflicts.list_standing(edition.id, Level.BLOCK) == []


# Changes -------------------------------------------------------------------------------------------------------------


def test_a_change_that_brings_what_is_not_allowed_is_refused_in_words(app):
    edition = make.edition()
    forbid(edition)
    site, person = make.site(edition), make.person(full_name="Lê Văn Ví Dụ")
    first, second = make.session(edition), make.session(edition)
    make.placement(first, make.room(site))
    make.placement(second, make.room(site))
    make.part(first, person)

    def give_part():
        with services.watch_change(edition.id, reason="", **BY) as changed:
            make.part(second, person)
            changed(second.id)

    with pytest.raises(rules.Blocked) as refused:
        give_part()

    with app.test_request_context(headers={"Accept-Language": "en"}):
        assert "Lê Văn Ví Dụ has a part in" in str(refused.value)
        assert str(refused.value).endswith("or give one of the parts to somebody else.")


def test_with_a_reason_the_change_is_kept_and_what_it_brings_is_overridden(app):
    edition = make.edition()
    forbid(edition)
    site, person = make.site(edition), make.person()
    first, second = make.session(edition), make.session(edition)
    make.placement(first, make.room(site))
    make.placement(second, make.room(site))
    make.part(first, person)
    before = conflicts.load_index(edition.id)
    make.part(second, person)

    kept = services.check_allowed(edition.id, [second.id], before=before, reason="she is quick", **BY)

    assert [found.key for found in kept] == [f"{person.id}-{first.id}-{second.id}"]
    assert [(f.rule, f.override) for f in conflicts.list_findings(edition.id)] == [
        ("person-overlap", "she is quick")
    ]


def test_what_stood_before_or_only_warns_does_not_stop_a_change(app):
    edition = make.edition()
    forbid(edition)
    _name, (first, _second) = double_booking(edition)

    with services.watch_change(edition.id, reason="", **BY) as changed:
        first.expected = 500  # more than seats: a warning
        changed(first.id)

    rules_found = [f.rule for f in conflicts.list_findings(edition.id)]
    assert rules_found == ["person-overlap", "capacity"]


def test_too_little_time_in_a_room_is_not_allowed_unless_the_edition_says_so(app):
    edition = make.edition()
    room = make.room(make.site(edition), turnaround=timedelta(minutes=15))
    make.placement(make.session(edition), room)
    second = make.session(edition)
    day = edition.starts_on

    def place_next_to_it():
        with services.watch_change(edition.id, reason="", **BY) as changed:
            make.placement(second, room, starts_at=f"{day} 09:05", ends_at=f"{day} 10:00")
            changed(second.id)

    with pytest.raises(rules.Blocked), db.session.begin_nested():
        place_next_to_it()
    make.save(ConflictSetting(edition_id=edition.id, rule="room-overlap", level=Level.WARN))
    place_next_to_it()

    assert [(f.rule, f.level) for f in conflicts.list_findings(edition.id)] == [("room-overlap", Level.WARN)]


# What the edition says -----------------------------------------------------------------------------------------------


def set_rules(edition, seen=0, **levels):
    services.set_rules(
        edition,
        seen=seen,
        levels={code.replace("_", "-"): level for code, level in levels.items()},
        limits=Limits(timedelta(minutes=10), timedelta(minutes=90), 2, None),
        **BY,
    )


def test_levels_and_limits_are_kept_and_the_usual_ones_leave_no_row(app):
    edition = make.edition()

    set_rules(edition, line=Level.BLOCK, capacity=Level.WARN)

    assert conflicts.map_levels(edition.id) == {"line": Level.BLOCK}
    assert conflicts.get_limits(edition.id) == Limits(timedelta(minutes=10), timedelta(minutes=90), 2, None)
    assert trail(edition) == [("conflict.rules_set", edition.code)]


def test_a_level_that_is_the_usual_one_again_is_forgotten(app):
    edition = make.edition()
    set_rules(edition, line=Level.BLOCK)
    version = conflicts.find_setting(edition.id).version

    set_rules(edition, seen=version, line=Level.WARN)

    assert conflicts.map_levels(edition.id) == {}


def test_two_who_set_levels_do_not_overwrite_each_other(app):
    edition = make.edition()
    set_rules(edition, line=Level.BLOCK)
    version = conflicts.find_setting(edition.id).version
    set_rules(edition, seen=version, line=Level.IGNORE)

    with pytest.raises(Stale):
        set_rules(edition, seen=version, line=Level.BLOCK)


def test_ways_are_entered_changed_and_taken_away_from_either_end(app):
    edition = make.edition()
    one, other, third = (make.site(edition) for _ in range(3))
    minutes = timedelta(minutes=1)

    assert services.set_travel(edition, other, {one.id: 40 * minutes, third.id: 20 * minutes}, **BY) == 2
    assert services.set_travel(edition, one, {other.id: 45 * minutes, third.id: None}, **BY) == 1
    assert services.set_travel(edition, third, {other.id: None, one.id: None}, **BY) == 1
    assert services.set_travel(edition, third, {other.id: None, one.id: None}, **BY) == 0

    assert conflicts.map_travel(edition.id) == {(one.id, other.id): 45 * minutes}
    assert trail(edition) == [("travel.set", site.code) for site in (other, one, third)]


def test_there_is_no_way_from_a_site_to_itself(app):
    edition = make.edition()
    site = make.site(edition)

    with pytest.raises(rules.SameSite):
        services.set_travel(edition, site, {site.id: timedelta(minutes=1)}, **BY)


@pytest.mark.parametrize("of", ["person", "room", "site"])
def test_a_time_of_availability_is_added_and_removed(app, of):
    edition = make.edition()
    site = make.site(edition)
    thing = {"person": make.person(), "room": make.room(site), "site": site}[of]
    hour = timedelta(hours=1)

    window = services.add_availability(
        edition, thing, starts_at=make.NOW, ends_at=make.NOW + hour, available=False, note="flood", **BY
    )
    (facts,) = conflicts.load_facts(edition.id).windows
    services.remove_availability(window, **BY)

    assert (facts.of, facts.id, facts.available, facts.note) == (of, thing.id, False, "flood")
    assert conflicts.list_availability(edition.id) == []
    assert [action for action, _ in trail(edition)] == ["availability.added", "availability.removed"]


def test_a_time_that_ends_before_it_begins_is_refused(app):
    edition = make.edition()

    with pytest.raises(rules.WindowNotInOrder):
        services.add_availability(
            edition,
            make.site(edition),
            starts_at=make.NOW,
            ends_at=make.NOW,
            available=True,
            note="",
            **BY,
        )
