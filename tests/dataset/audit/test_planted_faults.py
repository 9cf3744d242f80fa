"""Every check finds the fault that was planted for it, in a dataset it calls clean before."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from itdr_hf.build.folder import build_folder
from itdr_hf.build.prepare import Settings
from itdr_hf.dataset.audit import CHECKS, Finding, audit
from itdr_hf.dataset.ledger import sealed
from itdr_hf.records import INSTRUCTION

CELLS = ["rp-movielens32m", "tkr-movielens32m", "nir-movielens32m", "tui-movielens32m", "uap-movielens1m"]
RP, TKR, NIR, TUI, UAP = CELLS
Row = dict[str, Any]
SIGNALS = ("popularity-is-no-answer", "taste-alone-wins")  # popularity is one that real users follow too


@pytest.fixture(scope="module")
def clean(raw: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("audited") / "itdr"
    build_folder(out, Settings(raw=raw, warn=lambda text: None), configs=CELLS)
    report = audit(out)
    assert not report.breaches and not [f for f in report.of("warning") if f.check not in SIGNALS]
    return out


class Planted:
    """A copy of the clean dataset, to be damaged."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, cell: str, split: str) -> Path:
        return next((self.folder / cell).glob(f"{split}-*.parquet"))

    def rows(self, cell: str, split: str) -> list[Row]:
        return pq.read_table(self.path(cell, split)).to_pylist()

    def write(self, cell: str, split: str, rows: list[Row]) -> None:
        pq.write_table(pa.Table.from_pylist(rows, schema=INSTRUCTION.schema), self.path(cell, split))

    def change(self, cell: str, split: str, do: Callable[[Row], Row], rows: slice = slice(0, 1)) -> None:
        table = self.rows(cell, split)
        table[rows] = [do(row) for row in table[rows]]
        self.write(cell, split, table)

    def change_all(self, cell: str, do: Callable[[Row], Row]) -> None:
        for split in ("train", "validation", "test"):
            self.change(cell, split, do, slice(None))

    def ledger(self, change: Callable[[dict[str, Any]], object]) -> None:
        path = self.folder / "ledger.json"
        ledger = json.loads(path.read_text())
        change(ledger)
        path.write_text(json.dumps(sealed(ledger)))

    def found(self, check: str, where: str) -> list[Finding]:
        return [f for f in audit(self.folder, only=[check]).findings if f.where.startswith(where)]


@pytest.fixture
def planted(clean: Path, tmp_path: Path) -> Iterator[Planted]:
    shutil.copytree(clean, tmp_path / "itdr")
    yield Planted(tmp_path / "itdr")


def another_id(row: Row) -> str:
    return row["id"][:-4] + ("0000" if row["id"][-4:] != "0000" else "1111")


def the(findings: list[Finding], severity: str = "breach") -> Finding:
    assert [f.severity for f in findings] == [severity], findings
    return findings[0]


def test_a_user_of_train_who_is_also_in_test(planted):
    user = planted.rows(RP, "train")[0]["user"]
    planted.change(RP, "test", lambda row: {**row, "user": user})
    finding = the(planted.found("users-in-one-split", RP))
    assert finding.figures["shared"] == 1 and finding.examples == (user,)


def move_a_user_of_nir_to_test(planted: Planted) -> str:
    """In each cell the user is in one split, but not in the same one."""
    first, *rest = planted.rows(NIR, "train")
    planted.write(NIR, "train", rest)
    planted.write(NIR, "test", [*planted.rows(NIR, "test"), first])
    return str(first["user"])


def test_a_user_who_is_in_train_of_one_cell_and_in_test_of_another(planted):
    user = move_a_user_of_nir_to_test(planted)
    assert not planted.found("users-in-one-split", NIR)
    assert the(planted.found("users-in-one-split", "movielens32m")).examples == (user,)


def test_a_test_answer_that_train_of_another_cell_asks_the_same_user_for(planted):
    move_a_user_of_nir_to_test(planted)
    finding = the(planted.found("answers-not-in-train", NIR))
    assert finding.figures["leaked"] == 1 and RP in finding.message


def test_an_item_of_train_that_is_also_in_test(planted):
    item = planted.rows(TUI, "train")[0]
    planted.write(TUI, "test", [*planted.rows(TUI, "test"), {**item, "id": another_id(item)}])
    assert the(planted.found("items-in-one-split", TUI)).figures["shared"] == 1


def test_a_prompt_with_its_answer_in_train_and_in_test(planted):
    row = planted.rows(UAP, "train")[0]
    planted.write(UAP, "test", [*planted.rows(UAP, "test"), {**row, "id": another_id(row), "user": "0" * 16}])
    assert the(planted.found("prompts-in-one-split", UAP)).figures["prompts"] == 1


def test_a_test_prompt_that_differs_from_one_in_train_by_a_word(planted):
    row = max(planted.rows(RP, "train"), key=lambda r: len(r["input"]))
    near = row["input"].replace(f": {row['history_ratings'][0]}", ": 0.5", 1)
    assert near != row["input"]
    planted.write(RP, "test", [*planted.rows(RP, "test"), {**row, "id": another_id(row), "input": near}])
    assert another_id(row) in the(planted.found("prompts-not-nearly-alike", RP), "warning").examples


def test_an_answer_that_stands_in_the_prompt_beside_the_candidates(planted):
    planted.change(NIR, "test", lambda row: {**row, "input": f"{row['input']}\n1. {row['targets'][0]}"})
    the(planted.found("answers-not-in-prompt", NIR))


def test_a_rating_that_stands_in_the_prompt(planted):
    told = lambda row: {**row, "input": f"{row['input']}\n{row['candidates'][0]}: {row['targets'][0]}"}  # noqa: E731
    planted.change(RP, "train", told)
    the(planted.found("answers-not-in-prompt", RP))


def test_positives_that_always_come_first(planted):
    def first(row: Row) -> Row:
        return {**row, "candidates": [*row["targets"], *(c for c in row["candidates"] if c not in row["targets"])]}

    planted.change_all(TKR, first)
    assert the(planted.found("positives-anywhere", TKR)).figures["p"] < 1e-6


def test_negatives_nobody_knows_where_popular_ones_were_promised(planted):
    def unknown(row: Row) -> Row:
        titles = [c if c in row["targets"] else f"Unknown {n} {row['id']}" for n, c in enumerate(row["candidates"])]
        return {**row, "candidates": titles}

    planted.change_all(NIR, unknown)
    the(planted.found("popularity-is-no-answer", NIR), "warning")
    planted.ledger(lambda ledger: ledger["cells"][NIR]["recipe"].update(negative_sampling="popularity"))
    assert the(planted.found("popularity-is-no-answer", NIR)).figures["gap"] > 0.4


def players(planted: Planted, cell: str) -> Finding:
    return next(f for f in planted.found("taste-alone-wins", cell))


def test_players_without_taste_win_nothing_in_a_clean_dataset_but_by_popularity(planted):
    for cell in (TKR, NIR):
        finding = players(planted, cell)
        assert "popular" in finding.message if finding.severity == "warning" else finding.severity == "info"
        assert finding.figures["future"] == finding.figures["chance"] and finding.figures["shown later than asked"] == 0


def in_the_alphabet(row: Row) -> Row:
    """Answers follow the history in the alphabet, and the other candidates stand before it."""
    history = [f"M{n} {row['id']}" for n, _ in enumerate(row["history"])]
    targets = [f"N{n} {row['id']}" for n, _ in enumerate(row["targets"])]
    others = [f"A{n} {row['id']}" for n in range(len(row["candidates"]) - len(targets))]
    renamed = dict(
        zip(
            [*row["targets"], *[c for c in row["candidates"] if c not in row["targets"]]],
            [*targets, *others],
            strict=True,
        )
    )
    return {**row, "history": history, "targets": targets, "candidates": [renamed[c] for c in row["candidates"]]}


def test_answers_that_follow_the_history_in_the_alphabet(planted):
    planted.change_all(TKR, in_the_alphabet)
    assert "next in the alphabet 1.000" in players(planted, TKR).message
    assert players(planted, TKR).severity == "breach"
    assert the(planted.found("order-is-no-answer", TKR)).figures["correlation"] > 0.9


def answers_shorter(row: Row) -> Row:
    """The titles of answers are shorter than those of the other candidates."""
    longer = {
        c: c if c in row["targets"] else f"{c} and everything else that there is to say of it"
        for c in row["candidates"]
    }
    return {**row, "candidates": [longer[c] for c in row["candidates"]]}


def test_answers_that_are_the_shortest_titles(planted):
    planted.change_all(NIR, answers_shorter)
    assert "shortest " in players(planted, NIR).message and players(planted, NIR).severity == "breach"


def answers_first(row: Row) -> Row:
    return {**row, "candidates": sorted(row["candidates"], key=lambda c: c not in row["targets"])}


def test_answers_that_always_come_first_among_the_candidates(planted):
    planted.change_all(NIR, answers_first)
    assert "first place 1.000" in players(planted, NIR).message and players(planted, NIR).severity == "breach"


@pytest.mark.parametrize("player", ["future", "next id", "shown later than asked"])
def test_what_the_build_found_is_in_the_audit_too(planted, player):
    def spoil(ledger: dict[str, Any]) -> None:
        for one in ledger["cells"][TKR]["players"]:
            one.update({"hit": 0.97} if one["player"] == player else {})

    planted.ledger(spoil)
    assert players(planted, TKR).severity == "breach" and f"{player} 0.970" in players(planted, TKR).message
    planted.ledger(lambda ledger: ledger["cells"][TKR]["recipe"].update(order="file"))
    assert players(planted, TKR).severity == "warning"  # asked for: the paper's way


def test_one_title_in_two_forms_of_unicode_among_the_candidates(planted):
    def twins(row: Row) -> Row:
        first, second, *rest = row["candidates"]
        del first, second
        return {**row, "candidates": ["Am\u00e9lie", "Ame\u0301lie", *rest]}

    planted.change(NIR, "test", twins)
    the(planted.found("candidates-look-different", NIR))
    assert not planted.found("candidates-distinct", NIR)


def test_negatives_of_any_genre_where_hard_ones_were_promised(planted):
    assert not planted.found("hard-negatives-alike", NIR)
    planted.ledger(lambda ledger: ledger["cells"][NIR]["recipe"].update(negative_sampling="hard"))
    assert the(planted.found("hard-negatives-alike", NIR)).figures["share"] < 0.5


def test_one_rating_for_everything(planted):
    planted.change_all(RP, lambda row: {**row, "targets": ["4.0"], "output": "4.0"})
    assert the(planted.found("labels-balanced", RP), "warning").figures["majority"] == 1


def test_a_title_twice_among_the_candidates(planted):
    planted.change(TKR, "train", lambda row: {**row, "candidates": [row["candidates"][0].upper(), *row["candidates"]]})
    the(planted.found("candidates-distinct", TKR))
    the(planted.found("as-many-candidates", TKR), "warning")


def test_an_answer_that_is_not_among_the_candidates(planted):
    planted.change(NIR, "test", lambda row: {**row, "targets": ["Nothing of this name"]})
    the(planted.found("targets-among-candidates", NIR))


def test_a_candidate_out_of_the_history(planted):
    planted.change(NIR, "test", lambda row: {**row, "history": [*row["history"][1:], row["candidates"][0]]})
    the(planted.found("candidates-not-in-history", NIR))


def test_a_negative_that_its_user_chose_in_another_cell(planted):
    chosen = {row["user"]: row["targets"] for row in planted.rows(TKR, "train")}

    def wrong(row: Row) -> Row:
        titles = [c if c in row["targets"] else chosen[row["user"]][-1] for c in row["candidates"]]
        return {**row, "candidates": titles}

    planted.change(NIR, "train", wrong)
    the(planted.found("negatives-never-chosen", NIR))


def test_a_column_that_is_missing(planted):
    path = planted.path(RP, "test")
    pq.write_table(pq.read_table(path).drop_columns(["history_ratings"]), path)
    assert "history_ratings" in the(planted.found("schema", RP)).message


def test_an_id_that_is_there_twice(planted):
    rows = planted.rows(RP, "test")
    planted.write(RP, "test", [*rows, {**rows[0], "user": "0" * 16}])
    assert rows[0]["id"] in the(planted.found("unique-ids", RP)).examples


def test_an_example_in_the_wrong_folder(planted):
    planted.write(NIR, "test", [*planted.rows(NIR, "test"), planted.rows(RP, "test")[0]])
    the(planted.found("ids-of-their-cell", NIR))


def test_an_empty_answer(planted):
    planted.change(TUI, "test", lambda row: {**row, "output": "  "})
    the(planted.found("nothing-empty", TUI))


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        ("\x07", "breach"),
        ("\ufffd", "warning"),
        ("CafÃ©", "warning"),
        ("a &amp; b", "warning"),
    ],
)
def test_text_that_is_not_clean(planted, text, severity):
    planted.change(TUI, "train", lambda row: {**row, "input": f"{row['input']} {text}"})
    the(planted.found("encoding", TUI), severity)


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("Write to jane.roe@example.com", "e-mail"),
        ("jane (at) example (dot) com", "e-mail"),
        ("https://www.example.com/people/jane", "link"),
        ("thanks @jane_roe!", "handle"),
        ("Discord: night#1234", "handle"),
        ("call (415) 555-0173", "phone"),
    ],
)
def test_what_tells_of_a_person(planted, text, mark):
    planted.change(TUI, "train", lambda row: {**row, "input": f"{row['input']} {text}"})
    assert f"looks like a person's {mark};" in the(planted.found("nothing-of-people", TUI), "warning").message


def test_a_user_under_the_raw_id(planted):
    planted.change(TKR, "train", lambda row: {**row, "user": "A1B2C3"})
    the(planted.found("users-are-hashes", TKR))


def test_a_slot_that_was_not_filled(planted):
    planted.change(TKR, "test", lambda row: {**row, "input": row["input"].replace(row["history"][0], "{history}")})
    planted.change(NIR, "test", lambda row: {**row, "input": "{candidates}"})
    assert "a slot that was not filled" in the(planted.found("prompts-fit-their-template", NIR)).message


def test_a_prompt_whose_words_are_not_the_templates(planted):
    planted.change(TKR, "test", lambda row: {**row, "input": row["input"].replace("Candidates:", "Choices:")})
    assert "not what their template makes" in the(planted.found("prompts-fit-their-template", TKR)).message


def test_an_output_that_does_not_say_its_targets(planted):
    planted.change(TKR, "test", lambda row: {**row, "targets": row["targets"][::-1]})
    the(planted.found("answers-parse-to-the-truth", TKR))


def test_a_rating_off_the_scale(planted):
    planted.change(RP, "test", lambda row: {**row, "targets": ["11"], "output": "11"})
    the(planted.found("ratings-on-the-scale", RP))


def test_ratings_that_do_not_belong_to_the_history(planted):
    planted.change(RP, "test", lambda row: {**row, "history_ratings": row["history_ratings"][1:]})
    the(planted.found("known-columns", RP))


def test_rows_that_vanish_between_two_steps_of_the_ledger(planted):
    planted.ledger(lambda ledger: ledger["cells"][RP]["rows"][0].update(rows=10**6))
    assert "rows after all steps" in the(planted.found("the-ledger-adds-up", RP)).message


def test_a_file_that_is_not_the_one_that_was_built(planted):
    planted.change(RP, "test", lambda row: {**row, "output": "5.0", "targets": ["5.0"]})
    assert "sha256" in the(planted.found("files-as-built", RP)).message


def test_a_candidate_that_was_changed_in_an_example_that_kept_its_id(planted):
    planted.change(NIR, "test", lambda row: {**row, "candidates": [*row["candidates"][:-1], "Another One (1999)"]})
    assert the(planted.found("ids-of-their-content", NIR)).message.startswith("1 examples whose id is not of what")


def test_a_query_whose_words_give_the_answer_away(planted):
    assert planted.found("query-alone-wins", NIR) == []
    player = {"player": "query", "declared": "query", "examples": 100, "hit": 0.9, "spread": 0.3, "chance": 0.2}
    planted.ledger(lambda ledger: ledger["cells"][NIR].setdefault("players", []).append(player))
    assert the(planted.found("query-alone-wins", NIR), "info").figures == {"query": 0.9, "chance": 0.2}


def test_a_ledger_that_was_edited(planted):
    path = planted.folder / "ledger.json"
    path.write_text(path.read_text().replace('"seed": 0', '"seed": 1'))
    assert "changed since it was written" in the(planted.found("ledger-as-written", "ledger.json")).message


def test_a_config_of_the_card_without_an_example(planted):
    planted.write(RP, "validation", [])
    assert "`datasets` fails" in the(planted.found("configs-load", f"{RP} validation")).message


def test_a_card_that_cannot_be_read(planted):
    (planted.folder / "README.md").write_text("---\nconfigs: {\n---\n")
    assert "its YAML cannot be read" in the(planted.found("configs-load", "README.md")).message


def test_every_check_has_a_fault_planted_for_it():
    tested = Path(__file__).read_text()
    assert not [check.id for check in CHECKS.values() if f'"{check.id}"' not in tested and "itdr" in check.layouts]


def test_the_same_prompt_with_two_answers(planted):
    row = planted.rows(UAP, "train")[0]
    other = {**row, "id": another_id(row), "output": "gender: unsaid"}
    planted.write(UAP, "train", [*planted.rows(UAP, "train"), other])
    the(planted.found("one-answer-per-prompt", UAP), "info")
