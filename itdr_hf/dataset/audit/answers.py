"""Checks of answers: readable from the prompt, parsed back to the truth, on the scale, one label for all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from itdr_hf.dataset.audit.candidates import LEAST, chi_square, tail
from itdr_hf.dataset.audit.corpus import AMONG_CANDIDATES, Corpus
from itdr_hf.dataset.audit.findings import Finding, Severity, Tally, named
from itdr_hf.dataset.audit.registry import check
from itdr_hf.records import INSTRUCTION, Example
from itdr_hf.runtime.duckdb_engine import quote
from itdr_hf.tasks.task import AnswerKind

ASKED = ("id", "input", "output", "candidates", "targets", "target_names")
LONG = 20  # characters from which on an answer found word for word in its prompt is no chance
ONE_LABEL = 0.95  # a label with this share leaves nothing to learn
FEW_LABELS = 30  # a column with more values is a number or free text: no balance to speak of
SHIFT = 1e-6  # train and test labels that differ less likely by chance than this

# Where `_readable` can find anything at all: it is Python's work, and hardly any prompt has what it looks for.
PERHAPS = f"""CASE
    WHEN {AMONG_CANDIDATES} THEN len(list_filter(targets, lambda t:
        length(lower(input)) - length(replace(lower(input), lower(t), '')) > length(lower(t)))) > 0
    WHEN answer_kind = 'number' THEN len(list_filter(candidates, lambda c: contains(lower(input), lower(c) || ': '))) > 0
    WHEN answer_kind = 'attributes' THEN len(list_filter(range(1, len(targets) + 1), lambda n:
        contains(lower(input), lower(target_names[n] || ': ' || targets[n])))) > 0
    ELSE length(output) >= {LONG} AND contains(lower(input), lower(output)) END"""


@check()
def answers_not_in_prompt(corpus: Corpus) -> Iterator[Finding]:
    """Can the answer be read from the prompt, other than as one of the candidates?"""
    columns = ", ".join(("cell", "answer_kind", *ASKED))
    found: dict[str, Tally] = {}
    for cell, kind, *values in corpus.many(f"SELECT {columns} FROM examples WHERE {PERHAPS} ORDER BY cell, id"):
        row = dict(zip(ASKED, values, strict=True))
        if _readable(row, kind or "text"):
            found.setdefault(cell, Tally()).add(row["id"])
    for cell, tally in found.items():
        text = f"{tally.count:,} prompts give their answer away; want it only among the candidates; fix the prompts"
        yield Finding(
            check="answers-not-in-prompt", severity="breach", where=cell, message=text, examples=named(tally.ids)
        )


def _readable(row: Mapping[str, Any], answer: AnswerKind) -> bool:
    """Whether a prompt says what is asked for, by what the subtask asks."""
    text, targets = (row["input"] or "").lower(), [t.lower() for t in row["targets"] or [] if t]
    lines = [line.strip() for line in text.splitlines()]
    if answer in ("ranking", "choice"):
        shown = [_bare(line) for line in lines]
        listed = {t: sum(t == (c or "").lower() for c in row["candidates"] or []) for t in targets}
        return any(sum(line == t or line.startswith(f"{t} [") for line in shown) > max(n, 1) for t, n in listed.items())
    if answer == "number":
        rated = {_bare(line) for line in lines}
        return any(f"{c.lower()}: {t}" in rated for c in row["candidates"] or [] if c for t in targets)
    if answer == "attributes":
        pairs = zip(row["target_names"] or [], targets, strict=False)
        return any(f"{name.lower()}: {value}" in lines for name, value in pairs)
    return len(row["output"] or "") >= LONG and row["output"].lower() in text


def _bare(line: str) -> str:
    head, stop, rest = line.partition(". ")
    return rest if stop and head.isdigit() else line.removeprefix("- ")


@check(alpaca=False)
def answers_parse_to_the_truth(corpus: Corpus) -> Iterator[Finding]:
    """Does the subtask's own parser read the targets back from the output?"""
    for cell in filter(corpus.known, corpus.cells):
        asked = corpus.cell(cell)
        found = Tally()
        for row in corpus.stream(cell, *INSTRUCTION):
            del row["split"]
            example = Example(**{name: _filled(name, value) for name, value in row.items()})
            answer = asked.parse(example.output, example, strict=True)
            if answer.fault is not None or not _same(asked.task.answer, answer.values, example.targets):
                found.add(example.id)
        if found.count:
            text = f"{found.count:,} outputs do not say their targets; want what the parser reads back; build the cell again"
            yield Finding(
                check="answers-parse-to-the-truth",
                severity="breach",
                where=cell,
                message=text,
                examples=named(found.ids),
            )


def _filled(name: str, value: Any) -> Any:
    return INSTRUCTION.empty(name) if value is None else value


def _same(answer: AnswerKind, said: Any, targets: list[str]) -> bool:
    if answer == "number":
        return len(targets) == 1 and float(said[0]) == float(targets[0])
    return list(said)[: len(targets)] == list(targets)


@check(alpaca=False)
def ratings_on_the_scale(corpus: Corpus) -> Iterator[Finding]:
    """Does every rating lie on its source's scale?"""
    for cell in filter(corpus.known, corpus.cells):
        scale = corpus.cell(cell).source.scale
        if scale is None or corpus.cell(cell).task.answer != "number":
            continue
        outside = f"NOT coalesce(try_cast(t AS DOUBLE) BETWEEN {scale.low} AND {scale.high}, false)"
        query = (
            "SELECT count(DISTINCT id), list(DISTINCT id)[:5] FROM (SELECT id, unnest(list_concat(targets, "
            f"history_ratings::VARCHAR[])) AS t FROM examples WHERE cell = {quote(cell)}) WHERE {outside}"
        )
        ((count, ids),) = corpus.rows(query)
        if count:
            text = f"{count:,} examples with a rating off the scale; want {scale.low} to {scale.high}; see the reader"
            yield Finding(
                check="ratings-on-the-scale", severity="breach", where=cell, message=text, examples=named(ids)
            )


@check(alpaca=False)
def labels_balanced(corpus: Corpus) -> Iterator[Finding]:
    """Is one rating or attribute value nearly always right, or its distribution another in test than in train?"""
    query = (
        "SELECT cell, name, value, count(*) FILTER (split = 'train'), count(*) FILTER (split <> 'train') FROM ("
        "SELECT cell, split, unnest(CASE WHEN answer_kind = 'number' THEN ['rating'] ELSE target_names END) AS name, "
        "unnest(targets) AS value FROM examples WHERE answer_kind IN ('number', 'attributes')) "
        "GROUP BY ALL ORDER BY ALL"
    )
    labels: dict[tuple[str, str], dict[str, tuple[int, int]]] = {}
    for cell, name, value, train, rest in corpus.rows(query):
        labels.setdefault((cell, name), {})[value] = (train, rest)
    for (cell, name), counts in labels.items():
        train, rest = (sum(pair[n] for pair in counts.values()) for n in (0, 1))
        if train + rest < LEAST or len(counts) > FEW_LABELS or not train:
            continue
        value, most = max(((v, sum(pair)) for v, pair in counts.items()), key=lambda pair: pair[1])
        share = most / (train + rest)
        usual = {v: pair for v, pair in counts.items() if pair[0] * rest / train >= 5}
        p = _shift(usual, train, rest)
        severity: Severity = "warning" if share > ONE_LABEL or p < SHIFT else "info"
        said = f"{name}: {value!r} is right in {share:.1%}; test and train differ with p = {p:.2g}"
        advice = "; want more than one answer, alike in both; see the sampling" if severity == "warning" else ""
        figures = {"majority": round(share, 4), "labels": len(counts), "p": p}
        yield Finding(check="labels-balanced", severity=severity, where=cell, message=said + advice, figures=figures)


def _shift(counts: Mapping[str, tuple[int, int]], train: int, rest: int) -> float:
    """The p of homogeneity of two samples, over the values that are frequent enough."""
    if len(counts) < 2:
        return 1.0
    total = train + rest
    seen = [n for pair in counts.values() for n in pair]
    expected = [sum(pair) * size / total for pair in counts.values() for size in (train, rest)]
    return tail(chi_square(seen, expected)[0], len(counts) - 1)


@check()
def one_answer_per_prompt(corpus: Corpus) -> Iterator[Finding]:
    """Is the same prompt within a split always answered alike?"""
    query = (
        "SELECT cell, count(*), list(one)[:5] FROM (SELECT cell, split, min(id) AS one FROM "
        f"{corpus.prompts()} GROUP BY cell, split, prompt HAVING count(DISTINCT answer) > 1) GROUP BY cell ORDER BY cell"
    )
    for cell, count, ids in corpus.rows(query):
        text = f"{count:,} prompts stand there with different answers; a model can get only one of them right"
        yield Finding(check="one-answer-per-prompt", severity="info", where=cell, message=text, examples=named(ids))
