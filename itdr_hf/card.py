"""The dataset card: YAML that `datasets` reads (configs, splits, features) and a page that people read.

Rendered strictly from `cards/dataset.md.j2`: an unfilled slot is an error.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from itdr_hf import catalogue
from itdr_hf.outputs import write_atomically
from itdr_hf.prompts import prompt
from itdr_hf.records import COLUMNS, SPLITS, Cell

DEFAULT_CONFIG = "all"
AUDIT = ".audit.json"  # not published by itself: the card shows it
PICTURES = "pictures"  # folder of flow.png and lengths.png, which `itdr report --card` draws
DRAWN = ".pictures.json"  # the content they are of


CHANGES = {"1.0.0": "first release of the rebuilt configs."}
COLUMN_NOTES = {
    "id": "stable, from the content",
    "subtask": "which of the seven",
    "source": "which dataset",
    "domain": "Amazon's category, or two for cross-domain; else empty",
    "instruction": "the task description",
    "input": "the prompt",
    "output": "the answer",
    "history": "titles shown as history, in the order shown",
    "history_ratings": "the ratings beside them (RP)",
    "candidates": "titles to choose from or to rate",
    "targets": "the truth: rating, positives, item, attribute values or text",
    "target_names": "the attribute each target is of (UAP)",
    "user": "salted hash; empty for TUI",
    "template": "which wording of the prompt",
    "reference_by": "who wrote the answer: `data`, `extractive`, or a model",
}


def write_card(folder: Path, ledger: Mapping[str, Any], repo_id: str = "itdr") -> None:
    """Write the README.md of a dataset folder."""
    write_atomically(folder / "README.md", dataset_card(folder, ledger, repo_id))


def note_audit(folder: Path, ledger: Mapping[str, Any], rows: Sequence[Mapping[str, str]]) -> None:
    """Keep an audit's table (check, result, finding) for the card, with the content it is of."""
    write_atomically(folder / AUDIT, json.dumps({"content": _content(ledger), "rows": list(rows)}, indent=1))
    write_card(folder, ledger)


def noted_audit(folder: Path, ledger: Mapping[str, Any]) -> list[dict[str, str]]:
    """The audit's table (check, result, finding), if there was one of just this content; else empty."""
    path = folder / AUDIT
    noted = json.loads(path.read_text()) if path.is_file() else {"content": None, "rows": []}
    return noted["rows"] if noted["content"] == _content(ledger) else []


def note_pictures(folder: Path, ledger: Mapping[str, Any]) -> None:
    """Note that the pictures are there, with the content they are of; the card shows them from now on."""
    write_atomically(folder / DRAWN, json.dumps({"content": _content(ledger)}, indent=1))
    write_card(folder, ledger)


def _drawn(folder: Path, ledger: Mapping[str, Any]) -> bool:
    path = folder / DRAWN
    return path.is_file() and json.loads(path.read_text())["content"] == _content(ledger)


def _content(ledger: Mapping[str, Any]) -> dict[str, str]:
    return {name: cell["content"] for name, cell in ledger["cells"].items()}


def dataset_card(folder: Path, ledger: Mapping[str, Any], repo_id: str = "itdr") -> str:
    """The README.md of a dataset folder with this ledger; the audit is shown if it is of the same content."""
    import yaml

    cells = [catalogue.cell(name) for name in ledger["cells"]]
    sources = list({cell.source.id: cell.source for cell in cells}.values())
    head = yaml.safe_dump(metadata(ledger), sort_keys=False, allow_unicode=True, width=1000)
    body = render_card(
        "dataset.md.j2",
        ledger=ledger,
        repo_id=repo_id,
        total=sum(sum(cell["counts"].values()) for cell in ledger["cells"].values()),
        cells=cells,
        sources=sources,
        subtasks=list({cell.subtask.id: cell.subtask for cell in cells}.values()),
        splits=SPLITS,
        simulated=any(cell.get("simulated") for cell in ledger["cells"].values()),
        columns=[{"name": n, "kind": kind, "what": COLUMN_NOTES[n]} for n, kind in COLUMNS.items()],
        examples=_examples(folder, cells),
        funnel=[_funnel(source.title, ledger, source.id) for source in sources],
        audit=noted_audit(folder, ledger),
        pictures=PICTURES if _drawn(folder, ledger) else "",
        writers=_writers(ledger),
        changes=[{"version": version, "text": text} for version, text in CHANGES.items()],
        citations=list(dict.fromkeys(source.citation for source in sources if source.citation)),
    )
    return f"---\n{head}---\n\n{body}"


def _examples(folder: Path, cells: Sequence[Cell]) -> list[dict[str, str]]:
    """The shortest of the first few test examples of each subtask's first cell."""
    import pyarrow.parquet as pq

    firsts = {cell.subtask.id: cell for cell in reversed(cells)}
    shown = []
    for cell in reversed(firsts.values()):
        paths = [path for split in reversed(SPLITS) for path in sorted((folder / cell.name).glob(f"{split}-*"))]
        rows = next(rows for path in paths if (rows := next(pq.ParquetFile(path).iter_batches(20), None)))
        row = min(rows.to_pylist(), key=lambda row: (len(row["input"]), row["id"]))
        asked = prompt(row["instruction"], row["input"])
        shown.append({"title": cell.subtask.title, "config": cell.name, "prompt": asked, "output": row["output"]})
    return shown


def _funnel(title: str, ledger: Mapping[str, Any], source_id: str) -> dict[str, str]:
    cell = next(cell for name, cell in ledger["cells"].items() if name.partition("-")[2] == source_id)
    steps = {(step["table"], step["what"]): step["rows"] for step in cell["tables"]}
    read, kept = (steps.get(("interactions", what), 0) for what in ("read", "kept"))
    items = steps.get(("items", "kept"), 0)
    row = {"read": read, "left_out": read - kept, "kept": kept, "kept_items": items}
    return {"source": title, "layout": cell["layout"], **{name: f"{n:,}" for name, n in row.items()}}


def _writers(ledger: Mapping[str, Any]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for cell in ledger["cells"].values():
        total.update(cell["written_by"])
    return dict(sorted(total.items()))


def render_card(template: str, **slots: Any) -> str:
    """A card from `cards/`; raises jinja2.UndefinedError for a slot that is not filled."""
    import jinja2

    loader = jinja2.PackageLoader("itdr_hf.cards", ".")
    environment = jinja2.Environment(
        loader=loader,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(template).render(**slots)


def metadata(ledger: Mapping[str, Any]) -> dict[str, Any]:
    """The card's YAML: every cell and union as a config, unions as globs over the cells' files."""
    groups = members(list(ledger["cells"]))
    sources = [catalogue.cell(name).source for name in ledger["cells"]]
    total = sum(sum(cell["counts"].values()) for cell in ledger["cells"].values())
    return {
        "pretty_name": "ITDR: instructions for recommendation",
        "language": ["en"],
        "license": "other",
        "license_name": "per-source",
        "license_link": "#licences",
        "size_categories": [size_category(total)],
        "task_categories": ["text-generation"],
        "tags": ["itdr", "recommendation", "instruction-tuning", *dict.fromkeys(s.id for s in sources)],
        "configs": [_config(name, cells) for name, cells in groups.items()],
        "dataset_info": [_info(name, cells, ledger) for name, cells in groups.items()],
    }


def members(cells: list[str]) -> dict[str, list[str]]:
    """Config name -> its cells: unions that have any, then the cells themselves."""
    unions = {name: [c for c in cells if c.split("-")[0] in subtasks] for name, subtasks in catalogue.unions().items()}
    return {**{name: found for name, found in unions.items() if found}, **{name: [name] for name in cells}}


def size_category(rows: int) -> str:
    """The Hub's name for a number of rows."""
    bounds = [
        (1e3, "n<1K"),
        (1e4, "1K<n<10K"),
        (1e5, "10K<n<100K"),
        (1e6, "100K<n<1M"),
        (1e7, "1M<n<10M"),
        (1e8, "10M<n<100M"),
    ]
    return next((name for bound, name in bounds if rows < bound), "100M<n<1B")


def _config(name: str, cells: list[str]) -> dict[str, Any]:
    files = [{"split": split, "path": [f"{cell}/{split}-*" for cell in cells]} for split in SPLITS]
    if len(cells) == 1:
        files = [{"split": split, "path": f"{cells[0]}/{split}-*"} for split in SPLITS]
    config: dict[str, Any] = {"config_name": name, "data_files": files}
    return {**config, "default": True} if name == DEFAULT_CONFIG else config


def _info(name: str, cells: list[str], ledger: Mapping[str, Any]) -> dict[str, Any]:
    files = {split: _files(cells, split, ledger) for split in SPLITS}
    splits = [
        {"name": split, "num_bytes": sum(f["bytes"] for f in found), "num_examples": sum(f["rows"] for f in found)}
        for split, found in files.items()
    ]
    return {
        "config_name": name,
        "features": [_feature(column, kind) for column, kind in COLUMNS.items()],
        "splits": splits,
        "download_size": sum(f["size"] for found in files.values() for f in found),
        "dataset_size": sum(split["num_bytes"] for split in splits),
    }


def _files(cells: list[str], split: str, ledger: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [f for c in cells for n, f in ledger["cells"][c]["files"].items() if n.startswith(f"{split}-")]


def _feature(column: str, kind: str) -> dict[str, str]:
    plain = {"string": "string", "double": "float64"}
    return (
        {"name": column, "list": plain[kind[5:-1]]}
        if kind.startswith("list")
        else {"name": column, "dtype": plain[kind]}
    )
