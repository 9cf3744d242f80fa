"""Which answers may become references."""

from __future__ import annotations

import re

import pytest

from itdr_hf import catalogue
from itdr_hf.models.endpoint.request import Reply
from itdr_hf.models.teacher.acceptance import CHECKS, Completion, common_words, fault, own, read_text
from itdr_hf.tasks.itdr import ir, tui
from itdr_hf.tasks.reclm import profile
from itdr_hf.tasks.task import Teacher

TEACHER = Teacher(version="t-1", system="s", template="{input}", words=(10, 60), field="audience")
INPUT = "Movie: Informer (1998)\ngenres: Crime, Horror\nFrom this, describe briefly which groups of users …"
GOOD = (
    "Informer should be shown to people who like crime stories that are as dark as they are slow, and to those "
    "who have a taste for the films of the nineties; it is not for families."
)
OTHERS = {
    "de": "Diesen Film sollten alle sehen, die Krimis mögen und sich für die Zeit der neunziger Jahre begeistern, denn "
    "Informer ist langsam, dunkel und nicht für Kinder gemacht, was in den Kritiken steht.",
    "fr": "Ce film plaira aux personnes qui aiment les histoires de crime et qui ont un faible pour les années "
    "quatre-vingt-dix; Informer est lent, sombre, et ne convient pas aux familles avec des enfants.",
    "es": "Esta película gustará a quienes disfrutan de las historias de crimen y del cine de los noventa; Informer "
    "es lenta y oscura, y no es para familias con niños pequeños ni para quien busca acción.",
    "nl": "Deze film is voor mensen die van misdaadverhalen houden en van de jaren negentig; Informer is in alles "
    "traag en donker, en was niet bedoeld voor gezinnen met kinderen of voor wie actie zoekt.",
    "zh": "这部电影 Informer 适合 喜欢 犯罪 故事 的人 , 节奏 缓慢 , 气氛 阴暗 , 不适合 带 孩子 的 家庭 观看 。",
}


def found(text: str, finish: str = "stop", as_json: bool = False, own_words: frozenset[str] | None = None, **more: str):
    reply = Reply(text=text, finish=finish, **more)
    said = read_text(reply, TEACHER, as_json)
    words = own(INPUT) if own_words is None else own_words
    return fault(Completion(reply=reply, text=said, teacher=TEACHER, own_words=words))


AT_FAULT = {
    "truncated": [
        (GOOD[:100], {"finish": "length"}),
        ("<think>\nThe movie is about crime, so", {}),
        (f"<think>So? {GOOD}", {}),
    ],
    "refusal": [
        ("I'm sorry, but I can't help with that.", {}),
        ("I’m unable to describe the people this movie is for. " + GOOD, {}),
        ("As an AI language model, I have no tastes of my own. " + GOOD, {}),
        ("", {"refusal": "no"}),
        (GOOD, {"finish": "content_filter"}),
    ],
    "empty": [
        ("", {}),
        (" \n**…** ", {}),
        ("<think>What could it be?</think>\n", {}),
    ],
    "malformed JSON": [
        (GOOD, {"as_json": True}),
        ('{"audience": "' + GOOD, {"as_json": True}),
        ('{"people": "all"}', {"as_json": True}),
        ('["audience"]', {"as_json": True}),
        ('{"audience": ["a", "b"]}', {"as_json": True}),
    ],
    "too short": [("Informer is for the people who like crime.", {})],
    "too long": [(GOOD + " " + GOOD, {})],
    "not English": [(text, {}) for text in OTHERS.values()],
    "about something else": [(GOOD.replace("Informer", "This").replace("crime", "love"), {})],
}


def test_every_check_has_a_case():
    assert {*AT_FAULT, "another form"} == set(CHECKS)


def test_an_answer_that_is_no_prose_is_judged_by_its_form_and_not_by_its_language_or_topic():
    teacher, words = profile.TEACHER, frozenset({"informer"})

    def judged(text: str) -> str | None:
        return fault(Completion(reply=Reply(text=text, finish="stop"), text=text, teacher=teacher, own_words=words))

    good = "Identity: night owl; film buff; loyal watcher\nInterests: noir; heists; slow burns"
    assert judged(good) is None
    assert judged(good.replace("; slow burns", "")) == "another form"
    assert judged("A night owl and film buff who is after noir and heists.") == "another form"


@pytest.mark.parametrize(
    ("name", "text", "more"), [(name, *case) for name, cases in AT_FAULT.items() for case in cases]
)
def test_an_answer_at_fault_is_rejected_by_name(name, text, more):
    assert found(text, **more) == name


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        f"<think>I'm sorry, but I cannot tell yet.</think>{GOOD}",
        f"Okay, the user wants to know. I cannot tell yet.\n</think>\n\n{GOOD}",
        f"The movie is about crime.\n</think>\n\n{GOOD}",
        f"{GOOD}<|im_end|>",
        GOOD + " Users who say “I cannot stand horror” should not see it.",
        "“I Can't Think Straight” should be shown to those who like crime stories and who have a sense of humour.",
        "Crime lovers, and those who cannot sleep without a shiver of horror, will be at home with this.",
    ],
)
def test_a_good_answer_passes_all_checks(text):
    assert found(text) is None


@pytest.mark.parametrize(
    "text", [f"What crime?</think>\n{GOOD}", f"<thinking>Hm.</thinking> {GOOD}</s>", f"  {GOOD}\n"]
)
def test_a_reference_holds_no_thought_and_no_end_token(text):
    assert read_text(Reply(text=text, finish="stop"), TEACHER, False) == GOOD


def test_json_is_read_with_or_without_a_fence_and_only_its_field_is_kept():
    for text in (f'{{"audience": " {GOOD} ", "more": 1}}', f'```json\n{{"audience": "{GOOD}"}}\n```'):
        assert read_text(Reply(text=text, finish="stop"), TEACHER, True) == GOOD
        assert found(text, as_json=True) is None


def test_an_example_without_words_of_its_own_cannot_be_missed():
    assert found(GOOD, own_words=frozenset()) is None


def test_the_words_of_the_template_and_of_the_source_say_nothing_of_the_example():
    common = common_words(catalogue.cell("tui-movielens32m"))
    assert {"recommended", "movie", "genres", "groups"} <= common
    assert own(INPUT, besides=common) == {"informer", "crime", "horror"}
    assert own("likes: 20720 東京の猫 Café Señor") == {"cafe", "senor"}


@pytest.mark.parametrize("teacher", [tui.TEACHER, ir.TEACHER])
def test_a_teacher_prompt_asks_for_lengths_that_are_accepted_and_names_no_slot_it_has_not(teacher):
    low, high = (int(n) for n in re.search(r"(\d+) to (\d+) words", teacher.system).groups())
    assert teacher.words[0] < low < high < teacher.words[1]
    assert teacher.template.count("{") == 1 and "{input}" in teacher.template
