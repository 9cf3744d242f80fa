"""Checks between splits: users, items, answers and prompts that train shares with validation or test."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import TYPE_CHECKING, Any

from itdr_hf.dataset.audit.corpus import AMONG_CANDIDATES, Corpus
from itdr_hf.dataset.audit.findings import Finding, Severity, named
from itdr_hf.dataset.audit.near_duplicates import ALIKE, nearly_alike
from itdr_hf.dataset.audit.registry import check
from itdr_hf.dataset.audit.shape import template_pattern
from itdr_hf.records import SPLITS

if TYPE_CHECKING:
    import pyarrow as pa


@check()
def users_in_one_split(corpus: Corpus) -> Iterator[Finding]:
    """Is a user in one split only, within a cell and across the cells of a source?"""
    query = (
        'SELECT {key}, count(*) FILTER (n > 1), count(*), (list("user" ORDER BY "user") FILTER (n > 1))[:5] FROM ('
        'SELECT {key}, "user", count(DISTINCT split) AS n FROM examples WHERE "user" <> \'\' GROUP BY ALL'
        ") GROUP BY {key} ORDER BY {key}"
    )
    within = {cell: shared for cell, shared, _, _ in corpus.rows(query.format(key="cell"))}
    for key in ("cell", "source"):
        for where, shared, users, who in corpus.rows(query.format(key=key)):
            mine = [within.get(cell, 0) for cell in corpus.cells_of(where)]
            if not shared or (key == "source" and shared <= max(mine, default=0)):
                continue
            promised = corpus.by_user(where)
            across = "of the source's cells " if key == "source" else ""
            text = (
                f"{shared:,} of {users:,} users {across}are in more than one split; want each in one; "
                "split by user (split_protocol 'user')"
            )
            yield Finding(
                check="users-in-one-split",
                severity="breach" if promised else "info",
                where=where,
                message=text if promised else f"{text.split(';')[0]}, as its split protocol has it",
                figures={"shared": shared, "users": users},
                examples=named(who),
            )


@check(alpaca=False)
def items_in_one_split(corpus: Corpus) -> Iterator[Finding]:
    """Is an item that is itself the subject (TUI) in one split only?"""
    for cell in [c for c in filter(corpus.known, corpus.cells) if corpus.cell(c).task.subject == "item"]:
        seen: dict[bytes, dict[str, str]] = {}
        for row in corpus.stream(cell, "id", "input", "template", "domain", "targets"):
            text = _item_of(corpus, cell, row)
            item = hashlib.md5(f"{row['domain']}\n{text}".lower().encode()).digest()
            seen.setdefault(item, {}).setdefault(row["split"], row["id"])
        shared = [splits for splits in seen.values() if len(splits) > 1]
        if shared:
            text = f"{len(shared):,} of {len(seen):,} items (title and attributes) are in more than one split"
            yield Finding(
                check="items-in-one-split",
                severity="breach",
                where=cell,
                message=f"{text}; want each in one; split by item",
                figures={"shared": len(shared), "items": len(seen)},
                examples=named(i for splits in shared for i in splits.values()),
            )


def _item_of(corpus: Corpus, cell: str, row: Mapping[str, Any]) -> str:
    """Return what tells the item that a row is about: what its prompt shows of it, or the item that is asked for."""
    pattern = template_pattern(corpus, cell, row["template"] or "")
    match = pattern.fullmatch(row["input"] or "") if pattern else None
    shown = match.groupdict() if match else {}
    if "title" in shown:
        return f"{shown['title']}\n{shown['attributes']}" if "attributes" in shown else shown["title"]
    if corpus.cell(cell).task.answer == "ranking":
        return str(row["targets"][0])
    return (row["input"] or "").partition("\n")[0]


@check()
def answers_not_in_train(corpus: Corpus) -> Iterator[Finding]:
    """Does train show or ask for what a test or validation example of the same user asks for?"""
    shown = (
        "SELECT DISTINCT source, \"user\", cell, unnest(list_concat(history, CASE WHEN answer_kind = 'number' THEN candidates "
        f"WHEN {AMONG_CANDIDATES} THEN targets ELSE [] END)) AS title FROM {corpus.titles()} "
        "WHERE split = 'train' AND \"user\" <> '' AND answer_kind NOT IN ('attributes', 'text')"
    )
    asked = (
        "SELECT id, cell, source, \"user\", unnest(CASE WHEN answer_kind = 'number' THEN candidates ELSE targets END) AS title "
        f"FROM {corpus.titles()} WHERE split <> 'train' AND \"user\" <> '' AND (answer_kind = 'number' OR {AMONG_CANDIDATES})"
    )
    query = (
        f"SELECT a.cell, count(DISTINCT a.id), list(DISTINCT a.id)[:5], list(DISTINCT s.cell) FROM ({asked}) a "
        f'JOIN ({shown}) s ON a.source = s.source AND a."user" = s."user" AND a.title = s.title GROUP BY a.cell '
        "ORDER BY a.cell"
    )
    totals = dict(corpus.rows("SELECT cell, count(*) FROM examples WHERE split <> 'train' GROUP BY cell"))
    for cell, count, ids, cells in corpus.rows(query):
        text = (
            f"the answers of {count:,} of {totals[cell]:,} validation and test examples are shown or asked for in train "
            f"({', '.join(sorted(cells))}) for the same user; want none; split by user"
        )
        figures = {"leaked": count, "examples": totals[cell], "share": round(count / totals[cell], 4)}
        yield Finding(
            check="answers-not-in-train",
            severity="breach",
            where=cell,
            message=text,
            figures=figures,
            examples=named(ids),
        )


@check()
def prompts_in_one_split(corpus: Corpus) -> Iterator[Finding]:
    """Is the same prompt in one split only?"""
    query = (
        "SELECT cell, answers = 1, count(*), sum(n)::BIGINT, list(one)[:5] FROM (SELECT cell, prompt, count(*) AS n, "
        f"count(DISTINCT answer) AS answers, min(id) AS one FROM {corpus.prompts()} GROUP BY ALL "
        "HAVING count(DISTINCT split) > 1) GROUP BY ALL ORDER BY ALL"
    )
    for cell, same, prompts, count, ids in corpus.rows(query):
        severity: Severity = "breach" if same else "warning"
        answer = "the same answer" if same else "another answer"
        said = f"{prompts:,} prompts ({count:,} examples) are in more than one split, with {answer}"
        yield Finding(
            check="prompts-in-one-split",
            severity=severity,
            where=cell,
            message=f"{said}; want each in one; leave the repeats out",
            figures={"prompts": prompts, "examples": count},
            examples=named(ids),
        )


@check()
def prompts_not_nearly_alike(corpus: Corpus) -> Iterator[Finding]:
    """Is there a validation or test prompt nearly the same as one in train?"""
    for cell in corpus.cells:
        train, *others = (_texts(corpus, cell, split) for split in SPLITS)
        found = nearly_alike(corpus.engine, chain(*others), train)
        if found:
            text = f"{len(found):,} validation or test prompts are nearly one in train (similarity {ALIKE:.0%} or more)"
            yield Finding(
                check="prompts-not-nearly-alike",
                severity="warning",
                where=cell,
                message=f"{text}; want none; look at them",
                figures={"prompts": len(found)},
                examples=named(found),
            )


def _texts(corpus: Corpus, cell: str, split: str) -> Iterator[pa.RecordBatch]:
    """The prompts of a split with their ids."""
    return (batch.rename_columns(["id", "text"]) for _, batch in corpus.batches(cell, "id", "input", splits=[split]))
