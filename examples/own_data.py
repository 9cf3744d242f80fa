"""For those with data of their own: three tables in, a dataset folder, its audit and its page out.

    raw/myshop/interactions.csv   user, item [, timestamp in seconds] [, rating] [, text]
    raw/myshop/items.csv          item, title [, any attributes]
    raw/myshop/users.csv          user [, any attributes]          only for attribute prediction

    python examples/own_data.py raw/myshop --out myshop

The splits do not leak, negatives were never touched by their user, and every row left out is counted, as for the
paper's sources. Users are salted hashes in what is written: choose your own `--salt` before you pass it on.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import itdr_hf
from itdr_hf.build.folder import build_folder
from itdr_hf.build.prepare import Settings
from itdr_hf.cli.show_build import print_outcomes
from itdr_hf.cli.show_example import print_example
from itdr_hf.dataset import Dataset
from itdr_hf.dataset.audit import audit
from itdr_hf.dataset.card import note_audit
from itdr_hf.report.page import write_report

# How your data speaks of what people do: "These are the products a user bought".
WORDS = itdr_hf.Words(item="product", items="products", do="buy", did="bought", doing="buying")


def main() -> None:
    parser = argparse.ArgumentParser(description="Build instructions from your own interactions.")
    parser.add_argument("tables", type=Path, help="folder with interactions, items and users, .csv or .parquet")
    parser.add_argument("--out", type=Path, default=Path("mine"), help="the dataset folder")
    parser.add_argument("--scale", type=float, nargs=2, default=(1, 5), help="lowest and highest rating")
    parser.add_argument("--examples", type=int, help="of each config, at most; default: 6,250")
    parser.add_argument("--salt", default="itdr", help="of the hashes that stand for users")
    given = parser.parse_args()

    scale = itdr_hf.RatingScale(low=given.scale[0], high=given.scale[1], step=1)
    cells = itdr_hf.register(itdr_hf.own_source(given.tables, words=WORDS, scale=scale))
    print(f"it can feed: {', '.join(cells)}\n")

    changes = {"num_examples": given.examples, "salt": given.salt}
    outcomes = build_folder(given.out, Settings(raw=given.tables.parent), configs=cells_fed(cells), changes=changes)
    print_outcomes(outcomes, given.out)
    dataset = Dataset.open(given.out)
    row = dataset.example(next(o.cell for o in outcomes if o.counts), "test", 0)
    print_example(row, dataset.catalogue, split="test", index=0)

    report = audit(dataset)
    note_audit(dataset, report)
    page = write_report(dataset, given.out.with_suffix(".html"))
    print(f"\n{len(report.breaches)} breaches in {len(report.checks)} checks; open {page.path}")


def cells_fed(cells: list[str]) -> list[str]:
    """As patterns: a cell named outright must be built, one that a pattern takes in may have too little data."""
    return [f"{cell}*" for cell in cells]


if __name__ == "__main__":
    main()
