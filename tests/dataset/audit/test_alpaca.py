"""The audit of files in the authors' layout: one JSON file of instruction, input and output per task, source, split.

The wordings here are as theirs list things: numbers on lines or all in one, quoted titles in brackets, ratings in
parentheses. The titles are made up.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from itdr_hf.dataset.audit import audit
from itdr_hf.dataset.audit.alpaca import find_alpaca
from itdr_hf.dataset.audit.alpaca_titles import bracketed, listed, numbered
from itdr_hf.errors import RawDataError

Row = dict[str, str]
SPLITS = {"train": range(60), "val": range(60, 70), "test": range(70, 80)}


def write(folder: Path, task: str, split: str, rows: list[Row], source: str = "ml-32m") -> Path:
    path = folder / f"ITDR_{split}_data" / f"task_{task} source_{source} {split}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(rows, ensure_ascii=False, indent=1))
    return path


def seen(user: int) -> list[str]:
    return [f"Seen [{user}] {n}. Part" for n in range(1, 6)]


def items(user: int, count: int) -> list[str]:
    return [f"Item {user} {(n * 3 + user) % count}" for n in range(count)]


def numbers(titles: list[str], between: str) -> str:
    return between.join(f"{n}. {title}" for n, title in enumerate(titles, 1))


def top_k(user: int, between: str = "\n") -> Row:
    asked = f"Records:{between}{numbers(seen(user), between)}{between}Candidates:{between}"
    ranked = numbers([f"Item {user} {n}" for n in range(10)], between)
    return {"instruction": "rank", "input": asked + numbers(items(user, 10), between), "output": ranked}


def next_item(user: int) -> Row:
    history = ", ".join(f"'{n}.{title}:Drama'" for n, title in enumerate(seen(user), 1))
    listed = ", ".join(f"'{title}:Comedy'" for title in items(user, 5))
    return {"instruction": "pick", "input": f"After [{history}] which of [{listed}]?", "output": f"Item {user} 0"}


def rating(user: int, of: str = "Heat: Part 2 (1995)") -> Row:
    rated = ", ".join(f"{title} ({3.5 if n % 2 else 4})" for n, title in enumerate(seen(user)))
    return {"instruction": "rate", "input": f"They rated: {rated}. Predict the rating for {of}.", "output": "4"}


TASKS = {"top k": top_k, "next item recommendation": next_item, "Rating Prediction": rating}


@pytest.fixture
def release(tmp_path: Path) -> Path:
    for task, make in TASKS.items():
        for split, users in SPLITS.items():
            write(tmp_path, task, split, [make(user) for user in users])
    (tmp_path / "ITDR_train_data/ITDR_train.json").write_text("[]")
    return tmp_path


def test_a_clean_release_has_no_breach_and_every_history_is_read_back(release):
    report = audit(release)
    assert (report.layout, report.examples) == ("alpaca", 240)
    assert list(report.cells) == ["rp-movielens32m", "tkr-movielens32m", "nir-movielens32m"]
    assert report.breaches == []
    assert [f.figures["read"] for f in report.findings if f.check == "histories-read-back"] == [80, 80, 80]


@pytest.mark.parametrize("task", TASKS)
def test_a_user_of_train_in_another_tasks_test_file_is_found_by_the_history(release, task):
    make = TASKS[task]
    write(release, task, "train", [make(user) for user in SPLITS["train"] if user != 3])
    write(release, task, "test", [make(user) for user in (3, *SPLITS["test"])])
    found = {f.check: f for f in audit(release).breaches}
    assert found["users-in-one-split"].where == "movielens32m" and found["users-in-one-split"].figures["shared"] == 1


def test_an_answer_that_another_tasks_train_file_asks_the_same_user_for(release):
    write(release, "next item recommendation", "train", [next_item(u) for u in SPLITS["train"] if u != 3])
    write(release, "next item recommendation", "test", [next_item(u) for u in (3, *SPLITS["test"])])
    found = {f.check: f for f in audit(release).breaches}
    assert found["answers-not-in-train"].where == "nir-movielens32m"
    assert "tkr-movielens32m" in found["answers-not-in-train"].message


def test_lists_all_in_one_line_are_told_apart_and_the_user_is_the_same(release):
    write(release, "top k", "train", [top_k(u, " ") for u in SPLITS["train"]])
    assert audit(release).breaches == []
    write(release, "top k", "test", [top_k(u, " ") for u in (3, *SPLITS["test"])])
    assert "users-in-one-split" in {f.check for f in audit(release).breaches}


def test_a_wording_that_is_not_understood_is_a_warning_not_a_clean_bill(release):
    write(release, "top k", "train", [{**top_k(u), "input": f"{seen(u)}; {items(u, 10)}"} for u in SPLITS["train"]])
    [warning] = [f for f in audit(release, only=["histories-read-back"]).findings if f.severity == "warning"]
    assert warning.where == "tkr-movielens32m" and "read from 20 of 80" in warning.message


def test_two_histories_in_two_domains_and_the_candidates_are_three_lists():
    text = (
        "In beauty:\n\n1. A\n2. B\n3. C,\n\nand in fashion as follows: 1. D\n\n2. E\n3. F.\n\nRank:\n\n 1. G\n 2. H\n-"
    )
    found = listed("ranking", text, "1. H\n 2. G\n-")
    assert found.history == ["A", "B", "C,", "D", "E", "F."] and found.candidates == ["G", "H"]
    assert found.targets == ["H"]


def test_ratings_and_the_title_asked_for_are_read_with_years_and_colons():
    found = listed(
        "number", "Watched and rated with ratings: Up: A (2009) (4.5), Her (3). Predict it for It (1990).", "5"
    )
    assert found.history == ["Up: A (2009)", "Her"] and list(found.ratings) == [4.5, 3.0]
    assert found.candidates == ["It (1990)"] and found.targets == ["5"]
    assert listed("number", "Other words entirely", "5").history == ()


def test_quoted_titles_may_hold_marks_commas_and_brackets():
    said = """['1.Bob's Burgers:Comedy', "2.Don't, [Live]:Drama"] or ['3.It, Up' and 'Her:Horror']"""
    assert bracketed(said) == [["Bob's Burgers:Comedy", "Don't, [Live]:Drama"], ["It, Up' and 'Her:Horror"]]
    assert bracketed("a [list] of nothing") == []


def test_numbered_titles_may_begin_with_a_number_or_hold_one():
    assert numbered("He saw\n1. Up\n 2. 1. First of the List\n3. Vol. 1. Return\n4. Vol. 2. End\nand so on") == [
        ["Up", "1. First of the List", "Vol. 1. Return", "Vol. 2. End"]
    ]
    assert numbered("nothing of the kind, at 3.5") == []


def test_file_names_of_the_release_are_told_by_task_source_and_split(tmp_path):
    names = [
        "task_Cross_domain_Recommendation source_Amazon-Review-2023-Beauty-Fashion",
        "task_interest recognition source_Amazon Books Reviews",
        "task_top k source_Amazon_book_review",
        "task_User attribute prediction source_lastfm-dataset-360K",
        "task_target user identification source_steam_review",
    ]
    for name in names:
        (tmp_path / f"{name} val2.json").write_text("[]")
    found = {(file.subtask, file.source, file.split) for file in find_alpaca(tmp_path)}
    sources = ["cdr-amazon2023", "ir-amazonbooks", "tkr-amazonbooks", "uap-lastfm360k", "tui-steam"]
    assert found == {(*cell.split("-"), "validation") for cell in sources}


def test_a_pointer_of_git_lfs_and_a_file_that_is_no_json_are_named(release):
    path = write(release, "top k", "test", [])
    path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3\n")
    with pytest.raises(RawDataError, match=r"top k source_ml-32m test.json: a pointer of Git LFS; .* `git lfs pull`"):
        audit(release)
    path.write_text('[{"instruction": "a", "inp')
    with pytest.raises(RawDataError, match=r"top k source_ml-32m test.json: .*; want the complete file"):
        audit(release)
