"""Splits, histories, candidates and negatives of every scenario, worked out again from the raw files with pandas."""

from __future__ import annotations

import gzip
import json
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from hashlib import md5, sha256
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
from hubserver import READ
from hubserver.stage import REPO
from hubserver.visitor import run

from itdr_hf import catalogue
from itdr_hf.build.prepare import Settings, prepare
from itdr_hf.dataset.audit.registry import audit
from itdr_hf.dataset.card import note_audit
from itdr_hf.dataset.card_yaml import members
from itdr_hf.records import FACETED, SPLITS
from itdr_hf.runtime.duckdb_engine import open_duckdb
from itdr_hf.simulate import simulate
from itdr_hf.tasks.instructrec.family import PUBLISHED_FACTS
from itdr_hf.tasks.instructrec.kinds import facets

pytest_plugins = ("hubserver.plugin",)

SCENARIOS = ("seqrec", "search", "persearch")
OFFSET = {"train": 2, "validation": 1, "test": 0}
ANY = ("P2", "I1", "I2")
SEARCHES = (  # the paper's nine kinds of product search: form, and what the query may be
    ("B1", "T2", ANY), ("B2", "T2", ("I2",)), ("B3", "T2", ("I2",)), ("B4", "T2", ANY), ("B5", "reverse-query", ("I2",)),
    ("B6", "reverse-query", ("I2",)), ("B7", "T3", ANY), ("B8", "T3", ANY), ("B9", "T3", ANY),
)  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("amazon2018")
    simulate(folder, sources=["amazon2018"], scale=0.05, seed=3)
    return folder


@pytest.fixture(scope="module")
def players() -> dict[str, list[dict[str, Any]]]:
    """What `built` finds out about the queries of each scenario."""
    return {}


@pytest.fixture(scope="module")
def derived() -> dict[str, Any]:
    """The size of the core, as `built` reports it."""
    return {}


@pytest.fixture(scope="module")
def built(home: Path, players: dict[str, list[dict[str, Any]]], derived: dict[str, Any]) -> dict[str, pd.DataFrame]:
    """Examples of each scenario beside the raw user or item of each, which the dataset does not tell."""
    made = {}
    with open_duckdb() as engine:
        for scenario in SCENARIOS:
            cell = catalogue.cell(f"{scenario}-amazon2018")
            prepared = prepare(cell, cell.recipe(), Settings(raw=home, warn=lambda text: None), engine)
            batches = [batch for split in sorted(SPLITS) for batch in prepared.batches(split)]
            assert all(batch.schema == FACETED.schema for batch in batches)
            players[scenario], derived[scenario] = prepared.rows.players, prepared.rows.derived
            rows = pd.read_parquet(prepared.rows.path)[["subject", "split", "target", "negatives"]]
            shown = pd.concat([batch.to_pandas() for batch in batches], ignore_index=True)
            made[scenario] = pd.concat([shown, rows], axis=1)
    return made


def _lines(home: Path, pattern: str) -> Iterator[dict[str, object]]:
    for path in sorted(home.rglob(pattern)):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            yield from map(json.loads, file)


@pytest.fixture(scope="module")
def log(home: Path, built: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Every user's games with a title, the earliest of repeated ones, in order of time and, of one day, of a hash."""
    items = prepared_titles(home)
    rows = pd.DataFrame(_lines(home, "Video_Games*.json.gz"))[["reviewerID", "asin", "unixReviewTime"]]
    rows.columns = ["user", "item", "time"]
    rows = rows[rows["item"].isin(items.index)]
    ties = [
        md5(f"order|amazon2018|{user}|{item}".encode()).hexdigest()
        for user, item in zip(rows["user"], rows["item"], strict=True)
    ]
    rows = rows.assign(tie=ties).sort_values(["user", "time", "tie"])
    rows = rows.drop_duplicates(["user", "item"])
    return rows.assign(title=rows["item"].map(items))


def prepared_titles(home: Path, column: str | None = "title", domain: str = "Video_Games") -> Any:
    """Titles by item, as the tables have them: how titles are cleaned is another test's."""
    from itdr_hf.tables.cache import ensure_tables

    with open_duckdb() as engine:
        tables = ensure_tables(catalogue.source("amazon2018"), home, engine=engine.reader)
    items = pd.read_parquet(tables.path("items"))
    games = items[items.domain == domain].set_index("item")
    return games if column is None else games[column]


@pytest.fixture(scope="module")
def core(log: pd.DataFrame) -> pd.DataFrame:
    rows, before = log, -1
    while len(rows) != before:
        before = len(rows)
        rows = rows[rows.groupby("user")["item"].transform("size") >= 5]
        rows = rows[rows.groupby("item")["user"].transform("size") >= 5]
    return rows


def same(title: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", title).lower().split())


@pytest.fixture(scope="module")
def sequences(core: pd.DataFrame) -> dict[str, list[str]]:
    """Titles of each user of the core, each title once."""
    once = core.assign(norm=core["title"].map(same)).drop_duplicates(["user", "norm"])
    listed = once.groupby("user")["title"].apply(list)
    return {user: titles for user, titles in listed.items() if len(titles) > 3}


def test_the_size_of_the_core_is_told_beside_the_papers(built, derived, core):
    once = core.assign(norm=core["title"].map(same)).drop_duplicates(["user", "norm"])
    each = once.groupby("user").size()
    numbers = [len(each), once["item"].nunique(), len(once), int(each.clip(upper=20).sum())]
    for scenario in SCENARIOS:
        assert list(derived[scenario].values()) == numbers
        assert set(derived[scenario]) <= set(PUBLISHED_FACTS["amazon2018"])


def check_targets(rows: pd.DataFrame, sequences: dict[str, list[str]]) -> None:
    for split in SPLITS:
        mine = rows[rows["split"] == split]
        assert set(mine["subject"]) == set(sequences)
        for subject, target in zip(mine["subject"], mine["target"], strict=True):
            assert target == sequences[subject][-1 - OFFSET[split]]


def check_histories(rows: pd.DataFrame, sequences: dict[str, list[str]]) -> None:
    for _, row in rows.iterrows():
        before = sequences[row["subject"]][: -1 - OFFSET[row["split"]]][-20:]
        shown = list(row["history"])
        if shown:
            assert shown == before[-len(shown) :] and (len(shown) == len(before) or len(shown) >= 2)
        assert same(row["target"]) not in map(same, shown)


def check_candidates(rows: pd.DataFrame, log: pd.DataFrame, core: pd.DataFrame) -> None:
    whole = {user: set(map(same, titles)) for user, titles in log.groupby("user")["title"]}
    pool = set(core["title"])
    for _, row in rows.iterrows():
        assert len(set(map(same, row["negatives"]))) == 9 and set(row["negatives"]) <= pool
        assert not whole.get(row["subject"], set()) & set(map(same, row["negatives"]))
        if len(row["candidates"]):
            assert set(row["candidates"]) == {row["target"], *row["negatives"]}


@pytest.mark.parametrize("scenario", ["seqrec", "persearch"])
def test_every_user_of_the_5_core_has_its_last_item_in_test_and_those_before_in_the_other_splits(
    scenario, built, sequences
):
    check_targets(built[scenario], sequences)


@pytest.mark.parametrize("scenario", ["seqrec", "persearch"])
def test_a_history_is_the_newest_of_what_came_before_and_never_has_the_target(scenario, built, sequences):
    check_histories(built[scenario], sequences)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_candidates_are_the_target_and_nine_items_of_the_core_outside_the_whole_history(scenario, built, log, core):
    check_candidates(built[scenario], log, core)


def test_errors_that_are_planted_in_one_row_are_seen_by_these_checks(built, sequences, log, core):
    rows = built["seqrec"].reset_index(drop=True)
    place = next(n for n, row in rows.iterrows() if len(row["history"]) > 3 and len(row["candidates"]))
    target, history, negatives = rows.loc[place, ["target", "history", "negatives"]]

    def planted(**values: object) -> pd.DataFrame:
        changed = rows.copy()
        for name, value in values.items():
            changed.at[place, name] = value
        return changed

    wrong = (
        (check_targets, planted(target=history[-1]), (sequences,)),  # the item before it
        (check_targets, rows.drop(index=place), (sequences,)),  # a user without an example
        (check_histories, planted(history=[*history[:-1], target]), (sequences,)),
        (check_histories, planted(history=[*history[:-2], history[-1]]), (sequences,)),  # one left out in the middle
        (check_histories, planted(history=list(history[:-1])), (sequences,)),  # the newest is missing
        (check_candidates, planted(negatives=[*negatives[:-1], history[0]]), (log, core)),
        (check_candidates, planted(negatives=[*negatives[:-1], negatives[0].upper()]), (log, core)),  # a title twice
        (check_candidates, planted(negatives=[*negatives[:-1], "Nowhere in the core"]), (log, core)),
        (check_candidates, planted(candidates=list(negatives)), (log, core)),  # the answer is not among them
    )
    for check, changed, known in wrong:
        with pytest.raises(AssertionError):
            check(changed, *known)


def test_the_candidates_of_a_user_and_split_are_the_same_in_both_scenarios_that_have_users(built):
    offered = {
        scenario: {
            (r["subject"], r["split"]): tuple(r["candidates"]) for _, r in rows.iterrows() if len(r["candidates"])
        }
        for scenario, rows in ((name, built[name]) for name in ("seqrec", "persearch"))
    }
    both = offered["seqrec"].keys() & offered["persearch"].keys()
    assert len(both) > 100 and all(offered["seqrec"][key] == offered["persearch"][key] for key in both)


def test_half_of_the_judgements_are_yes_about_the_target_and_half_no_about_a_negative(built):
    rows = built["seqrec"][built["seqrec"]["task_form"] == "T0"]
    for _, row in rows.iterrows():
        shown = row["target"] if row["output"] == "Yes" else row["negatives"][0]
        assert shown in row["input"] and row["output"] in ("Yes", "No")
    assert abs((rows["output"] == "Yes").mean() - 0.5) < 2 / math.sqrt(len(rows))


def test_a_searched_item_goes_to_a_split_by_the_md5_of_its_title_80_10_10(built, core):
    rows = built["search"]
    assert set(rows["subject"]) <= set(core["item"])
    for title, split in zip(rows["target"], rows["split"], strict=True):
        place = int(md5(f"split|amazon2018|item|{same(title)}".encode()).hexdigest()[:8], 16) / 16**8
        assert split == ("train" if place < 0.8 else "validation" if place < 0.9 else "test")


def test_validation_and_test_ask_in_every_setting_once_and_only_for_a_choice(built):
    for scenario, settings in (("seqrec", 1), ("search", 3), ("persearch", 3)):
        rows = built[scenario][built[scenario]["split"] != "train"]
        assert set(rows["task_form"]) == {"T3"}
        told = rows.groupby(["subject", "split", "intention"]).size()
        assert told.max() == 1 and rows["intention"].nunique() == settings


def test_columns_repeat_what_the_template_says(built):
    for rows in built.values():
        for _, row in rows.iterrows():
            told = facets(row["template"])
            assert (told.preference, told.intention, told.form) == (
                row["preference"],
                row["intention"],
                row["task_form"],
            )
            assert told.wording != "unseen"


def test_training_uses_every_kind_of_its_scenario(built):
    for scenario, count in (("seqrec", 17), ("persearch", 13), ("search", 9)):
        rows = built[scenario][built[scenario]["split"] == "train"]
        assert rows["template"].map(lambda t: facets(t).kind).nunique() == count


def test_an_intention_never_names_the_item_it_asks_for(built):
    rows = built["persearch"]
    wanted = rows[(rows["intention"] == "I1") & (rows["task_form"] == "T3") & (rows["split"] == "test")]
    assert len(wanted)
    for _, row in wanted.iterrows():
        before_candidates = row["input"].partition("- ")[0]
        query = (
            before_candidates if not len(row["history"]) else before_candidates.replace("\n".join(row["history"]), "")
        )
        assert same(row["target"]) not in same(query) or row["target"] in "\n".join(row["history"])


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def test_what_categories_alone_give_away_is_that_of_bm25_by_hand(home, built, players):
    rows = built["persearch"]
    asked = rows[(rows["intention"] == "I2") & (rows["split"] == "test")]
    items = prepared_titles(home, None)
    queries = dict(zip(items["title"], items["categories"].fillna(items["category"]), strict=True))
    offered = [[row["target"], *row["negatives"]] for _, row in asked.iterrows()]
    others = rows[(rows["intention"] != "I0") & (rows["split"] == "test")]
    seen = {title for _, row in others.iterrows() for title in (row["target"], *row["negatives"])}
    texts = {title: words(f"{title} {queries[title] or ''}") for title in seen}
    having = Counter(word for found in texts.values() for word in set(found))
    usual = sum(map(len, texts.values())) / len(texts)

    def score(query: set[str], text: list[str]) -> float:
        norm = 1.2 * (0.25 + 0.75 * len(text) / usual)
        weight = {w: math.log(1 + (len(texts) - having[w] + 0.5) / (having[w] + 0.5)) for w in query}
        return sum(weight[w] * text.count(w) * 2.2 / (text.count(w) + norm) for w in sorted(query & set(text)))

    hits = []
    for titles in offered:
        scores = [round(score(set(words(queries[titles[0]])), texts[title]), 9) for title in titles]
        hits.append((scores[0] == max(scores)) / scores.count(max(scores)))
    [figure] = [one for one in players["persearch"] if one["player"] == "P1-I2-T3"]
    assert figure["examples"] == len(asked) > 50 and figure["chance"] == 0.1
    assert figure["hit"] == pytest.approx(sum(hits) / len(hits), abs=2e-3)


def test_a_held_out_intention_is_in_the_test_alone_and_forms_choose_kinds(home, built):
    cell = catalogue.cell("persearch-amazon2018")
    with open_duckdb() as engine:
        tables = prepare(cell, cell.recipe(), Settings(raw=home, warn=lambda text: None), engine).tables
        gathered = sorted(tables.folder.glob("sequences-*.parquet"))
        held = prepare(cell, cell.recipe(held_out="I1"), Settings(raw=home, warn=lambda text: None), engine)
        chosen = prepare(cell, cell.recipe(forms="C10/*"), Settings(raw=home, warn=lambda text: None), engine)
        told = {s: {i for b in held.batches(s) for i in b.column("intention").to_pylist()} for s in SPLITS}
        kinds = {facets(t).kind for s in SPLITS for b in chosen.batches(s) for t in b.column("template").to_pylist()}
    assert told["test"] == {"I1"} and "I1" not in told["train"] | told["validation"]
    assert kinds == {"C10"}
    assert gathered == sorted(tables.folder.glob("sequences-*.parquet")), (
        "the same histories and candidates are gathered again"
    )


@pytest.fixture(scope="module")
def variants(home: Path) -> dict[str, pd.DataFrame]:
    """Examples of sequential recommendation with other candidates, and of the other domain."""
    changes = {
        "hard": {"negative_sampling": "co-occurrence", "availability": "any"},
        "many": {"negatives": 49, "availability": "any"},
        "discs": {"domain": "CDs_and_Vinyl"},
    }
    cell, made = catalogue.cell("seqrec-amazon2018"), {}
    with open_duckdb() as engine:
        for name, change in changes.items():
            prepared = prepare(cell, cell.recipe(**change), Settings(raw=home, warn=lambda text: None), engine)
            batches = [batch.to_pandas() for split in sorted(SPLITS) for batch in prepared.batches(split)]
            rows = pd.read_parquet(prepared.rows.path)[["subject", "split", "target", "negatives"]]
            made[name] = pd.concat([pd.concat(batches, ignore_index=True), rows], axis=1)
    return made


def test_hard_negatives_are_what_the_same_users_have_together_with_the_history(home, variants, log, core):
    discs = set(map(same, prepared_titles(home, domain="CDs_and_Vinyl")))  # a title of both may be known as a disc
    once = core.assign(norm=core["title"].map(same)).drop_duplicates(["user", "norm"])
    back = once.groupby("user").cumcount(ascending=False)
    users = once[back.between(2, 21)].groupby("item")["user"].apply(set).to_dict()  # no answers of later splits
    names = dict(zip(once["item"], once["title"], strict=True))

    def near(one: str) -> dict[str, int]:
        both = {other: len(users.get(one, set()) & had) for other, had in users.items() if other != one}
        found = {o: math.floor(n / math.sqrt(len(users[one]) * len(users[o])) * 1e6) for o, n in both.items() if n}
        nearest = sorted(found, key=lambda o: (-found[o], md5(f"alike|{o}".encode()).hexdigest()))
        return {other: found[other] for other in nearest[:50]}

    whole = {user: set(map(same, titles)) for user, titles in log.groupby("user")["title"]}
    rows = variants["hard"][variants["hard"]["split"] == "test"].head(40)
    for _, row in rows.iterrows():
        score: Counter[str] = Counter()
        for past in once[once["user"] == row["subject"]]["item"].tolist()[:-1][-20:]:
            score.update(near(past))
        best: dict[str, int] = {}
        for item, found in score.items():
            best[same(names[item])] = max(found, best.get(same(names[item]), 0))
        open_ = {title: found for title, found in best.items() if title not in whole[row["subject"]] | discs}
        mine = sorted((best[title] for title in map(same, row["negatives"]) if title not in discs), reverse=True)
        assert len(mine) >= 4 and mine == sorted(open_.values(), reverse=True)[: len(mine)]


def test_fifty_candidates_are_distinct_and_never_touched_and_take_no_title_of_the_history(variants, built, log):
    whole = {user: set(map(same, titles)) for user, titles in log.groupby("user")["title"]}
    rows, ten = variants["many"], built["seqrec"]
    assert len(rows) > 100
    for _, row in rows.iterrows():
        assert len(set(map(same, row["negatives"]))) == 49 and not whole[row["subject"]] & set(
            map(same, row["negatives"])
        )
        assert len(row["candidates"]) in (0, 50)
    shown = {
        (r["subject"], r["split"]): list(r["history"]) for _, r in ten.iterrows() if r["template"].startswith("A7/P1-")
    }
    again = {
        (r["subject"], r["split"]): list(r["history"]) for _, r in rows.iterrows() if r["template"].startswith("A7/P1-")
    }
    assert shown.keys() & again.keys() and all(len(again[k]) >= len(shown[k]) - 1 for k in shown.keys() & again.keys())


def test_another_domain_has_its_own_users_items_and_candidates(variants, home):
    titles, rows = set(prepared_titles(home, domain="CDs_and_Vinyl")), variants["discs"]
    assert set(rows["domain"]) == {"CDs_and_Vinyl"} and set(rows["split"]) == set(SPLITS)
    for _, row in rows.iterrows():
        assert {row["target"], *row["negatives"], *row["history"]} <= titles


def test_every_instruction_that_an_item_has_the_texts_for_is_given_where_all_are_asked_for(home):
    cell = catalogue.cell("search-amazon2018")
    with open_duckdb() as engine:
        prepared = prepare(cell, cell.recipe(forms="all"), Settings(raw=home, warn=lambda text: None), engine)
        rows = pd.read_parquet(prepared.rows.path)
    texts = {"P2": "general", "I1": "wish_user", "I2": "categories"}
    seen: set[str] = set()
    for (_, split), mine in rows.groupby(["subject", "split"]):
        known = {name for name, column in texts.items() if pd.notna(mine[column].iloc[0])}
        open_to = {
            f"{kind}/P0-{query}-{form}" for kind, form, queries in SEARCHES for query in queries if query in known
        }
        assert sorted(mine["form"]) == sorted(one for one in open_to if split == "train" or one.endswith("-T3"))
        seen |= set(mine["form"])
    assert len(seen) == 19  # five kinds with any of three queries, four with one


LOAD = """
import datasets, hashlib
datasets.disable_progress_bars()
found = {}
for config in datasets.get_dataset_config_names(REPO, revision=VERSION):
    data = datasets.load_dataset(REPO, config, revision=VERSION)
    found[config] = {split: hashlib.sha256(json.dumps(list(rows)).encode()).hexdigest() for split, rows in data.items()}
assert not [name for name in sys.modules if name.startswith("itdr_hf")]
print(json.dumps(found))
"""


def test_the_built_folder_passes_its_audit_and_plain_datasets_loads_every_config_from_a_hub(home, stage, tmp_path):
    from itdr_hf.build.folder import build_folder
    from itdr_hf.dataset import Dataset

    out = tmp_path / "instructrec"
    build_folder(out, Settings(raw=home, warn=lambda text: None), configs=["*-amazon2018"], family="instructrec")
    report = audit(Dataset.open(out))
    assert report.breaches == []
    queried = {f.where: f.figures for f in report.findings if f.check == "query-alone-wins"}
    assert set(queried) == {"search-amazon2018", "persearch-amazon2018"}
    assert queried["persearch-amazon2018"]["P1-I2-T3"] > 2 * queried["persearch-amazon2018"]["chance"]
    note_audit(Dataset.open(out), report)
    assert "| `persearch-amazon2018` | P1-I2-T3 | " in (out / "README.md").read_text()

    def digest(configs: list[str], split: str) -> str:
        files = [path for name in configs for path in sorted((out / name).glob(f"{split}-*"))]
        rows = [row for path in files for row in pq.read_table(path).to_pylist()]
        return sha256(json.dumps(rows).encode()).hexdigest()

    groups = {name: [cell.name for cell in cells] for name, cells in members(Dataset.open(out)).items()}
    assert set(groups) >= {f"{scenario}-amazon2018" for scenario in SCENARIOS}
    given = f"REPO, VERSION = {REPO!r}, {stage.push(out).tag!r}\n"
    loaded = run(given + LOAD, tmp_path / "home", stage.hub.url, token=READ)
    assert loaded == {name: {s: digest(of, s) for s in SPLITS} for name, of in groups.items()}
