"""Texts that came from elsewhere with HTML in them."""

import pytest

from dxday.core.markup import plain


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("<p>Dữ liệu mở</p><p>cho <strong>mọi người</strong></p>", "Dữ liệu mở\ncho mọi người"),
        ("One<br />two", "One\ntwo"),
        ('<ul class="x"><li>one</li><li>two</li></ul>', "• one\n• two"),
        ('See <a href="https://example.org/?a=1">the page</a> &amp; ask', "See the page & ask"),
    ],
)
def test_tags_are_left_out_and_paragraphs_begin_new_lines(text, read):
    assert plain(text) == read


@pytest.mark.parametrize("text", ["a < b and b > c", "Dear <name>", "AT&amp;T", "", "First\n\nSecond"])
def test_a_text_without_tags_is_left_as_it_is(text):
    assert plain(text) == text


def test_what_was_escaped_twice_stays_text():
    assert plain("<p>&lt;script&gt;</p>") == "<script>"
