"""Checks of candidate lists: repeats, unknown titles, positions of the positives, what popularity alone would get."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator, Sequence

from itdr_hf.dataset.audit.corpus import AMONG_CANDIDATES, Corpus
from itdr_hf.dataset.audit.findings import Finding, Severity, Tally, named
from itdr_hf.dataset.audit.players import MOST_POPULAR, hits_table
from itdr_hf.dataset.audit.registry import check

CHANCE = {"breach": 1e-6, "warning": 1e-3}  # a position bias less likely than this is reported so
NOTABLE = 0.5  # a popularity ranker this far from chance (0) to perfect (1) is a warning …
MATCHED = 0.4  # … and a breach where the recipe promises negatives as popular as the positives
LEAST = 50  # examples; of fewer nothing is concluded
HARD = {"breach": 0.5, "warning": 0.9}  # hard negatives are promised, and a smaller share is alike
_LABELLED = re.compile(r"^(?:\d+\.|-) (.+) \[([^\[\]\n]+)\]$", re.MULTILINE)
_RANKED = f"{AMONG_CANDIDATES} AND len(candidates) > 0"


@check()
def candidates_distinct(corpus: Corpus) -> Iterator[Finding]:
    """Is every title among an example's candidates once?"""
    yield from _counted(
        corpus,
        "candidates-distinct",
        "len(candidates) <> len(list_distinct(candidates))",
        "examples with a title twice among the candidates; want each once; draw other negatives",
    )


@check()
def candidates_look_different(corpus: Corpus) -> Iterator[Finding]:
    """Do two titles of an example differ only in how Unicode writes them (composed, decomposed, full width)?"""
    odd = "regexp_matches(array_to_string(list_concat(candidates, history), ''), '[^\x00-\x7f]')"
    tallies: dict[str, Tally] = {}
    for cell, example, titles in corpus.many(
        f"SELECT cell, id, list_concat(candidates, history) FROM examples WHERE {_RANKED} AND {odd}"
    ):
        if len({_as_seen(title) for title in titles}) < len(titles):
            tallies.setdefault(cell, Tally()).add(example)
    for cell, tally in tallies.items():
        text = f"{tally.count:,} examples with one title in two forms of Unicode; want each once; draw other negatives"
        yield Finding(
            check="candidates-look-different",
            severity="breach" if corpus.layout == "itdr" else "warning",
            where=cell,
            message=text,
            examples=named(tally.ids),
        )


def _as_seen(title: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", title).lower().split())


@check()
def targets_among_candidates(corpus: Corpus) -> Iterator[Finding]:
    """Are the targets of a ranking among its candidates?"""
    yield from _counted(
        corpus,
        "targets-among-candidates",
        f"{_RANKED} AND NOT list_has_all(candidates, targets)",
        "examples whose answer is not among the candidates; want it there; build the cell again",
        severity="breach" if corpus.layout == "itdr" else "warning",
    )


@check()
def candidates_not_in_history(corpus: Corpus) -> Iterator[Finding]:
    """Is a candidate already in the history?"""
    yield from _counted(
        corpus,
        "candidates-not-in-history",
        f"{_RANKED} AND list_has_any(candidates, history)",
        "examples with a candidate that stands in the history; want other titles; draw other candidates",
        severity="breach" if corpus.layout == "itdr" else "warning",
    )


@check()
def as_many_candidates(corpus: Corpus) -> Iterator[Finding]:
    """Has every example of a cell as many candidates and targets as the others?"""
    query = (
        "SELECT cell, count(DISTINCT (len(candidates), len(targets))), min(len(candidates)), max(len(candidates)), "
        f"min(len(targets)), max(len(targets)) FROM examples WHERE {_RANKED} GROUP BY cell ORDER BY cell"
    )
    for cell, kinds, *range_ in corpus.rows(query):
        if kinds > 1:
            low, high, least, most = range_
            text = f"{low} to {high} candidates and {least} to {most} targets; want the same number throughout"
            yield Finding(check="as-many-candidates", severity="warning", where=cell, message=f"{text}; see the recipe")


@check()
def negatives_never_chosen(corpus: Corpus) -> Iterator[Finding]:
    """Is a negative something that the same user chose elsewhere in the dataset?"""
    chosen = (
        'SELECT DISTINCT source, "user", unnest(list_concat(history, '
        f"CASE WHEN {AMONG_CANDIDATES} THEN targets WHEN answer_kind = 'number' THEN candidates ELSE [] END)) AS title "
        f"FROM {corpus.titles()} WHERE \"user\" <> ''"
    )
    negatives = (
        'SELECT id, cell, source, "user", unnest(list_filter(candidates, lambda c: NOT list_contains(targets, c))) AS title '
        f"FROM {corpus.titles()} WHERE {_RANKED} AND \"user\" <> ''"
    )
    query = (
        f"SELECT cell, count(DISTINCT id), list(DISTINCT id)[:5] FROM ({negatives}) JOIN ({chosen}) "
        'USING (source, "user", title) GROUP BY cell ORDER BY cell'
    )
    for cell, count, ids in corpus.rows(query):
        severity: Severity = "breach" if corpus.layout == "itdr" else "warning"
        text = f"{count:,} examples with a negative that its user chose elsewhere; want items never touched"
        yield Finding(
            check="negatives-never-chosen",
            severity=severity,
            where=cell,
            message=f"{text}; draw other negatives",
            examples=named(ids),
        )


@check()
def positives_anywhere(corpus: Corpus) -> Iterator[Finding]:
    """Do the positives stand at every place among the candidates equally often (chi-square)?"""
    query = (
        "SELECT cell, n, place, count(*) FROM (SELECT cell, len(candidates) AS n, "
        "unnest(list_transform(targets, lambda t: list_position(candidates, t))) AS place FROM "
        f'(SELECT DISTINCT cell, "user", candidates, targets FROM {corpus.titles()} WHERE {_RANKED})) WHERE place > 0 '
        "GROUP BY ALL ORDER BY ALL"  # one list that is asked about in several ways is one draw
    )
    places: dict[tuple[str, int], dict[int, int]] = {}
    for cell, size, place, count in corpus.rows(query):
        places.setdefault((cell, size), {})[place] = count
    for (cell, size), seen in places.items():
        counts = [seen.get(place, 0) for place in range(1, size + 1)]
        if sum(counts) < LEAST:
            continue
        statistic, p = chi_square(counts, [sum(counts) / size] * size)
        severity = next((s for s, bound in CHANCE.items() if p < bound), "info")
        shares = [round(n / sum(counts), 3) for n in counts]
        said = (
            f"of the positives {min(shares):.1%} to {max(shares):.1%} stand at one of the {size} places (p = {p:.2g})"
        )
        yield Finding(
            check="positives-anywhere",
            severity=severity,  # type: ignore[arg-type]
            where=cell,
            message=said if severity == "info" else f"{said}; want all places alike; shuffle the candidates",
            figures={"chi_square": round(statistic, 2), "p": p, "positives": sum(counts)},
        )


@check()
def popularity_is_no_answer(corpus: Corpus) -> Iterator[Finding]:
    """How often is the most popular candidate a positive? Popular is what many other users of the source have."""
    query = (
        f'SELECT cell, count(*), avg("{MOST_POPULAR}"), avg(chance), avg(liked), avg(other) FROM {hits_table(corpus)} '
        "GROUP BY cell ORDER BY cell"
    )
    for cell, count, hit, chance, liked, other in corpus.rows(query):
        gap = (hit - chance) / (1 - chance) if chance < 1 else 0.0
        promised = corpus.recipe(cell).get("negative_sampling") in ("popularity", "matched")
        severity: Severity = "info" if count < LEAST or gap < (MATCHED if promised else NOTABLE) else "warning"
        severity = "breach" if severity == "warning" and promised else severity
        said = (
            f"the most popular candidate is a positive in {hit:.1%} (chance {chance:.1%}); positives are known "
            f"to {liked:.1f} other users, negatives to {other or 0:.1f}"
        )
        advice = "" if severity == "info" else "; want it nearer to chance; build with negative_sampling 'popularity'"
        figures = {"H@1": round(hit, 4), "chance": round(chance, 4), "gap": round(gap, 4), "examples": count}
        yield Finding(
            check="popularity-is-no-answer", severity=severity, where=cell, message=said + advice, figures=figures
        )


@check(alpaca=False)
def hard_negatives_alike(corpus: Corpus) -> Iterator[Finding]:
    """Where hard negatives are promised, are they of a positive's genre or category, as far as prompts show these?"""
    for cell in [c for c in corpus.cells if corpus.recipe(c).get("negative_sampling") == "hard"]:
        kinds = _kinds(corpus, corpus.source_of(cell))
        alike = told = 0
        for row in corpus.stream(cell, "candidates", "targets"):
            liked = {kind for title in row["targets"] for kind in kinds.get(title, ())}
            others = [kinds[title] for title in row["candidates"] if title not in row["targets"] and title in kinds]
            alike += sum(not liked.isdisjoint(found) for found in others) if liked else 0
            told += len(others) if liked else 0
        share = alike / told if told else 0.0
        severity = next((s for s, least in HARD.items() if share < least and told >= LEAST), "info")
        said = f"{share:.1%} of {told:,} negatives whose genre or category is shown have it in common with a positive"
        yield Finding(
            check="hard-negatives-alike",
            severity=severity,  # type: ignore[arg-type]
            where=cell,
            message=said if severity == "info" else f"{said}; want nearly all; a larger catalogue has more of them",
            figures={"share": round(share, 4), "negatives": told},
        )


def _kinds(corpus: Corpus, source: str) -> dict[str, frozenset[str]]:
    """Title -> its genres or categories, from the lines 'title [genre, genre]' of all prompts of a source."""
    kinds: dict[str, frozenset[str]] = {}
    for cell in corpus.cells_of(source):
        for row in corpus.stream(cell, "input"):
            for title, label in _LABELLED.findall(row["input"] or ""):
                kinds[title] = frozenset(part.strip() for part in label.split(","))
    return kinds


def chi_square(seen: Sequence[float], expected: Sequence[float]) -> tuple[float, float]:
    """Pearson's statistic of counts against what was expected, and the p of one as large."""
    statistic = sum((s - e) ** 2 / e for s, e in zip(seen, expected, strict=True) if e)
    return statistic, tail(statistic, len(seen) - 1)


def tail(statistic: float, freedom: int) -> float:
    """The p of a chi-square at least so large, by Wilson and Hilferty's approximation; 1 without any freedom."""
    if freedom < 1:
        return 1.0
    spread = 2 / (9 * freedom)
    z = ((statistic / freedom) ** (1 / 3) - (1 - spread)) / math.sqrt(spread)
    return 0.5 * math.erfc(z / math.sqrt(2))


def _counted(corpus: Corpus, name: str, condition: str, what: str, severity: Severity = "breach") -> Iterator[Finding]:
    query = f"SELECT cell, count(*), list(id)[:5] FROM {corpus.titles()} WHERE {condition} GROUP BY cell ORDER BY cell"
    for cell, count, ids in corpus.rows(query):
        yield Finding(check=name, severity=severity, where=cell, message=f"{count:,} {what}", examples=named(ids))
