"""Pages of reference written from the code before the site is built: commands, options, columns, sources, cells, errors."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from itdr_hf.builders.config import ItdrConfig
from tables import measured, table

from itdr_hf import catalogue, errors
from itdr_hf.cli.app import app as commands
from itdr_hf.cli.listing import all_commands
from itdr_hf.dataset.card import COLUMN_NOTES
from itdr_hf.metrics.signature import signature
from itdr_hf.records import SHAPES
from itdr_hf.tasks.planning.recipe import Recipe

if TYPE_CHECKING:
    from sphinx.application import Sphinx

HERE = Path(__file__).parent
OUT = HERE / "generated"
SHOWN = (
    "chance",
    "first place",
    "next in the alphabet",
    "next id",
    "newest year",
    "most popular in the data",
    "first seen first",
    "shown later than asked",
)  # players on the page of a cell; the audit has all


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
    figures = measured("cells")
    for cell in catalogue.published():
        yield f"cells/{cell}.md", cell_page(cell, figures)


SOURCES = "A page for each release: what it is, how to get it, what may be done with it, and the cells that it feeds."


def index_of(title: str, names: Sequence[str], text: str) -> str:
    """Return the page that lists these."""
    return f"# {title}\n\n{text}\n\n```{{toctree}}\n:maxdepth: 1\n\n" + "\n".join(names) + "\n```\n"


def commands_page() -> str:
    """Return the page of all commands with their options."""
    parts = [
        "# Commands\n\nEvery command prints its result as JSON with `--json`. Exit codes: see [errors](errors.md)."
    ]
    listed = all_commands(commands)
    rows = [
        [f"[`itdr {name}`](#itdr-{name})", _paragraphs(command.help).partition("\n")[0]]
        for name, command in listed.items()
    ]
    parts.append(table(["command", "what it does"], rows))
    for name, command in listed.items():
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


def cell_page(name: str, figures: Mapping[str, Any]) -> str:
    """Return the page of a config: facts, how to load it, and what was measured on a build."""
    cell, made = catalogue.cell(name), figures["cells"][name]
    recipe = cell.recipe()
    facts = {
        "task": cell.task.title,
        "source": f"[{cell.source.title}](../sources/{cell.source.id}.md)",
        "licence": f"{cell.source.licence}; rows may {'' if cell.source.redistributable else 'not '}be passed on",
        "examples": f"{cell.size:,}: " + ", ".join(f"{split} {count:,}" for split, count in made["counts"].items()),
        "tokens of the input": _beside(name, "input", made),
        "tokens of the output": _beside(name, "output", made),
        "answer": cell.task.answer,
        "metrics": ", ".join(cell.task.metrics),
        "defaults": ", ".join(f"`{n}={getattr(recipe, n)}`" for n in cell.task.defaults),
    }
    load = f'```python\nfrom datasets import load_dataset\n\ncell = load_dataset("itdr", "{name}")  # the folder ./itdr\n```\n'
    note = (
        f"What follows was measured on a default build of {'simulated' if figures['simulated'] else 'real'} raw files, "
        f"dataset {figures['version']}: titles, people and tastes are made up.\n"
    )
    parts = [f"# {name}\n\n{cell.task.description}\n\n{_facts(facts)}", f"## Load\n\n{load}", note]
    parts += [_examples(made), _labels(made), _account(made), _players(made), _baselines(made)]
    return "\n".join(part for part in parts if part)


def _beside(name: str, field: str, made: Mapping[str, Any]) -> str:
    paper = catalogue.current().statistic(name)
    beside = f"; in the paper {getattr(paper, f'{field}_tokens'):,.1f}" if paper else ""
    return f"{made['tokens'][field]:,.1f} simulated{beside} ([all configs](../../cells.md))"


def _examples(made: Mapping[str, Any]) -> str:
    shown = [f"````text\n{prompt}\n\n→ {answer}\n````\n" for prompt, answer in made["examples"]]
    return "## Examples\n\n" + "\n".join(shown)


def _labels(made: Mapping[str, Any]) -> str:
    rows = []
    for label, counts in made["labels"].items():
        total = sum(counts.values())
        rows += [[label, value, f"{count:,}", f"{count / total:.1%}"] for value, count in counts.items()]
    return "## Labels\n\n" + table(["label", "value", "examples", "share"], rows, ["examples", "share"]) if rows else ""


def _account(made: Mapping[str, Any]) -> str:
    rows = [[name, what, f"{count:,}"] for name, what, count in made["steps"]]
    text = "Every row from the raw files to the examples; what is negative was left out. [What the ledger proves](../../explanation/ledger.md).\n\n"
    return "## Account\n\n" + text + table(["table", "step", "rows"], rows, ["rows"])


def _players(made: Mapping[str, Any]) -> str:
    rows = [[player, f"{made['players'][player]:.3f}"] for player in SHOWN if player in made["players"]]
    text = (
        "The share of examples in which a player without taste puts a right candidate first. Popularity and newness are real "
        "signals; the others must be at chance. [What could give the answer away](../../explanation/giveaways.md).\n\n"
    )
    return "## Players without taste\n\n" + text + table(["player", "H@1"], rows, ["H@1"]) if rows else ""


def _baselines(made: Mapping[str, Any]) -> str:
    metrics = list(dict.fromkeys(metric for found in made["baselines"].values() for metric in found))
    rows = [[name, *(_interval(found.get(metric)) for metric in metrics)] for name, found in made["baselines"].items()]
    text = "On the test split, with the 95 % interval over users. On real data: [Results](../../results.md).\n\n"
    return "## Baselines\n\n" + text + table(["", *metrics], rows, metrics) if rows else ""


def _interval(found: Sequence[float] | None) -> str:
    return f"{found[0]:.3f} ({found[1]:.3f}–{found[2]:.3f})" if found else ""


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
