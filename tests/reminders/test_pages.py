"""The pages on which organizers write reminders, see who would get them, and dare to switch them on."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import select

from dxday.accounts.models import RoleGrant
from dxday.audit import queries as audit
from dxday.core.carriage import Carriage
from dxday.core.permissions import Role
from dxday.db import db
from dxday.notifications.models import Message
from dxday.notifications.rules import Channel
from dxday.registration.rules import SeatMode
from dxday.reminders import jobs, services
from dxday.reminders.models import ReminderRule
from dxday.reminders.rules import Direction, LateJoiners, RuleState, Unit
from dxday.reminders.views import JOB
from dxday.runs.models import JobRun, JobState
from dxday.runs.rules import Outcome
from dxday.scheduler import TIMETABLE
from dxday.sites.models import Site
from tests import make
from tests.client import PageClient
from tests.conftest import on_both

DAY = make.TODAY + timedelta(days=40)
EVE = DAY - timedelta(days=1)
SENTENCE = "Everybody who holds a place: 1 day before the beginning at their site, at 09:00, each in their own language"
LONG = "Nhắc người đăng ký tham dự trực tiếp tại các điểm cầu xã, phường và trụ sở " * 2


@pytest.fixture
def edition(app):
    return make.edition()


@pytest.fixture
def organizer(client, edition):
    """A signed-in organizer of the edition."""
    client.sign_in(make.account(Role.ORGANIZER, edition_id=edition.id))
    return client


def path(edition, more=""):
    return f"/manage/{edition.code}/reminders{more}"


def site_that_begins(edition, clock="08:00", **given):
    """A site with seats, where a published session begins at this time of the edition's day."""
    site = make.site(edition, **given)
    make.placement(make.session(edition), make.room(site), starts_at=f"{DAY} {clock}", ends_at=f"{DAY} 17:00")
    return make.pool(site)


def pool_site(pool):
    """The code of the site whose seats these are."""
    return db.session.get(Site, pool.site_id).code


def rules_of(edition):
    return list(db.session.scalars(select(ReminderRule).where(ReminderRule.edition_id == edition.id)))


def flashes(page):
    return page.all("//div[@class='flashes']//p")


def field_error(page, field):
    return page.all(f"//p[@id='{field}-error']/span")


def cells(page, section, column):
    return page.all(f"//section[@id='{section}']//table[@class='table']//td[@data-label='{column}']")


def switched_on(edition, **given):
    return make.reminder_rule(
        edition, state=RuleState.ON, on_since=make.NOW - timedelta(days=1), **({"name": "Nhắc"} | given)
    )


# The list ------------------------------------------------------------------------------------------------------------


def test_who_may_not_edit_reminders_sees_none(client, edition):
    client.sign_in(make.account(Role.COUNCIL, edition_id=edition.id))

    page = client.open(path(edition))

    assert page.heading == "You may not open this page"


def test_an_edition_without_reminders_offers_three_ways_to_the_first(organizer, edition):
    page = organizer.open(path(edition))

    assert page.all("//p[@class='empty-title']") == ["No reminders yet"]
    assert page.all("//div[@class='buttons']//button|//div[@class='buttons']//a") == [
        "Add the usual reminders",
        "Write a reminder",
        "Copy from another edition",
    ]


def test_the_usual_reminders_are_added_once_and_switched_off(organizer, edition):
    for _ in range(2):
        answer = organizer.send(organizer.open(path(edition)), path(edition), form=path(edition, "/usual"))
        page = organizer.follow(answer)

    assert flashes(page) == ["The usual reminders are here already."]
    assert [rule.state for rule in rules_of(edition)] == [RuleState.OFF] * len(services.USUAL)


def test_the_list_says_each_rule_in_a_sentence_with_its_next_moment_and_what_became_of_it(organizer, edition):
    site_that_begins(edition)
    rule = switched_on(edition, name="Nhắc trước một ngày")
    for n, state in enumerate((Carriage.DONE, Carriage.DONE, Carriage.QUEUED, Carriage.FAILED)):
        make.message(
            edition,
            rule_id=rule.id,
            recipient=f"registration:{n}",
            occasion="site:1",
            anchor_at=make.NOW,
            carriage=state,
        )

    page = organizer.open(path(edition))

    assert page.all("//tbody/tr/th") == ["Nhắc trước một ngày"]
    assert page.all("//td[@data-label='What it does']") == [SENTENCE]
    assert page.all("//td[@data-label='State']") == ["On"]
    assert page.document.xpath("//td[@data-label='Next letter']//time/@datetime") == [f"{EVE}T09:00+07:00"]
    assert page.all("//td[@data-label='Sent']") == ["2 sent: Nhắc trước một ngày"]
    assert page.all("//td[@data-label='Waiting']") == ["1 waiting: Nhắc trước một ngày"]
    ledger = f"/manage/{edition.code}/messages"
    assert page.document.xpath("//td[starts-with(@class,'cell-number')]//a/@href") == [
        f"{ledger}?rule={rule.id}&state=done",
        f"{ledger}?rule={rule.id}&state=queued",
        f"{ledger}?rule={rule.id}&state=failed",
    ]


def test_the_list_costs_as_much_for_three_rules_as_for_one(organizer, edition, queries):
    site, address = pool_site(site_that_begins(edition)), path(edition)
    make.reminder_rule(edition, filters={"site": [site]})
    with queries() as one:
        organizer.open(address)
    for _ in range(2):
        make.reminder_rule(edition, filters={"site": [site]})
    with queries() as three:
        page = organizer.open(address)

    assert len(page.all("//tbody/tr")) == 3
    assert three.total == one.total


def test_a_rule_whose_people_nobody_offers_any_more_is_still_shown(organizer, edition):
    rule = switched_on(edition, audience="gone", name="Cũ")

    listed = organizer.open(path(edition))
    page = organizer.open(path(edition, f"/{rule.id}"))

    assert listed.all("//td[@data-label='Next letter']") == ["Nothing ahead"]
    assert "The people whom it reached are not on offer any more, so nothing leaves." in page.words
    assert page.all("//div[@class='page-header-actions']//a") == ["Switch off"]


# Writing -------------------------------------------------------------------------------------------------------------


def test_the_first_step_offers_every_kind_of_people(organizer, edition, app):
    page = organizer.open(path(edition, "/new"))

    offered = app.extensions["dxday_audiences"]
    assert page.all("//main//ul[@class='link-list']//a") == [str(each.label) for each in offered.values()]


def test_people_whom_nobody_offers_are_not_found(organizer, edition):
    assert organizer.open(path(edition, "/new/nobody")).heading == "Page not found"


def test_a_reminder_is_written_with_good_defaults_and_begins_switched_off(organizer, edition):
    site_that_begins(edition)

    answer = organizer.fill(path(edition, "/new/registrants"), name="Nhắc trước một ngày")

    (rule,) = rules_of(edition)
    assert answer.location == path(edition, f"/{rule.id}")
    assert (rule.amount, rule.unit, rule.direction, rule.state) == (
        1, Unit.DAYS, Direction.BEFORE, RuleState.OFF,
    )  # fmt: skip
    assert [str(each) for each in (rule.at_time, rule.quiet_from, rule.quiet_until)] == [
        "09:00:00", "21:00:00", "07:00:00",
    ]  # fmt: skip
    assert (rule.late_joiners, rule.channel, rule.locale) == (LateJoiners.SKIP, Channel.MAIL, None)
    page = organizer.follow(answer)
    assert flashes(page) == ["“Nhắc trước một ngày” was added, switched off. Look who would get it."]
    assert page.all("//p[@class='lead']") == [SENTENCE]
    assert audit.list_entries(edition_id=edition.id)[0].action == "reminder.rule_added"


def test_a_reminder_reaches_only_those_who_were_ticked_and_says_so(organizer, edition):
    pool = site_that_begins(edition, name={"vi": "Điểm cầu Mẫu", "en": "Sample site"})

    answer = organizer.fill(
        path(edition, "/new/registrants"),
        name="Chỉ một điểm cầu",
        filter_site=[pool_site(pool)],
        filter_mode=[SeatMode.ON_SITE.value],
        amount="3",
        unit=Unit.HOURS.value,
        locale="vi",
    )

    assert organizer.follow(answer).all("//p[@class='lead']") == [
        "Everybody who holds a place (only Sample site, On site): "
        "3 hours before the beginning at their site, Vietnamese for everybody"
    ]
    (rule,) = rules_of(edition)
    assert rule.filters == {"site": [pool_site(pool)], "mode": ["on_site"]}
    again = organizer.open(path(edition, f"/{rule.id}/change"))
    ticked = again.document.xpath("//input[starts-with(@name,'filter_')][@checked]/@value")
    assert ticked == [pool_site(pool), "on_site"]


@pytest.mark.parametrize(
    ("field", "answers", "said"),
    [
        ("name", {"name": ""}, "Answer this question."),
        ("amount", {"amount": "many"}, "Write a whole number, as in 1."),
        ("amount", {"amount": "-1"}, "Give a number between 0 and 366."),
        ("amount", {"amount": "9" * 40}, "Give a number between 0 and 366."),
        ("amount", {"amount": "367"}, "Give a number between 0 and 366."),
        ("at_time", {"at_time": "25:99"}, "Write the time as in 08:30."),
        ("at_time", {"at_time": "22:00"}, "This time lies in the quiet hours. Change one of the two."),
        ("quiet_until", {"quiet_until": ""}, "Quiet hours need a beginning and an end."),
        ("moment", {"moment": "session_end"}, "This is not on offer any more. Choose another answer."),
        (
            "filter_mode",
            {"filter_mode": "on_the_moon"},
            "This is not on offer any more. Choose another answer.",
        ),
        ("body_vi", {"subject_vi": "Nhắc"}, "Own words need a subject and a text."),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field_and_nothing_is_lost(
    organizer, edition, field, answers, said
):
    page = organizer.fill(
        path(edition, "/new/registrants"), **({"name": "Nhắc thử", "amount": "2"} | answers)
    )

    assert page.all(f"//*[@id='{field}-error']/span") == [f"Error: {said}"]
    assert page.errors == [said]
    assert page.value("name") == answers.get("name", "Nhắc thử")
    assert rules_of(edition) == []


def test_own_words_that_name_what_is_not_there_are_refused_where_they_stand(organizer, edition):
    page = organizer.fill(
        path(edition, "/new/registrants"),
        name="Nhắc",
        subject_en="Tomorrow",
        body_en="Dear {{ recipiennt }},",
    )

    assert len(page.errors) == 1
    assert "recipiennt" in page.errors[0]
    assert field_error(page, "body_en") == [f"Error: {page.errors[0]}"]
    assert page.document.xpath("//details[.//*[@id='body_en']]/@open") == [""]
    assert rules_of(edition) == []


def test_a_form_sent_twice_makes_one_rule(organizer, edition):
    page = organizer.open(path(edition, "/new/registrants"))
    answers = {
        "name": "Nhắc",
        "filter_mode": ["online", "on_site"],
        "body_vi": "Một\r\nhai",
        "subject_vi": "Nhắc",
    }

    first, second = (organizer.send(page, path(edition, "/new/registrants"), **answers) for _ in range(2))

    (rule,) = rules_of(edition)
    assert first.location == second.location == path(edition, f"/{rule.id}")


@on_both
def test_a_form_sent_four_times_in_the_same_moment_makes_one_rule(own_app):
    with own_app.app_context():
        edition = make.edition()
        address = path(edition, "/new/registrants")
        client = PageClient(own_app).sign_in(make.account(Role.ORGANIZER, edition_id=edition.id))
        page = client.open(address)
        data = {**dict(page.form().form_values()), "name": "Nhắc"}
        cookie = client.http.get_cookie("dxday")
        edition_id = edition.id
        db.session.remove()
    start = Barrier(4)

    def send(_number):
        http = own_app.test_client()
        http.set_cookie("dxday", cookie.value)
        start.wait(timeout=20)
        return http.post(address, data=data).location

    with ThreadPoolExecutor(4) as threads:
        places = set(threads.map(send, range(4)))

    with own_app.app_context():
        ids = list(db.session.scalars(select(ReminderRule.id).where(ReminderRule.edition_id == edition_id)))
    assert len(ids) == 1
    assert places == {address.replace("/new/registrants", f"/{ids[0]}")}


def test_another_rule_of_the_same_name_is_refused(organizer, edition):
    make.reminder_rule(edition, name="Nhắc")
    other = make.reminder_rule(edition, name="Nhắc khác")

    added = organizer.fill(path(edition, "/new/registrants"), name=" Nhắc ", amount="2")
    changed = organizer.fill(path(edition, f"/{other.id}/change"), name="Nhắc")

    assert added.errors == changed.errors == ["Another reminder of this edition has this name."]
    assert sorted(rule.name for rule in rules_of(edition)) == ["Nhắc", "Nhắc khác"]


def test_the_name_of_a_rule_of_another_edition_is_free(organizer, edition):
    make.reminder_rule(make.edition(), name="Nhắc")

    organizer.fill(path(edition, "/new/registrants"), name="Nhắc")

    assert [rule.name for rule in rules_of(edition)] == ["Nhắc"]


def test_how_it_travels_is_asked_only_where_text_messages_are_set_up(organizer, edition, app, monkeypatch):
    without = organizer.open(path(edition, "/new/registrants"))
    set_up = replace(app.extensions["dxday_settings"], sms_url="http://127.0.0.1:9/send")
    monkeypatch.setitem(app.extensions, "dxday_settings", set_up)

    answer = organizer.fill(path(edition, "/new/registrants"), name="Tin nhắn", channel="sms")

    assert without.document.xpath("//input[@name='channel']") == []
    assert [rule.channel for rule in rules_of(edition)] == [Channel.SMS]
    assert "as a text message" in organizer.follow(answer).all("//p[@class='lead']")[0]


# Changing ------------------------------------------------------------------------------------------------------------


def test_a_change_keeps_what_was_not_touched(organizer, edition):
    rule = make.reminder_rule(
        edition, at_time=None, subject={"hi": "कल"}, body={"hi": "{{ recipient }}"}, locale="hi"
    )

    answer = organizer.fill(path(edition, f"/{rule.id}/change"), amount="2")

    page = organizer.follow(answer)
    assert flashes(page) == [f"“{rule.name}” was saved."]
    (saved,) = rules_of(edition)
    assert (saved.amount, saved.at_time, saved.locale) == (2, None, "hi")
    assert (saved.subject, saved.body) == ({"hi": "कल"}, {"hi": "{{ recipient }}"})


def test_the_form_of_a_rule_that_is_on_says_what_a_change_means(organizer, edition):
    rule = switched_on(edition)

    page = organizer.open(path(edition, f"/{rule.id}/change"))

    assert page.all("//div[contains(@class,'notice')]//p[@class='notice-title']") == ["This reminder is on"]


def test_who_comes_second_sees_the_change_and_may_still_make_theirs(organizer, edition):
    rule = make.reminder_rule(edition, name="Nhắc")
    address = path(edition, f"/{rule.id}/change")
    page = organizer.open(address)
    organizer.fill(address, amount="2")

    late = organizer.send(page, address, amount="5")

    assert late.status == 409
    assert late.errors == [
        "Somebody else changed this in the meantime. Look at their change, then try again."
    ]
    assert "2 days before the beginning at their site" in late.all("//div[@class='notice notice-warn']")[0]
    assert late.value("amount") == "5"
    organizer.send(late, address)
    assert [rule.amount for rule in rules_of(edition)] == [5]


def test_a_rule_of_another_edition_is_not_found(organizer, edition):
    rule = make.reminder_rule(make.edition())

    headings = {
        organizer.open(path(edition, f"/{rule.id}{page}")).heading
        for page in ("", "/change", "/letter", "/switch-on", "/switch-off", "/remove")
    }

    assert headings == {"Page not found"}


# Who would get it ----------------------------------------------------------------------------------------------------


def test_the_page_of_a_rule_says_who_would_get_it_when_and_why(organizer, edition):
    early, late = site_that_begins(edition, "08:00"), site_that_begins(edition, "14:00")
    for n in range(2):
        make.registration(early, full_name=f"Trần Thị Thí Dụ {n}", email=f"early{n}@example.org", locale="vi")
    spared = make.registration(late, full_name="Lê Văn Vắng", email="spared@example.org")
    make.suppression(edition, address_key=spared.email)
    rule = make.reminder_rule(edition, at_time=None)

    page = organizer.open(path(edition, f"/{rule.id}"))

    assert page.all("//div[@class='stat']/p[1]|//div[contains(@class,'stat-')]/p[1]")[0] == "2"
    leaving = page.document.xpath(
        "//section[@id='forecast']//td[@data-label='When it leaves']//time[1]/@datetime"
    )
    assert leaving == [
        f"{EVE}T08:00+07:00",
        f"{EVE}T14:00+07:00",
    ]
    assert cells(page, "forecast", "Get it") == ["2", "0"]
    assert cells(page, "forecast", "Do not get it, and why") == [
        "Everybody gets it",
        "1 × Wants no reminders, or nothing arrives there",
    ]
    assert page.all("//section[@id='people']//tbody/tr/th") == [
        "Trần Thị Thí Dụ 0",
        "Trần Thị Thí Dụ 1",
        "Lê Văn Vắng",
    ]
    assert cells(page, "people", "Address")[0] == "early0@example.orgTiếng Việt"
    assert cells(page, "people", "Gets it?") == [
        "Gets it",
        "Gets it",
        "Wants no reminders, or nothing arrives there",
    ]
    assert "All letters leave in one language: Tiếng Việt." in page.words


def test_moments_that_concern_nobody_yet_do_not_fill_the_page(organizer, edition):
    make.registration(site_that_begins(edition, name={"vi": "Đông", "en": "Busy site"}))
    for n in range(2):
        site_that_begins(edition, name={"vi": "Vắng", "en": f"Quiet site {n}"})
    rule = make.reminder_rule(edition)

    page = organizer.open(path(edition, f"/{rule.id}"))

    assert page.all("//section[@id='forecast']//table[@class='table']//tbody//th") == ["Busy site"]
    assert page.all("//section[@id='forecast']//summary") == ["2 moments concern nobody yet"]
    assert [line.partition(":")[0] for line in page.all("//section[@id='forecast']//details//li")] == [
        "Quiet site 0",
        "Quiet site 1",
    ]


def test_a_rule_without_a_moment_says_that_nobody_would_get_it(organizer, edition):
    rule = make.reminder_rule(edition, moment="ceremony")

    page = organizer.open(path(edition, f"/{rule.id}"))

    assert page.all("//section[@id='forecast']//p[@class='notice-title']") == ["Nobody would get it"]
    assert page.all("//section[@id='people']") == []


def test_the_page_of_a_rule_costs_as_much_for_three_sites_and_people_as_for_one(organizer, edition, queries):
    address = path(edition, f"/{make.reminder_rule(edition).id}")
    make.registration(site_that_begins(edition))
    with queries() as one:
        organizer.open(address)
    for _ in range(2):
        make.registration(site_that_begins(edition))
    with queries() as three:
        page = organizer.open(address)

    assert len(page.all("//section[@id='people']//tbody/tr")) == 3
    assert three.total == one.total


def test_many_people_stand_on_several_pages(organizer, edition):
    pool = site_that_begins(edition)
    for n in range(21):
        make.registration(pool, full_name=f"Người thứ {n:02}")
    rule = make.reminder_rule(edition)

    page = organizer.open(path(edition, f"/{rule.id}?page=2"))

    assert page.all("//section[@id='people']//tbody/tr/th") == ["Người thứ 20"]


def test_long_names_stand_on_the_pages_in_full(organizer, edition):
    name = " ".join(LONG.split())
    rule = make.reminder_rule(edition, name=name)

    assert organizer.open(path(edition)).all("//tbody/tr/th/a") == [name]
    assert organizer.open(path(edition, f"/{rule.id}")).heading == name


def test_the_letter_is_shown_to_somebody_real_and_to_somebody_made_up_in_each_language(organizer, edition):
    pool = site_that_begins(edition, name={"vi": "Điểm cầu Mẫu", "en": "Sample site"})
    person = make.registration(pool, full_name="Trần Thị Thí Dụ", email="reader@example.org", locale="vi")
    rule = make.reminder_rule(
        edition, subject={"en": "Tomorrow: {{ site }}"}, body={"en": "Dear {{ recipient }}, code {{ code }}."}
    )
    address = path(edition, f"/{rule.id}/letter")

    real = organizer.open(f"{address}?language=en")
    own = organizer.open(address)
    sample = organizer.open(f"{address}?person=sample&language=en")

    assert real.all("//dd") == ["Trần Thị Thí Dụ <reader@example.org>", "Tomorrow: Sample site"]
    assert f"Dear Trần Thị Thí Dụ, code {person.code}." in real.words
    assert own.document.xpath("//pre/@lang") == ["vi"]
    assert sample.all("//dd") == ["somebody made up", "Tomorrow: Site of Sample commune"]
    assert "Dear Nguyễn Văn Mẫu, code AB23CD45." in sample.words


def test_the_page_shows_the_letter_of_the_person_who_was_chosen(organizer, edition):
    pool = site_that_begins(edition)
    for n in range(2):
        make.registration(pool, full_name=f"Người thứ {n}")
    rule = make.reminder_rule(edition)
    page = organizer.open(path(edition, f"/{rule.id}"))
    second = page.document.xpath("//section[@id='people']//tbody/tr[2]//a/@href")[0]

    chosen = organizer.open(second.partition("#")[0])

    assert chosen.all("//section[@id='letter']//a[@aria-current='true']") == ["Người thứ 1"]
    frame = chosen.document.xpath("//iframe/@src")[0]
    assert organizer.open(frame).all("//dd")[0].startswith("Người thứ 1 <")


def test_a_trial_goes_to_the_one_who_asks_and_is_none_of_the_letters_of_the_rule(client, edition):
    account = make.account(Role.ORGANIZER, edition_id=edition.id)
    client.sign_in(account)
    rule = make.reminder_rule(edition)
    address = path(edition, f"/{rule.id}")

    answer = client.send(client.open(f"{address}?language=hi"), address, form=f"{address}/trial")

    (message,) = db.session.scalars(select(Message))
    assert (message.to_address, message.locale, message.rule_id) == (account.email, "hi", None)
    page = client.follow(answer)
    assert flashes(page) == [f"A trial letter is on its way to {account.email}."]
    assert page.all("//section[@id='sent']") == []


# On and off ----------------------------------------------------------------------------------------------------------


def test_before_it_is_switched_on_the_page_names_the_number_and_the_first_moment(organizer, edition):
    pool = site_that_begins(edition)
    for _ in range(2):
        make.registration(pool)
    rule = make.reminder_rule(edition, name="Nhắc")
    address = path(edition, f"/{rule.id}/switch-on")

    page = organizer.open(address)
    answer = organizer.fill(address)

    assert page.all("//h2[@class='confirm-question']") == ["Send 2 letters as planned?"]
    first = page.all("//ul[@class='confirm-consequences']/li")[0]
    assert first == f"The first leaves: 09:00 · {EVE:%A, %B} {EVE.day}, {EVE.year}"
    assert flashes(organizer.follow(answer)) == ["“Nhắc” is on."]
    assert [rule.state for rule in rules_of(edition)] == [RuleState.ON]
    assert audit.list_entries(edition_id=edition.id)[0].action == "reminder.rule_switched_on"


def test_a_reminder_that_reaches_nobody_yet_can_be_switched_on_and_says_so(organizer, edition):
    rule = make.reminder_rule(edition)

    page = organizer.open(path(edition, f"/{rule.id}/switch-on"))

    assert page.all("//h2[@class='confirm-question']") == [
        "Switch it on although nobody would get it as things stand?"
    ]


def test_what_was_changed_meanwhile_is_not_switched_on_unseen(organizer, edition):
    rule = make.reminder_rule(edition)
    address = path(edition, f"/{rule.id}/switch-on")
    page = organizer.open(address)
    organizer.fill(path(edition, f"/{rule.id}/change"), amount="3")

    late = organizer.send(page, address)

    assert late.status == 409
    assert "3 days before the beginning at their site" in late.all("//p[@class='lead']")[0]
    assert [rule.state for rule in rules_of(edition)] == [RuleState.OFF]
    organizer.send(late, address)
    assert [rule.state for rule in rules_of(edition)] == [RuleState.ON]


def test_a_copied_rule_that_names_what_is_not_here_is_not_switched_on(organizer, edition):
    rule = make.reminder_rule(edition, filters={"site": ["elsewhere"]})

    page = organizer.fill(path(edition, f"/{rule.id}/switch-on"))

    assert page.errors == ["“elsewhere” cannot be chosen in this edition. Choose again whom to remind."]
    assert [rule.state for rule in rules_of(edition)] == [RuleState.OFF]
    shown = organizer.open(path(edition, f"/{rule.id}"))
    assert "This edition does not have: elsewhere." in shown.words


def test_switching_off_says_how_many_letters_are_called_off(organizer, edition):
    pool = site_that_begins(edition)
    for _ in range(2):
        make.registration(pool, created_at=make.NOW - timedelta(days=5))
    rule = switched_on(edition, amount=40)
    assert jobs.queue_reminders(make.at(f"{make.TODAY} 09:30")) == 2
    address = path(edition, f"/{rule.id}/switch-off")

    page = organizer.open(address)
    answer = organizer.fill(address)

    assert (
        page.all("//ul[@class='confirm-consequences']/li")[0] == "2 letters that still wait are called off."
    )
    after = organizer.follow(answer)
    assert flashes(after) == ["“Nhắc” is off. 2 letters that waited were called off."]
    assert after.all("//section[@id='sent']//ul/li") == ["Called off 2"]
    assert list(db.session.scalars(select(Message.carriage))) == [Carriage.CANCELLED] * 2


def test_the_page_says_when_it_last_looked_and_that_somebody_paused_the_work(organizer, edition):
    rule = switched_on(edition)
    address = path(edition, f"/{rule.id}")
    before = organizer.open(address)
    make.save(JobState(job=JOB, paused_at=make.NOW))
    make.save(
        JobRun(
            job=JOB,
            due_at=make.at("2026-10-01 09:00"),
            started_at=make.at("2026-10-01 09:00"),
            ended_at=make.at("2026-10-01 09:01"),
            outcome=Outcome.DONE,
            worker="test",
        )
    )

    page = organizer.open(address)

    assert JOB in {job.name for job in TIMETABLE}
    assert "Last looked who is due" not in before.words
    assert "Last looked who is due 09:00 · Thursday, October 1, 2026" in page.words
    assert page.all("//p[@class='notice-title']") == ["Nothing leaves for the moment", "Nobody would get it"]


def test_only_a_reminder_that_has_sent_nothing_can_be_removed(organizer, edition):
    fresh, used = make.reminder_rule(edition, name="Mới"), make.reminder_rule(edition, name="Cũ")
    make.message(edition, rule_id=used.id, recipient="registration:1", occasion="site:1", anchor_at=make.NOW)

    refused = organizer.fill(path(edition, f"/{used.id}/remove"))
    removed = organizer.fill(path(edition, f"/{fresh.id}/remove"))

    assert refused.errors == ["This reminder has sent messages, so it is kept. Switch it off instead."]
    assert flashes(organizer.follow(removed)) == ["“Mới” was removed."]
    assert [rule.name for rule in rules_of(edition)] == ["Cũ"]
    links = organizer.open(path(edition, f"/{used.id}")).links()
    assert [link for link in links if link.endswith("/remove")] == []


# Copying -------------------------------------------------------------------------------------------------------------


def test_reminders_are_copied_from_an_edition_that_the_organizer_may_see(client, edition):
    before, foreign = make.edition(), make.edition()
    switched_on(before, name="Nhắc năm ngoái")
    make.reminder_rule(foreign)
    account = make.account(Role.ORGANIZER, edition_id=edition.id)
    make.save(
        RoleGrant(account_id=account.id, role=Role.ORGANIZER, edition_id=before.id, granted_at=make.NOW)
    )
    client.sign_in(account)

    page = client.open(path(edition, "/copy"))
    first = client.follow(client.fill(path(edition, "/copy"), edition=before.code))
    again = client.follow(client.fill(path(edition, "/copy"), edition=before.code))
    stolen = client.fill(path(edition, "/copy"), edition=foreign.code)

    assert page.document.xpath("//input[@type='radio']/@value") == [before.code]
    assert flashes(first) == ["1 reminder was added, switched off."]
    assert flashes(again) == ["Nothing to copy: that edition has no reminder that is not here."]
    assert stolen.errors == ["This is not on offer any more. Choose another answer."]
    assert [(rule.name, rule.state) for rule in rules_of(edition)] == [("Nhắc năm ngoái", RuleState.OFF)]
