"""The paper's experiments as one-liners: counts, nesting, what stays whole."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import datasets
import pytest

from itdr_hf import catalogue
from itdr_hf.ablations import FRACTIONS, fraction, leave_out, paper_protocol, save, without_descriptions
from itdr_hf.errors import OutputError, UsageError
from itdr_hf.tasks.itdr import paper
from itdr_hf.tasks.planning.sampling import fill
from itdr_hf.tasks.planning.splits import SHARES

SPLITS = tuple(SHARES)


@pytest.fixture(scope="module")
def published() -> datasets.DatasetDict:
    """As many examples as the paper has, of nothing but ids; Amazon's over 12 domains."""
    columns: dict[str, dict[str, list[str]]] = {
        s: {c: [] for c in ("id", "subtask", "source", "domain")} for s in SPLITS
    }
    for name in catalogue.published():
        subtask, _, source = name.partition("-")
        sizes = fill(dict.fromkeys(SPLITS, 10**6), SHARES, catalogue.cell(name).size)
        for split, size in sizes.items():
            rows = columns[split]
            rows["id"] += [f"{name}-{split}-{n}" for n in range(size)]
            rows["subtask"] += [subtask] * size
            rows["source"] += [source] * size
            rows["domain"] += [f"domain {n % 12}" if source == "amazon2023" else "" for n in range(size)]
    made = {split: datasets.Dataset.from_dict({**rows, "instruction": rows["id"]}) for split, rows in columns.items()}
    return datasets.DatasetDict(made)


def cells(part: datasets.Dataset) -> Counter[str]:
    return Counter(f"{a}-{b}" for a, b in zip(part["subtask"][:], part["source"][:], strict=True))


@pytest.mark.parametrize("by", ["user", "example"])
def test_the_papers_protocol_gives_its_counts_per_cell(published, by):
    made = paper_protocol(published, by=by)
    assert (len(made["train"]), len(made["test"])) == (pytest.approx(31_250, abs=33), 7_811)
    tests, trains = cells(made["test"]), cells(made["train"])
    for name, size in paper.test_sizes().items():
        assert tests[name] == size
        assert abs(trains[name] - 4 * size) <= 1
    assert not set(made["train"]["id"]) & set(made["test"]["id"])


def test_the_whole_is_sampled_when_asked_for_and_an_impossible_share_is_refused(published):
    made = paper_protocol(published, by="example", sampled=1.0)
    assert len(made["train"]) + len(made["test"]) == pytest.approx(195_065, abs=33)
    assert len(made["test"]) == pytest.approx(0.2 * 195_065, abs=33)
    with pytest.raises(UsageError, match=r"sampled: 1.5; want a share above 0"):
        paper_protocol(published, sampled=1.5)


def test_by_user_train_comes_from_train_and_test_from_the_rest(published):
    made = paper_protocol(published)
    assert all("-train-" in name for name in made["train"]["id"])
    assert not any("-train-" in name for name in made["test"]["id"])


def test_a_domain_has_its_share_of_the_sample(published):
    test = paper_protocol(published)["test"].filter(
        lambda row: row["source"] == "amazon2023" and row["subtask"] == "tui"
    )
    counts = [test["domain"].count(domain) for domain in set(test["domain"])]
    assert len(counts) == 12 and max(counts) - min(counts) <= 1


def test_the_seed_decides_the_sample_and_the_order_of_the_rows_does_not(published):
    small = datasets.DatasetDict(
        {s: part.shuffle(seed=1).select(range(len(part) // 10)) for s, part in published.items()}
    )
    shuffled = datasets.DatasetDict({s: part.shuffle(seed=3) for s, part in small.items()})
    picked = [set(paper_protocol(ds, seed=seed)["train"]["id"]) for ds, seed in ((small, 0), (shuffled, 0), (small, 1))]
    assert picked[0] == picked[1] != picked[2]


def test_each_fraction_holds_the_smaller_ones_and_every_cell_has_its_share(published):
    whole = published["train"]
    parts = [fraction(published, share)["train"] for share in FRACTIONS]
    sets = [set(part["id"]) for part in (*parts, whole)]
    assert all(a < b for a, b in pairwise(sets))
    of_whole = cells(whole)
    for share, part in zip(FRACTIONS, parts, strict=True):
        of_part = cells(part)
        for name in ("rp-bookcrossing", "uap-lastfm1k", "ir-steam"):
            assert of_part[name] == round(share * of_whole[name])


def test_a_fraction_leaves_test_whole_and_an_impossible_one_is_refused(published):
    assert len(fraction(published, 0.25)["test"]) == len(published["test"])
    for share in (0, 1.5, -1):
        with pytest.raises(UsageError, match="want a share above 0"):
            fraction(published, share)


def test_left_out_subtasks_and_roots_are_gone_from_train_and_stay_in_test(published):
    without = leave_out(published, "tkr", "uiu")
    assert set(without["train"]["subtask"]) == {"rp", "cdr", "nir"} == set(without["validation"]["subtask"])
    assert set(without["test"]["subtask"]) == set(catalogue.family().task_ids)
    assert set(leave_out(published["test"], "rp")["subtask"]) == set(catalogue.family().task_ids) - {"rp"}
    with pytest.raises(UsageError, match="no subtask or root task 'ranking'; have: uii, uiu, rp"):
        leave_out(published, "ranking")


def test_without_descriptions_only_the_instruction_is_empty(published):
    small = published["test"].select(range(50))
    bare = without_descriptions(small)
    assert set(bare["instruction"]) == {""}
    assert bare.remove_columns("instruction")[:] == small.remove_columns("instruction")[:]


def test_a_folder_that_holds_something_is_not_written_into(published, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(OutputError, match="not empty; want a new folder"):
        save(published, tmp_path)
