"""The model card of a run: what was trained on what, how it scores, and how to use it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from itdr_hf.models.recommenders.comparison import Difference
from itdr_hf.models.recommenders.full_ranking import RankingScores
from itdr_hf.models.recommenders.run_data import RunData
from itdr_hf.models.recommenders.study import Row

METRICS = ("Recall@20", "NDCG@20", "HR@20", "MRR@20", "Recall@40", "NDCG@40")


def card(
    data: RunData, rows: Sequence[Row], differences: Sequence[Difference], files: Mapping[int, Sequence[str]]
) -> str:
    """Return the card as Markdown; `files` has the file names of each row by its identity."""
    first = files[id(rows[0])][0]
    parts = [
        "---\nlibrary_name: itdr-hf\ntags: [recommendation, collaborative-filtering]\n---",
        f"# {', '.join(dict.fromkeys(row.backbone for row in rows))} on {data.title}",
        "Recommenders trained by `itdr recommend`. All items are ranked for every user with a test item, without those "
        "of train and validation; training stops on validation, and the test set is ranked once, at the end.",
        f"The data's licence: {data.licence}. A checkpoint holds vectors of users and items of that data.",
        "## Data\n\n" + _list(data.facts),
        *_tables(rows),
        *_difference_table(differences),
        "## Settings\n\n"
        + "\n".join(f"- {row.backbone}: {_settings(row)}" for row in rows if row.trials[0].fitted.epochs),
        "## Use\n\n```python\nfrom pathlib import Path\n\nimport numpy as np\n\nfrom itdr_hf.models.recommenders import "
        f'load_recommender, rank\n\nfitted = load_recommender(Path("{first}.safetensors"))\n'
        "ranking = rank(fitted.scorer, np.arange(3))  # users are numbers: places among the sorted ids\n```",
    ]
    return "\n\n".join(part for part in parts if part.strip()) + "\n"


def grid(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table, all but the first column to the right."""
    rule = ["---", *["---:"] * (len(heads) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (heads, rule, *rows))


def figures(scores: RankingScores, metrics: Sequence[str], *, places: int = 4) -> list[str]:
    """Return '.2213 ± .0090' per metric: half the 95 % interval over users."""
    found = scores.intervals()
    return [f"{short(found[m].value, places)} ± {short((found[m].high - found[m].low) / 2, places)}" for m in metrics]


def short(value: float, places: int = 4) -> str:
    """Return .2213 for 0.2213."""
    return f"{value:.{places}f}".replace("0.", ".", 1) if abs(value) < 1 else f"{value:.{places}f}"


def _tables(rows: Sequence[Row]) -> list[str]:
    heads = ["", *METRICS, "Recall@20 by seed"]
    full = [[_name(row), *figures(row.full_shot, METRICS), _by_seed(row)] for row in rows]
    parts = [
        "## Scores\n\nMean over users and seeds ± half the 95 % interval, bootstrap over users.\n\n" + grid(heads, full)
    ]
    cold = [[_name(row), *figures(row.zero_shot, METRICS)] for row in rows if row.zero_shot]
    if cold:
        parts.append(
            "## Zero-shot\n\nOnly items that training never saw are ranked, for users who have one in test.\n\n"
            + grid(heads[:-1], cold)
        )
    return parts


def _difference_table(differences: Sequence[Difference]) -> list[str]:
    if not differences:
        return []
    lines = [
        [
            each.name,
            short(each.comparison.difference),
            f"{short(each.comparison.low)} to {short(each.comparison.high)}",
            f"{each.corrected_p:.3f}",
        ]
        for each in differences
    ]
    metric = differences[0].metric
    return [
        f"## Differences in {metric}\n\nPaired over users; p after Holm.\n\n"
        + grid(["", "difference", "95 %", "p"], lines)
    ]


def _name(row: Row) -> str:
    return f"{row.backbone} {row.variant}".strip()


def _by_seed(row: Row) -> str:
    return ", ".join(short(value) for value in row.by_seed("Recall@20"))


def _settings(row: Row) -> str:
    seeds = ", ".join(str(trial.fitted.settings.seed) for trial in row.trials)
    kept = {name: value for name, value in asdict(row.trials[0].fitted.settings).items() if name != "seed"}
    return f"seeds {seeds}; " + ", ".join(f"{name} {value}" for name, value in kept.items())


def _list(facts: Mapping[str, object]) -> str:
    return "\n".join(f"- {name.replace('_', ' ')}: {_value(value)}" for name, value in facts.items())


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{name} {_value(inner)}" for name, inner in value.items())
    return f"{value:,}" if isinstance(value, int) else str(value)
