"""The `itdr` command line: from raw releases to a dataset folder, and all further work with it."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import Annotated

import typer

from itdr_hf.cli import (
    annotate,
    audit,
    bench,
    data,
    download,
    experiment,
    lock,
    probe,
    profile,
    push,
    recommend,
    report,
    score,
    train,
)  # fmt: skip
from itdr_hf.cli.command import Command
from itdr_hf.errors import ItdrError
from itdr_hf.runtime.terminal import print_line

STOPPED = 130  # typer's exit code for Ctrl-C

app = typer.Typer(
    name="itdr",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    help="Recommendation instructions from raw data: **simulate** or get raw releases, see them with **sources**, "
    "**build** the cells into a dataset folder, **show** an example.\n\n"
    "Try: `itdr simulate raw/ --scale 0.01 && itdr build --raw raw/ --out itdr/ && itdr show itdr/ tkr-movielens32m`",
    epilog="Exit codes: 0 done; 1 an error, a breach, or with diff --exit-code a difference; "
    "2 a wrong command line, unknown names included; 3 answers are missing; "
    "130 stopped by Ctrl-C. Every command that prints a result prints it as JSON with `--json`.",
)


def print_version(wanted: bool) -> None:
    """Print the versions of the package and of its dataset, and exit."""
    if wanted:
        from itdr_hf import __version__
        from itdr_hf.catalogue import DATA_VERSION

        print_line(f"itdr-hf {__version__}, dataset {DATA_VERSION}")
        raise typer.Exit


@app.callback()
def itdr(
    version: Annotated[
        bool, typer.Option("--version", callback=print_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Define the options common to all commands."""


PANELS: dict[str, tuple[Callable[..., None], ...]] = {
    "Raw releases": (data.sources, data.init, download.download, lock.lock, data.simulate),
    "The dataset": (data.build, data.show, report.report, annotate.annotate, train.export),
    "Can it be trusted": (audit.audit, audit.stats, audit.ledger, audit.diff),
    "Models": (
        train.train,
        recommend.recommend,
        profile.profile,
        score.predict,
        score.score,
        score.harness,
        probe.probe,
    ),
    "The Hub": (push.push, push.verify, train.push_adapter),
    "The package": (bench.bench,),
}
for panel, commands in PANELS.items():
    for command in commands:
        app.command(cls=Command, rich_help_panel=panel)(command)

app.add_typer(experiment.experiment, rich_help_panel="Models")


def main() -> None:
    """Run the command line; an error of this package is printed as one message, with its exit code; Ctrl-C gives 130."""
    interrupts = _count_interrupts()
    try:
        app()
    except BaseException as error:  # including Ctrl-C, and whatever a library turned it into
        code = error.code if isinstance(error, SystemExit) else 1
        if code == STOPPED or (interrupts and code):
            print_line("stopped; finished work is kept; run again to continue", error=True)
            sys.exit(STOPPED)
        if not isinstance(error, ItdrError):
            raise
        print_line(f"error: {error}", error=True)
        sys.exit(error.exit_code)


def _count_interrupts() -> list[int]:
    """Return a list that grows whenever Ctrl-C is pressed, even if the exception is caught by a library."""
    interrupts: list[int] = []

    def on_interrupt(number: int, frame: FrameType | None) -> None:
        interrupts.append(number)
        signal.default_int_handler(number, frame)

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # keep any other handler
        signal.signal(signal.SIGINT, on_interrupt)
    return interrupts
