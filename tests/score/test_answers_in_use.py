"""Right answers in the ways that models write them, from the predictions file to the figures."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from itdr_hf.models.predict.predictions import Completion, Run, open_predictions
from itdr_hf.models.predict.questions import read_questions
from itdr_hf.records import Example
from itdr_hf.score.measured import Resampling
from itdr_hf.score.parsed import read_examples
from itdr_hf.score.score_file import Options, Report, score_file

OPTIONS = Options(baselines=False, resampling=Resampling(replicates=2))
UAP, TKR, NIR, RP = "uap-movielens1m", "tkr-movielens32m", "nir-movielens32m", "rp-movielens32m"


def scored(folder: Path, config: str, write: Callable[[Example], str], path: Path, finish: str = "stop") -> Report:
    examples = {example.id: example for example in read_examples(folder, config, "test")}
    with open_predictions(path, Run(model="styled", revision="")) as (_, keep):
        for question in read_questions(folder, [config]):
            keep(question, Completion(write(examples[question.id]), finish))
    return score_file(path, folder, OPTIONS)


def named(example: Example) -> dict[str, str]:
    return dict(zip(example.target_names, example.targets, strict=True))


def thought(example: Example) -> str:
    """What misleads: the candidates the wrong way round, and a number."""
    wrong = "\n".join(f"- {title}" for title in reversed(example.candidates))
    return f"Let me look at them again.\n{wrong}\nMy first guess would be 1."


def without_years(example: Example) -> str:
    lines = example.output.split("\n")
    return "\n".join(line[:-7] if line[-5:-1].isdigit() and line.endswith(")") else line for line in lines)


RIGHT: dict[str, tuple[list[str], Callable[[Example], str]]] = {
    "names and colons in bold": ([UAP], lambda e: "\n".join(f"**{n.capitalize()}:** {v}" for n, v in named(e).items())),
    "names in bold": ([UAP], lambda e: "\n".join(f"**{n.capitalize()}**: {v}" for n, v in named(e).items())),
    "JSON on lines": ([UAP], lambda e: json.dumps(named(e), indent=2)),
    "JSON on one line": ([UAP], lambda e: json.dumps(named(e))),
    "a thought that the prompt opened": ([TKR, NIR, RP], lambda e: f"{thought(e)}\n</think>\n\n{e.output}"),
    "typographic marks": ([TKR, NIR], lambda e: e.output.replace("'", "\u2019").replace("-", "\u2011")),
    "an end token": ([UAP, TKR, NIR, RP], lambda e: f"{e.output}</s>"),
    "an average first": ([RP], lambda e: f"The user's average rating is 2.5.\n\n**Final rating: {e.output}**"),
    "ratings before": ([RP], lambda e: f"They gave such movies 2 and 3. The predicted rating is {e.output}."),
    "four hashes": ([RP], lambda e: f"Most ratings here are 3.\n#### {e.output}"),
    "years left off": ([TKR, NIR], without_years),
}


@pytest.mark.parametrize("style", RIGHT)
def test_a_right_answer_is_right_however_it_is_written(asked, tmp_path, style):
    configs, write = RIGHT[style]
    for config in configs:
        cell = scored(asked, config, write, tmp_path / f"{config}.parquet").ours.cells[config]
        best = {metric: 0.0 if metric.startswith("RMSE") else 1.0 for metric in cell.figures}
        assert {metric: figure.interval.value for metric, figure in cell.figures.items()} == pytest.approx(best)
        assert cell.parsed["lenient"] == 1.0 and cell.faults["lenient"] == {}


@pytest.mark.parametrize("config", [UAP, TKR, NIR, RP, "tui-movielens32m"])
def test_a_thought_without_an_end_is_no_answer(asked, tmp_path, config):
    report = scored(asked, config, lambda e: f"<think>\n{thought(e)}\n{e.output}", tmp_path / "p.parquet", "length")
    cell = report.ours.cells[config]
    assert cell.parsed["lenient"] == 0.0 and cell.faults["lenient"] == {"truncated": 1.0}
