"""Rewards are what `itdr score` measures, row by row; rows of other tasks sit out."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import asdict
from functools import cache
from typing import Any

import pytest
from drill import LONG

from itdr_hf import catalogue, rewards
from itdr_hf.errors import UsageError
from itdr_hf.metrics.text import bleu
from itdr_hf.records import Example
from itdr_hf.rewards.verl import compute_score
from itdr_hf.score.measured import Resampling
from itdr_hf.score.parsed import CellAnswers, RawAnswer, read_answers
from itdr_hf.score.scoring import score_system
from itdr_hf.tasks.reading import ParsedAnswer

FUNCTIONS = {
    "N@3": rewards.ndcg_at_3, "N@5": rewards.ndcg_at_5, "N@10": rewards.ndcg_at_10, "H@1": rewards.hit_at_1,
    "H@3": rewards.hit_at_3, "H@5": rewards.hit_at_5, "P@5": rewards.precision_at_5, "BLEU-1": rewards.bleu_1,
    "BLEU-2": rewards.bleu_2, "ROUGE-1": rewards.rouge_1, "ROUGE-2": rewards.rouge_2, "ROUGE-L": rewards.rouge_l,
}  # fmt: skip
FORMATS = {"lenient": rewards.readable, "strict": rewards.written_as_asked}
PIECES = (
    "1. ", "2. ", "10", ": ", "\n", "age: 25", "gender: F", "gender", "<think>hm", "</think>", "4.5", "8/10", "**", "Yes", "no",
    "I would say ", "Answer: ", "```", "[", '"', ", ", "the user likes ", "drama", "\u2028", "</s>", "",
)  # fmt: skip
ANSWERS = 10_000 if LONG else 300  # of each kind; the long way takes minutes


def random_answer(example: Example, draw: random.Random) -> str:
    """A right answer, one out of order, one of another example's words, or noise; then wrapped, cut, or neither."""
    lines = example.output.split("\n")
    pool = [*example.candidates, *example.history, *PIECES]
    text = draw.choice([
        example.output,
        "\n".join(f"{n}. {title}" for n, title in enumerate(draw.sample(example.candidates, len(example.candidates)), 1)),
        "\n".join(draw.sample(lines, draw.randint(0, len(lines)))),
        draw.choice(pool),
        draw.choice(["{}", "Rating: {}", "about {} of 5"]).format(round(draw.uniform(-1, 11), draw.choice([0, 1, 2]))),
        "".join(draw.choices(pool, k=draw.randint(0, 12))),
        " ".join(draw.choices(example.output.split() or [""], k=draw.randint(0, 30))),
    ])  # fmt: skip
    wrapping = draw.choice(["{}", "{}", "{}", "<think>Hm.</think>\n{}", "```\n{}\n```", "**{}**", "Final answer: {}"])
    text = wrapping.replace("{}", text)
    return text[: draw.randint(0, len(text))] if draw.random() < 0.1 else text


def columns_of(examples: Sequence[Example]) -> dict[str, list[Any]]:
    """The columns as TRL passes them: the prompt as messages, and no answer."""
    left = ("subtask", "source", "history", "candidates", "targets", "target_names", "template")
    prompts = [[{"role": "user", "content": f"{e.instruction}\n{e.input}"}] for e in examples]
    return {"prompts": prompts, **{name: [asdict(e)[name] for e in examples] for name in left}}


def as_turns(texts: Sequence[str]) -> list[list[dict[str, str]]]:
    return [[{"role": "assistant", "content": text}] for text in texts]


def mean(values: Sequence[float | None]) -> float:
    found = [value for value in values if value is not None]
    return sum(found) / len(found)


def figures_of(cell: CellAnswers, reading: str) -> dict[str, float]:
    """What `itdr score` says of these answers."""
    scored = score_system("x", [cell], reading=reading, resampling=Resampling(replicates=2)).cells[cell.config]
    return {name: figure.interval.value for name, figure in scored.figures.items()}


@cache
def drawn(count: int, seed: int) -> tuple[tuple[int, float], ...]:
    draw = random.Random(seed)
    return tuple((draw.randrange(1 << 30), draw.random()) for _ in range(count))


@pytest.mark.parametrize("name", ["rp-movielens32m", "tkr-movielens32m", "nir-movielens32m", "uap-movielens1m", "ir-steam", "seqrec-movielens32m"])  # fmt: skip
def test_rewards_are_the_score_on_random_answers_of_every_kind(examples, name):
    pool = [e for e in examples[name] if e.candidates or name != "seqrec-movielens32m"]
    asked = [pool[number % len(pool)] for number, _ in drawn(ANSWERS, 7)]
    texts = [random_answer(example, random.Random(number)) for example, (number, _) in zip(asked, drawn(ANSWERS, 8), strict=True)]  # fmt: skip
    cell = read_answers(catalogue.cell(name), asked, [RawAnswer(text, "stop") for text in texts])
    columns = columns_of(asked)
    for reading in ("lenient", "strict"):
        figures = figures_of(cell, reading)
        assert mean(FORMATS[reading](as_turns(texts), **columns)) == pytest.approx(cell.parsed(reading))
        for metric in cell.cell.task.metrics:
            if metric in FUNCTIONS and not metric.startswith("BLEU"):
                made = FUNCTIONS[metric](as_turns(texts), reading=reading, **columns)
                assert mean(made) == pytest.approx(figures[metric], abs=1e-12)
        if cell.cell.task.answer == "number":
            made = rewards.number_error(texts, reading=reading, **columns)
            assert math.sqrt(-mean(made)) == pytest.approx(figures["RMSE"])
            close = rewards.number_closeness(texts, reading=reading, **columns)
            assert [1 - math.sqrt(-error) / 4.5 for error in made] == pytest.approx(close)
            assert min(close) >= 0
        if cell.cell.task.answer == "text":
            values = [(answer.values or ("",))[0] for answer in cell.read[reading]]
            counted = ["" if reading == "strict" and answer.fault else value for answer, value in zip(cell.read[reading], values, strict=True)]  # fmt: skip
            alone = [bleu([text], [e.targets[0]]) for text, e in zip(counted[:300], asked[:300], strict=True)]
            for metric in ("BLEU-1", "BLEU-2"):
                made = FUNCTIONS[metric](texts, reading=reading, **columns)
                assert made[:300] == pytest.approx([one[metric] for one in alone])
        if cell.cell.task.answer == "attributes":
            check_attributes(cell, texts, columns, reading, figures)


def check_attributes(cell, texts, columns, reading, figures):
    """Each row asks for some attributes; weighted by their number, the mean of the rewards is that of the metrics."""
    scales = {a.name for a in cell.cell.source.user_attributes if a.scale is not None}
    counted = {name: sum(name in e.target_names for e in cell.examples) for name in {n for e in cell.examples for n in e.target_names}}  # fmt: skip
    for function, wanted, form in (
        (rewards.attribute_accuracy, set(counted) - scales, lambda n: figures[f"ACC({n})"]),
        (rewards.attribute_error, set(counted) & scales, lambda n: -(figures[f"RMSE({n})"] ** 2)),
    ):
        made = function(texts, reading=reading, **columns)
        weights = [sum(name in wanted for name in e.target_names) for e in cell.examples]
        assert [value is None for value in made] == [weight == 0 for weight in weights]
        total = sum((value or 0) * weight for value, weight in zip(made, weights, strict=True))
        assert total == pytest.approx(sum(form(name) * counted[name] for name in wanted))
    assert all(value is None or 0 <= value <= 1 for value in rewards.attribute_closeness(texts, **columns))


def test_yes_and_no_are_read_as_the_dialogue_reads_them():
    cell, draw = catalogue.cell("dialogue-movielens32m"), random.Random(3)
    said = ["Yes", "No", "yes.", "No, since they never", "Yes and no", "", "Answer: Yes", "perhaps", "**No**", "<think>Yes</think>No"]  # fmt: skip
    texts = [draw.choice(said) for _ in range(ANSWERS)]
    targets = [[draw.choice(["Yes", "No"])] for _ in texts]
    columns = {"task": ["dialogue"] * len(texts), "source": ["movielens32m"] * len(texts), "targets": targets}
    example = Example(**dict.fromkeys(Example.__dataclass_fields__, ""))
    for reading in ("lenient", "strict"):
        read = [cell.parse(text, example, strict=reading == "strict") for text in texts]
        counted = [ParsedAnswer(()) if reading == "strict" and one.fault else one for one in read]
        right = [float(list(one.values) == target) for one, target in zip(counted, targets, strict=True)]
        assert rewards.yes_no(as_turns(texts), reading=reading, **columns) == right
        assert FORMATS[reading](texts, **columns) == [float(one.fault is None) for one in read]
    assert rewards.content(texts, **columns) == rewards.yes_no(texts, **columns)


def test_rows_of_other_tasks_and_of_other_data_sit_out(examples):
    mixed = [examples["tkr-movielens32m"][0], examples["rp-movielens32m"][0], examples["nir-movielens32m"][0]]
    columns = columns_of(mixed)
    texts = [example.output for example in mixed]
    assert rewards.ndcg_at_10(texts, **columns) == [1.0, None, None]
    assert rewards.hit_at_1(texts, **columns) == [1.0, None, 1.0]
    assert rewards.number_closeness(texts, **columns) == [None, 1.0, None]
    assert rewards.content(texts, **columns) == [1.0, 1.0, 1.0]
    columns["subtask"] = ["tkr", "gsm8k", None]
    assert rewards.content(texts, **columns) == rewards.readable(texts, **columns) == [1.0, None, None]


def test_every_kind_is_rewarded_most_for_its_truth_and_never_for_silence(examples):
    for name, rows in examples.items():
        columns = columns_of(rows)
        right = rewards.content([row.output for row in rows], **columns)
        silent = rewards.content(["" for _ in rows], **columns)
        assert all(value is None or value == pytest.approx(1.0) for value in right), name
        assert all(value is None or 0 <= value < 1 for value in silent), name
        listed = [bool(row.candidates) for row in rows]
        assert [value is not None for value in right] == (listed if name.startswith("seqrec") else [True] * len(rows))


def test_missing_columns_unknown_sources_and_readings_are_named(examples):
    columns = columns_of(examples["nir-movielens32m"][:1])
    with pytest.raises(UsageError, match="want targets .* `itdr export --format trl-grpo`"):
        rewards.hit_at_1(["x"], **{name: found for name, found in columns.items() if name != "targets"})
    with pytest.raises(UsageError, match=r"want subtask \(or task\) and source"):
        rewards.hit_at_1(["x"], **{name: found for name, found in columns.items() if name != "source"})
    with pytest.raises(UsageError, match="rows of nir-mine, whose source is not known; .*use_sources_of"):
        rewards.hit_at_1(["x"], **{**columns, "source": ["mine"]})
    with pytest.raises(UsageError, match="no reading 'kind'"):
        rewards.hit_at_1(["x"], reading="kind", **columns)


def test_verl_gets_the_same_numbers_and_their_parts(examples):
    for name, rows in examples.items():
        for row in rows[:10]:
            given = random_answer(row, random.Random(row.id))
            [wanted] = rewards.content([given], **columns_of([row]))
            if wanted is None:
                continue
            made = compute_score(*verl_row(name, row, given))
            assert made["score"] == made["content"] == wanted
            assert made["written_as_asked"] == rewards.written_as_asked([given], **columns_of([row]))[0]
            weighted = compute_score(*verl_row(name, row, given), format_weight=0.5)
            assert weighted["score"] == wanted + 0.5 * made["written_as_asked"]
    row = examples["rp-movielens32m"][0]
    with pytest.raises(UsageError, match="ndcg_at_10 does not concern itdr/rp-movielens32m"):
        compute_score(*verl_row("rp-movielens32m", row, "4"), metric="ndcg_at_10")
    with pytest.raises(UsageError, match="no reward 'itself'"):
        compute_score(*verl_row("rp-movielens32m", row, "4"), metric="itself")


def verl_row(name: str, row: Example, given: str) -> tuple[str, str, str, dict[str, Any]]:
    import json

    extra = {"history": row.history, "candidates": row.candidates, "target_names": row.target_names}
    extra |= {"template": row.template, "input": row.input}
    return f"itdr/{name}", given, json.dumps(row.targets), extra
