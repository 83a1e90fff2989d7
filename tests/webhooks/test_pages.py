"""Adding, reading, trying and pausing hooks, as organizers do."""

import pytest
from sqlalchemy import select
from standardwebhooks import Webhook

from dxday import leases
from dxday.adapters import calls
from dxday.core import clock
from dxday.core.carriage import Carriage
from dxday.core.permissions import Role
from dxday.db import db
from dxday.webhooks import jobs, rules, settings
from dxday.webhooks.models import Hook, HookDelivery
from tests import make
from tests.client import PageClient
from tests.conftest import close, new_app
from tests.receiver import Reply, open_receiver

URL = "https://receiver.example/hooks"


@pytest.fixture
def edition(app):
    return make.edition()


@pytest.fixture
def organizer(client, edition):
    client.sign_in(make.account(Role.ORGANIZER, edition_id=edition.id))
    return client


def path(edition, more=""):
    return f"/manage/{edition.code}/webhooks{more}"


def flashes(page):
    return page.all("//div[@class='flashes']//p")


def cells(page, label):
    return page.all(f"//tbody//td[@data-label='{label}']")


# The list -------------------------------------------------------------------------------------------------------------


def test_without_webhooks_the_list_says_what_they_are_for(organizer, edition):
    page = organizer.open(path(edition))

    assert page.all("//*[@class='empty-title']") == ["No webhooks yet"]
    assert path(edition, "/new") in page.links()


def test_the_list_says_how_each_webhook_is(organizer, edition):
    make.hook(edition, name="A working one", events=["session.moved", "site.cancelled"])
    silent = make.hook(edition, name="B silent one", failing_since=make.NOW)
    make.hook(edition, name="C paused one", paused_at=make.NOW, pause_reason=rules.Trouble.GONE)
    make.hook(make.edition(), name="Of another edition")
    make.hook_delivery(silent)
    make.hook_delivery(silent, carriage=Carriage.DONE, delivered_at=make.NOW)

    page = organizer.open(path(edition))

    assert page.all("//tbody//th/a") == ["A working one", "B silent one", "C paused one"]
    assert [state.split("Since")[0] for state in cells(page, "State")] == [
        "Working",
        "No answer",
        "PausedThe receiver said that it is gone for good (410).",
    ]
    assert (cells(page, "Events"), cells(page, "Waiting")) == (["2", "1", "1"], ["0", "1", "0"])
    assert (cells(page, "Last taken")[0], cells(page, "Last taken")[1] != "") == ("Nothing yet", True)


def test_lists_ask_the_same_number_of_questions_for_one_and_for_many(organizer, edition, queries):
    counts = []
    for size in (1, 3):
        for _ in range(size):
            hook = make.hook(edition)
            for _ in range(size):
                make.hook_delivery(hook, carriage=Carriage.DONE, delivered_at=make.NOW)
        with queries() as index:
            organizer.open(path(edition))
        with queries() as show:
            organizer.open(path(edition, f"/{hook.id}"))
        counts.append((index.total, show.total))

    assert counts[0] == counts[1]


# Adding and changing --------------------------------------------------------------------------------------------------


def test_a_webhook_is_added_and_its_secret_opens_what_it_gets(organizer, edition):
    with open_receiver() as receiver:
        added = organizer.fill(
            path(edition, "/new"),
            name="Màn hình sảnh",
            url=receiver.url,
            programme=["session.moved", "session.cancelled"],
            edition=["edition.postponed"],
        )
        page = organizer.follow(added)
        tried = organizer.send(page, page.response.request.path, form=f"{added.location}/trial")
        jobs.deliver(jobs.hand_out_deliveries(clock.now())[0], clock.now())
        after = organizer.follow(tried)

        hook = db.session.scalars(select(Hook)).one()
        secret = page.all("//code[@data-copy]")[0]
        assert (hook.name, hook.url, hook.edition_id) == ("Màn hình sảnh", receiver.url, edition.id)
        assert hook.events == ["session.moved", "session.cancelled", "edition.postponed"]
        assert Webhook(secret).verify(receiver.taken[0].body, receiver.taken[0].headers)["type"] == "trial"
    assert page.response.headers["Cache-Control"] == "no-store"
    assert (
        after.all("//tbody//td[@data-label='Answer']"),
        cells(after, "State")[0].startswith("Delivered"),
    ) == (
        ["204"],
        True,
    )


def test_what_is_missing_or_wrong_is_said_beside_its_field(organizer, edition):
    empty = organizer.fill(path(edition, "/new"))
    no_event = organizer.fill(path(edition, "/new"), name="x", url=URL)
    wrong = organizer.fill(
        path(edition, "/new"),
        name="x",
        url="https://user:pass@receiver.example/",
        programme=["session.moved"],
    )
    unknown = organizer.fill(path(edition, "/new"), name="x", url=URL, programme=["session.exploded"])

    assert empty.errors == ["Answer this question.", "Answer this question."]
    assert no_event.errors == ["Choose at least one event."]
    assert wrong.errors == ["Leave name and password out of the address: deliveries are signed."]
    assert len(unknown.errors) == 1
    assert db.session.scalars(select(Hook)).all() == []


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://receiver.example/", "The address must begin with https://."),
        (
            "https://127.0.0.1/",
            "This address lies in a private network. Use one that the whole internet reaches.",
        ),
        ("https://receiver.example:22/", "Use port 443, 80, or one from 1024 on."),
        ("https://0x7f.1/", "Write an address that begins with https:// and leads to a server."),
    ],
)
def test_in_production_an_address_inside_is_refused_when_it_is_written(tmp_path, url, said):
    app = new_app(
        "sqlite",
        tmp_path,
        DXDAY_ENV="production",
        SECRET_KEY="k" * 40,
        SEALING_KEYS="c" * 43,
        DATABASE_URL=f"sqlite:///{tmp_path}/instance/dxday.db",
        SMTP_URL="smtp://127.0.0.1:1",
        BASE_URL="https://day.example",
    )
    app.config["SESSION_COOKIE_SECURE"] = False
    with app.app_context():
        edition = make.edition()
        organizer = PageClient(app).sign_in(make.account(Role.ORGANIZER, edition_id=edition.id))

        refused = organizer.fill(path(edition, "/new"), name="x", url=url, programme=["session.moved"])

        assert refused.errors == [said]
    close(app)


def test_there_is_an_end_to_webhooks(organizer, edition):
    for _ in range(rules.MOST_HOOKS):
        make.hook(edition)

    refused = organizer.fill(path(edition, "/new"), name="x", url=URL, programme=["session.moved"])

    assert refused.errors == ["An edition has at most 20 webhooks."]


def test_a_webhook_is_changed(organizer, edition):
    hook = make.hook(edition, events=["session.moved", "site.cancelled"])
    form = organizer.open(path(edition, f"/{hook.id}/change"))

    saved = organizer.send(
        form,
        path(edition, f"/{hook.id}/change"),
        name="Bản tin",
        programme=None,
        honours=["decision.recorded"],
    )

    assert saved.location == path(edition, f"/{hook.id}")
    assert (hook.name, hook.events) == ("Bản tin", ["site.cancelled", "decision.recorded"])


def test_a_change_on_top_of_anothers_is_refused(organizer, edition):
    hook = make.hook(edition)
    form = organizer.open(path(edition, f"/{hook.id}/change"))
    hook.name = "Changed by somebody else"

    refused = organizer.send(form, path(edition, f"/{hook.id}/change"), name="Mine")

    assert refused.errors == [
        "Somebody else changed this in the meantime. Look at their change, then try again."
    ]
    assert hook.name == "Changed by somebody else"


# One webhook ----------------------------------------------------------------------------------------------------------


def test_a_webhook_of_another_edition_is_not_found(organizer, edition):
    other = make.hook(make.edition())
    delivery = make.hook_delivery(make.hook(edition))
    hook = make.hook(edition)

    answers = [
        organizer.open(path(edition, f"/{other.id}")).status,
        organizer.open(path(edition, f"/{other.id}/change")).status,
        organizer.post(path(edition, f"/{hook.id}/deliveries/{delivery.id}/again")).status,
    ]

    assert answers == [404, 404, 404]


def test_deliveries_show_what_was_sent_and_what_came_back(organizer, edition):
    hook = make.hook(edition)
    make.hook_delivery(
        hook,
        carriage=Carriage.FAILED,
        tries=3,
        status_code=422,
        response="<b>unknown edition</b>",
        error="the receiver answered 422",
    )

    page = organizer.open(path(edition, f"/{hook.id}"))

    assert cells(page, "State") == ["Given up3 tries"]
    assert cells(page, "Answer") == ["422<b>unknown edition</b>The receiver answered 422."]
    assert '"type":"session.moved"' in page.all("//tbody//code")[0]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            calls.Fault.NOT_CALLED.say("hooks.example.org", "it does not lead to a public address"),
            "This address is not called. it does not lead to a public address",
        ),
        (calls.Fault.NOT_KNOWN.say("hooks.example.org"), "No server of the name hooks.example.org is known."),
        (
            calls.Fault.NOT_REACHED.say("[2001:db8::1]:8443", "Connection refused"),
            "[2001:db8::1]:8443 cannot be reached. Connection refused",
        ),
        (
            calls.Fault.NOT_SAFE.say("hooks.example.org", "its certificate is not trusted (expired: 1)"),
            "There is no safe line to hooks.example.org. its certificate is not trusted (expired: 1)",
        ),
        (
            calls.Fault.NO_ANSWER.say("hooks.example.org", "it hung up"),
            "hooks.example.org gave no answer. it hung up",
        ),
        (leases.WORKER_GONE, "The worker stopped before it was done."),
        ("<b>of an older release</b>", "<b>of an older release</b>"),
    ],
)
def test_what_went_wrong_is_a_sentence_of_the_page_and_a_detail_in_english(organizer, edition, error, said):
    hook = make.hook(edition)
    make.hook_delivery(hook, carriage=Carriage.FAILED, error=error)

    page = organizer.open(path(edition, f"/{hook.id}"))

    assert cells(page, "Answer") == [said]


def test_an_address_that_leads_elsewhere_is_said_so(organizer, edition):
    hook = make.hook(edition)
    make.hook_delivery(hook, carriage=Carriage.QUEUED, status_code=302, error="the receiver answered 302: …")

    page = organizer.open(path(edition, f"/{hook.id}"))

    assert cells(page, "Answer") == ["302The address leads elsewhere, which is not followed."]


def test_deliveries_are_filtered_by_state_and_paged(organizer, edition):
    hook = make.hook(edition)
    for number in range(23):
        make.hook_delivery(hook, carriage=Carriage.FAILED if number < 2 else Carriage.DONE)

    page = organizer.open(path(edition, f"/{hook.id}"))
    second = organizer.open(path(edition, f"/{hook.id}?page=2"))
    failed = organizer.open(path(edition, f"/{hook.id}?state=failed"))

    assert [len(each.all("//tbody/tr")) for each in (page, second, failed)] == [20, 3, 2]


def test_a_given_up_delivery_is_sent_again(organizer, edition):
    with open_receiver() as receiver:
        hook = make.hook(edition, url=receiver.url)
        row = make.hook_delivery(hook, carriage=Carriage.FAILED, tries=8, error="the receiver answered 500")
        page = organizer.open(path(edition, f"/{hook.id}"))

        answer = organizer.send(page, "", form=path(edition, f"/{hook.id}/deliveries/{row.id}/again"))
        jobs.deliver(jobs.hand_out_deliveries(clock.now())[0], clock.now())

        assert flashes(organizer.follow(answer)) == [
            "The event leaves once more. Look again in a few seconds."
        ]
        assert (row.carriage, row.error, len(receiver.taken)) == (Carriage.DONE, None, 1)


def test_a_webhook_is_paused_and_resumed(organizer, edition):
    hook = make.hook(edition)
    row = make.hook_delivery(hook)
    page = organizer.open(path(edition, f"/{hook.id}"))

    paused = organizer.follow(organizer.send(page, "", form=path(edition, f"/{hook.id}/pause")))
    held = (hook.pause_reason, row.carriage)
    resumed = organizer.follow(organizer.send(paused, "", form=path(edition, f"/{hook.id}/resume")))

    assert held == (rules.Trouble.BY_HAND, Carriage.WITHHELD)
    assert "Somebody paused it here." in paused.words
    assert "Somebody paused it here." not in resumed.words
    assert (hook.paused_at, row.carriage) == (None, Carriage.QUEUED)


def test_a_new_secret_is_asked_about_first_and_both_are_in_use_for_a_day(organizer, edition):
    hook = make.hook(edition)
    before = organizer.open(path(edition, f"/{hook.id}")).all("//code[@data-copy]")

    made = organizer.fill(path(edition, f"/{hook.id}/secret"))

    page = organizer.follow(made)
    assert page.all("//code[@data-copy]") != before
    assert "For a day deliveries are signed with the old one too." in page.words
    assert (hook.secret_round, len(settings.secrets_of(hook, hook.secret_changed_at))) == (2, 2)


def test_a_new_secret_asked_for_twice_is_made_once(organizer, edition):
    hook = make.hook(edition)
    asked = organizer.open(path(edition, f"/{hook.id}/secret"))
    answers = {name: asked.value(name) for name in ("csrf_token", "version")}

    for _ in range(2):
        organizer.post(path(edition, f"/{hook.id}/secret"), data=answers)

    assert hook.secret_round == 2


def test_a_webhook_to_which_nothing_was_told_is_removed(organizer, edition):
    hook = make.hook(edition)

    removed = organizer.fill(path(edition, f"/{hook.id}/remove"))

    assert removed.location == path(edition)
    assert db.session.scalars(select(Hook)).all() == []


def test_what_was_told_stays_on_record(organizer, edition):
    hook = make.hook(edition)
    page = organizer.open(path(edition, f"/{hook.id}/remove"))
    make.hook_delivery(hook, carriage=Carriage.DONE)

    later = organizer.open(path(edition, f"/{hook.id}/remove"))
    refused = organizer.follow(organizer.send(page, path(edition, f"/{hook.id}/remove")))

    assert later.form().get("action") == path(edition, f"/{hook.id}/pause")
    assert flashes(refused) == ["Events were told to it already, and that stays on record. Pause it instead."]
    assert len(db.session.scalars(select(HookDelivery)).all()) == 1


def test_a_button_pressed_on_an_old_page_changes_nothing(organizer, edition):
    hook = make.hook(edition)

    answers = [
        organizer.post(path(edition, f"/{hook.id}/{act}")).location
        for act in ("trial", "pause", "secret", "remove")
    ]

    assert answers == [path(edition, f"/{hook.id}")] * 4
    assert (hook.paused_at, hook.secret_round, db.session.scalars(select(HookDelivery)).all()) == (
        None,
        1,
        [],
    )


def test_names_and_answers_are_shown_as_text(organizer, edition):
    hook = make.hook(edition, name="<script>alert(1)</script>" + "x" * 60)
    make.hook_delivery(hook, carriage=Carriage.FAILED, response="</code><script>", error="<img>")

    page = organizer.open(path(edition, f"/{hook.id}"))

    assert page.heading.startswith("<script>alert(1)</script>")


def test_the_answer_of_a_receiver_is_kept_short(organizer, edition):
    with open_receiver() as receiver:
        receiver.usual = Reply(400, body=b"x" * 100_000)
        row = make.hook_delivery(make.hook(edition, url=receiver.url))
        db.session.commit()
        jobs.deliver(row.id, make.NOW)
        db.session.expire_all()

    page = organizer.open(path(edition, f"/{row.hook_id}"))

    assert len(cells(page, "Answer")[0]) < 300
