"""The pages of those who register and of those who hold a place."""

import re

import pytest
from icalendar import Calendar
from sqlalchemy import select

from dxday.db import db
from dxday.notifications.models import Message
from dxday.registration.models import Registration
from dxday.registration.queries import site_of
from dxday.registration.rules import RegistrationState, SeatMode
from tests import make

WHO = {"full_name": "Trần Thị Thí Dụ", "email": "thidu@example.org", "organisation_name": "Xã Mẫu"}


def offered(**given):
    edition = make.edition()
    site = make.site(edition, name={"vi": "Điểm cầu Vinh", "en": "Vinh site"})
    return edition, make.pool(site, **given)


def answer(client, edition, pool, **who):
    """Answer the first two questions."""
    client.fill(f"/{edition.code}/register", pool=str(pool.id))
    client.fill(f"/{edition.code}/register/you", **(WHO | who))


def test_three_questions_lead_to_a_ticket(client):
    edition, pool = offered()

    first = client.fill(f"/{edition.code}/register", pool=str(pool.id))
    second = client.fill(first.location, **WHO)
    sent = client.fill(second.location, consent="y")
    ticket = client.follow(sent)

    place = db.session.scalars(select(Registration)).one()
    assert (first.location, second.location) == (
        f"/{edition.code}/register/you",
        f"/{edition.code}/register/check",
    )
    assert (place.full_name, place.email, place.pool_id, place.locale) == (
        WHO["full_name"],
        WHO["email"],
        pool.id,
        "en",
    )
    assert (sent.location, ticket.heading) == (f"/my/registration/{place.token}", "Your place")
    assert ticket.all("//*[@class='ticket-code']") == [f"Code: {place.code}"]


def test_the_answers_are_kept_on_the_way_back_and_a_change_returns_to_the_check(client):
    edition, pool = offered()
    online = make.pool(site_of(pool), mode=SeatMode.ONLINE)
    answer(client, edition, pool)

    you = client.open(f"/{edition.code}/register/you")
    changed = client.fill(f"/{edition.code}/register", pool=str(online.id))
    check = client.follow(changed)

    assert (you.value("full_name"), you.value("email")) == (WHO["full_name"], WHO["email"])
    assert changed.location == f"/{edition.code}/register/check"
    assert check.all("//dl[@class='answers']//dd[1]") == [
        "Vinh site",
        "Online",
        WHO["full_name"],
        WHO["email"],
        WHO["organisation_name"],
    ]


def test_a_page_in_the_middle_leads_back_to_the_question_before_it(client):
    edition, pool = offered()

    ahead = [client.open(f"/{edition.code}/register/{step}").location for step in ("you", "check")]
    client.fill(f"/{edition.code}/register", pool=str(pool.id))
    next_ahead = client.open(f"/{edition.code}/register/check").location

    assert ahead == [f"/{edition.code}/register"] * 2
    assert next_ahead == f"/{edition.code}/register/you"


@pytest.mark.parametrize(
    ("who", "error"),
    [
        ({"full_name": None}, "Write your full name."),
        ({"full_name": "\x01\x02"}, "Write your full name."),
        ({"email": None}, "Write an e-mail address such as name@example.org."),
        ({"full_name": "x" * 201}, "Use at most 200 characters."),
        ({"email": "nobody"}, "Write an e-mail address such as name@example.org."),
        ({"email": "a@b"}, "Write an e-mail address such as name@example.org."),
        (
            {"email": "a@example.org\r\nBcc: b@example.org"},
            "Write an e-mail address such as name@example.org.",
        ),
    ],
)
def test_what_is_wrong_about_a_person_is_said_beside_the_field(client, who, error):
    edition, pool = offered()
    client.fill(f"/{edition.code}/register", pool=str(pool.id))

    page = client.fill(f"/{edition.code}/register/you", **(WHO | who))

    assert page.errors == [error]


def test_without_consent_nothing_is_kept_and_the_page_says_so(client):
    edition, pool = offered()
    answer(client, edition, pool)

    page = client.fill(f"/{edition.code}/register/check")

    assert page.errors == ["Without your consent we may not keep your registration."]
    assert db.session.scalars(select(Registration)).all() == []


@pytest.mark.parametrize("choice", [None, "nonsense", "999999"])
def test_what_is_no_choice_is_asked_for_again(client, choice):
    edition, _pool = offered()

    page = client.fill(f"/{edition.code}/register", pool=choice)

    assert page.errors == ["Choose where you will take part."]


def test_a_full_site_is_named_but_cannot_be_chosen(client):
    edition, pool = offered(capacity=0)
    free = make.pool(make.site(edition))

    page = client.open(f"/{edition.code}/register")
    forced = client.fill(f"/{edition.code}/register", pool=str(pool.id))

    assert page.document.xpath("//input[@name='pool']/@value") == [str(free.id)]
    assert page.all("//form//*[@class='notice-body']/p") == ["Already full", "Vinh site · On site"]
    assert forced.errors == [
        "There is no free seat left at Vinh site. Choose another site, or take part online."
    ]


def test_a_site_that_fills_up_meanwhile_is_refused_at_the_end_and_nothing_is_lost(client):
    edition, pool = offered(capacity=1)
    answer(client, edition, pool)
    make.registration(pool)

    page = client.fill(f"/{edition.code}/register/check", consent="y")

    assert page.errors == [
        "There is no free seat left at Vinh site. Choose another site, or take part online."
    ]
    assert client.open(f"/{edition.code}/register/you").value("full_name") == WHO["full_name"]


def test_a_second_registration_of_an_address_mails_its_link_once_more(client):
    edition, pool = offered()
    make.registration(pool, email=WHO["email"])
    answer(client, edition, pool)

    pages = [client.fill(f"/{edition.code}/register/check", consent="y") for _ in range(3)]

    assert [page.errors for page in pages] == [
        [
            "This address holds a place already. We have sent its link there once more: "
            "change or cancel the place with it."
        ]
    ] * 3
    assert len(db.session.scalars(select(Message)).all()) == 1


@pytest.mark.parametrize(
    ("edition_given", "says"),
    [
        ({"registration_opens_at": None, "registration_closes_at": None}, "Registration is not open yet."),
        (
            {
                "registration_opens_at": make.at("2020-01-01 00:00"),
                "registration_closes_at": make.at("2020-02-01 00:00"),
            },
            "Registration has closed.",
        ),
    ],
)
def test_outside_its_time_the_page_says_so_instead_of_asking(client, edition_given, says):
    edition = make.edition(**edition_given)
    make.pool(make.site(edition))

    page = client.open(f"/{edition.code}/register")

    assert (page.all("//main//*[@class='notice-body']/p[2]"), page.document.xpath("//main//form")) == (
        [says],
        [],
    )


def test_an_edition_without_seats_says_so(client):
    page = client.open(f"/{make.edition().code}/register")

    assert page.all("//main//*[@class='notice-body']/p[2]") == ["No seats are offered yet."]


def test_the_link_of_a_site_has_its_place_chosen_already(client):
    edition, pool = offered()
    make.pool(make.site(edition))

    page = client.open(f"/{edition.code}/register?site={site_of(pool).code}")

    assert page.document.xpath("//input[@name='pool'][@checked]/@value") == [str(pool.id)]


def test_a_ticket_is_kept_out_of_caches_and_search_engines_and_its_code_holds_only_its_address(client):
    _edition, pool = offered()
    place = make.registration(pool)

    page = client.open(f"/my/registration/{place.token}")

    assert page.response.headers["Cache-Control"] == "no-store"
    assert page.response.headers["X-Robots-Tag"] == "noindex"
    assert re.match("data:image/svg", page.document.xpath("//img[@class='ticket-qr']/@src")[0])


@pytest.mark.parametrize("page", ["", "/calendar.ics", "/place", "/cancel"])
def test_an_unknown_token_opens_nothing(client, page):
    offered()

    assert client.open(f"/my/registration/{'0' * 26}{page}").status == 404


def test_the_ticket_has_a_calendar_of_the_sites_sessions(client):
    edition, pool = offered()
    shown = make.session(edition)
    make.placement(shown, make.room(site_of(pool)))
    place = make.registration(pool)

    answer = client.open(f"/my/registration/{place.token}/calendar.ics")

    events = Calendar.from_ical(answer.response.data).walk("VEVENT")
    assert [str(event["summary"]) for event in events] == [shown.title["en"]]
    assert (
        answer.response.headers["Content-Disposition"]
        == f'attachment; filename="{edition.code}-{place.code}.ics"'
    )


def test_without_a_programme_the_calendar_leads_back_and_says_why(client):
    _edition, pool = offered()
    place = make.registration(pool)

    page = client.follow(client.open(f"/my/registration/{place.token}/calendar.ics"))

    assert page.all("//*[@class='flashes']//p") == ["The programme of your site is not published yet."]


def test_a_holder_moves_their_place(client):
    edition, pool = offered()
    other = make.pool(make.site(edition, name={"en": "Cửa Lò"}))
    place = make.registration(pool)

    page = client.follow(client.fill(f"/my/registration/{place.token}/place", pool=str(other.id)))

    assert page.all("//*[@class='flashes']//p") == ["Your place is now at Cửa Lò."]
    assert (db.session.get(Registration, place.id).pool_id, pool.taken, other.taken) == (other.id, 0, 1)


def test_a_move_to_a_full_site_is_refused_on_the_page(client):
    edition, pool = offered()
    full = make.pool(make.site(edition, name={"en": "Cửa Lò"}), capacity=0)
    place = make.registration(pool)

    page = client.fill(f"/my/registration/{place.token}/place", pool=str(full.id))

    assert page.errors == ["There is no free seat left at Cửa Lò. Choose another site, or take part online."]


def test_a_holder_gives_their_place_back_after_being_asked(client):
    _edition, pool = offered()
    place = make.registration(pool)

    asked = client.open(f"/my/registration/{place.token}/cancel")
    page = client.follow(client.send(asked, f"/my/registration/{place.token}/cancel"))

    assert (page.heading, db.session.get(Registration, place.id).state, pool.taken) == (
        "Your place was cancelled",
        RegistrationState.CANCELLED,
        0,
    )


def test_a_place_that_is_given_back_already_is_not_given_back_twice(client):
    _edition, pool = offered()
    place = make.registration(pool)
    asked = client.open(f"/my/registration/{place.token}/cancel")
    client.send(asked, f"/my/registration/{place.token}/cancel")

    page = client.send(asked, f"/my/registration/{place.token}/cancel")

    assert page.errors == ["This place was cancelled already. Register again if you want to come after all."]


@pytest.mark.parametrize("locale", ["vi", "en", "hi"])
def test_every_page_of_a_place_opens_in_every_language(client, locale):
    edition, pool = offered()
    place = make.registration(pool)
    answer(client, edition, pool)

    pages = [
        client.open(f"{path}?lang={locale}")
        for path in (
            f"/{edition.code}/register",
            f"/{edition.code}/register/you",
            f"/{edition.code}/register/check",
            f"/my/registration/{place.token}",
            f"/my/registration/{place.token}/place",
            f"/my/registration/{place.token}/cancel",
        )
    ]

    assert [(page.status, page.document.get("lang")) for page in pages] == [(200, locale)] * 6
