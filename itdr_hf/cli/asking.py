"""What the commands that ask a model have in common: their options, and the system these name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from itdr_hf.cli.options import DTYPE, SERVER, one_of
from itdr_hf.runtime.terminal import print_line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from itdr_hf.dataset import Dataset
    from itdr_hf.models.predict.run import System

UNFINISHED = 3  # exit code: some questions have no answer
LOCAL = "A model on this machine"  # the panel of these options in --help

Model = Annotated[str | None, typer.Option(help="Hub id or folder.", rich_help_panel=LOCAL)]
Adapter = Annotated[str | None, typer.Option(help="Of peft: Hub id or folder.", rich_help_panel=LOCAL)]
Revision = Annotated[str | None, typer.Option(help="Of the model on the Hub.", rich_help_panel=LOCAL)]
OtherPrompts = Annotated[
    bool,
    typer.Option("--other-prompts", help="Ask an adapter with prompts it was not tuned on.", rich_help_panel=LOCAL),
]
Dtype = Annotated[str, one_of(DTYPE, help="Default: as saved.", rich_help_panel=LOCAL)]
BatchTokens = Annotated[int, typer.Option(min=1, help="Most tokens of a batch.", rich_help_panel=LOCAL)]
Address = Annotated[str | None, typer.Option(help="Such as http://host/v1.", rich_help_panel=SERVER)]
ModelName = Annotated[str | None, typer.Option(help="As the server calls it.", rich_help_panel=SERVER)]
Concurrency = Annotated[int, typer.Option(min=1, help="Requests at a time.", rich_help_panel=SERVER)]


def open_system(
    command: str, model: str | None, endpoint: str | None, name: str | None, both: dict[str, Any],
    local: dict[str, Any], served: dict[str, Any],
) -> System:  # fmt: skip
    """Return the model on this machine or behind a server that was asked for.

    Its settings are `both` and either `local` or `served`. Raises UsageError unless exactly one of the two is named.
    """
    from itdr_hf.errors import UsageError

    if (model is None) == (endpoint is None) or bool(endpoint) != bool(name):
        raise UsageError(f"{command}: want one of --model, --endpoint with --model-name; see --help")
    if endpoint:
        from itdr_hf.models.endpoint import read_parameters
        from itdr_hf.models.predict.served import Endpoint

        parameters = read_parameters(served.pop("parameter"))
        return Endpoint(url=endpoint, model=name or "", **both, **served, parameters=parameters)
    from itdr_hf.models.predict.local import LocalModel

    return LocalModel(model or "", **both, **local)


def check_adapter(
    system: Any, dataset: Dataset, configs: Iterable[str], *, split: str = "test", other_prompts: bool = False
) -> None:
    """Refuse to ask an adapter otherwise than it was tuned, unless told to; warn of what else is doubtful about a model."""
    tuned = getattr(system, "tuned", None)
    if tuned and not other_prompts:
        from itdr_hf.models.train.same_prompts import check_prompts

        check_prompts(dataset, configs, tuned, system.tokenizer, split=split)
    warn_of(system)


def warn_of(system: Any) -> None:
    """Print what may be wrong with a model on this machine, or with its pair of base and adapter."""
    for warning in getattr(system, "warnings", ()):
        print_line(f"warning: {warning}", error=True)
