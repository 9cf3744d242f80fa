"""A disk that fills while answers are kept or figures written: one clear error, nothing lost, nothing by half."""

from __future__ import annotations

from importlib.util import find_spec

import pytest
from small_disk import needs_mount, run_on_small_disk

FULL = "the disk is full; want room for the output; free some and run again"
PREDICTING = """
import json, sys
from pathlib import Path
from itdr_hf.errors import OutputError
from itdr_hf.models.predict.predictions import Completion, Run, read_predictions
from itdr_hf.models.predict.questions import read_questions
from itdr_hf.models.predict.run import predict_into

small, folder, freed_at_once = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3] == "True"
path, ballast, kept = small / "p.parquet", small / "ballast", []

class System:
    run = Run(model="m", revision="r")

    def answer(self, questions, keep):
        failure = None
        for question in questions:
            try:
                keep(question, Completion(f"{question.id} " * 20, "stop"))
                kept.append(question.id)
            except OSError as error:
                failure = failure or error
                if not freed_at_once:
                    break
                ballast.unlink(missing_ok=True)
        if failure:
            raise failure

def predict(questions):
    try:
        predict_into(path, questions, System())
    except OutputError as error:
        return str(error)

questions = read_questions(folder, None, "train")[:300]
predict(questions[:50])
ballast.write_bytes(bytes(1024 * 1024 - path.stat().st_size - 60 * 1024))
told = predict(questions)
left = sorted(p.name for p in small.iterdir() if p != ballast and not p.name.endswith(".lock"))
lost = set(kept) - set(read_predictions(path).rows)
ballast.unlink(missing_ok=True)
again = predict(questions)
rows = read_predictions(path).rows
whole = all(row.text == f"{id} " * 20 for id, row in rows.items())
print(json.dumps({"told": told, "left": left, "lost": len(lost), "again": again, "whole": whole,
    "twice": len(kept) - len(set(kept)), "all": set(rows) == {q.id for q in questions}}))
"""
SCORING = """
import json, shutil, sys
from pathlib import Path
from itdr_hf.errors import OutputError
from itdr_hf.models.recommenders.baselines import Baseline
from itdr_hf.models.predict.questions import read_questions
from itdr_hf.models.predict.run import predict_into
from itdr_hf.score.exports import write_exports
from itdr_hf.score.harness import write_tasks
from itdr_hf.score.score_file import Options, score_file
from itdr_hf.score.measured import Resampling

small, folder, predictions, plots = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4] == "True"
system = Baseline(name="random", dataset=folder)
predict_into(predictions, read_questions(folder, ["rp-movielens32m"]), system)

def files():
    return {str(p): p.read_bytes() for p in small.rglob("*") if p.is_file()}

def report(seed):
    return score_file(predictions, folder, Options(resampling=Resampling(seed=seed, replicates=10)))

def as_room_grows(write):
    before, told, room, ballast = files(), set(), 0, small / "ballast"
    while True:
        ballast.write_bytes(bytes(shutil.disk_usage(small).free - room))
        try:
            write()
            return sorted(told)
        except OutputError as error:
            told.add(str(error))
        finally:
            ballast.unlink()
        if files() != before:
            return f"a mixture with room for {room:,}"
        room += 4096

one, other = report(0), report(1)
write_exports(one, small / "scores", plots=plots)
write_tasks(folder, small / "tasks", dataset="someone/one")
print(json.dumps([
    as_room_grows(lambda: write_exports(other, small / "scores", plots=plots)),
    as_room_grows(lambda: write_tasks(folder, small / "tasks", dataset="someone/other")),
]))
"""


@needs_mount
@pytest.mark.parametrize("freed_at_once", [False, True], ids=["stays full", "freed while others answer"])
def test_a_disk_that_fills_while_answers_are_kept_is_named_and_none_is_lost_or_asked_again(
    asked, tmp_path, freed_at_once
):
    found = run_on_small_disk(tmp_path / "small", "1m", PREDICTING, asked, freed_at_once)
    assert found.pop("told") == f"{tmp_path}/small: {FULL}"
    left = ["p.parquet"] if freed_at_once else ["p.parquet", "p.parquet.journal"]
    assert found == {"left": left, "lost": 0, "again": None, "whole": True, "twice": 0, "all": True}


@needs_mount
def test_a_disk_that_fills_while_figures_or_tasks_are_written_is_named_and_leaves_all_the_old_ones(asked, tmp_path):
    plots = find_spec("matplotlib") is not None
    found = run_on_small_disk(tmp_path / "small", "1m", SCORING, asked, tmp_path / "p.parquet", plots)
    assert found == [[f"{tmp_path}/small/{name}: {FULL}"] for name in ("scores", "tasks")]
