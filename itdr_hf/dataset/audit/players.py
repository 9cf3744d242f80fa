"""Players without taste play every ranking cell: whatever one of them wins by is a way to answer that needs no taste.

Each ranks an example's candidates by one fact: their place, their length, the alphabet, the year in the title, how
many other users know them. Those that need ids and times played when the cell was built (`planning.giveaways`), and
their figures stand in the ledger. A player's figure is H@1, ties counted by their share.

A GIVEAWAY says nothing of taste and should be worth nothing. A SIGNAL is one that real users follow too: popularity,
newness. It is a finding only where the negatives are promised to be matched in it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from itdr_hf.dataset.audit.corpus import AMONG_CANDIDATES, NORM, Corpus
from itdr_hf.dataset.audit.findings import Finding, Severity
from itdr_hf.dataset.audit.registry import check

LEAST = 50  # examples; of fewer nothing is concluded
CERTAIN = 4.0  # standard errors from chance: less often than once in ten thousand by luck
GIVEAWAY = {"breach": 0.15, "warning": 0.05}  # above chance, as a share of what is to be won
ORDERED = {"breach": 0.3, "warning": 0.1}  # rank correlation of alphabet and place
SIGNAL = {"warning": 0.5}
MATCHED = {"breach": 0.4, "warning": 0.2}  # where negatives are promised to be matched
_LETTERS = "list_transform(titles, lambda t: list_position(ordered, t))"  # the places of titles in the alphabet
_YEAR = r"try_cast(regexp_extract(c.t, '\((1[89]\d\d|20\d\d)\)$', 1) AS INT)"

MOST_POPULAR = "most popular"

# player -> the number by which it orders the candidates, of those columns that `candidates_table` makes
PLAYERS = {
    "first place": "place",
    "last place": "-place",
    "shortest": "length",
    "longest": "-length",
    "next in the alphabet": "before::BIGINT << 32 | letter",
    "first in the alphabet": "letter",
    "newest year": "-coalesce(year, 0)",
    "oldest year": "coalesce(year, 9999)",
    MOST_POPULAR: "-uses",
    "least popular": "uses",
}
SIGNALS = (
    "lowest id", "newest year", "oldest year", "most popular", "least popular", "most popular in the data",
    "least popular in the data", "first seen last", "first seen first",
)  # fmt: skip
PROMISED = {"matched": SIGNALS[1:7]}  # by negative_sampling


class Figure(NamedTuple):
    """What a player won in a cell: the mean of `examples` hits and their standard deviation, and what chance would win."""

    cell: str
    player: str
    examples: int
    hit: float
    spread: float
    chance: float

    @property
    def gain(self) -> float:
        """How far above chance, as a share of what is to be won; 0 where luck would do."""
        error = self.spread / math.sqrt(self.examples) if self.examples else 0.0
        lucky = self.examples < LEAST or self.hit - self.chance <= CERTAIN * error
        return 0.0 if lucky or self.chance >= 1 else (self.hit - self.chance) / (1 - self.chance)


@check()
def taste_alone_wins(corpus: Corpus) -> Iterator[Finding]:
    """Do players without taste (place, length, alphabet, id, year, popularity, future) win no more than chance would?"""
    for cell, figures in played(corpus).items():
        sampling = str(corpus.recipe(cell).get("negative_sampling", "uniform"))
        found = [(_severity(figure, sampling, corpus), figure) for figure in figures]
        worst: Severity = next((s for s in ("breach", "warning") if any(s == one for one, _ in found)), "info")
        named = [f"{f.player} {f.hit:.3f} (chance {f.chance:.3f})" for s, f in found if s == worst and s != "info"]
        best = max(figures, key=lambda figure: figure.hit - figure.chance)
        said = (
            ", ".join(named)
            or f"the best of {len(figures)} players is {best.player}: {best.hit:.3f}, chance {best.chance:.3f}"
        )
        advice = "; want no more than chance; see order, availability, future and negative_sampling" if named else ""
        yield Finding(
            check="taste-alone-wins",
            severity=worst,
            where=cell,
            message=said + advice,
            figures={figure.player: round(figure.hit, 3) for figure in figures} | {"chance": round(best.chance, 3)},
        )


@check()
def order_is_no_answer(corpus: Corpus) -> Iterator[Finding]:
    """Do titles follow the alphabet from the history to the answers, as lists of some releases do?"""
    shown = (
        "SELECT cell, id, list_transform(list_concat(history, CASE answer_kind WHEN 'number' THEN candidates ELSE targets END), "
        f"lambda t: {NORM.format('t')}) AS titles FROM examples "
        f"WHERE ({AMONG_CANDIDATES} OR answer_kind = 'number') AND len(history) > 1"
    )
    ranked = (
        f"SELECT cell, id, unnest({_LETTERS}) AS letter, generate_subscripts(titles, 1) AS place "
        f"FROM (SELECT *, list_sort(titles) AS ordered FROM ({shown}))"
    )
    each = f"SELECT cell, corr(place, letter) AS r FROM ({ranked}) GROUP BY cell, id"
    query = f"SELECT cell, count(r), avg(r), stddev_pop(r) FROM ({each}) WHERE isfinite(r) GROUP BY cell ORDER BY cell"
    for cell, count, mean, spread in corpus.rows(query):
        certain = count >= LEAST and abs(mean) > CERTAIN * spread / math.sqrt(count)
        severity: Severity = next((s for s, bound in ORDERED.items() if certain and abs(mean) > bound), "info")  # type: ignore[misc]
        if severity == "breach" and (corpus.layout != "itdr" or _asked_for(corpus.recipe(cell))):
            severity = "warning"
        said = f"titles and their places correlate by {mean:+.3f} on average"
        yield Finding(
            check="order-is-no-answer",
            severity=severity,
            where=cell,
            message=said if severity == "info" else f"{said}; want about 0; build with order 'hash'",
            figures={"correlation": round(mean, 4), "examples": count},
        )


def played(corpus: Corpus) -> dict[str, list[Figure]]:
    """Return the figures of all players, cell by cell: those that play here, then those in the ledger."""
    means = ", ".join(f'avg("{player}"), stddev_pop("{player}")' for player in PLAYERS)
    query = f"SELECT cell, count(*), avg(chance), {means} FROM {hits_table(corpus)} GROUP BY cell"
    rows = {cell: figures for cell, *figures in corpus.rows(query)}
    found: dict[str, list[Figure]] = {}
    for cell in [cell for cell in corpus.cells if cell in rows]:
        count, chance, *figures = rows[cell]
        pairs = zip(PLAYERS, figures[::2], figures[1::2], strict=True)
        found[cell] = [Figure(cell, player, count, hit, spread, chance) for player, hit, spread in pairs]
        found[cell] += _recorded(corpus, cell)
    return found


def hits_table(corpus: Corpus) -> str:
    """The temporary table `hits`, of what each player wins in each example, in a column of its name; made once.

    Further columns: cell, id, chance, liked and other (how many users have the positives and the negatives, on average).
    """
    candidates_table(corpus)
    best = ", ".join(f'min({by}) AS "{player}"' for player, by in PLAYERS.items())
    hits = ", ".join(f'avg(positive) FILTER (({by}) = "{player}") AS "{player}"' for player, by in PLAYERS.items())
    corpus.engine.sql.execute(
        f"CREATE TEMP TABLE IF NOT EXISTS hits AS SELECT cell, id, avg(positive) AS chance, {hits}, "
        "avg(uses) FILTER (positive = 1) AS liked, avg(uses) FILTER (positive = 0) AS other FROM candidates "
        f"JOIN (SELECT cell, id, {best} FROM candidates GROUP BY cell, id) USING (cell, id) GROUP BY cell, id"
    )
    return "hits"


def candidates_table(corpus: Corpus) -> None:
    """The temporary table `candidates`, of what players look at; made once.

    Columns: cell, id, name (a hash of the title), place, positive, letter (the title's place in the alphabet), before (in
    the alphabet, the last title shown), length, year, uses (how many other users of the source's examples have the title in histories or answers).
    """
    corpus.engine.sql.execute(
        'CREATE TEMP TABLE IF NOT EXISTS knows AS SELECT DISTINCT source, "user", unnest(list_concat(history, CASE WHEN '
        f"{AMONG_CANDIDATES} THEN targets ELSE [] END)) AS name FROM {corpus.titles()} WHERE \"user\" <> ''"
    )
    corpus.engine.sql.execute(
        "CREATE TEMP TABLE IF NOT EXISTS popular AS SELECT source, name, count(*) AS users FROM knows GROUP BY ALL"
    )
    lists = (
        f'SELECT cell, id, source, "user", {NORM.format("history[-1]")} AS last, candidates, targets, '
        f"list_transform(candidates, lambda c: {NORM.format('c')}) AS titles "
        f"FROM examples WHERE {AMONG_CANDIDATES} AND len(candidates) > 0"
    )
    each = (
        'SELECT cell, id, source, "user", last, unnest(candidates) AS t, unnest(titles) AS title, '
        f"unnest({_LETTERS}) AS letter, generate_subscripts(candidates, 1) AS place, "
        f"unnest(list_transform(candidates, lambda c: list_contains(targets, c)::INT)) AS positive "
        f"FROM (SELECT *, list_sort(titles) AS ordered FROM ({lists}))"
    )
    corpus.engine.sql.execute(
        "CREATE TEMP TABLE IF NOT EXISTS candidates AS SELECT c.cell, c.id, c.name, c.place, c.positive, c.letter, "
        f"c.title <= coalesce(c.last, '') AS before, length(c.t) AS length, {_YEAR} AS year, "
        "coalesce(p.users, 0) - (k.name IS NOT NULL)::INT AS uses FROM (SELECT *, hash(title) AS name "
        f"FROM ({each})) c LEFT JOIN popular p ON c.source = p.source AND c.name = p.name "
        'LEFT JOIN knows k ON c.source = k.source AND c."user" = k."user" AND c.name = k.name'
    )


def _recorded(corpus: Corpus, cell: str) -> list[Figure]:
    """The figures that the ledger has of a cell, as far as they are of the form that a build writes."""
    built = corpus.dataset.cells.get(cell)
    names = ("player", "examples", "hit", "spread", "chance")
    return [
        Figure(cell, *(one[name] for name in names))
        for one in (built.players if built else ())
        if {*names} <= {*one} and not one.get("declared")
    ]


def _severity(figure: Figure, sampling: str, corpus: Corpus) -> Severity:
    bounds: Mapping[str, float] = GIVEAWAY
    if figure.player in SIGNALS:
        bounds = MATCHED if figure.player in PROMISED.get(sampling, ()) else SIGNAL
    found = next((name for name, bound in bounds.items() if figure.gain > bound), "info")
    plain = found != "info" and figure.player in PLAYERS and figure.player not in SIGNALS
    if plain and figure.hit - figure.chance <= CERTAIN * _error(corpus, figure):
        return "info"  # a few titles, again and again
    if found == "breach" and (corpus.layout != "itdr" or _asked_for(corpus.recipe(figure.cell))):
        return "warning"  # of files of others, and where the recipe asks for the paper's way
    return found  # type: ignore[return-value]


def _error(corpus: Corpus, figure: Figure) -> float:
    """Return the standard error of a figure when all examples in which the same title was put first count as one.

    In a small release a few titles are candidates of most examples: each is one piece of luck, not dozens.
    """
    ranked = f"SELECT id, name, positive, rank() OVER (PARTITION BY id ORDER BY {PLAYERS[figure.player]}) AS p FROM candidates"
    won = f"SELECT min(name) AS name, avg(positive) AS hit FROM ({ranked} WHERE cell = ?) WHERE p = 1 GROUP BY id"
    query = f"SELECT sqrt(sum(luck * luck)) FROM (SELECT sum(hit - ?) AS luck FROM ({won}) GROUP BY name)"
    [(luck,)] = corpus.engine.sql.execute(query, [figure.hit, figure.cell]).fetchall()
    return float(luck) / figure.examples


def _asked_for(recipe: Mapping[str, Any]) -> bool:
    """Whether a recipe has the paper's way of ordering or choosing, which is known to give something away."""
    ways = {"order": "file", "availability": "any", "future": "shown"}
    return any(recipe.get(name) == value for name, value in ways.items())


def table(figures: Mapping[str, Sequence[Figure]]) -> list[dict[str, str]]:
    """Return the table of the card: a row for each cell, a column for each player."""
    players = list(dict.fromkeys(figure.player for found in figures.values() for figure in found))
    rows = []
    for cell, found in figures.items():
        hits = {figure.player: f"{figure.hit:.3f}" for figure in found}
        rows.append({"cell": cell, "chance": f"{found[0].chance:.3f}", **{p: hits.get(p, "·") for p in players}})
    return rows
