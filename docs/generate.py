"""Pages of reference written from the code before the site is built: commands, options, columns, sources, cells, errors."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from itdr_hf.builders.config import ItdrConfig
from sphinx.application import Sphinx

from itdr_hf import catalogue, errors
from itdr_hf.cli.app import app as commands
from itdr_hf.cli.listing import all_commands
from itdr_hf.dataset.card import COLUMN_NOTES
from itdr_hf.metrics.signature import signature
from itdr_hf.records import SHAPES
from itdr_hf.tasks.planning.recipe import Recipe

HERE = Path(__file__).parent
OUT = HERE / "generated"
GOLDEN = HERE.parent / "tests/tasks/itdr/golden"


def pages() -> Iterator[tuple[str, str]]:
    """Yield the name of every generated page, and its text."""
    yield "commands.md", commands_page()
    yield "options.md", options_page()
    yield "columns.md", columns_page()
    yield "errors.md", errors_page()
    yield "metrics.md", metrics_page()
    for source in catalogue.source_ids():
        yield f"sources/{source}.md", source_page(source)
    yield "sources/index.md", index_of("Sources", catalogue.source_ids(), SOURCES)
    for cell in catalogue.published():
        yield f"cells/{cell}.md", cell_page(cell)
    yield "cells/index.md", index_of("Cells", catalogue.published(), CELLS)


SOURCES = "A page for each release: what it is, how to get it, what may be done with it, and the cells that it feeds."
CELLS = "A page for each config of ITDR: size, defaults, an example, and the line that loads it."


def index_of(title: str, names: Sequence[str], text: str) -> str:
    """Return the page that lists these."""
    return f"# {title}\n\n{text}\n\n```{{toctree}}\n:maxdepth: 1\n\n" + "\n".join(names) + "\n```\n"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def commands_page() -> str:
    """Return the page of all commands with their options."""
    parts = [
        "# Commands\n\nEvery command prints its result as JSON with `--json`. Exit codes: see [errors](errors.md)."
    ]
    for name, command in all_commands(commands).items():
        parts.append(f"## itdr {name}\n\n{_paragraphs(command.help)}")
        rows = [
            [f"`{_spelling(p)}`", _default(p), " ".join((getattr(p, "help", "") or "").split())] for p in command.params
        ]
        parts.append(table(["option", "default", ""], [row for row in rows if "--help" not in row[0]]))
    return "\n\n".join(parts)


def _paragraphs(text: str | None) -> str:
    return "\n\n".join(" ".join(part.split()) for part in (text or "").split("\n\n"))


def _spelling(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return (parameter.metavar or parameter.name or "").upper()
    return ", ".join([*parameter.opts, *parameter.secondary_opts])


def _default(parameter: Any) -> str:
    value = parameter.default
    if value is None or callable(value) or value in ((), [], "") or value is False or str(value).startswith("Sentinel"):
        return ""
    return f"`{value}`"


def options_page() -> str:
    """Return the page of every field of a config: what it decides, its default in each task."""
    build = all_commands(commands)["build"]
    helps = {p.name: " ".join((getattr(p, "help", "") or "").split()) for p in build.params}
    names = [f.name for f in fields(ItdrConfig) if f.name in {f.name for f in fields(Recipe)}]
    tasks = {task: catalogue.task(task) for task in catalogue.current().family().task_ids}
    first = {task: next(name for name in catalogue.published() if name.startswith(f"{task}-")) for task in tasks}
    recipes = {task: catalogue.cell(name).recipe() for task, name in first.items()}
    rows = []
    for name in names:
        values = {task: getattr(recipe, name) for task, recipe in recipes.items()}
        same = len(set(values.values())) == 1
        shown = f"`{next(iter(values.values()))}`" if same else ", ".join(f"{t} `{v}`" for t, v in values.items())
        notes = helps.get("description" if name == "with_description" else name, "")
        rows.append([f"`{name}`", notes, "the paper's" if name == "num_examples" else shown])
    text = (
        "# Options of a config\n\nOptions of `load_dataset` and of `itdr build` (with hyphens). Each has a default for "
        "each task; a value that no asked-for task takes is refused.\n\n"
    )
    return text + table(["option", "what it decides", "default"], rows)


def columns_page() -> str:
    """Return the page of the columns of every record shape."""
    parts = ["# Columns\n\nEvery config of a shape has these columns, in this order."]
    for shape in SHAPES.values():
        rows = [[f"`{name}`", f"`{kind}`", COLUMN_NOTES.get(name, "")] for name, kind in shape.columns.items()]
        parts.append(f"## {shape.name}\n\n" + table(["column", "type", ""], rows))
    return "\n\n".join(parts)


def errors_page() -> str:
    """Return the page of errors and exit codes."""
    found = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, errors.ItdrError)]
    rows = [[f"`{kind.__name__}`", str(kind.exit_code), (kind.__doc__ or "").strip()] for kind in found]
    text = (
        "# Errors and exit codes\n\nA message reads *where: what was found; what was wanted; what to do.* The command line "
        "prints it without a traceback.\n\nExit codes: 0 done; 1 an error, a breach of the audit, or with `diff --exit-code` "
        "a difference; 2 a wrong command line, unknown names included; 3 some questions have no answer yet; 130 stopped by "
        "Ctrl-C.\n\n"
    )
    return text + table(["error", "exit code", "when"], rows)


def metrics_page() -> str:
    """Return the page of metrics: which cells have them, and the signature that says how each is computed."""
    rows = []
    for task in map(catalogue.task, catalogue.current().family().task_ids):
        rows += [[task.title, f"`{metric}`", f"`{_signature(metric)}`"] for metric in task.metrics]
    text = (
        "# Metrics\n\nA signature states the implementation, its version, and every choice that changes the number. "
        "Figures with different signatures are not comparable.\n\n"
    )
    return text + table(["task", "metric", "signature"], rows)


def _signature(metric: str) -> str:
    return re.sub(r":[0-9][^|]*", "", signature(metric), count=1)


def source_page(source_id: str) -> str:
    """Return the page of a release."""
    source = catalogue.source(source_id)
    facts = {
        "homepage": f"<{source.homepage}>",
        "licence": f"{source.licence} ({source.licence_source})",
        "may be passed on": "yes" if source.redistributable else "no",
        "how to get it": source.obtain,
        "folder under the raw folder": " or ".join(f"`{folder}`" for folder in source.folders),
        "layouts": "; ".join(layout.name for layout in source.layouts),
        "times": "yes" if source.by_time else "no: interactions are ordered by a hash",
        "ratings": _scale(source.scale),
    }
    cells = [name for name in catalogue.published() if catalogue.current().source_of(name) == source_id]
    listed = "\n".join(f"- [`{name}`](../cells/{name}.md)" for name in cells)
    fed = f"## Cells\n\n{listed}\n" if cells else "## Cells\n\nNone by default; build them by name: `--config tkr-…`.\n"
    cite = f"## Citation\n\n```bibtex\n{source.citation.strip()}\n```\n" if source.citation else ""
    return f"# {source.title}\n\n{_facts(facts)}\n{fed}\n{cite}"


def _scale(scale: Any) -> str:
    return f"{scale.text(scale.low)} to {scale.text(scale.high)} in steps of {scale.step:g}" if scale else "none"


def _facts(facts: Mapping[str, str]) -> str:
    return table(["", ""], [[name, " ".join(value.split())] for name, value in facts.items()])


def cell_page(name: str) -> str:
    """Return the page of a config, with the first example of the hand-made rows."""
    cell = catalogue.cell(name)
    recipe = cell.recipe()
    statistic = catalogue.current().statistic(name)
    facts = {
        "task": cell.task.title,
        "source": f"[{cell.source.title}](../sources/{cell.source.id}.md)",
        "examples": f"{cell.size:,}",
        "tokens in the paper, input": f"{statistic.input_tokens:,.1f}" if statistic else "",
        "tokens in the paper, output": f"{statistic.output_tokens:,.1f}" if statistic else "",
        "answer": cell.task.answer,
        "metrics": ", ".join(cell.task.metrics),
        "defaults": ", ".join(f"`{n}={getattr(recipe, n)}`" for n in cell.task.defaults),
    }
    load = f'```python\nfrom datasets import load_dataset\n\ncell = load_dataset("itdr", "{name}")  # the folder ./itdr\n```\n'
    return (
        f"# {name}\n\n{cell.task.description}\n\n{_facts(facts)}\n## Load\n\n{load}\n## An example\n\n{_example(cell)}"
    )


def _example(cell: Any) -> str:
    path = GOLDEN / cell.task.id / f"{cell.source.id}.txt"
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    return f"Made of the hand-made rows that the tests use.\n\n````text\n{text.rstrip()}\n````\n"


def write(_: Sphinx | None = None) -> None:
    """Write every page whose text changed; remove those that are no longer made."""
    made = dict(pages())
    for name, text in made.items():
        path = OUT / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
    for path in OUT.rglob("*.md"):
        if str(path.relative_to(OUT)) not in made:
            path.unlink()


def setup(app: Sphinx) -> dict[str, bool]:
    """Write the pages when the build begins."""
    app.connect("builder-inited", write)
    return {"parallel_read_safe": True}
