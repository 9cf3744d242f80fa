"""The `itdr` command line: raw releases in, dataset folder out, and everything that is done with it."""

from __future__ import annotations

import signal
import sys
from types import FrameType
from typing import Annotated

import typer

from itdr_hf.cli import annotate, audit, bench, data, download, lock, push, recommend, report, score, train
from itdr_hf.cli.command import Command
from itdr_hf.errors import ItdrError
from itdr_hf.runtime.terminal import print_line

STOPPED = 130  # what typer makes of Ctrl-C

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


def tell_version(wanted: bool) -> None:
    """Print the versions of the package and of the dataset it makes, and end."""
    if wanted:
        from itdr_hf import __version__
        from itdr_hf.catalogue import DATA_VERSION

        print_line(f"itdr-hf {__version__}, dataset {DATA_VERSION}")
        raise typer.Exit


@app.callback()
def itdr(
    version: Annotated[
        bool, typer.Option("--version", callback=tell_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Set up what all commands share."""


PANELS = {
    "Raw releases": (data.sources, download.download, lock.lock, data.simulate),
    "The dataset": (data.build, data.show, report.report, annotate.annotate, train.export),
    "Can it be trusted": (audit.audit, audit.stats, audit.ledger, audit.diff),
    "Models": (train.train, recommend.recommend, score.predict, score.score, score.harness),
    "The Hub": (push.push, push.verify, train.push_adapter),
    "The package": (bench.bench,),
}
for panel, commands in PANELS.items():
    for command in commands:
        app.command(cls=Command, rich_help_panel=panel)(command)


def main() -> None:
    """Run the command line; an error of ours is one message and its exit code, Ctrl-C is 130."""
    heard = _listen_for_ctrl_c()
    try:
        app()
    except BaseException as error:  # Ctrl-C too, and whatever a library, or a report of ours, has made of it
        ended = error.code if isinstance(error, SystemExit) else 1
        if ended == STOPPED or (heard and ended):
            print_line("stopped; what was finished is kept, run again to go on", error=True)
            sys.exit(STOPPED)
        if not isinstance(error, ItdrError):
            raise
        print_line(f"error: {error}", error=True)
        sys.exit(error.exit_code)


def _listen_for_ctrl_c() -> list[int]:
    """Return a list that is no longer empty once Ctrl-C was pressed, whatever becomes of the exception that it raises."""
    heard: list[int] = []

    def hear(number: int, frame: FrameType | None) -> None:
        heard.append(number)
        signal.default_int_handler(number, frame)

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # not where somebody else has a say
        signal.signal(signal.SIGINT, hear)
    return heard
