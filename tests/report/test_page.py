"""What the page says is what the machines' JSON says, and nobody's text becomes markup."""

from __future__ import annotations

import html
import json
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from itdr_hf.dataset import Dataset
from itdr_hf.dataset.ledger import sealed
from itdr_hf.errors import UsageError
from itdr_hf.records import SPLITS
from itdr_hf.report.page import page_slots, render, write_report
from report.conftest import itdr

EVIL = '</script><img src=x onerror="globalThis.stolen=1"><script>globalThis.stolen=1</script>{{ 7*7 }}\'&'


class Tables(HTMLParser):
    """The tables of a page by id: rows of the texts of their cells."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tables: dict[str, list[list[str]]] = {}
        self.tags: list[str] = []
        self.rows: list[list[str]] = []
        self.open = self.hidden = False
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.tags.append(tag)
        if tag == "table":
            self.rows = self.tables.setdefault(given.get("id") or given.get("data-source") or "", [])
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self.open = True
        self.hidden = self.hidden or tag == "small"

    def handle_endtag(self, tag):
        self.open = self.open and tag not in ("td", "th")
        self.hidden = self.hidden and tag != "small"

    def handle_data(self, data):
        if self.open and not self.hidden:
            self.rows[-1][-1] += data


@pytest.fixture(scope="module")
def tables(page: Path) -> dict[str, list[list[str]]]:
    return Tables(page.read_text()).tables


def number(text: str) -> float:
    return float(text.replace(",", "").replace("−", "-"))


def test_the_table_of_configs_has_the_statistics_counts(release, tables):
    rows = {row[0]: row for row in tables["cells"][1:]}
    statistics = json.loads(itdr("stats", release, "--json"))
    assert list(rows) == [s["cell"] for s in statistics]
    for s in statistics:
        assert [number(text) for text in rows[s["cell"]][2:6]] == [*s["counts"].values(), sum(s["counts"].values())]
        assert number(rows[s["cell"]][6]) == s["paper"]["examples"]


def test_the_page_says_what_it_shows_how_to_load_it_what_columns_mean_and_whom_to_cite(release, page, tables):
    text = html.unescape(page.read_text())
    built = Dataset(release).as_built()
    cells = [built.cell(name) for name in built.cells]
    assert f'load_dataset("{release.name}", "' in text
    assert {row[0] for row in tables["columns"][1:]} == {name for cell in cells for name in cell.task.shape.columns}
    assert all(row[2] for row in tables["columns"])
    for cell in cells:
        assert cell.task.title in text and cell.source.licence in text and cell.source.citation in text


def test_the_table_of_lengths_has_the_statistics_lengths(release, tables):
    rows = {row[0]: [number(text) for text in row[1:]] for row in tables["length-table"][2:]}
    for s in json.loads(itdr("stats", release, "--json")):
        for field, row in (("input", rows[s["cell"]][:6]), ("output", rows[s["cell"]][6:])):
            found = s["lengths"][field]["characters"]
            assert row[1:4] == [found["median"], found["p95"], found["longest"]]
            assert row[0] == pytest.approx(found["mean"], abs=0.051)
            assert row[5] == pytest.approx(s["paper"][f"{field}_tokens"], abs=0.051)


def test_every_step_of_the_ledger_stands_in_a_funnel_and_every_funnel_ends_in_the_examples(release, tables):
    ledger = json.loads(itdr("ledger", release, "--json"))
    for name, cell in ledger["cells"].items():
        rows = [row[:2] for row in tables[name.partition("-")[2]]]
        for step in [*cell["tables"], *cell["rows"]]:
            assert any(row[0] == step["what"] and number(row[1] or "0") == step["rows"] for row in rows), (name, step)
        start = next(place for place, row in enumerate(rows) if row[0] == name)
        end = next(row for row in rows[start:] if row[0] == "examples")
        assert number(end[1]) == sum(cell["counts"].values())


def test_the_audit_shown_is_the_one_noted(release, tables):
    noted = json.loads((release / ".audit.json").read_text())["rows"]
    assert [row[:2] for row in tables["checks"][1:]] == [[row["check"], row["result"]] for row in noted]


def test_the_scoreboard_has_every_figure_of_the_system_and_chance_beside_it(scores, tables):
    figures = {(f["kind"], f["system"], f["config"], f["metric"]): f for f in json.loads(scores.read_text())["figures"]}
    system = json.loads(scores.read_text())["system"]
    rows, config = {}, ""
    for row in tables["board"][1:]:
        rows[config := row[0] or config, row[1].rstrip(" ↑↓")] = row
    ours = {key: f for key, f in figures.items() if key[0] == "ours" and f["value"] is not None}
    assert {(f["config"], f["metric"]) for f in ours.values()} == set(rows)
    for f in ours.values():
        row = rows[f["config"], f["metric"]]
        assert number(row[2]) == pytest.approx(f["value"], abs=0.00051)
        assert number(row[5]) == pytest.approx(
            figures["baseline", "random", *(f["config"], f["metric"])]["value"], abs=0.00051
        )
        assert int(row[10]) == f["n"], system


def test_the_recipe_of_every_config_is_told_once(release, tables):
    ledger = json.loads((release / "ledger.json").read_text())
    recipes = page_slots(Dataset.open(release))["recipes"]
    heads, *rows = tables["recipes"]
    assert heads == ["config", *recipes["columns"], "content"] and not set(recipes["columns"]) & set(recipes["same"])
    for row in rows:
        recipe = {name.replace("_", " "): value for name, value in ledger["cells"][row[0]]["recipe"].items()}
        told = {**recipes["same"], **dict(zip(heads[1:-1], row[1:-1], strict=True))}
        assert set(told) == set(recipe)
        for name, value in recipe.items():
            plain = {True: "yes", False: "no"}[value] if isinstance(value, bool) else value
            assert told[name] == plain or number(told[name]) == plain


def test_the_labels_sum_to_all_examples(release):
    for chart in page_slots(Dataset.open(release))["labels"]:
        assert sum(bar.count for bar in chart.bars) + chart.rest == chart.examples
        assert len(chart.bars) <= 12


def test_a_changed_release_is_not_shown_with_its_old_audit(release, tmp_path):
    copy = shutil.copytree(release, tmp_path / "itdr")
    ledger = json.loads((copy / "ledger.json").read_text())
    ledger["cells"]["nir-microlens"]["content"] = "0" * 64
    (copy / "ledger.json").write_text(json.dumps(sealed(ledger)))
    made = write_report(copy, tmp_path / "report.html")
    assert not made.audited and "No audit of just this content" in made.path.read_text()


def test_the_same_folder_and_scores_give_the_same_bytes(release, scores, tmp_path):
    for name in ("a", "b"):
        write_report(release, tmp_path / name, scores=[scores], most=3)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_the_examples_shrink_to_the_room_there_is(release):
    from itdr_hf.report.samples import blocks

    cells = [s.cell for s in page_slots(Dataset.open(release), most=1)["cells"]]
    dataset = Dataset.open(release)
    full, tight = blocks(dataset, cells, most=20), blocks(dataset, cells, most=20, room=99 * 2_000)
    assert sum(b.count for b in tight) < sum(b.count for b in full)
    assert all(len(b.packed) <= 2_000 or b.count == 1 for b in tight)
    assert all(b.of == pq.read_table(next((release / b.cell).glob(f"{b.split}-*"))).num_rows for b in full)


def evil(release: Path, home: Path) -> tuple[Path, Path]:
    """The folder with hostile texts wherever a stranger's text may stand, and such scores."""
    copy = shutil.copytree(release, home / "itdr")
    for path in (
        p for split in SPLITS for p in [*copy.glob(f"nir-microlens/{split}-*"), *copy.glob(f"uap-anime2023/{split}-*")]
    ):
        rows = [
            {k: EVIL + v if k in ("instruction", "input", "output", "domain") else v for k, v in row.items()}
            | {"candidates": [EVIL + c for c in row["candidates"]], "targets": [EVIL + t for t in row["targets"]]}
            for row in pq.read_table(path).to_pylist()
        ]
        pq.write_table(pa.Table.from_pylist(rows, schema=pq.read_schema(path)), path)
    ledger = json.loads((copy / "ledger.json").read_text())
    ledger["cells"]["nir-microlens"]["layout"] = ledger["cells"]["nir-microlens"]["tables"][0]["what"] = EVIL
    ledger["not_built"][EVIL] = EVIL
    (copy / "ledger.json").write_text(json.dumps(sealed(ledger)))
    (copy / ".audit.json").write_text(
        json.dumps({"content": {n: c["content"] for n, c in ledger["cells"].items()},
                    "rows": [{"check": EVIL, "result": "1 breach", "finding": EVIL}]})
    )  # fmt: skip
    figure = {
        "kind": "ours",
        "system": EVIL,
        "config": EVIL,
        "metric": EVIL,
        "value": 0.5,
        "low": 0.4,
        "high": 0.6,
        "n": 3,
    }
    report = {"system": EVIL, "split": EVIL, "reading": "strict", "notes": [EVIL], "figures": [figure]}
    parsed = {"lenient": 1.0, "strict": 1.0}
    report["cells"] = {EVIL: {"n": 3, "parsed": parsed, "faults": {"strict": {EVIL: 0.5}, "lenient": {}}}}
    (home / "scores.json").write_text(json.dumps(report))
    return copy, home / "scores.json"


def test_no_text_becomes_markup(release, page, tmp_path):
    folder, scores = evil(release, tmp_path)
    made = write_report(folder, tmp_path / "evil.html", scores=[scores], most=5)
    text = made.path.read_text()
    assert "stolen=1</script>" not in text
    assert "img" not in Tables(text).tags
    assert text.count("<script>") == 1  # the page's own; the packed examples name a type that does not run
    assert "&lt;/script&gt;&lt;img" in text


def test_an_unfilled_slot_is_an_error(release):
    from jinja2 import UndefinedError

    slots = page_slots(Dataset.open(release))
    del slots["writers"]
    with pytest.raises(UndefinedError, match="writers"):
        render(slots)


def test_what_is_no_report_of_scores_is_refused_by_name(release, tmp_path):
    for text in ("{}", "nonsense", "[]"):
        (tmp_path / "scores.json").write_text(text)
        with pytest.raises(UsageError, match=r"scores.json: .*; want what `itdr score"):
            write_report(release, tmp_path / "report.html", scores=[tmp_path / "scores.json"])
    with pytest.raises(UsageError, match="no ledger.json with cells"):
        write_report(tmp_path, tmp_path / "report.html")
