"""What is told of people in raw releases does not reach the examples: ids, names, addresses, numbers, profile links."""

from __future__ import annotations

import ast
import csv
import gzip
import json
import re
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from itdr_hf import catalogue
from itdr_hf.build.folder import build_folder
from itdr_hf.build.prepare import Settings
from itdr_hf.dataset import Dataset
from itdr_hf.runtime.privacy import scrub
from itdr_hf.runtime.text import separate_tokens, show_text
from itdr_hf.simulate import simulate

MASKED = {
    "Write to me at jane.roe@example.com if you want.": "Write to me at [e-mail] if you want.",
    "Mail j.doe+reviews@mail.example.org, they answer": "Mail [e-mail], they answer",
    "jane (at) example (dot) com or jane [at] example.com": "[e-mail] or [e-mail]",
    "JÜRGEN@müller.de!": "[e-mail]!",
    "see https://example.com/a?b=c#d.": "see [link].",
    "(www.example.com)": "([link])",
    "join discord.gg/abcdef, or t.me/some_one now": "join [link], or [link] now",
    "Call the shop on (415) 555-0173 before you go.": "Call the shop on [phone] before you go.",
    "My number is +1 206 555 0148, ask for Bruno.": "My number is [phone], ask for Bruno.",
    "Tel.: 555-0173": "Tel.: [phone]",
    "text me 4155550173": "text me [phone]",
    "415-555-0173 or 415.555.0173 or 1-800-555-0199": "[phone] or [phone] or [phone]",
    "+44 (0)20 7946 0018, 020 7946 0018, 0761/2034567": "[phone], [phone], [phone]",
    "le 01 23 45 67 89 svp": "le [phone] svp",
    "follow @some_body. Thanks @you": "follow [handle]. Thanks [handle]",
    "Discord: night#1234, IG=cat.lady": "[handle], [handle]",
}
LEFT_ALONE = (
    "Better than the 1999, 2000 and 2001 editions; from 1999-2004 it was fine.",
    "ISBN 9780140000011 and 0-14-000001-1 are the same book",
    "bought on 2019-12-31 10:30, 12/31/2019, used 1 000 000 times",
    "19.99 or 1,299.00 dollars, 3 x 250 ml, 1920x1080, 16:9",
    "version 10.15.7 on 192.168.0.1",
    "meet @ noon; 5 stars @ best; a/b and either/or; and/or.",
    "my number 1 choice, number 10 of 100; call of duty 4; text size 12 14 16",
    "Discord is great. Twitter: no", "and at home (at last) we ate", "3.5/5.0 10/10 24/7 2001/02",
    "order 66, flight 370, model 7700-K, 100 200 300",
)  # fmt: skip


@pytest.mark.parametrize("text", MASKED)
def test_addresses_links_handles_and_numbers_of_people_are_masked(text):
    assert scrub(text) == MASKED[text]
    assert scrub(scrub(text)) == scrub(text)


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_years_editions_prices_and_other_numbers_stay(text):
    assert scrub(text) == text


@pytest.mark.parametrize(
    "piece", ["a", "a@", "1-2 ", "(", "&amp;", "<b>", "+1 ", "call ", "0.", "@a.", "a.b-", "[at]", "x at) "]
)
def test_a_text_of_megabytes_is_shown_at_once(piece):
    started = time.monotonic()
    assert len(show_text(piece * (5_000_000 // len(piece)), 300)) <= 300
    assert time.monotonic() - started < 1


@pytest.mark.parametrize(
    "token",
    [
        "</s>",
        "<s>",
        "<|im_end|>",
        "<|im_start|>system",
        "[INST]",
        "[/INST]",
        "<start_of_turn>",
        "<｜end▁of▁sentence｜>",
        "<think>",
    ],
)
def test_control_tokens_are_set_apart_and_nothing_else(token):
    parted = f"{token[0]} {token[1:]}"
    assert separate_tokens(f"The {token} End") == f"The {parted} End" and separate_tokens(parted) == parted


@pytest.mark.parametrize(
    "title", ["[REC] (2007)", "I <3 You", "a < b > c", "x<y", "<---> (2004)", "[Pilot]", "{title}", "5 > 4"]
)
def test_brackets_and_angles_that_are_no_token_stay(title):
    assert separate_tokens(title) == title


def renumber(path: Path, delimiter: str) -> None:
    """Add an offset to the users' numbers, the first field, so that they can be told from any other number."""
    lines = path.read_bytes().decode("latin-1").splitlines(keepends=True)
    first = re.compile(r'^("?)(\d+)("?)(?=' + re.escape(delimiter) + ")")
    path.write_bytes(
        "".join(first.sub(lambda m: f"{m[1]}{int(m[2]) + OFFSET}{m[3]}", line) for line in lines).encode("latin-1")
    )


NUMBERED = {
    "ml-32m": (("ratings.csv", ","), ("tags.csv", ",")),
    "ml-1m": (("ratings.dat", "::"), ("users.dat", "::")),
    "anime-2023": (("users-score-2023.csv", ","), ("users-details-2023.csv", ",")),
    "book-crossing": (("BX-Book-Ratings.csv", ";"), ("BX-Users.csv", ";")),
    "microlens": (("MicroLens-50k_pairs.csv", ","),),
}
OFFSET = 771_000_000


@pytest.fixture(scope="module")
def marked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Simulated releases whose users' numbers are like nothing else."""
    raw = tmp_path_factory.mktemp("marked")
    simulate(raw, scale=0.01, seed=5)
    for folder, files in NUMBERED.items():
        for name, delimiter in files:
            renumber(raw / folder / name, delimiter)
    return raw


@pytest.fixture(scope="module")
def built(marked: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("private") / "itdr"
    build_folder(out, Settings(raw=marked, warn=lambda text: None))
    return out


def told_of_people(raw: Path) -> set[str]:
    """User ids, user names and profile links of the releases, from their files and not by their readers."""
    found: set[str] = set()
    for path in raw.rglob("*.csv"):
        with path.open(encoding="utf-8", errors="replace", newline="") as file:
            header = next(csv.reader(file), [])
            file.seek(0)
            wanted = [c for c in header if c in ("User_id", "profileName", "user_id", "Username", "Mal ID", "userId")]
            found |= {row[c] for row in csv.DictReader(file) for c in wanted if row[c]}
    for path in (*raw.rglob("*.json"), *raw.rglob("*.jsonl")):
        for line in path.read_text().splitlines():
            row = json.loads(line)
            found |= {str(row[c]) for c in ("user_id", "friends") if row.get(c)}
    for path in raw.rglob("*.gz"):
        for line in gzip.decompress(path.read_bytes()).decode().splitlines():
            row = ast.literal_eval(line) if "steam" in path.name else json.loads(line)
            found |= {str(row[c]) for c in ("user_id", "username", "user_url") if row.get(c)}
    for path, column in [(p, 1) for p in raw.rglob("behaviors.tsv")] + [(p, 0) for p in raw.glob("user*.tsv")]:
        found |= {line.split("\t")[column] for line in path.read_text().splitlines()}
    for name, _ in NUMBERED.get(raw.name, ()):
        found |= set(re.findall(rf"\b{OFFSET // 10**6}\d{{6}}\b", (raw / name).read_text(encoding="latin-1")))
    return {text for text in found if len(text) >= 5 or re.fullmatch(r"U\d{2,}", text)}


@pytest.fixture(scope="module")
def people(marked: Path) -> dict[str, set[str]]:
    """Source -> what its files tell of people."""
    sources = [catalogue.source(name) for name in catalogue.family().source_ids]
    return {s.id: told_of_people(next(marked / f for f in s.folders if (marked / f).is_dir())) for s in sources}


@pytest.mark.parametrize("cell", catalogue.published())
def test_no_raw_id_name_or_link_of_a_person_reaches_an_example(cell, built, people):
    mine = people[cell.partition("-")[2]]
    assert len(mine) >= 40
    texts = [
        text
        for path in (built / cell).glob("*.parquet")
        for row in pq.read_table(path).to_pylist()
        for text in strings(row)
    ]
    assert texts
    words = {word.strip(".,;:!?()\"'") for text in texts for word in text.split()} | set(texts)
    assert sorted(mine & words) == []
    assert not re.search(rf"\b{OFFSET // 10**6}\d{{6}}\b", "\n".join(texts)), "a user's number"
    assert not re.search(r"/(?:profiles|user_details|profile)/|gp/profile|steamcommunity", "\n".join(texts)), (
        "a profile link"
    )


def strings(row: dict[str, object]) -> Iterator[str]:
    for value in row.values():
        if isinstance(value, str):
            yield value
        elif isinstance(value, list):
            yield from map(str, value)


PLANTED = ("example.com", "example.org", "555-0173", "555 0148")


@pytest.mark.parametrize("cell", [c for c in catalogue.published() if c.split("-")[0] in ("tui", "ir")])
def test_planted_addresses_and_numbers_are_masked_and_counted(cell, built):
    inputs = [text for path in (built / cell).glob("*.parquet") for text in pq.read_table(path)["input"].to_pylist()]
    outputs = [text for path in (built / cell).glob("*.parquet") for text in pq.read_table(path)["output"].to_pylist()]
    assert not [text for text in (*inputs, *outputs) for secret in PLANTED if secret in text]
    counted = Dataset.open(built).cells[cell].masked
    assert counted == {
        mark: n for mark in ("e-mail", "link", "handle", "phone") if (n := sum(i.count(f"[{mark}]") for i in inputs))
    }


def test_something_was_planted_and_masked(built):
    masked = [cell.masked for cell in Dataset.open(built).cells.values()]
    assert sum(m.get("e-mail", 0) for m in masked) and sum(m.get("phone", 0) for m in masked)


def test_another_salt_gives_other_users_and_the_salt_is_not_told(marked, built, tmp_path):
    out = tmp_path / "itdr"
    shutil.rmtree(out, ignore_errors=True)
    changes = {"salt": "a secret of ours"}
    build_folder(out, Settings(raw=marked, warn=lambda text: None), configs=["rp-movielens32m"], changes=changes)
    users = [
        set(pq.read_table(next((f / "rp-movielens32m").glob("train-*")))["user"].to_pylist()) for f in (out, built)
    ]
    assert all(users) and not users[0] & users[1]
    assert "a secret of ours" not in "".join(p.read_text() for p in out.glob("*.*") if p.is_file())


def test_whatever_stands_for_a_blank_is_one_blank_between_words():
    spaces = [mark for mark in map(chr, range(sys.maxunicode + 1)) if mark.isspace()]
    for mark in [*spaces, *"\0\x1f\x7f"]:
        for text in (f"one{mark}two{mark}{mark}three", f"{mark}one  two {mark}three{mark}"):
            assert show_text(text, 300) == "one two three"
