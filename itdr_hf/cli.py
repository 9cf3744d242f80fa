"""The `itdr` command line: raw releases in, dataset folder out, and everything that is done with it."""

from __future__ import annotations

import sys

import typer

from itdr_hf.commands import annotate, audit, bench, data, download, push, report, score, train
from itdr_hf.errors import ItdrError

STOPPED = 130  # what typer makes of Ctrl-C

app = typer.Typer(
    name="itdr",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    help="Recommendation instructions from raw data: **simulate** or get raw releases, see them with **sources**, "
    "**build** the cells into a dataset folder, **show** an example.\n\n"
    "Try: `itdr simulate raw/ --scale 0.01 && itdr build --raw raw/ --out itdr/ && itdr show itdr/ tkr-movielens32m`",
)

for command in (
    *(data.sources, download.download, data.simulate, data.build, data.show),
    *(audit.audit, audit.stats, audit.ledger, audit.diff),
    report.report,
    annotate.annotate,
    *(push.push, push.verify),
    *(score.predict, score.score, score.harness),
    *(train.train, train.export, train.push_adapter),
    bench.bench,
):
    app.command()(command)


def main() -> None:
    """Run the command line; an error of ours is one message and exit code 1, Ctrl-C is 130."""
    try:
        app()
    except ItdrError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
    except SystemExit as end:
        if end.code == STOPPED:
            print("stopped; what was finished is kept, run again to go on", file=sys.stderr)
        raise
