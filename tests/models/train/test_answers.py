"""What of an answer is trained: all of it, to the token that really ends it, with every unknown character counted."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("torch", reason="needs the extra [train]")

from models.bases import make_tokenizer

from itdr_hf.errors import ModelError, UsageError
from itdr_hf.models.train.data import encode, encode_row
from itdr_hf.models.train.recipe import TrainRecipe
from itdr_hf.models.train.turns import conversation_pieces

OUTPUT = "1. Amélie (2001)\n2. Heat (1995)\n3. Big (1988)"
ROW = {"id": "a", "instruction": "Do.", "input": "What?", "output": OUTPUT}


def trained(tokenizer: Any, row: dict[str, str] = ROW) -> list[str]:
    return tokenizer.convert_ids_to_tokens(encode_row(row, tokenizer)[1])


def test_an_unknown_character_does_not_end_an_answer():
    want = ["<unk>" if letter == "é" else letter for letter in OUTPUT]
    assert trained(make_tokenizer(bytewise=False)) == [*want, "</s>"]
    assert trained(make_tokenizer("chat", bytewise=False)) == [*want, "<|over|>", "</s>"]


def test_unknown_characters_are_counted():
    tokenizer = make_tokenizer(bytewise=False)
    made = encode({"rp": [ROW, {**ROW, "input": "Où?"}]}, tokenizer, TrainRecipe(model="x"), 10_000)
    assert made.facts["unknown"] == made.unknown == 3 and made.cut == 0
    assert encode({"rp": [ROW]}, make_tokenizer(), TrainRecipe(model="x"), 10_000).unknown == 0


def test_a_special_token_within_an_answer_does_not_end_its_turn():
    row = {**ROW, "output": "1. <|turn|> (2001)\n2. <|over|> (2002)\n3. Heat"}
    assert "".join(trained(make_tokenizer("chat"), row)[-7:]) == "ĠHeat<|over|></s>"


def test_a_template_that_trims_the_answer_keeps_its_end():
    tokenizer = make_tokenizer("chat")
    tokenizer.chat_template = tokenizer.chat_template.replace("m['content']", "m['content'] | trim")
    assert trained(tokenizer, {**ROW, "output": "Heat\n"}) == ["H", "e", "a", "t", "<|over|>", "</s>"]


def test_a_template_that_changes_the_answer_is_refused():
    tokenizer = make_tokenizer("chat")
    shouted = "m['content'] | upper if m['role'] == 'assistant' else m['content']"
    tokenizer.chat_template = tokenizer.chat_template.replace("m['content']", shouted)
    with pytest.raises(UsageError, match="does not write the answer as it is"):
        encode_row(ROW, tokenizer)


@pytest.mark.parametrize(
    ("template", "message"),
    [
        (
            "hello{% if add_generation_prompt %}!{% endif %}",
            "it does not write the question as it is; want one that does",
        ),
        ("{% for m in messages %}{{ m['content'] | upper }}{% endfor %}", "it does not write the question as it is"),
        (
            "{{ raise_exception('no turns') }}",
            "TemplateError: no turns; want one that writes a user's and an assistant's",
        ),
        ("{% for m in messages %}{{ m.x.y }}", "TemplateSyntaxError: "),
        ("{{ messages[7]['content'].x }}", "UndefinedError: "),
    ],
)
def test_a_template_that_does_not_ask_the_question_is_one_line(template: str, message: str):
    tokenizer = make_tokenizer("chat")
    tokenizer.chat_template = template
    with pytest.raises(ModelError) as told:
        encode_row(ROW, tokenizer)
    assert str(told.value).startswith(f"chat template: {message}") and "\n" not in str(told.value)


def test_an_unknown_character_does_not_end_an_answer_of_a_conversation():
    tokenizer = make_tokenizer("chat", bytewise=False)
    turns = [
        {"role": role, "content": text} for role, text in (("user", "Où?"), ("assistant", "Amélie"), ("user", "And?"))
    ]
    row = {
        "id": "a",
        "messages": [*turns, {"role": "assistant", "content": "Émile."}],
        "loss": [False, True, False, True],
    }
    answers = [tokenizer.convert_ids_to_tokens(one.tokens) for one in conversation_pieces(row, tokenizer) if one.loss]
    assert ["".join(answer) for answer in answers] == ["Am<unk>lie<|over|>", "<unk>mile.<|over|></s>"]
