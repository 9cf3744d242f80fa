"""Statistics, ledger and differences of dataset folders."""

from __future__ import annotations

import json
import statistics as plain
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from itdr_hf.build.folder import build_folder
from itdr_hf.build.prepare import Settings
from itdr_hf.dataset.diff import diff
from itdr_hf.dataset.ledger import sealed
from itdr_hf.dataset.statistics import load_tokenizer, plot, statistics
from itdr_hf.errors import UsageError
from itdr_hf.tasks.itdr import paper
from itdr_hf.tasks.planning.recipe import recipe_changes

CELLS = ["rp-movielens32m", "nir-movielens32m", "uap-movielens1m"]


@pytest.fixture(scope="module")
def built(raw: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(raw, tmp_path_factory.mktemp("counted") / "itdr", CELLS)


def build(raw: Path, out: Path, cells: list[str], **changes: object) -> Path:
    build_folder(out, Settings(raw=raw, warn=lambda text: None), configs=cells, changes=changes)
    return out


def rows(folder: Path, cell: str) -> list[dict]:
    return [row for path in sorted((folder / cell).glob("*.parquet")) for row in pq.read_table(path).to_pylist()]


def itdr(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "itdr_hf", *map(str, arguments)], capture_output=True, text=True)


def test_lengths_are_those_of_the_texts_and_stand_beside_the_papers(built):
    made = {s.cell: s for s in statistics(built, tokenizer=lambda texts: [len(text) // 2 for text in texts])}
    assert list(made) == CELLS
    for cell, found in made.items():
        texts = rows(built, cell)
        lengths = [len(row["input"]) for row in texts]
        characters = found.lengths["input"]["characters"]
        assert sum(found.counts.values()) == len(texts)
        assert characters.mean == pytest.approx(plain.mean(lengths), abs=0.01)
        assert (characters.median, characters.longest) == (plain.median_low(lengths), max(lengths))
        assert sum(length <= characters.p95 for length in lengths) >= 0.95 * len(lengths)
        assert found.lengths["output"]["words"].mean == pytest.approx(
            plain.mean(len(row["output"].split()) for row in texts), abs=0.01
        )
        assert found.lengths["prompt"]["tokens"].mean > found.lengths["input"]["tokens"].mean > 0
        assert found.paper == {
            "examples": paper.statistics()[cell].examples,
            "input_tokens": paper.statistics()[cell].input_tokens,
            "output_tokens": paper.statistics()[cell].output_tokens,
        }


def test_labels_are_the_ratings_and_the_attributes_by_name(built):
    made = {s.cell: s.labels for s in statistics(built)}
    ratings = [row["targets"][0] for row in rows(built, CELLS[0])]
    assert made[CELLS[0]] == {"rating": {value: ratings.count(value) for value in sorted(set(ratings))}}
    assert made[CELLS[1]] == {}
    assert set(made[CELLS[2]]) == {"age group", "gender", "occupation"}
    assert all(sum(values.values()) == len(rows(built, CELLS[2])) for values in made[CELLS[2]].values())


def test_plots_are_png_files(built, tmp_path):
    pytest.importorskip("matplotlib")
    paths = plot(statistics(built), tmp_path)
    assert len(paths) == 3 + 1 + 3
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in paths)


def test_tokens_are_those_of_a_tokenizer_file_or_of_the_folder_it_is_in(built, tmp_path):
    tokenizers = pytest.importorskip("tokenizers")
    words = tokenizers.Tokenizer(tokenizers.models.WordLevel({"?": 0}, unk_token="?"))
    words.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    words.add_special_tokens(["[BOS]"])
    words.post_processor = tokenizers.processors.TemplateProcessing(single="[BOS] $A", special_tokens=[("[BOS]", 1)])
    words.save(str(tmp_path / "tokenizer.json"))
    for name in (tmp_path, tmp_path / "tokenizer.json"):
        found = statistics(built, tokenizer=load_tokenizer(str(name)))
        assert all(by_unit["tokens"] == by_unit["words"] for s in found for by_unit in s.lengths.values())
    said = itdr("stats", built, "--tokenizer", tmp_path, "--json")
    assert (
        json.loads(said.stdout)[0]["lengths"]["input"]["tokens"]
        == json.loads(said.stdout)[0]["lengths"]["input"]["words"]
    )


def test_a_tokenizer_that_cannot_be_had_is_named(tmp_path):
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(UsageError, match="tokenizer"):
        load_tokenizer(str(tmp_path))


def test_a_folder_without_cells_is_named(tmp_path):
    for look in (statistics, lambda folder: diff(folder, folder)):
        with pytest.raises(UsageError, match=r"no <config>/<split>-\*.parquet"):
            look(tmp_path)


def test_a_folder_differs_from_itself_in_nothing(built):
    difference = diff(built, built)
    assert not difference.any and sum(c.same for c in difference.cells) == sum(len(rows(built, cell)) for cell in CELLS)


def test_a_difference_names_what_was_added_removed_and_changed_and_the_recipe(raw, built, tmp_path):
    other = build(raw, tmp_path / "new", [CELLS[0], CELLS[1], "tkr-movielens32m"], template="plain", num_examples=40)
    found = {c.cell: c for c in diff(built, other).cells}
    rp = found[CELLS[0]]
    assert found["tkr-movielens32m"].state == "added" and found["tkr-movielens32m"].added == 40
    assert found[CELLS[2]].state == "removed" and found[CELLS[2]].removed == len(rows(built, CELLS[2]))
    assert (rp.state, rp.same, rp.changed, rp.added) == ("changed", 0, 40, 0)
    assert rp.removed == len(rows(built, CELLS[0])) - 40
    assert rp.columns == {"input": 40, "template": 40}
    assert rp.recipe["template"] == ("default", "plain") and rp.recipe["num_examples"][1] == 40


def test_an_example_that_changed_its_split_has_moved(built, tmp_path):
    import shutil

    shutil.copytree(built, tmp_path / "new")
    train, test = (next((tmp_path / "new" / CELLS[0]).glob(f"{s}-*")) for s in ("train", "test"))
    one, two = pq.read_table(train), pq.read_table(test)
    pq.write_table(one, test)
    pq.write_table(two, train)
    cell = diff(built, tmp_path / "new").cells[0]
    assert (cell.moved, cell.changed, cell.added, cell.removed) == (one.num_rows + two.num_rows, 0, 0, 0)


def test_the_commands_print_tables_of_80_columns_and_json(built, tmp_path):
    for command in (("stats", built), ("ledger", built), ("diff", built, built)):
        said = itdr(*command)
        assert said.returncode == 0, said.stderr
        assert all(
            len(line) <= 80 for line in said.stdout.splitlines() if str(built) not in line and "itdr-hf" not in line
        )
        json.loads(itdr(*command, "--json").stdout)


def test_the_ledger_command_accounts_for_every_row_or_exits_with_1(built, tmp_path):
    ledger = json.loads((built / "ledger.json").read_text())
    eligible = ledger["cells"][CELLS[0]]["rows"][0]
    assert eligible["of"] >= eligible["rows"]
    said = itdr("ledger", built, "--verbose").stdout
    assert "ratings.csv" in said and "seed" in said
    eligible["rows"] += 1
    (tmp_path / "ledger.json").write_text(json.dumps(sealed(ledger)))
    wrong = itdr("ledger", tmp_path)
    assert wrong.returncode == 1 and "rows after all steps" in wrong.stdout


def test_a_difference_can_be_an_exit_code(raw, built, tmp_path):
    other = build(raw, tmp_path / "new", [CELLS[0]], num_examples=20)
    assert itdr("diff", built, built, "--exit-code").returncode == 0
    said = itdr("diff", built, other, "--exit-code", "--out", tmp_path / "changes.json")
    assert said.returncode == 1 and "num_examples" in said.stdout
    assert json.loads((tmp_path / "changes.json").read_text())["different"] is True


def test_a_recipe_of_before_an_option_existed_has_what_was_done_then_and_no_other_familys_fields():
    old = {"history": 5, "negatives": 5, "source_history": 0}
    new = {**old, "history": 10, "order": "hash", "availability": "known", "future": "hidden", "forms": "one"}
    changes = {"availability": ("any", "known"), "history": (5, 10), "order": ("file", "hash")}
    assert recipe_changes(old, new) == changes
    assert "availability" not in recipe_changes({**old, "negatives": 0}, {**new, "negatives": 0})
    assert recipe_changes(new, new) == {}


def test_each_changed_cell_is_explained_in_one_line(raw, built, tmp_path):
    other = build(raw, tmp_path / "new", [CELLS[0]], num_examples=20)
    ledger = json.loads((other / "ledger.json").read_text())
    ledger["version"] = "1.0.0"
    for name in ("order", "availability", "future"):
        del ledger["cells"][CELLS[0]]["recipe"][name]
    (other / "ledger.json").write_text(json.dumps(sealed(ledger)))
    lines = [line for line in itdr("diff", other, built).stdout.splitlines() if line.startswith(f"{CELLS[0]}: ")]
    assert len(lines) == 1 and "data 1.0.0 → 2.0.0, " in lines[0], lines
    assert "order file → hash" in lines[0] and "num_examples 20 → " in lines[0] and "raw files" not in lines[0]
