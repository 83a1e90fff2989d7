"""Out and back: what we write is read by us without loss, and is what other systems expect."""

import json
from datetime import timedelta
from uuid import uuid5

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from sqlalchemy import select

from dxday.db import db
from dxday.exchange import rules
from dxday.exchange.rules import Fate
from dxday.programme.models import Placement, Session
from dxday.programme.rules import Mode, PartKind, PlacementRole, SessionState
from tests import make
from tests.exchange.programmes import Province, copied, facts, read_into, written

FORMS = ("xml", "json")


@pytest.fixture
def province(app):
    return Province()


def counts(preview):
    assert [str(error.message) for error in preview.errors] == []
    return tuple(preview.count(fate) for fate in Fate)


def events_of(data):
    return etree.fromstring(data).findall("day/room/event")


@pytest.mark.parametrize("form", FORMS)
def test_a_joined_session_comes_back_as_one_into_its_edition_and_into_a_new_one(province, form):
    province.joined()
    make.released(province.edition)
    data = written(province.edition, form)

    assert counts(read_into(province.edition, data)) == (0, 0, 0)
    copy = copied(data)

    assert facts(copy) == facts(province.edition)
    assert len(facts(copy)) == 1
    assert counts(read_into(copy, data)) == (0, 0, 0)


@pytest.mark.parametrize("form", FORMS)
def test_a_site_that_was_taken_out_of_a_file_opts_out_and_comes_back(province, form):
    session = province.joined()
    make.released(province.edition)
    whole = written(province.edition, form)
    there = db.session.scalars(
        select(Placement).where(Placement.session_id == session.id, Placement.site_id == province.south.id)
    ).one()
    there.cancelled_at = make.NOW
    db.session.flush()
    make.released(province.edition)
    without = written(province.edition, form)

    assert counts(read_into(province.edition, whole)) == (0, 1, 0)
    assert counts(read_into(province.edition, whole)) == (0, 0, 0)
    assert counts(read_into(province.edition, without)) == (0, 1, 0)
    assert counts(read_into(province.edition, without)) == (0, 0, 0)


def test_each_site_has_an_event_with_a_guid_that_never_changes(province):
    session = province.joined()
    make.released(province.edition)

    events = events_of(written(province.edition, "xml"))

    assert {event.get("guid") for event in events} == {
        str(session.guid),
        str(uuid5(session.guid, "north")),
        str(uuid5(session.guid, "south")),
    }
    assert sorted(event.findtext("room") for event in events) == [
        "Vinh · Hội trường",
        "Điểm cầu Bắc · Hội trường",
        "Điểm cầu Nam",
    ]
    assert [event.findtext("start") for event in events] == ["08:00", "07:30", "08:00"]
    assert all(event.findtext("title") == "Lễ khai mạc" for event in events)


def test_ids_slugs_and_guids_are_unique_and_as_the_schema_wants_them(province):
    for n in range(3):
        session = make.session(
            province.edition,
            state=SessionState.DRAFT,
            title={"vi": "Lễ"},
            imported={"id": "5", "slug": "same-slug"},
        )
        make.placement(session, province.fair, starts_at=f"2026-10-10 1{n}:00", ends_at="2026-10-10 20:00")
    province.joined()
    make.released(province.edition)

    root = etree.fromstring(written(province.edition, "xml"))
    events = root.findall("day/room/event")

    for values in (
        [event.get("guid") for event in events],
        [event.get("id") for event in events],
        [event.findtext("slug") for event in events],
    ):
        assert len(values) == len(set(values)) == 6
    assert sum(event.get("id") == "5" for event in events) == 1
    assert sum(event.findtext("slug") == "same-slug" for event in events) == 1
    assert root.findtext("conference/acronym") == province.edition.code.replace("-", "_")


def test_drafts_cancelled_sessions_and_private_columns_are_not_given_out(province):
    hidden = make.session(province.edition, state=SessionState.DRAFT, title={"vi": "Hidden"}, held=True)
    make.placement(hidden, province.fair)
    gone = make.session(province.edition, sequence=1, state=SessionState.CANCELLED, title={"vi": "Gone"})
    make.placement(gone, province.fair)
    shown = make.session(
        province.edition,
        state=SessionState.DRAFT,
        title={"vi": "Shown"},
        imported={"columns": {"phone": "0123"}},
    )
    make.placement(shown, province.fair, join_url="https://meet.example/secret")
    make.released(province.edition)

    for form in FORMS:
        text = written(province.edition, form).decode()
        assert ("Hidden" in text, "Gone" in text, "Shown" in text) == (False, False, True)
        assert ("0123" in text, "phone" in text, "secret" in text) == (False, False, False)


def test_an_empty_programme_is_written_with_its_days(province):
    root = etree.fromstring(written(province.edition, "xml"))
    found = json.loads(written(province.edition, "json"))

    assert [day.get("date") for day in root.findall("day")] == ["2026-10-10", "2026-10-11"]
    assert [day["rooms"] for day in found["schedule"]["conference"]["days"]] == [{}, {}]


def test_what_a_file_of_others_said_is_given_back(province):
    foreign = (
        "<schedule><conference><title>T</title></conference><day date='2026-10-10'><room name='Sảnh'>"
        "<event id='77' guid='11111111-2222-4333-8444-555555555555'><start>09:00</start><duration>01:00</duration>"
        "<title>A</title><type>lecture</type><language></language><slug>x33c-77-abcd</slug><logo>/rel.png</logo>"
        "<recording><license>CC0</license><optout>false</optout></recording>"
        "<links><link href='https://l.example/' service='x'>L</link></links>"
        "<attachments><attachment href='/f.pdf' type='slides'>F</attachment></attachments>"
        "<feedback_url>https://f.example/</feedback_url><persons><person id='9'>P</person></persons>"
        "<country>VN</country></event></room></day></schedule>"
    ).encode()
    read_into(province.edition, foreign)
    make.released(province.edition)

    data = written(province.edition, "xml")
    (event,) = events_of(data)

    assert (event.get("id"), event.findtext("slug"), event.findtext("type")) == (
        "77",
        "x33c-77-abcd",
        "lecture",
    )
    assert (event.findtext("language"), event.findtext("recording/license")) == ("", "CC0")
    assert dict(event.find("links/link").attrib) == {"href": "https://l.example/", "service": "x"}
    assert dict(event.find("attachments/attachment").attrib) == {"href": "/f.pdf", "type": "slides"}
    assert event.findtext("feedback_url") == "https://f.example/"
    assert event.find("persons/person").get("id") == "9"
    for form in FORMS:
        own = written(province.edition, form)
        assert counts(read_into(province.edition, own)) == (0, 0, 0)
        assert facts(copied(own)) == facts(province.edition)


@pytest.mark.parametrize("form", FORMS)
def test_an_event_whose_origin_was_taken_out_leaves_its_session_alone(province, form):
    province.joined()
    make.released(province.edition)
    data = written(province.edition, form)
    if form == "xml":
        root = etree.fromstring(data)
        for event in root.findall("day/room/event"):
            if "whole" in event.xpath("string(processing-instruction('dxday'))"):
                event.getparent().remove(event)
        data = etree.tostring(root)
    else:
        found = json.loads(data)
        rooms = found["schedule"]["conference"]["days"][0]["rooms"]
        rooms["Vinh · Hội trường"] = []
        data = json.dumps(found).encode()

    preview = read_into(province.edition, data)

    assert tuple(preview.count(fate) for fate in Fate) == (0, 0, 0)
    assert [str(error.message) for error in preview.errors] == [
        "The session is spread over several events, and not one of them is marked as that of its origin."
    ]


# Whatever people write -----------------------------------------------------------------------------------------------

ALPHABETS = (
    "Lễ khai mạc ĐƯỜNG ỷ\u0323 उद्घाटन <&>\"'`?>]]> --><?xml 👩‍💻 \u200d\u202e\n\t\\/%{}\0\x1b\x7f\ufffe"
)
WORDS = st.text(
    st.one_of(st.sampled_from(ALPHABETS), st.characters(codec="utf-8", exclude_characters="\0")), max_size=40
)
TITLES = WORDS.filter(lambda text: bool(rules.tidy_line(text)))
LANGUAGES = st.sampled_from(["vi", "en", "hi"])


@st.composite
def sessions(draw):
    return {
        "title": draw(st.dictionaries(LANGUAGES, TITLES, min_size=1)),
        "subtitle": draw(st.none() | st.dictionaries(LANGUAGES, WORDS)),
        "abstract": draw(st.none() | st.dictionaries(LANGUAGES, WORDS)),
        "description": draw(st.none() | st.dictionaries(LANGUAGES, WORDS)),
        "language": draw(LANGUAGES),
        "main": draw(st.booleans()),
        "names": draw(st.lists(TITLES, max_size=3)),
        "hour": draw(st.integers(0, 22)),
        "minutes": draw(st.integers(1, 600)),
        "sites": draw(st.sets(st.sampled_from(["north", "south"]))),
        "shift": draw(st.integers(-60, 60)),
    }


@pytest.mark.parametrize("form", FORMS)
@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(made=st.lists(sessions(), min_size=1, max_size=4))
def test_whatever_is_published_comes_back_unchanged(app, form, made):
    undone = db.session.begin_nested()
    try:
        province = Province()
        for each in made:
            _publish(province, each)
        make.released(province.edition)
        data = written(province.edition, form)

        assert counts(read_into(province.edition, data)) == (0, 0, 0)
        copy = copied(data)
        assert counts(read_into(copy, data)) == (0, 0, 0)
        assert len(facts(copy)) == len(made)
    finally:
        undone.rollback()
        db.session.expunge_all()


def _publish(province: Province, each: dict) -> Session:
    texts = {name: _storable(each[name]) for name in rules.TEXT_FIELDS}
    session = make.session(
        province.edition, state=SessionState.DRAFT, language=each["language"], main=each["main"], **texts
    )
    starts_at = make.at("2026-10-10 00:00") + timedelta(hours=each["hour"])
    ends_at = starts_at + timedelta(minutes=each["minutes"])
    make.placement(session, province.fair, starts_at=starts_at, ends_at=ends_at)
    for code in sorted(each["sites"]):
        site = getattr(province, code)
        shift = timedelta(minutes=each["shift"])
        make.placement(
            session,
            site=site,
            role=PlacementRole.RECEIVING,
            mode=Mode.ONLINE,
            starts_at=max(starts_at + shift, make.at("2026-10-10 00:00")),
            ends_at=ends_at + timedelta(hours=2),
        )
        make.part(session, make.person(full_name="Chủ trì"), kind=PartKind.PRESIDING_OFFICER, site_id=site.id)
    for position, name in enumerate(each["names"]):
        make.part(session, make.person(full_name=name.replace("\0", "")), position=position)
    return session


def _storable(texts):
    """PostgreSQL takes no NUL; everything else that can stand in the table may."""
    return texts and {code: text.replace("\0", "") for code, text in texts.items()}
