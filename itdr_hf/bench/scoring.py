"""Measure scoring: `python -m itdr_hf.bench.scoring itdr/` on a dataset folder, at paper size with that of `make data`.

Every example of the test split is answered at random. Measured are parsing and scoring these answers with intervals,
with and without the baselines, and the ranking metrics of 200,000 lists of 10 titles.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from itdr_hf import catalogue
from itdr_hf.metrics.ranking import ranking_samples, relevance_matrix
from itdr_hf.models.predict.questions import read_questions
from itdr_hf.models.predict.run import predict_into
from itdr_hf.models.recommenders.baselines import Baseline
from itdr_hf.score.score_file import Options, score_file

LISTS = 200_000


def measure(folder: Path, *, lists: int = LISTS) -> dict[str, Any]:
    """Return the wall time and CPU time of each part, and the numbers of scored items."""
    questions = read_questions(folder)
    with tempfile.TemporaryDirectory() as home:
        answers = Path(home) / "random.parquet"
        predict_into(answers, questions, Baseline(name="random", dataset=folder))
        alone = _seconds(lambda: score_file(answers, folder, Options(baselines=False)))
        with_baselines = _seconds(lambda: score_file(answers, folder, Options()))
    ranked, targets = _rankings(lists)
    hits, positives = relevance_matrix(ranked, targets)
    return {
        "predictions": len(questions),
        "texts": sum(catalogue.task(question.subtask).answer == "text" for question in questions),
        "score": alone,
        "score_with_baselines": with_baselines,
        "lists": lists,
        "rankings_from_titles": _seconds(lambda: relevance_matrix(ranked, targets)),
        "ranking_metrics": _seconds(lambda: ranking_samples(hits, positives)),
    }


def _rankings(count: int) -> tuple[list[list[str]], list[list[str]]]:
    """Return lists of 10 titles in random order, 5 of them positive."""
    places = np.random.default_rng(0).permuted(np.tile(np.arange(10), (count, 1)), axis=1).tolist()
    titles = [f"title {place}" for place in range(10)]
    return [[titles[place] for place in row] for row in places], [titles[:5]] * count


def _seconds(work: Callable[[], Any]) -> dict[str, float]:
    clock, processor = time.perf_counter(), time.process_time()
    work()
    return {"clock": round(time.perf_counter() - clock, 3), "processor": round(time.process_time() - processor, 3)}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print the results as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=Path("itdr"), help="a dataset folder")
    print(json.dumps(measure(parser.parse_args(arguments).folder), indent=1))


if __name__ == "__main__":
    main()
