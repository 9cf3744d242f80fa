"""For evaluators: score whatever answers behind an OpenAI-compatible server, beside chance and the paper.

    vllm serve Qwen/Qwen2.5-7B-Instruct &
    python examples/evaluate_endpoint.py itdr --config nir --endpoint http://127.0.0.1:8000/v1 \
        --model Qwen/Qwen2.5-7B-Instruct --limit 200

Stopped and started again it asks only what has no answer yet. The key, if the server wants one, is in
OPENAI_API_KEY. `itdr predict` and `itdr score` do the same from the command line.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from itdr_hf.models.predict.questions import read_questions
from itdr_hf.models.predict.run import predict_into
from itdr_hf.models.predict.served import Endpoint
from itdr_hf.report.page import write_report
from itdr_hf.runtime.terminal import show_progress
from itdr_hf.score.exports import write_exports
from itdr_hf.score.score_file import Options, score_file
from itdr_hf.score.table import print_report


def main() -> None:
    parser = argparse.ArgumentParser(description="Score a model behind a server on some configs of ITDR.")
    parser.add_argument("folder", type=Path, help="a dataset folder that `itdr build` wrote")
    parser.add_argument("--config", action="append", help="a cell, union or pattern; may be given again")
    parser.add_argument("--endpoint", required=True, help="such as http://127.0.0.1:8000/v1")
    parser.add_argument("--model", required=True, help="as the server calls it")
    parser.add_argument("--limit", type=int, help="only the first so many examples of each config")
    parser.add_argument("--out", type=Path, default=Path("evaluation"), help="folder of answers, scores and the page")
    given = parser.parse_args()

    given.out.mkdir(parents=True, exist_ok=True)
    answers = given.out / "answers.parquet"
    questions = read_questions(given.folder, given.config, "test", given.limit)
    system = Endpoint(url=given.endpoint, model=given.model)
    with show_progress("asking") as progress:
        made = predict_into(answers, questions, system, progress)
    print(f"{made.found:,} answers were there, {made.made:,} made, {made.refused:,} refused\n")

    report = score_file(answers, given.folder, Options(partial=given.limit is not None))
    print_report(report)
    write_exports(report, given.out)
    write_report(given.folder, given.out / "report.html", scores=[given.out / "scores.json"])
    print(f"\nwrote {given.out}/report.html, scores.md, scores.csv, scores.json, model-index.json")


if __name__ == "__main__":
    main()
