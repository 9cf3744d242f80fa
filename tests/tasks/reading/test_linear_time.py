"""Reading takes time in proportion to the answer, whatever it holds."""

from __future__ import annotations

import time

import pytest

from itdr_hf.tasks.reading import (
    AskedAttribute,
    Fault,
    read_attributes,
    read_choice,
    read_number,
    read_ranking,
    read_text,
    read_yes_no,
)
from itdr_hf.tasks.reading.pipeline import MAX_CHARS

TITLES = [f"Title Number {k}: The Return ({1950 + k})" for k in range(20)]
USER = [AskedAttribute("age group", ("18-24", "25-34")), AskedAttribute("gender", ("male", "female"))]
READ = {
    "ranking": lambda text: read_ranking(text, TITLES),
    "choice": lambda text: read_choice(text, TITLES),
    "number": lambda text: read_number(text, 0.5, 5, titles=TITLES),
    "attributes": lambda text: read_attributes(text, USER),
    "text": read_text,
    "yes or no": read_yes_no,
}
CONTENTS = [
    "<think>", "</think>", "<think>a</think>", "[THINK]", "&lt;think", "<|channel|>", f"{TITLES[0]}\n", f"{TITLES[0]} ", "Title Number 3: ",
    "[", "{", "(", "[1,", '["a",', '{"a":', "1", "4 5 ", ".", "*", "_", "|", "| a | b |\n", "gender: ", "gender:\nmale\n", "and gender is ",
    "Final answer: ", "<answer>", "\\boxed{", "#### ", " ", "\n", "   \n", "a\n", "1. a\n", "ab, ", "3 > ", ": ", " (", "rating ",
    "predicted rating is ", "between 3 ", '"', "&amp;", "yes no ", "- ", "a - ", "电影", '{"gender":"male"}\n', "e\u0301", "-", "\\", "~~~\n",
    "the user's most likely ", "1/2 ", "most likely ", "I'd ", "**a", "<b>",
]  # fmt: skip


def seconds(read, content, size):
    text = (content * (size // len(content) + 1))[:size]
    start = time.process_time()
    read(text)
    return time.process_time() - start


def looks_worse_than_linear(read, content):
    """Whether four times the length takes six times as long, and 80 kB could take two seconds at this rate.

    If time is a·n + b·n², whatever fails at 80 kB below has b > a / 10 kB, and so fails here too.
    """
    short, long = seconds(read, content, 2_500), seconds(read, content, 10_000)
    return long > max(6 * short, 0.03)


@pytest.mark.parametrize("kind", READ)
def test_an_answer_of_any_content_is_read_in_time_that_grows_with_its_length(kind):
    """Four times the length may take eight times as long, never sixteen; a floor keeps clocks out of it."""
    READ[kind]("what is compiled and kept")
    for content in CONTENTS:
        if looks_worse_than_linear(READ[kind], content):
            short, long = (seconds(READ[kind], content, size) for size in (20_000, 80_000))
            assert long < max(12 * short, 2.0), (content, short, long)


@pytest.mark.parametrize("content", ["<think>", "</think>", "[", "a\n"])
def test_two_megabytes_take_less_than_two_seconds(content):
    """Beyond the cap on length, where all kinds read alike, only thoughts and end tokens are looked for."""
    assert seconds(READ["ranking"], content, 2_000_000) < 2


def test_ten_megabytes_of_thought_take_less_than_ten_seconds():
    thought = "The person gave Alien 4 and [Heat] 3.5 <b>stars</b>.\n" * 200_000
    start = time.process_time()
    assert read_number(f"<think>{thought}</think>4.5", 0.5, 5) == (("4.5",), None)
    assert time.process_time() - start < 10


def test_an_answer_beyond_the_cap_is_cut_and_counted():
    lines = "\n".join(f"{n}. {title}" for n, title in enumerate(TITLES, 1))
    answer = read_ranking(lines + "\n" + "x" * MAX_CHARS, TITLES)
    assert answer.fault == Fault.TOO_LONG
    assert answer.values[:20] == tuple(TITLES)


def test_a_long_thought_does_not_count_towards_the_cap():
    assert read_number(f"<think>{'hm ' * MAX_CHARS}</think>4.5", 0.5, 5) == (("4.5",), None)
