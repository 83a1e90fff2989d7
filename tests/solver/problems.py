"""Small made-up problems with every kind of rule, for Hypothesis."""

from hypothesis import strategies as st

from dxday.solver.problem import (
    Order,
    Person,
    Placement,
    Problem,
    Receiving,
    Room,
    Session,
    Site,
    Weights,
    Window,
)

FEATURES = ("line", "stage")
DAYS = (Window(480, 720), Window(1920, 2100))


def windows(most: int = 2) -> st.SearchStrategy[tuple[Window, ...]]:
    edges = st.sampled_from(range(420, 2160, 15))
    one = st.tuples(edges, edges).filter(lambda pair: pair[0] < pair[1]).map(lambda pair: Window(*pair))
    return st.one_of(st.just(()), st.lists(one, max_size=most).map(tuple))


@st.composite
def problems(draw: st.DrawFn, *, most_sessions: int = 7, with_current: bool = True) -> Problem:
    sites = tuple(Site(f"site{n}", windows=draw(windows())) for n in range(draw(st.integers(1, 3))))
    rooms = tuple(
        Room(
            f"room{n}",
            draw(st.sampled_from(sites)).id,
            capacity=draw(st.sampled_from((None, 0, 20, 50, 100))),
            features=frozenset(draw(st.sets(st.sampled_from(FEATURES)))),
            windows=draw(windows()),
            shared=draw(st.integers(0, 5)) == 0,
            turnaround=draw(st.sampled_from((0, 0, 10, 15))),
        )
        for n in range(draw(st.integers(1, 4)))
    )
    people = tuple(
        Person(f"person{n}", windows=draw(windows()), remote=draw(st.booleans()))
        for n in range(draw(st.integers(0, 3)))
    )
    names = [f"session{n}" for n in range(draw(st.integers(1, most_sessions)))]
    sessions = tuple(draw(_session(name, sites, rooms, people, with_current)) for name in names)
    orders = ()
    if len(names) > 1:
        pair = st.lists(st.sampled_from(names), min_size=2, max_size=2, unique=True)
        orders = tuple(
            Order(before, after, draw(st.sampled_from((0, 15))))
            for before, after in draw(st.lists(pair, max_size=2))
        )
    travel = {
        (one.id, other.id): draw(st.sampled_from((0, 15, 60)))
        for one in sites
        for other in sites
        if one.id < other.id
    }
    return Problem(
        grid=draw(st.sampled_from((5, 15, 30))),
        days=DAYS[: draw(st.integers(1, 2))],
        sites=sites,
        rooms=rooms,
        sessions=sessions,
        people=people,
        travel=travel,
        orders=orders,
        max_lines=draw(st.sampled_from((None, 0, 1, 2))),
        max_interpreters=draw(st.sampled_from((None, 1, 3))),
        weights=draw(st.sampled_from((Weights(), Weights(3, 1, 2, 2, 1, 0), Weights(0, 0, 0, 0, 0, 0)))),
    )


@st.composite
def _session(
    draw: st.DrawFn,
    name: str,
    sites: tuple[Site, ...],
    rooms: tuple[Room, ...],
    people: tuple[Person, ...],
    with_current: bool,
) -> Session:
    duration = draw(st.sampled_from((15, 30, 45, 60, 90)))
    some_people = st.just(()) if not people else st.sets(st.sampled_from([each.id for each in people]), max_size=2).map(
        lambda chosen: tuple(sorted(chosen))
    )  # fmt: skip
    receiving = tuple(
        Receiving(
            site.id,
            draw(st.sampled_from([None, *(room.id for room in rooms if room.site == site.id)])),
            draw(st.sampled_from((0, 0, -15, 15 if duration > 15 else 0))),
            draw(st.sampled_from((None, 10))),
            people=draw(some_people) if draw(st.booleans()) else (),
            optional=draw(st.booleans()),
        )
        for site in sites
        if draw(st.integers(0, 3)) == 0
    )
    long_enough = windows().filter(lambda given: not given or duration <= max(b - a for a, b in given))
    current = None
    if with_current and draw(st.booleans()):
        current = Placement(
            name,
            draw(st.sampled_from(rooms)).id,
            draw(st.sampled_from(range(480, 720, 5))),
            tuple(draw(st.sampled_from((None, *(room.id for room in rooms)))) for _ in receiving),
        )
    one_of_rooms = st.sampled_from([room.id for room in rooms])
    return Session(
        name,
        duration,
        people=draw(some_people),
        groups=tuple(draw(st.sets(st.sampled_from(("officials", "business")), max_size=1))),
        rooms=tuple(sorted(draw(st.sets(one_of_rooms, max_size=2)))) if draw(st.booleans()) else (),
        sites=(draw(st.sampled_from(sites)).id,) if draw(st.integers(0, 3)) == 0 else (),
        windows=draw(long_enough),
        preferred=draw(long_enough),
        audience=draw(st.sampled_from((None, 10, 40, 120))),
        features=frozenset(draw(st.sets(st.sampled_from(FEATURES), max_size=draw(st.integers(0, 1))))),
        track=draw(st.sampled_from((None, "a", "b"))),
        fixed_start=draw(st.sampled_from((None, None, None, 480, 500, 1920))),
        fixed_room=draw(one_of_rooms) if draw(st.integers(0, 5)) == 0 else None,
        current=current,
        receiving=receiving,
        uses_line=draw(st.booleans()),
        interpreters=draw(st.sampled_from((0, 0, 1, 2))),
        order=draw(st.sampled_from((None, None, None, None, "first", "last"))),
    )  # fmt: skip
