"""Where the loss falls in a conversation, token by token, with three chat templates and without one."""

from __future__ import annotations

from typing import Any

import jinja2
import pytest

from itdr_hf.errors import UsageError
from itdr_hf.models.train.data import IGNORED, encode
from itdr_hf.models.train.recipe import TrainRecipe
from itdr_hf.models.train.turns import conversation_pieces

MARKS = {"\x01": 1, "\x02": 2, "\x03": 3}  # end of text, end of turn, beginning
TEMPLATES = {
    "end of turn of its own": (
        "{% for m in messages %}\x03{{ m.role }}\n{{ m.content }}\x02\n{% endfor %}"
        "{% if add_generation_prompt %}\x03assistant\n{% endif %}"
    ),
    "end of text behind answers": (
        "{% for m in messages %}{% if m.role == 'user' %}[INST] {{ m.content }} [/INST]{% else %} {{ m.content }} \x01"
        "{% endif %}{% endfor %}"
    ),
    "no end at all": (
        "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
        "{% if add_generation_prompt %}assistant: {% endif %}"
    ),
    "no template": None,
}
ROW = {
    "id": "a",
    "messages": [
        {"role": "user", "content": "Who?"},
        {"role": "assistant", "content": "A reader."},
        {"role": "user", "content": "Item?"},
        {"role": "assistant", "content": "Yes"},
    ],
}


class Letters:
    """A tokenizer whose tokens are characters, and which fills a template as `transformers` does."""

    eos_token_id = 1
    all_special_ids = (1, 2, 3)

    def __init__(self, chat_template: str | None) -> None:
        self.chat_template = chat_template

    def __call__(self, text: str, add_special_tokens: bool = True) -> dict[str, list[int]]:
        return {"input_ids": [3] * add_special_tokens + [MARKS.get(letter, ord(letter) + 10) for letter in text]}

    def apply_chat_template(self, turns: Any, tokenize: bool, add_generation_prompt: bool = False) -> str:
        template = jinja2.Environment(keep_trailing_newline=True).from_string(self.chat_template or "")
        return template.render(messages=turns, add_generation_prompt=add_generation_prompt)


def shown(tokens: list[int]) -> str:
    return "".join(chr(token - 10) if token >= 10 else f"<{token}>" for token in tokens)


def runs(ids: list[int], labels: list[int]) -> list[str]:
    """The texts on which the loss falls."""
    found: list[list[int]] = []
    for before, token, label in zip([IGNORED, *labels], ids, labels, strict=False):
        if label != IGNORED:
            assert label == token
            if before == IGNORED:
                found.append([])
            found[-1].append(token)
    return [shown(run) for run in found]


EXPECTED = {
    "end of turn of its own": ["A reader.<2>", "Yes<2><1>"],
    "end of text behind answers": [" A reader. <1>", " Yes <1>"],
    "no end at all": ["A reader.\n<1>", "Yes\n<1>"],
    "no template": ["A reader.<1>", "Yes<1>"],
}


@pytest.mark.parametrize("name", TEMPLATES)
@pytest.mark.parametrize("loss", [(False, True, False, True), (False, False, False, True)])
def test_the_loss_falls_on_the_flagged_answers_and_their_ends_and_on_nothing_else(name, loss):
    tokenizer = Letters(TEMPLATES[name])
    made = encode({"c": [{**ROW, "loss": list(loss)}]}, tokenizer, TrainRecipe(model="x"), 4096)
    expected = [text for text, flag in zip(EXPECTED[name], loss[1::2], strict=True) if flag]
    assert runs(made.input_ids[0], made.labels[0]) == expected and made.turns == len(expected)


@pytest.mark.parametrize("name", ["end of turn of its own", "end of text behind answers"])
def test_the_tokens_are_those_of_the_whole_conversation(name):
    tokenizer = Letters(TEMPLATES[name])
    pieces = conversation_pieces({**ROW, "loss": [False, True, False, True]}, tokenizer)
    whole = tokenizer(tokenizer.apply_chat_template(ROW["messages"], tokenize=False), add_special_tokens=False)
    tokens = [token for piece in pieces for token in piece.tokens]
    assert shown(tokens).removesuffix("<1>") == shown(whole["input_ids"]).removesuffix("\n").removesuffix("<1>")


def test_a_single_turn_is_as_an_instruction():
    tokenizer = Letters(TEMPLATES["end of turn of its own"])
    row = {"id": "b", "messages": ROW["messages"][:2], "loss": [False, True]}
    made = encode({"c": [row]}, tokenizer, TrainRecipe(model="x"), 4096)
    assert runs(made.input_ids[0], made.labels[0]) == ["A reader.<2><1>"]


def test_only_the_first_prompt_is_ever_cut_and_an_answer_that_has_no_room_is_an_error():
    row, tokenizer = {**ROW, "loss": [False, True, False, True]}, Letters(TEMPLATES["no template"])
    whole = encode({"c": [row]}, tokenizer, TrainRecipe(model="x"), 4096)
    most = len(whole.input_ids[0]) - 3
    with pytest.raises(UsageError, match="longer than"):
        encode({"c": [row]}, tokenizer, TrainRecipe(model="x", max_length=most), 4096)
    cut = encode({"c": [row]}, tokenizer, TrainRecipe(model="x", max_length=most, allow_cut=True), 4096)
    assert cut.input_ids[0] == whole.input_ids[0][3:] and cut.turns == 2
    with pytest.raises(UsageError, match="tokens from the first answer on; want less than 12"):
        encode({"c": [row]}, tokenizer, TrainRecipe(model="x", max_length=12, allow_cut=True), 4096)


def test_a_template_that_rewrites_earlier_turns_is_an_error():
    forgets = "{% for m in messages %}{{ m.content if loop.last else m.content[:2] }}\x02{% endfor %}"
    with pytest.raises(UsageError, match="does not begin as a shorter one does"):
        conversation_pieces({**ROW, "loss": [False, True, False, True]}, Letters(forgets))


def test_pairs_are_no_answers_to_learn_from():
    with pytest.raises(UsageError, match="reward-mind: pairs of a better and a worse answer"):
        encode({"reward-mind": [{"id": "p", "chosen": []}]}, Letters(None), TrainRecipe(model="x"), 4096)
