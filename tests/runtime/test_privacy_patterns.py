"""Patterns are tried where a quick look finds what they cannot do without: nothing slips past that look."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from itdr_hf.runtime import privacy
from itdr_hf.runtime import text as text_module

PIECES = [
    "insta: joe.doe",
    "IG = @x_y",
    "psn:abc",
    "Telegram :foo",
    "discord=ab#1234",
    "ınsta: abcd",
    "ſkype:abc",
    "é:",
    "https://a.b/c",
    "www.x.y",
    "shop.com/x",
    "a.b.c.d.io/k",
    "x.de/",
    "http:/",
    "you//me",
    " call ",
    "text me ",
    "number",
    "5551234",
    "0161 4960123",
    "+44 20 7946 0018",
    "(415) 555-0173",
    "12",
    "7 8 9",
    "a@b.co",
    "@joe",
    "joe (at) x (dot) com",
    "bo [At ] y dot org",
    ":",
    "=",
    " ",
    ".",
    "-",
    "/",
    "\n",
    "word",
]


def patterns_alone(text: str) -> str:
    """The same patterns in the same order, each tried on every text."""
    text = privacy._LINK.sub("[link]", privacy._MAIL.sub("[e-mail]", text))
    text = privacy._HANDLE.sub("[handle]", text)
    return privacy._CALLED.sub(privacy._mask_called, privacy._PHONE.sub(privacy._mask_phone, text))


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=8).map("".join))
def test_a_text_is_masked_as_if_every_pattern_were_tried(text):
    assert privacy.scrub(text) == patterns_alone(text)


STOPS = [
    "A.",
    "Mr.",
    "Dr.",
    "vs.",
    "e.g.",
    "U.S.",
    "vol.",
    "approx.",
    "rt.",
    "St.",
    "É.",
    "_A.",
    "-no.",
    "word.",
    "it.",
]


@given(st.lists(st.sampled_from([*STOPS, " ", " ", "!", '."', "Next", "x"]) | st.text(max_size=2)).map("".join))
def test_a_sentence_ends_as_if_every_stop_were_looked_at_closely(text):
    found = [(m.start() + 1, m.end()) for m in text_module._END.finditer(text)]
    closely = [
        end
        for stop, end in found
        if not text_module._SHORT.search(text[max(0, stop - text_module.MAX_ABBREVIATION) : stop])
    ]
    assert text_module._ends(text) == closely
