"""Names of columns come from strangers: whatever they are, they are names and nothing else, in CSV and in Parquet."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from itdr_hf.dataset import Dataset

NAMES = [
    "order", "first name", "popularity", "place", "bad", "dropped", "noted", "legible", "said", "norm", "unmet",
    "activity", "timestamp", "rating", "text", "text_row", "file_row_number", "domain", "user ", "select", "from",
    "group", "own_0", "own_1", "unused_2", 'a"b', "a'b", "a;b", "a,b", '"; DROP TABLE x; --',
    "x\" FROM read_csv('/etc/passwd') --", "'; COPY (SELECT 1) TO 'taken.csv'; --", "{}", "{0}", "%s", "${HOME}", "`x`",
    "[INST]", "</s>", "<|im_end|>", "<b>bold</b>", "línea", "名前", "имя", "🙂", "a\tb", "a\nb", "x" * 300, " ", "NULL",
    "true", "1", "-1", "1e5", "*", "count(*)", "_row", "user_id", "subject", "\u202eabc",
]  # fmt: skip


@pytest.fixture(params=["csv", "parquet"])
def raw(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Tables with a column of each name; in CSV a name is on one line."""
    (shop := tmp_path / "raw/shop").mkdir(parents=True)
    users = [[f"u{u}", *(f"v{n}-{u % 3}" for n in range(len(NAMES)))] for u in range(14)]
    items = [[f"i{i}", f"Thing {i}", *(f"v{n}-{i % 3}" for n in range(len(NAMES)))] for i in range(30)]
    rows = [[f"u{u}", f"i{(7 * u + 11 * k) % 30}", 1_000 * k + u, "x"] for u in range(14) for k in range(12)]
    for name, header, table in (
        ("users", ["user", *NAMES], users),
        ("items", ["item", "title", *NAMES], items),
        ("interactions", ["user", "item", "timestamp", "select"], rows),
    ):
        header = [" ".join(name.split("\n")) for name in header] if request.param == "csv" else header
        if request.param == "csv":
            with (shop / f"{name}.csv").open("w", newline="") as file:
                csv.writer(file).writerows([header, *table])
        else:
            pd.DataFrame(table, columns=header).to_parquet(shop / f"{name}.parquet")
    (shop / "source.toml").write_text('label = "a\\"b"\n')
    return tmp_path / "raw"


def itdr(*words: object, cwd: Path) -> str:
    command = [sys.executable, "-m", "itdr_hf", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=cwd)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_sixty_hostile_names_go_through_every_command_as_names(raw, tmp_path):
    assert len(NAMES) == 60
    states = json.loads(itdr("sources", "--raw", raw, "--json", cwd=tmp_path))
    assert (states[0]["source"], states[0]["state"]) == ("shop", "present"), states[0]["missing"]
    itdr("build", "--raw", raw, "--out", "out", "--config", "uap-shop,tui-shop,nir-shop", cwd=tmp_path)
    assert json.loads(itdr("audit", "out", "--json", cwd=tmp_path))["breaches"] == 0
    shown = itdr("show", "out", "tui-shop", "--split", "train", cwd=tmp_path)
    assert "count(*): v" in shown and "[INST]" not in shown and "<|im_end|>" not in shown
    itdr("report", "out", cwd=tmp_path)
    assert not list(tmp_path.rglob("taken.csv"))

    for config in ("tui-shop", "uap-shop"):
        rows = list(Dataset.open(tmp_path / "out").rows(config, "train", ["input", "output"]))
        told = "\n".join(rows[0]["input"].splitlines() + rows[0]["output"].splitlines())
        assert sum(f"v{n}-" in told for n in range(len(NAMES))) == len(NAMES) - 1  # all but the one of blanks alone
