"""Scoring: what every answer counts as, what an interval covers, and what is refused."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from itdr_hf import catalogue
from itdr_hf.bench.scoring import measure
from itdr_hf.dataset import Dataset
from itdr_hf.errors import UsageError
from itdr_hf.metrics.bootstrap import intervals
from itdr_hf.metrics.ranking import ranking_samples
from itdr_hf.models.predict.predictions import Completion, Run, open_predictions
from itdr_hf.models.predict.questions import read_questions
from itdr_hf.records import Example
from itdr_hf.score.comparisons import answer_baselines, chance_notes
from itdr_hf.score.measured import Resampling
from itdr_hf.score.parsed import RawAnswer, read_answers, read_examples
from itdr_hf.score.rules import samples
from itdr_hf.score.score_file import Options, Report, score_file
from itdr_hf.score.scoring import score_system
from itdr_hf.tasks.answers import numbered
from itdr_hf.tasks.family import Figure
from itdr_hf.tasks.itdr.composite import composite

FAST = Options(baselines=False, resampling=Resampling(replicates=200))
ParsedAnswer = Callable[[Example], "str | None"]


def write(
    path: Path, folder: Path, answer: ParsedAnswer, finish: str = "stop", configs: list[str] | None = None
) -> Path:
    """A predictions file with `answer(example)` for every test example that it is not None for."""
    examples = {e.id: e for name in Dataset.open(folder).select(configs) for e in read_examples(folder, name, "test")}
    with open_predictions(path, Run(model=path.stem, revision="", settings={})) as (_, keep):
        for question in read_questions(folder, configs):
            text = answer(examples[question.id])
            if text is not None:
                keep(question, Completion(text, finish))
    return path


def scored(folder: Path, path: Path, options: Options = FAST, **more: Path) -> Report:
    return score_file(path, folder, options, **more)


def value(report: Report, config: str, metric: str) -> float:
    return report.ours.cells[config].figures[metric].interval.value


def test_the_true_answers_are_perfect_in_every_metric_and_parse_strictly(asked, tmp_path):
    for options in (FAST, Options(reading="strict", baselines=False, resampling=Resampling(replicates=50))):
        report = scored(asked, write(tmp_path / f"{options.reading}.parquet", asked, lambda e: e.output), options)
        for cell in report.ours.cells.values():
            assert cell.parsed == {"lenient": 1.0, "strict": 1.0} and cell.faults == {"lenient": {}, "strict": {}}
            for metric, figure in cell.figures.items():
                best = 0.0 if metric.startswith("RMSE") else 1.0
                assert figure.interval.value == pytest.approx(best, abs=1e-9)
                assert (figure.interval.low, figure.interval.high) == pytest.approx((best, best), abs=1e-9)


def test_silence_is_the_worst_there_is_and_is_counted(asked, tmp_path):
    report = scored(asked, write(tmp_path / "p.parquet", asked, lambda e: ""))
    for cell in report.ours.cells.values():
        assert cell.parsed == {"lenient": 0.0, "strict": 0.0} and cell.faults["lenient"] == {"empty": 1.0}
        for metric, figure in cell.figures.items():
            if not metric.startswith("RMSE"):
                assert figure.interval.value == pytest.approx(0, abs=1e-9)
    truth = np.array([float(e.output) for e in read_examples(asked, "rp-movielens32m", "test")])
    worst = math.sqrt(np.mean(np.maximum(truth - 0.5, 5 - truth) ** 2))
    assert value(report, "rp-movielens32m", "RMSE") == pytest.approx(worst)


def test_an_answer_without_a_rating_counts_as_the_worst_that_is_on_the_scale(asked, tmp_path):
    configs = ["rp-movielens32m"]
    silent = scored(asked, write(tmp_path / "off.parquet", asked, lambda e: "no idea", configs=configs))
    worst = scored(asked, write(tmp_path / "on.parquet", asked, _worst_rating, configs=configs))
    assert value(silent, configs[0], "RMSE") == pytest.approx(value(worst, configs[0], "RMSE"))


@pytest.mark.parametrize(("said", "end"), [("5.2", "5"), ("77", "5"), ("-1", "0.5"), ("9" * 20, "5")])
def test_a_rating_off_the_scale_counts_as_its_nearer_end_and_is_a_fault(asked, tmp_path, said, end):
    configs = ["rp-movielens32m"]
    off = scored(asked, write(tmp_path / "off.parquet", asked, lambda e: said, configs=configs))
    on = scored(asked, write(tmp_path / "on.parquet", asked, lambda e: end, configs=configs))
    assert value(off, configs[0], "RMSE") == pytest.approx(value(on, configs[0], "RMSE"))
    assert off.ours.cells[configs[0]].faults["lenient"] == {"out of range": 1.0}


def _worst_rating(example: Example) -> str:
    return "0.5" if float(example.output) - 0.5 > 5 - float(example.output) else "5"


def test_invented_lines_before_the_positives_keep_their_ranks(asked, tmp_path):
    def late(example: Example) -> str:
        return numbered([*(f"Nowhere {n} (1950)" for n in range(5)), *example.targets])

    config = "tkr-movielens32m"
    report = scored(asked, write(tmp_path / "p.parquet", asked, late, configs=[config]))
    found = [value(report, config, metric) for metric in ("N@10", "H@1", "P@5")]
    assert found == pytest.approx([0.541, 0, 0], abs=5e-4)
    assert report.ours.cells[config].faults["lenient"] == {"not a candidate": 1.0}


def test_a_signature_says_how_answers_were_read(asked, tmp_path):
    report = scored(asked, write(tmp_path / "p.parquet", asked, lambda e: e.output))
    of = {config: next(iter(cell.figures.values())).signature for config, cell in report.ours.cells.items()}
    assert "unknown-and-repeats-miss" in of["tkr-movielens32m"] and "unknown:miss-in-place" in of["tkr-movielens32m"]
    assert "off-scale:clipped|unreadable:farthest-end-of-scale" in of["rp-movielens32m"]
    assert "labels:folded" in of["uap-movielens1m"]
    assert all("|read:lenient|reader:3" in f.signature for f in report.ours.totals.values())


def test_lenient_reads_what_strict_does_not_and_the_shares_say_so(asked, tmp_path):
    path = write(tmp_path / "p.parquet", asked, lambda e: f"Sure!\n{e.output}\n", configs=["tkr-movielens32m"])
    lenient, strict = scored(asked, path), scored(asked, path, Options(reading="strict", baselines=False))
    assert value(lenient, "tkr-movielens32m", "N@10") == 1.0 and value(strict, "tkr-movielens32m", "N@10") == 0.0
    assert lenient.ours.cells["tkr-movielens32m"].parsed == {"lenient": 1.0, "strict": 0.0}
    assert strict.ours.cells["tkr-movielens32m"].faults["strict"] == {"not a candidate": 1.0}


def test_a_ranking_cut_off_by_the_token_limit_counts_as_far_as_it_goes_and_is_called_truncated(asked, tmp_path):
    three = lambda e: "\n".join(e.output.split("\n")[:3])  # noqa: E731
    path = write(tmp_path / "p.parquet", asked, three, finish="length", configs=["tkr-movielens32m"])
    report = scored(asked, path)
    assert report.ours.cells["tkr-movielens32m"].faults["lenient"] == {"truncated": 1.0}
    assert value(report, "tkr-movielens32m", "P@5") == pytest.approx(0.6)
    assert value(report, "tkr-movielens32m", "H@1") == 1.0


def test_a_refused_prompt_is_a_fault_of_its_own(asked, tmp_path):
    path = write(tmp_path / "p.parquet", asked, lambda e: "", finish="refused", configs=["nir-movielens32m"])
    assert scored(asked, path).ours.cells["nir-movielens32m"].faults["lenient"] == {"refused": 1.0}


def test_an_unfinished_file_is_refused_unless_a_part_is_asked_for(asked, tmp_path):
    every_other = iter(range(1000))
    path = write(tmp_path / "p.parquet", asked, lambda e: e.output if next(every_other) % 2 else None)
    with pytest.raises(UsageError, match="examples have a prediction; want all"):
        scored(asked, path)
    report = scored(asked, path, Options(partial=True, baselines=False))
    assert any("scored on" in note for note in report.notes) and value(report, "nir-movielens32m", "H@1") == 1.0


def test_predictions_of_another_build_or_split_are_refused(asked, tmp_path):
    path = write(tmp_path / "p.parquet", asked, lambda e: e.output)
    with pytest.raises(UsageError, match="another build or split"):
        scored(asked, path, Options(split="validation", baselines=False))


def test_an_interval_is_that_of_the_bootstrap_over_users(asked):
    examples = read_examples(asked, "tkr-movielens32m", "test")
    drawn = random.Random(1)
    said = [RawAnswer("\n".join(drawn.sample(e.candidates, 10)), "stop") for e in examples]
    cell = read_answers(catalogue.cell("tkr-movielens32m"), examples, said)
    system = score_system("x", [cell], resampling=Resampling(seed=4))
    hits = [[t in e.targets for t in s.text.split("\n")] for e, s in zip(examples, said, strict=True)]
    wanted = intervals(list(ranking_samples(hits, [5] * len(hits)).values()), [e.user for e in examples], seed=4,
                       stream="movielens32m")  # fmt: skip
    found = [figure.interval for figure in system.cells["tkr-movielens32m"].figures.values()]
    assert found == wanted


def test_totals_are_the_papers_composite_of_the_cells_and_have_intervals(asked, tmp_path):
    drawn = random.Random(2)
    path = write(tmp_path / "p.parquet", asked, lambda e: drawn.choice([e.output, e.output[:20], "2"]))
    report = scored(asked, path)
    figures = [
        Figure(subtask=c.partition("-")[0], source=c.partition("-")[2], metric=m, value=f.interval.value, n=f.n)
        for c, cell in report.ours.cells.items()
        for m, f in cell.figures.items()
    ]
    wanted = composite(figures)
    totals = report.ours.totals
    assert set(totals) == {"rp", "tkr", "nir", "tui"}, "CDR, IR and three attributes are lacking, so no composite"
    for name, figure in totals.items():
        assert figure.interval.value == pytest.approx(getattr(wanted, name))
        assert figure.interval.low < figure.interval.value < figure.interval.high
    assert totals["tkr"].interval.clusters == len({e.user for e in read_examples(asked, "tkr-movielens32m", "test")})


def test_attributes_are_scored_over_the_examples_that_have_them(asked):
    examples = read_examples(asked, "uap-movielens1m", "test")
    names = examples[0].target_names
    short = [
        Example(**{**vars(e), "target_names": names[:1], "targets": e.targets[:1]}) if k % 3 == 0 else e
        for k, e in enumerate(examples)
    ]
    said = [
        RawAnswer("\n".join(f"{n}: {t}" for n, t in zip(e.target_names, e.targets, strict=True)), "stop") for e in short
    ]
    system = score_system("x", [read_answers(catalogue.cell("uap-movielens1m"), short, said)])
    figures = system.cells["uap-movielens1m"].figures
    assert figures[f"ACC({names[0]})"].n == len(examples)
    assert figures[f"ACC({names[1]})"].n == sum(len(e.targets) > 1 for e in short)
    assert {figure.interval.value for figure in figures.values()} == {1.0}


def test_a_number_of_an_attribute_that_cannot_be_read_counts_as_the_farthest_end_of_its_scale():
    cell = "uap-bookcrossing"
    names = [a.name for a in catalogue.cell(cell).source.user_attributes if a.kind == "number"]
    blank = dict.fromkeys(("domain", "instruction", "input", "output", "template", "reference_by"), "")
    examples = [
        Example(id=f"e{age}", subtask="uap", source="bookcrossing", history=[], history_ratings=[], candidates=[],
                targets=[str(age)], target_names=names[:1], user=f"u{age}", **blank)
        for age in (20, 60, 98)
    ]  # fmt: skip
    texts = ["no idea", f"{names[0]}: about 61 years", f"{names[0]}: 120"]
    read = read_answers(catalogue.cell(cell), examples, [RawAnswer(text, "stop") for text in texts])
    assert read.faults("lenient") == {"not a number": 1 / 3, "out of range": 1 / 3}
    assert read.faults("strict") == {"missing attribute": 1 / 3, "not a number": 1 / 3, "out of range": 1 / 3}
    sample = samples(read, "lenient")[f"RMSE({names[0]})"]
    assert sample.rows[:, 0].tolist() == [80.0**2, 1.0, 2.0**2], "ages go from 5 to 100, whatever a folder holds"


def test_two_models_are_compared_on_the_same_users(asked, tmp_path):
    drawn = random.Random(3)
    worse = write(tmp_path / "worse.parquet", asked, lambda e: e.output if drawn.random() < 0.5 else "")
    best = write(tmp_path / "best.parquet", asked, lambda e: e.output)
    report = scored(asked, best, against=worse)
    found = report.differences[("nir-movielens32m", "H@1")]
    assert found.difference == pytest.approx(1 - report.other.cells["nir-movielens32m"].figures["H@1"].interval.value)
    assert 0 < found.low < found.difference < found.high and found.p < 0.05
    assert report.differences[("all cells", "tkr")].low > 0
    same = scored(asked, best, against=best).differences
    assert all(d.difference == 0 or math.isnan(d.difference) for d in same.values())
    assert same[("nir-movielens32m", "H@1")].p == 1.0


def test_a_comparison_is_over_the_examples_of_both_and_says_what_it_left_out(asked, tmp_path):
    some = iter(range(10**6))
    path = write(tmp_path / "some.parquet", asked, lambda e: e.output if next(some) % 3 else None)
    full = write(tmp_path / "full.parquet", asked, lambda e: e.output)
    report = scored(asked, full, Options(partial=True, baselines=False), against=path)
    assert report.other is not None
    assert {n: c.n for n, c in report.ours.cells.items()} == {n: c.n for n, c in report.other.cells.items()}
    assert sum(": scored on " in note for note in report.notes) == len(report.ours.cells)


def test_chance_on_ten_candidates_with_five_positives_is_a_half_a_half_and_77_hundredths(asked):
    """Exactly 1/2, 1/2 and the mean discount over the ideal: within four standard errors of 3,000 random rankings."""
    examples = [
        Example(**{**vars(e), "id": f"{k}-{e.id}", "user": f"{k}-{e.user}"})
        for k in range(100)
        for e in read_examples(asked, "tkr-movielens32m", "train")[:30]
    ]
    drawn = random.Random(5)
    said = [RawAnswer("\n".join(drawn.sample(e.candidates, 10)), "stop") for e in examples]
    figures = (
        score_system("x", [read_answers(catalogue.cell("tkr-movielens32m"), examples, said)])
        .cells["tkr-movielens32m"]
        .figures
    )
    discount = [1 / math.log2(k + 2) for k in range(10)]
    for metric, chance in {"H@1": 0.5, "P@5": 0.5, "N@10": 0.5 * sum(discount) / sum(discount[:5])}.items():
        found = figures[metric].interval
        assert abs(found.value - chance) < found.high - found.low, "the interval is as wide as four standard errors"
        assert found.high - found.low < 0.05


@pytest.mark.parametrize("scored_one", ["random", "template-copy", "title-overlap"])
def test_the_chance_of_texts_has_one_row_by_whichever_name_it_was_scored(asked, scored_one):
    examples = read_examples(asked, "tui-movielens32m", "test")
    cell = read_answers(catalogue.cell("tui-movielens32m"), examples, [RawAnswer("x", "stop") for _ in examples])
    names = [name for name, _ in answer_baselines(Dataset.open(asked), [cell], {scored_one})]
    assert {"random", "template-copy"}.isdisjoint(names) is (scored_one != "title-overlap")
    assert "random" not in names and len(set(names)) == len(names)
    told = " ".join(chance_notes([cell], {scored_one}))
    assert ("baseline:random is template-copy in tui-movielens32m" in told) is (scored_one == "random")


def test_the_time_of_scoring_is_measured_over_every_test_example(asked):
    found = measure(asked, lists=50_000)
    questions = read_questions(asked)
    assert found["predictions"] == len(questions) and found["texts"] == sum(q.subtask == "tui" for q in questions)
    assert found["score"]["processor"] > 0 and found["score_with_baselines"]["processor"] > 0
    assert found["lists"] == 50_000 and found["ranking_metrics"]["clock"] > 0


def asked_as(path: Path, folder: Path, run: Run, split: str = "test") -> Path:
    """A predictions file of a run with the true answers to a cell."""
    examples = {e.id: e for e in read_examples(folder, "nir-movielens32m", split)}
    with open_predictions(path, run) as (_, keep):
        for question in read_questions(folder, ["nir-movielens32m"], split):
            keep(question, Completion(examples[question.id].output, "stop"))
    return path


HOW = {"dtype": "float32", "temperature": 0.0, "decoding": {"do_sample": False}, "tokenizer": "a", "adapter": "one"}


def test_two_that_were_not_asked_alike_are_compared_with_a_note_that_names_the_fields(asked, tmp_path):
    one = asked_as(tmp_path / "one", asked, Run(model="m", revision="1", settings=HOW))
    other = {
        **HOW,
        "dtype": "bfloat16",
        "decoding": {"do_sample": True},
        "tokenizer": "b",
        "adapter": "two",
        "by": "likelihood",
    }
    two = asked_as(tmp_path / "two", asked, Run(model="n", revision="2", settings=other))
    [note] = [note for note in scored(asked, one, against=two).notes if "alike" in note]
    fields = (
        "by None (against 'likelihood'), decoding.do_sample False (against True), dtype 'float32' (against 'bfloat16')"
    )
    assert note == f"the two were not asked alike: {fields}"
    same = asked_as(tmp_path / "same", asked, Run(model="n", revision="2", settings={**HOW, "adapter": "two"}))
    assert not [note for note in scored(asked, one, against=same).notes if "alike" in note]


def test_a_validation_file_of_another_run_is_refused_and_the_field_named(asked, tmp_path):
    test = asked_as(tmp_path / "test", asked, Run(model="m", revision="1", settings=HOW))
    right = asked_as(tmp_path / "right", asked, Run(model="m", revision="1", settings=HOW), "validation")
    wrong = asked_as(tmp_path / "wrong", asked, Run(model="m", revision="1", settings={**HOW, "seed": 7}), "validation")
    assert scored(asked, test, validation=right).ours.cells
    with pytest.raises(
        UsageError, match=r"wrong: holds answers of settings.seed 7 \(now None\); want answers of the system"
    ):
        scored(asked, test, validation=wrong)
