"""The pages on which organizers give an edition its own words for letters."""

import re

import pytest
from sqlalchemy import select

from dxday.audit.models import AuditEntry
from dxday.certificates.letters import READY
from dxday.core.permissions import Role
from dxday.db import db
from dxday.notifications import previews, services
from dxday.notifications.models import Message, OwnWording
from dxday.web.filters import day_short
from tests import make

KIND = "certificate_ready"


@pytest.fixture
def edition(app):
    return make.edition()


@pytest.fixture
def organizer(client, edition):
    return client.sign_in(make.account(Role.ORGANIZER, edition_id=edition.id))


@pytest.fixture
def address(edition):
    """The address of the English words of a letter."""
    return f"/manage/{edition.code}/letters/{KIND}/en"


def written(edition, name="Trần Thị Thí Dụ", locale="en"):
    """A certificate's letter in the outbox."""
    services.enqueue(
        READY,
        to_address="a@example.org",
        to_name=name,
        locale=locale,
        key=f"m:{make.number()}",
        now=make.NOW,
        edition=edition,
        award="Bằng khen",
        url="https://dxday.example/a",
        check_url="https://dxday.example/b",
    )


def rows():
    found = db.session.scalars(select(OwnWording).order_by(OwnWording.id))
    return [(row.edition_id, row.kind, row.locale, row.subject, row.body, row.version) for row in found]


def flashes(found):
    return found.all("//*[@class='flashes']//p")


def typed_in(found, name):
    """What stands in a field; a browser leaves the first line break of a text area out."""
    return (found.value(name) or "").removeprefix("\n")


def show(organizer, address, **typed):
    """The preview of what is typed, as its button asks for it."""
    token = organizer.open(address).value("csrf_token")
    return organizer.post(
        f"{address}/preview",
        data={"csrf_token": token, "words": "subject body", "subject": "S", "body": "B", **typed},
    )


def letter_in(found):
    """The HTML of the letter inside the preview."""
    return found.document.xpath("//iframe/@srcdoc")[0]


def test_every_letter_of_an_edition_is_listed_with_the_languages_that_have_own_words(
    organizer, edition, address
):
    organizer.fill(address, body="Own {{ url }} {{ check_url }}")

    found = organizer.open(f"/manage/{edition.code}/letters")

    states = {
        row[0].text_content().split("\n")[0].strip(): [
            cell.xpath(".//*[contains(@class, 'status')]")[0].text_content().strip() for cell in row[2:]
        ]
        for row in found.document.xpath("//tbody/tr")
    }
    assert states["Certificate ready"] == ["Shipped", "Own words", "Shipped"]
    assert states["Place confirmed"] == ["Shipped", "Shipped", "Shipped"]
    assert "Sign-in link" not in states


def test_the_list_costs_the_same_statements_with_one_and_three_own_wordings(
    organizer, edition, address, queries
):
    totals = []
    for languages in (["en"], ["vi", "hi"]):
        for language in languages:
            organizer.fill(address[:-2] + language, body="Own {{ url }} {{ check_url }}")
        with queries() as counted:
            organizer.open(f"/manage/{edition.code}/letters")
        totals.append(counted.total)

    assert totals == [totals[0]] * 2


def test_the_page_begins_with_the_shipped_words_and_names_every_placeholder(organizer, edition, address):
    found = organizer.open(address)

    assert found.value("subject") == "Your certificate is ready: {{ award }}"
    assert typed_in(found, "body").startswith("Dear {{ recipient }},")
    assert found.all("//dl[contains(@class, 'letter-names')]//dt") == [
        "{{ recipient }}",
        "{{ edition }}",
        "{{ award }}",
        "{{ url }}",
        "{{ check_url }}",
    ]
    assert (
        found.all("//dl[contains(@class, 'letter-names')]//dd")[0] == "Name of the recipient: Nguyễn Văn Mẫu"
    )


def test_own_words_are_saved_used_and_audited(organizer, edition, address):
    sent = organizer.fill(
        address, subject="Ready: {{ award }}", body="Dear {{ recipient }},\r\n\r\n{{ url }} {{ check_url }}"
    )

    assert flashes(organizer.follow(sent)) == [
        "The words were saved. Letters that are written from now on use them."
    ]
    assert rows() == [
        (
            edition.id,
            KIND,
            "en",
            "Ready: {{ award }}",
            "Dear {{ recipient }},\n\n{{ url }} {{ check_url }}",
            1,
        )
    ]
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "wording.changed")).one()
    assert (entry.subject, entry.edition_id, entry.facts) == (
        f"{KIND}.en",
        edition.id,
        {"subject_line": "Ready: {{ award }}"},
    )


def test_saving_what_is_there_already_changes_nothing(organizer, address):
    organizer.fill(address, subject="Once", body="{{ url }} {{ check_url }}")
    organizer.fill(address)

    assert [row[3:] for row in rows()] == [("Once", "{{ url }} {{ check_url }}", 1)]


def test_a_link_that_is_left_out_is_named_after_saving(organizer, address):
    sent = organizer.fill(address, body="Dear {{ recipient }}, {{ check_url }}")

    assert flashes(organizer.follow(sent)) == [
        "The words were saved. Letters that are written from now on use them.",
        "The letter does not name “url” (Link to the holder's page). Was that meant?",
    ]


@pytest.mark.parametrize(
    ("typed", "field", "error"),
    [
        (
            {"body": "Dear\n{{ recipent }}"},
            "body",
            "Line 2: there is no placeholder “recipent” in this letter. Did you mean “recipient”? "
            "There are: recipient, edition, award, url, check_url.",
        ),
        (
            {"subject": "{{ award.__class__ }}"},
            "subject",
            "Line 1: “award.__class__” is a part of a value, which a letter cannot have. "
            "There are placeholders such as {{ recipient }}, and {% if name %} … {% else %} … {% endif %}.",
        ),
        (
            {"body": "{% for a in award %}{{ a }}{% endfor %}"},
            "body",
            "Line 1: “{% for %}” is a loop, which a letter cannot have. There are placeholders such as "
            "{{ recipient }}, and {% if name %} … {% else %} … {% endif %}.",
        ),
        ({"body": ""}, "body", "Answer this question."),
        ({"subject": "x" * 201}, "subject", "Use at most 200 characters."),
    ],
)
def test_what_is_refused_stands_beside_its_field_and_nothing_is_lost(organizer, address, typed, field, error):
    refused = organizer.fill(address, **typed)

    assert refused.errors == [error]
    assert refused.document.xpath(f"boolean(//*[@id='{field}-error'])")
    assert typed_in(refused, field) == typed[field]
    assert rows() == []


def test_of_two_who_change_the_words_the_second_sees_what_the_first_saved(organizer, address):
    seen = organizer.open(address)
    organizer.fill(address, subject="First", body="{{ url }} {{ check_url }}")

    second = organizer.send(seen, address, subject="Second", body="{{ check_url }} {{ url }}")

    assert second.status == 409
    assert second.errors == [
        "Somebody else changed this in the meantime. Look at their change, then try again."
    ]
    assert second.all("//*[contains(@class, 'notice')]//p[@lang]") == ["First"]
    assert second.value("subject") == "Second"

    organizer.send(second, address)

    assert [row[3] for row in rows()] == ["Second"]


def test_the_shipped_words_are_taken_again(organizer, address):
    organizer.fill(address, subject="Own", body="{{ url }} {{ check_url }}")
    found = organizer.open(address)

    taken = organizer.send(found, address, form=f"{address}/shipped")

    again = organizer.follow(taken)
    assert (flashes(again), rows()) == (["The letter has the shipped words again."], [])
    assert again.value("subject") == "Your certificate is ready: {{ award }}"
    actions = db.session.scalars(select(AuditEntry.action).where(AuditEntry.action.like("wording.%"))).all()
    assert sorted(actions) == ["wording.changed", "wording.taken_back"]


def test_words_that_somebody_changed_meanwhile_are_not_taken_away(organizer, address):
    organizer.fill(address, subject="Own", body="{{ url }} {{ check_url }}")
    found = organizer.open(address)
    organizer.fill(address, subject="Newer")

    taken = organizer.send(found, address, form=f"{address}/shipped")

    assert flashes(organizer.follow(taken))[-1:] == [
        "Somebody else changed this in the meantime. Look at their change, then try again."
    ]
    assert [row[3] for row in rows()] == ["Newer"]


# The preview --------------------------------------------------------------------------------------------------


def test_the_preview_shows_both_parts_of_what_is_typed_and_saves_nothing(organizer, edition, address):
    found = show(organizer, address, subject="For {{ recipient }}", body="See\n\n[here]({{ url }})")

    assert found.all("//dd") == ["Nguyễn Văn Mẫu (made up)", "For Nguyễn Văn Mẫu"]
    assert found.document.xpath("//pre")[0].text.startswith(
        "See\n\nhere:\nhttps://dxday.example/my/certificate/abc123\n"
    )
    assert '<a class="button"' in letter_in(found)
    assert rows() == []


def test_the_preview_at_first_shows_the_saved_words(organizer, address):
    organizer.fill(address, subject="Saved", body="{{ url }} {{ check_url }}")

    assert organizer.open(f"{address}/preview").all("//dd")[1] == "Saved"


def test_the_preview_has_its_own_policy_and_lets_nothing_run_or_leave(organizer, address):
    answer = organizer.open(f"{address}/preview").response

    policy = dict(part.strip().partition(" ")[::2] for part in previews.POLICY.split(";"))
    assert answer.headers["Content-Security-Policy"] == previews.POLICY
    assert {name: policy[name] for name in ("script-src", "img-src", "frame-ancestors", "sandbox")} == {
        "script-src": "'none'",
        "img-src": "'self'",
        "frame-ancestors": "'self'",
        "sandbox": "",
    }


def test_the_logo_is_shown_from_its_file(organizer, app, address):
    letter = letter_in(organizer.open(f"{address}/preview"))

    picture = organizer.open(re.search(r'src="([^"]+)"', letter)[1]).response
    assert (picture.mimetype, "cid:" in letter) == ("image/png", False)


def test_the_preview_says_why_there_is_nothing_to_show(organizer, address):
    found = show(organizer, address, body="{{ nobody }}")

    assert found.all("//*[@class='refusal']") == [
        "There is nothing to show yet. Line 1: there is no placeholder “nobody” in this letter. "
        "There are: recipient, edition, award, url, check_url."
    ]


def test_the_preview_takes_the_fields_that_its_button_names(organizer, address):
    found = show(
        organizer, address, words="subject_vi body_vi", subject_vi="Of a rule", body_vi="Words of a rule"
    )

    assert (found.all("//dd")[1], found.document.xpath("//pre")[0].text[:15]) == (
        "Of a rule",
        "Words of a rule",
    )


def test_without_its_token_the_preview_shows_nothing(organizer, address):
    found = organizer.post(f"{address}/preview", data={"subject": "S", "body": "B"})

    assert found.all("//*[@class='refusal']") == [
        "There is nothing to show yet. This page had been open for too long. "
        "Nothing you typed is lost: send it once more."
    ]


def test_the_preview_is_addressed_to_somebody_who_got_such_a_letter(organizer, edition, address):
    written(edition)
    written(edition, name="Không phải tiếng Anh", locale="vi")
    written(make.edition(), name="Kỳ khác")
    people = organizer.open(address).document.xpath("//select[@name='person']/option")

    chosen = show(organizer, address, body="Dear {{ recipient }}", person=people[1].get("value"))
    unknown = show(organizer, address, body="Dear {{ recipient }}", person="999999")

    assert [each.text for each in people] == ["a made-up person", f"Trần Thị Thí Dụ, {day_short(make.NOW)}"]
    assert chosen.all("//dd")[0] == "Trần Thị Thí Dụ <a@example.org>"
    assert chosen.document.xpath("//pre")[0].text.startswith("Dear Trần Thị Thí Dụ\n")
    assert unknown.all("//dd")[0] == "Nguyễn Văn Mẫu (made up)"


def test_what_is_typed_is_text_in_the_preview(organizer, address):
    found = show(
        organizer, address, subject="<script>x</script>", body='<script>x</script> </pre><b onclick="x">'
    )

    assert found.document.xpath("//script | //b[@onclick]") == []
    assert "&lt;script&gt;" in letter_in(found)


# Who, and what is not there -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["nothing/en", "certificate_ready/fr", "sign_in_link/en", "nothing/en/preview"]
)
def test_a_letter_or_language_that_there_is_not_is_not_found(organizer, edition, path):
    assert organizer.open(f"/manage/{edition.code}/letters/{path}").status == 404


@pytest.mark.parametrize("role", [Role.AGENCY, Role.COUNCIL])
def test_only_who_may_edit_words_opens_their_pages(client, edition, address, role):
    client.sign_in(make.account(role, edition_id=edition.id))

    statuses = [
        client.open(path).status
        for path in (address, address.rpartition(f"/{KIND}")[0], f"{address}/preview")
    ]

    assert statuses == [403, 403, 403]


def test_the_organizer_of_another_edition_may_not(client, edition, address):
    client.sign_in(make.account(Role.ORGANIZER, edition_id=make.edition().id))

    assert client.open(address).status == 403


def test_own_words_are_those_of_one_edition(organizer, edition, address, app):
    other = make.edition()
    organizer.fill(address, subject="Only here", body="{{ url }} {{ check_url }}")

    written(edition)
    written(other)

    assert db.session.scalars(select(Message.subject).order_by(Message.id)).all() == [
        "Only here",
        "Your certificate is ready: Bằng khen",
    ]
