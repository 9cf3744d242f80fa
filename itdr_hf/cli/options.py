"""Options shared by several commands, and choices: checked early, listed in --help, completed by the shell."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from itdr_hf.cli import completion

MAX_LISTED = 16  # --help lists up to this many names; longer lists are in the error and in shell completion


class Names:
    """A parser for a choice among names, which are looked up only when needed.

    Any other value ends the command before it starts, with exit code 2 and the closest name.
    """

    def __init__(self, kind: str, names: Callable[[], Iterable[str]], *, max_listed: int = MAX_LISTED) -> None:
        self.kind, self.names, self.__name__, self.max_listed = kind, names, kind, max_listed

    def __call__(self, value: str) -> str:
        from itdr_hf.errors import unknown

        names = list(self.names())
        if value not in names:
            raise typer.BadParameter(str(unknown(self.kind, value, names)))
        return value

    def complete(self, incomplete: str) -> list[str]:
        """Return the names that begin with the typed text."""
        return completion.begun(incomplete, self.names())

    def metavar(self) -> str | None:
        """Return the choices, such as '[duckdb|spark]'; None if there are many."""
        names = list(self.names())
        return f"[{'|'.join(names)}]" if len(names) <= self.max_listed else None


LISTS: dict[str, Names] = {}  # placeholder in --help -> the choices


def one_of(names: Names, *spelling: str, **more: Any) -> Any:
    """Return an option whose value is a choice among names."""
    LISTS[names.kind.upper()] = names
    return typer.Option(*spelling, parser=names, autocompletion=names.complete, metavar=names.kind.upper(), **more)


def _baselines() -> Iterable[str]:
    from itdr_hf.models.recommenders.baselines import BASELINES
    from itdr_hf.models.recommenders.log_baselines import LOG_BASELINES

    return [*BASELINES, *LOG_BASELINES]


def _checks() -> Iterable[str]:
    from itdr_hf.dataset.audit.registry import load_checks

    return load_checks()


def _dialogues() -> Iterable[str]:
    from itdr_hf.tasks.reclm.dialogue import FORMS

    return FORMS


def _engines() -> Iterable[str]:
    from itdr_hf.runtime.engines import ENGINES

    return ENGINES


def _experiments() -> Iterable[str]:
    from itdr_hf.experiments.registry import experiments

    return experiments()


def _families() -> Iterable[str]:
    from itdr_hf import catalogue

    return catalogue.families()


def _formats() -> Iterable[str]:
    from itdr_hf.models.train.trainers import TRAINERS

    return TRAINERS


def _negative_samplings() -> Iterable[str]:
    from itdr_hf.tasks.planning.strategies import STRATEGIES

    return STRATEGIES


def _orders() -> Iterable[str]:
    from itdr_hf.tasks.planning.ordering import ORDERS

    return ORDERS


def _availabilities() -> Iterable[str]:
    from itdr_hf.tasks.planning.whole_catalogue import AVAILABILITIES

    return AVAILABILITIES


def _futures() -> Iterable[str]:
    from itdr_hf.tasks.planning.ordering import FUTURES

    return FUTURES


def _parts() -> Iterable[str]:
    from itdr_hf.bench.run import PARTS

    return PARTS


def _precisions() -> Iterable[str]:
    from itdr_hf.models.train.recipe import DTYPES

    return DTYPES


def _presets() -> Iterable[str]:
    from itdr_hf.models.train.recipe import PRESETS

    return PRESETS


def _protocols() -> Iterable[str]:
    from itdr_hf.models.recommenders.protocols import PROTOCOLS

    return PROTOCOLS


def _recommenders() -> Iterable[str]:
    from itdr_hf.models.recommenders.recommender import RECOMMENDERS

    return RECOMMENDERS


def _simulated() -> Iterable[str]:
    from itdr_hf.simulate import OTHERS, SOURCES

    return [*SOURCES, *OTHERS]


def _split_protocols() -> Iterable[str]:
    from itdr_hf.tasks.planning.split_protocols import PROTOCOLS

    return PROTOCOLS


def _splits() -> Iterable[str]:
    from itdr_hf.records import SPLITS

    return SPLITS


def _methods() -> Iterable[str]:
    from itdr_hf.models.train.recipe import METHODS

    return METHODS


def _stages() -> Iterable[str]:
    from itdr_hf.models.train.recipe import STAGES

    return STAGES


def _templates() -> Iterable[str]:
    from itdr_hf.catalogue import current
    from itdr_hf.tasks.templates import MIXED, wording_of

    tasks = map(current().task, current().task_ids())
    return dict.fromkeys([*(wording_of(template) for task in tasks for template in task.templates), MIXED])


def given(*names: str) -> Callable[[], Iterable[str]]:
    """Return a function for a fixed list of names."""
    return lambda: names


AVAILABILITY = Names("availability", _availabilities)
BASELINE = Names("baseline", _baselines, max_listed=24)
BAD_ROWS = Names("policy", given("error", "skip"))
CHECK = Names("check", _checks)
DTYPE = Names("dtype", given("auto", "float32", "bfloat16", "float16"))
ENGINE = Names("engine", _engines)
EXPERIMENT = Names("experiment", given("reclm"))
EXPERIMENTS = Names("experiment-name", _experiments, max_listed=0)
FORMAT = Names("format", _formats)
TOOL = Names("tool", lambda: ("lm-eval", "inspect-ai"))
FUTURE = Names("future", _futures)
GATED = Names("gate", given("auto", "manual"))
MODE = Names("mode", given("plain", "json"))
DIALOGUE = Names("form", _dialogues)
FAMILY = Names("family", _families)
NEIGHBOURS_BY = Names("neighbours", given("cooccurrence", "lightgcn"))
NEGATIVE_SAMPLING = Names("strategy", _negative_samplings)
NORMALISE = Names("normalise", given("sum", "mean"))
ORDER = Names("order", _orders)
PART = Names("measured", _parts)
PRECISION = Names("precision", _precisions)
PRESET = Names("preset", _presets)
PROTOCOL = Names("log-split", _protocols)
RECOMMENDER = Names("recommender", _recommenders)
SIMULATED = Names("source", _simulated)
STAGE = Names("stage", _stages)
METHOD = Names("method", _methods)
SPLIT = Names("split", _splits)
SPLIT_BY = Names("by", given("user", "example"))
SPLIT_PROTOCOL = Names("protocol", _split_protocols)
TEMPLATE = Names("template", _templates)
WAY = Names("way", given("generation", "likelihood"))

Folder = Annotated[Path, typer.Argument(help="A dataset folder built by `itdr build`.")]
FOLDER = Path("itdr")
Raw = Annotated[Path, typer.Option("--raw", help="Folder of the raw releases, one folder each.", envvar="ITDR_RAW")]
RAW = Path("raw")
Config = Annotated[
    list[str] | None,
    typer.Option(
        "--config",
        help="A config, union or pattern; several separated by commas, or given again.",
        autocompletion=completion.configs,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Memory = Annotated[str | None, typer.Option(help="For the whole process, such as 2GB; default: a quarter.")]
Endpoint = Annotated[str | None, typer.Option(help="Address of another Hub.")]

SERVER = "A model behind a server"  # the panel of these options in --help
Temperature = Annotated[float, typer.Option(min=0, help="0: the likeliest answer.")]
Timeout = Annotated[float, typer.Option(min=1, help="Seconds for an answer.", rich_help_panel=SERVER)]
Retries = Annotated[int, typer.Option(min=0, help="Of a request.", rich_help_panel=SERVER)]
Parameter = Annotated[
    list[str] | None,
    typer.Option(help="Another one: name=JSON; name=null leaves it out.", rich_help_panel=SERVER),
]


def separated(config: list[str] | None) -> list[str] | None:
    """Return the names in a list of options, splitting those that contain commas."""
    return [name.strip() for names in config for name in names.split(",") if name.strip()] if config else None
