"""Statistics of a dataset folder: sizes, lengths in characters, words and tokens, and labels, next to the paper's.

Lengths are stored as counts per length, so that memory does not grow with the dataset.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from itdr_hf.dataset.folder import Dataset, opened
from itdr_hf.errors import UsageError
from itdr_hf.records import SPLITS
from itdr_hf.runtime.progress import OnProgress, each, ignore

BATCH = 4_096
FIELDS = ("input", "prompt", "output")  # the prompt is the task description with the input; the paper counts the input
COLUMNS = ("subtask", "instruction", "input", "output", "targets", "target_names")
MAX_LABELS = 5_000  # distinct values counted per attribute; further ones are counted together

Count = Callable[[Sequence[str]], list[int]]  # texts -> their lengths


@dataclass(frozen=True, kw_only=True)
class Lengths:
    """The lengths of the texts of a field, in one unit."""

    mean: float
    median: int
    p95: int
    longest: int


@dataclass(frozen=True, kw_only=True)
class CellStatistics:
    """One cell: examples by split, lengths by field and unit, labels by name, and the paper's figures."""

    cell: str
    task: str
    source: str
    counts: Mapping[str, int]
    lengths: Mapping[str, Mapping[str, Lengths]]  # field -> unit (characters, words, tokens) -> lengths
    labels: Mapping[str, Mapping[str, int]]  # rating, or the attribute's name -> value -> examples
    paper: Mapping[str, float] | None  # examples, input_tokens, output_tokens

    def as_dict(self) -> dict[str, Any]:
        """Return the statistics as JSON-able values."""
        return asdict(self)


def statistics(
    folder: Dataset | Path, *, tokenizer: Count | None = None, progress: OnProgress = ignore
) -> list[CellStatistics]:
    """Return the statistics of every cell of a dataset folder. Raises UsageError for a folder without cells."""
    dataset = opened(folder)
    if not dataset.names:
        raise UsageError(
            f"{dataset.folder}: no <config>/<split>-*.parquet; want a dataset folder; build one with `itdr build`"
        )
    units: dict[str, Count] = {
        "characters": lambda texts: [len(text) for text in texts],
        "words": lambda texts: [len(text.split()) for text in texts],
    }
    if tokenizer:
        units["tokens"] = tokenizer
    made = []
    for cell in each("counting", dataset.names, progress):
        made.append(_cell(dataset, cell, units))
    return made


def load_tokenizer(name: str) -> Count:
    """Return a function that counts the tokens of texts, on all cores.

    `name` is a tokenizer.json, a folder with one, or the id of a model on the Hub. Special tokens are not counted.
    Raises UsageError if the tokenizer cannot be loaded.
    """
    try:
        from tokenizers import Tokenizer  # type: ignore[import-not-found, unused-ignore]
    except ImportError as error:
        raise UsageError(
            "tokenizer: the package 'tokenizers' is not installed; want it for tokens; pip install tokenizers"
        ) from error
    path = Path(name).expanduser()
    path = path / "tokenizer.json" if path.is_dir() else path
    try:
        found = Tokenizer.from_file(str(path)) if path.is_file() else Tokenizer.from_pretrained(name)
    except Exception as error:
        raise UsageError(f"tokenizer {name!r}: {error}; want a tokenizer.json or a model's id; name another") from error
    return lambda texts: [len(one.ids) for one in found.encode_batch_fast(list(texts), add_special_tokens=False)]


def plot(made: Sequence[CellStatistics], out: Path) -> list[Path]:
    """Plot examples and lengths per cell, and the labels of cells that have any, as PNG files in a folder.

    Raises UsageError if matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise UsageError("plots: matplotlib is not installed; want it; pip install -e '.[plots]'") from error

    out.mkdir(parents=True, exist_ok=True)
    unit = "tokens" if "tokens" in made[0].lengths["input"] else "words"
    panels = [_bars("examples", {s.cell: sum(s.counts.values()) for s in made})]
    panels += [_bars(f"{f} {unit}, mean", {s.cell: s.lengths[f][unit].mean for s in made}) for f in ("input", "output")]
    panels += [
        _bars(f"{s.cell} {name}", _most_frequent(values)) for s in made for name, values in s.labels.items() if values
    ]

    paths = []
    for title, values in panels:
        figure = Figure(figsize=(8, 1 + 0.22 * len(values)), layout="constrained")
        axes = figure.subplots()
        axes.barh(list(values)[::-1], list(values.values())[::-1])
        axes.set_title(title)
        paths.append(out / (title.replace(",", "").replace(" ", "-") + ".png"))
        figure.savefig(paths[-1], dpi=120)
    return paths


def _bars(title: str, values: Mapping[str, float]) -> tuple[str, Mapping[str, float]]:
    return title, values


def _most_frequent(values: Mapping[str, int], count: int = 25) -> dict[str, float]:
    """Return the `count` most frequent values, in numeric order if they are numbers, else by frequency."""
    chosen = sorted(values, key=lambda v: -values[v])[:count]
    with suppress(ValueError):
        chosen.sort(key=float)
    return {value: float(values[value]) for value in chosen}


def _cell(dataset: Dataset, cell: str, units: Mapping[str, Count]) -> CellStatistics:
    counts: Counter[str] = Counter()
    lengths: dict[str, dict[str, Counter[int]]] = {f: {u: Counter() for u in units} for f in FIELDS}
    labels: dict[str, Counter[str]] = {}
    answer = dataset.cell(cell).task.answer if dataset.known(cell) else "attributes"

    for split in SPLITS:
        for batch in dataset.batches(cell, split, COLUMNS, BATCH):
            rows = batch.to_pylist()
            counts[split] += len(rows)
            texts = {"input": [row["input"] for row in rows], "output": [row["output"] for row in rows]}
            texts["prompt"] = [
                f"{row['instruction']}\n{row['input']}" if row["instruction"] else row["input"] for row in rows
            ]
            for field, found in texts.items():
                for unit, count in units.items():
                    lengths[field][unit].update(count(found))
            for row in rows:
                _count_labels(labels, row, answer)

    published = dataset.catalogue.statistic(cell)
    figures: dict[str, float] | None = None
    if published:
        figures = {"examples": published.examples, "input_tokens": published.input_tokens}
        figures["output_tokens"] = published.output_tokens

    return CellStatistics(
        cell=cell,
        task=dataset.task_of(cell),
        source=dataset.source_of(cell),
        counts={split: counts[split] for split in SPLITS},
        lengths={f: {u: _lengths(counted) for u, counted in by_unit.items()} for f, by_unit in lengths.items()},
        labels={name: dict(sorted(values.items())) for name, values in labels.items()},
        paper=figures,
    )


def _count_labels(labels: dict[str, Counter[str]], row: Mapping[str, Any], answer: str) -> None:
    """Count the rating of an example, or the values of its attributes; other named targets are texts and titles."""
    names = {"number": ["rating"], "attributes": row["target_names"]}.get(answer, ())
    for name, value in zip(names, row["targets"], strict=False):
        values = labels.setdefault(name, Counter())
        values[value if value in values or len(values) < MAX_LABELS else "(others)"] += 1


def _lengths(counts: Counter[int]) -> Lengths:
    """Return mean, median, 95th percentile and maximum of counted lengths; all 0 if there are none."""
    total = sum(counts.values())
    if not total:
        return Lengths(mean=0.0, median=0, p95=0, longest=0)
    mean = sum(length * n for length, n in counts.items()) / total
    return Lengths(
        mean=round(mean, 2), median=_at(counts, 0.5 * total), p95=_at(counts, 0.95 * total), longest=max(counts)
    )


def _at(counts: Counter[int], rank: float) -> int:
    """Return the smallest length that at least `rank` texts do not exceed."""
    total = 0
    for length in sorted(counts):
        total += counts[length]
        if total >= rank:
            return length
    return max(counts)
