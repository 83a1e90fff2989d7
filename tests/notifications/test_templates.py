"""The language of letters: what it takes, what it refuses by name and line, and that a value stays what it is."""

import html5lib
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html as lxml_html

from dxday.core.errors import RuleBroken
from dxday.notifications import markdown, templates
from dxday.notifications.templates import Template, Value
from dxday.web.forms import clean_line

KNOWN = {"recipient": False, "site": False, "url": False, "is_online": True}

BODY = """Dear {{ recipient }},

You sit at **{{ site }}**, {{ recipient }}:
{{ site }}

- Site: {{ site }}
- Name: {{ recipient }}

- one of {{ site }}
- two

[Open {{ recipient }}]({{ url }})

Or [here](https://dxday.example/{{ site }}?of={{ recipient }}).
{% if is_online %}

Online.
{% endif %}"""


def fill(body, *, subject="About {{ recipient }}", **given):
    """Subject, text and HTML, with plain values as wording makes them."""
    facts = {
        "recipient": "Nguyễn Văn Mẫu",
        "site": "Vinh",
        "url": "https://dxday.example/t",
        "is_online": False,
    }

    def value_of(name):
        value = {**facts, **given}[name]
        text = "" if isinstance(value, bool) else clean_line(value)
        return Value(text, truth=value if isinstance(value, bool) else bool(text))

    return templates.fill(Template(subject, body), value_of)


def refusal(body, subject="Subject"):
    with pytest.raises(RuleBroken) as caught:
        templates.check(Template(subject, body), known=KNOWN)
    return caught.value


def words(html):
    return " ".join(lxml_html.fromstring(f"<div>{html}</div>").text_content().split())


def structure(html):
    """The elements and their attributes, without what they say; parsing it meets no fault."""
    parser = html5lib.HTMLParser(tree=html5lib.treebuilders.getTreeBuilder("lxml"))
    document = parser.parse(f"<!doctype html><title>x</title><body>{html}")
    assert [code for _, code, _ in parser.errors] == []
    return [
        (node.tag, sorted(set(node.attrib) - {"href"}))
        for node in document.iter()
        if isinstance(node.tag, str)
    ]


def test_a_letter_has_the_same_words_in_both_forms():
    subject, text, html = fill(
        "Dear {{ recipient }},\n\nOne\ntwo **three**.\n\n- a\n- b\n  - c\n\n1. x\n2. y"
    )

    assert subject == "About Nguyễn Văn Mẫu"
    assert text == "Dear Nguyễn Văn Mẫu,\n\nOne\ntwo three.\n\n- a\n- b\n  - c\n\n1. x\n2. y"
    assert words(html) == "Dear Nguyễn Văn Mẫu,Onetwo three.abcxy"
    assert [tag for tag in ("<strong>", "<br>", "<ul", "<ol") if tag not in html] == []


def test_a_link_alone_is_a_button_with_its_address_and_one_in_a_line_is_a_link():
    _, text, html = fill(
        "[Open]({{ url }})\n\nOr [write](mailto:a@example.org) to us.\n\n[{{ url }}]({{ url }})"
    )

    document = lxml_html.fromstring(f"<div>{html}</div>")
    assert text == (
        "Open:\nhttps://dxday.example/t\n\nOr write <a@example.org> to us.\n\nhttps://dxday.example/t"
    )
    assert [(link.get("class"), link.get("href")) for link in document.xpath("//a")] == [
        ("button", "https://dxday.example/t"),
        (None, "mailto:a@example.org"),
        ("button", "https://dxday.example/t"),
    ]


def test_a_list_of_labels_and_values_is_a_table_of_facts():
    _, text, html = fill("- Site: {{ site }}\n- Where: at **home**\n\nand\n\n- Site: {{ site }}\n- no label")

    document = lxml_html.fromstring(f"<div>{html}</div>")
    assert text == "Site: Vinh\nWhere: at home\n\nand\n\n- Site: Vinh\n- no label"
    assert [(row[0].text_content(), row[1].text_content()) for row in document.xpath("//tr")] == [
        ("Site", "Vinh"),
        ("Where", "at home"),
    ]
    assert len(document.xpath("//li")) == 2


def test_a_colon_in_a_value_makes_no_label():
    _, text, html = fill("- {{ site }}\n- {{ recipient }}", site="Site: Vinh", recipient="Name: Mẫu")

    assert ("<table" in html, text) == (False, "- Site: Vinh\n- Name: Mẫu")


@pytest.mark.parametrize(
    ("is_online", "site", "expected"),
    [(True, "Vinh", "online"), (False, "Vinh", "at Vinh"), (False, "", "somewhere"), (True, "", "online")],
)
def test_a_condition_asks_whether_there_is_a_value(is_online, site, expected):
    body = (
        "{% if is_online %}\nonline\n{% elif site and not is_online %}\nat {{ site }}\n"
        "{% else %}\nsomewhere\n{% endif %}"
    )

    assert fill(body, is_online=is_online, site=site)[1] == expected


@pytest.mark.parametrize(
    "body",
    [
        "# no heading",
        "> no quotation",
        "    no code",
        "```\nno code\n```",
        "`no code`",
        "<b>no HTML</b>",
        "<https://no.link.example>",
        "https://no.link.example",
        "&amp; no entity",
        "*no stress* and _none_ here",
        "| no | table |",
    ],
)
def test_what_is_not_of_the_language_is_text(body):
    _, text, html = fill(body)

    assert structure(html) == structure(fill("plain" + "\nplain" * body.count("\n"))[2])
    assert text.split() == words(html).split() == body.split() or body.count("\n")


# What is refused --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("{% for a in recipient %}x{% endfor %}", "{% for %}"),
        ("{% set a = recipient %}", "{% set %}"),
        ("{% set a %}x{% endset %}", "{% set %}"),
        ("{% with a = recipient %}{% endwith %}", "{% with %}"),
        ("{% include 'x' %}", "{% include %}"),
        ("{% import 'x' as x %}", "{% import %}"),
        ("{% from 'x' import x %}", "{% from %}"),
        ("{% extends 'x' %}", "{% extends %}"),
        ("{% macro x() %}{% endmacro %}", "{% macro %}"),
        ("{% call x() %}{% endcall %}", "{% call %}"),
        ("{% filter upper %}{% endfilter %}", "{% filter %}"),
        ("{% block x %}{% endblock %}", "{% block %}"),
        ("{% raw %}x{% endraw %}", "{% raw %}"),
        ("{% autoescape false %}x{% endautoescape %}", "{% autoescape %}"),
        ("{# a remark #}", "{# … #}"),
        ("{{ recipient.__class__ }}", "recipient.__class__"),
        ("{{ recipient.__class__.__mro__ }}", "recipient.__class__.__mro__"),
        ("{{ recipient['x'] }}", "recipient[…]"),
        ("{{ ''.join }}", "''.join"),
        ("{{ recipient() }}", "recipient(…)"),
        ("{{ recipient|upper }}", "|upper"),
        ("{{ recipient|attr('x') }}", "|attr"),
        ("{{ 7 * 7 }}", "*"),
        ("{{ 'x' }}", "'x'"),
        ("{{ -recipient }}", "-"),
        ("{{ recipient ~ site }}", "concat"),
        ("{{ recipient if site }}", "… if …"),
        ("{{ [recipient] }}", "list"),
        ("{{ {'a': recipient} }}", "dict"),
        ("{{ not site }}", "not"),
        ("{% if site == 'Vinh' %}x{% endif %}", "site == …"),
        ("{% if site is defined %}x{% endif %}", "is defined"),
        ("{% if true %}x{% endif %}", "True"),
        ("{% if site.x %}x{% endif %}", "site.x"),
        ("{% if site and recipient|length %}x{% endif %}", "|length"),
    ],
)
def test_all_but_placeholders_and_conditions_is_refused_by_its_name_and_line(body, what):
    refused = refusal(f"Dear {{{{ recipient }}}},\n\n{body}")

    assert isinstance(refused, templates.NotInLetters)
    assert (refused.field, refused.facts["line"], refused.facts["what"]) == ("body", 3, what)


@pytest.mark.parametrize(
    "body",
    [
        "{{ recipient",
        "{{ }}",
        "{{ recipient }",
        "{% if site %}",
        "{% endif %}",
        "{% nothing %}",
        "{% if %}x{% endif %}",
        f"{{{{ {'1' * 5000} }}}}",
    ],
)
def test_braces_that_do_not_fit_are_named_with_their_line(body):
    refused = refusal(f"One\n{body}\n" if body != "{% if site %}" else body)

    assert isinstance(refused, templates.WordsNotReadable)
    assert refused.facts["what"]


def test_the_sentence_says_line_and_words():
    assert str(refusal("One\nDear {{ recipient ,")) == (
        "Line 2 cannot be read: “Dear {{ recipient ,”. A placeholder is written {{ recipient }}; "
        "a condition begins with {% if name %} and ends with {% endif %}."
    )


def test_an_unknown_placeholder_is_named_with_those_that_there_are_and_the_nearest():
    near, far = refusal("Dear\n{{ recipent }}"), refusal("{% if zzz %}{% endif %}")

    assert str(near) == (
        "Line 2: there is no placeholder “recipent” in this letter. Did you mean “recipient”? "
        "There are: recipient, site, url, is_online."
    )
    assert str(far) == (
        "Line 1: there is no placeholder “zzz” in this letter. There are: recipient, site, url, is_online."
    )


def test_a_yes_or_no_is_asked_for_and_never_shown():
    assert str(refusal("{{ is_online }}")) == (
        "Line 1: “is_online” is a yes or no and has no words. Ask for it with {% if is_online %} … {% endif %}."
    )


@pytest.mark.parametrize(
    ("subject", "body", "kind", "field"),
    [
        ("", "x", templates.WordsMissing, "subject"),
        ("x", " \n", templates.WordsMissing, "body"),
        ("x" * 201, "x", templates.WordsTooLong, "subject"),
        ("x", "x" * 10_001, templates.WordsTooLong, "body"),
        ("a\nBcc: x@example.org", "x", templates.SubjectHasLines, "subject"),
        ("{{ nobody }}", "x", templates.PlaceholderUnknown, "subject"),
        ("x", "{% if site %}" * 9 + "{% endif %}" * 9, templates.ConditionsTooDeep, "body"),
        ("x", "{% if " + "not " * 2400 + "site %}{% endif %}", templates.ConditionsTooDeep, "body"),
        (
            "x",
            "{% if " + "(" * 2400 + "site" + ")" * 2400 + " %}{% endif %}",
            templates.ConditionsTooDeep,
            "body",
        ),
        ("x", "[a](javascript:alert(1))", templates.LinkNotPossible, "body"),
        ("x", "{% if site %}\n[a](data:text/html,x)\n{% endif %}", templates.LinkNotPossible, "body"),
        ("x", "[a](/relative/{{ site }})", templates.LinkNotPossible, "body"),
    ],
)
def test_what_is_missing_too_long_too_deep_or_no_link_is_refused_beside_its_field(subject, body, kind, field):
    refused = refusal(body, subject)

    assert (type(refused), refused.field) == (kind, field)


def test_just_long_and_deep_enough_is_fine():
    deep = "{% if site %}" * 8 + "{{ site }}" + "{% endif %}" * 8

    templates.check(Template("x" * 200, deep.ljust(10_000, "x")), known=KNOWN)

    assert fill(deep)[1] == "Vinh"


# Values -----------------------------------------------------------------------------------------------------

HOSTILE = "[x](http://evil.example) <b>{{ 7*7 }}</b> **s** `c` <http://e.example> &lt; \\ \ufdd00\ufdd1"


def test_what_somebody_typed_is_that_text_in_both_forms():
    subject, text, html = fill("{{ recipient }}\n\n- {{ recipient }}", recipient=HOSTILE)

    kept = HOSTILE.replace("\ufdd00\ufdd1", "0")
    assert (subject, text) == (f"About {kept}", f"{kept}\n\n- {kept}")
    assert words(html) == f"{kept} {kept}".replace(f"{kept} {kept}", f"{kept}{kept}")
    assert structure(html) == structure(fill("x\n\n- x")[2])


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "data:text/html,x", "", "//evil.example", 'https://a" onclick="x']
)
def test_a_value_that_is_no_address_makes_no_link(address):
    _, _, html = fill("[Open]({{ url }})", url=address)

    assert lxml_html.fromstring(f"<div>{html}</div>").xpath("//@href|//@onclick") == []


def test_a_value_inside_an_address_is_quoted():
    _, text, html = fill("[a](https://dxday.example/{{ site }}?of=1)", site="a/b?c=d&e")

    assert "https://dxday.example/a%2Fb%3Fc%3Dd%26e?of=1" in text
    assert lxml_html.fromstring(f"<div>{html}</div>").xpath("//@href") == [
        "https://dxday.example/a%2Fb%3Fc%3Dd%26e?of=1"
    ]


any_text = st.text() | st.text(alphabet="[]()<>*_`#-+.!|\\{}%&;:/\"'= \n\r\t\u2028\x85ax1")


@given(recipient=any_text, site=any_text, url=any_text)
def test_no_value_changes_what_a_letter_is_made_of(recipient, site, url):
    subject, _, html = fill(BODY, recipient=recipient, site=site, url=url)

    assert structure(html) == structure(fill(BODY)[2])
    assert subject.splitlines() in ([subject], [])
    for href in lxml_html.fromstring(f"<div>{html}</div>").xpath("//@href"):
        assert href.startswith(("https://", "http://", "mailto:", "HTTP", "Http"))


@given(recipient=any_text, site=any_text)
def test_every_value_is_read_as_it_was_written(recipient, site):
    _, text, html = fill("{{ recipient }}|{{ site }}", recipient=recipient, site=site)

    assert text == f"{clean_line(recipient)}|{clean_line(site)}"
    assert words(html) == " ".join(text.split())


def test_without_escaping_a_value_would_change_the_letter(monkeypatch):
    """The two checks above see it when values are put in as they are."""
    monkeypatch.setattr(markdown, "_value_html", str)

    assert structure(fill("{{ recipient }}", recipient="<b>x</b>")[2]) != structure(
        fill("{{ recipient }}")[2]
    )
    assert words(fill("{{ recipient }}", recipient="a&lt;b")[2]) != "a&lt;b"
