"""Sequential recommendation as instructions: the next item of a history, 17 kinds (A1 to A17)."""

from __future__ import annotations

from itdr_hf.errors import UsageError
from itdr_hf.raw.source import Source
from itdr_hf.tasks.instructrec import sequences
from itdr_hf.tasks.instructrec.scenario import HISTORY, scenario
from itdr_hf.tasks.instructrec.templates.recommendation import KINDS

DESCRIPTION = (
    "Sequential recommendation: follow what a person chose so far, in order of time, and what is said of their taste, "
    "to the next thing they choose."
)


def needs(source: Source) -> tuple[str, ...]:
    """Return the tables it reads. Raises UsageError for a source without times."""
    if not source.by_time:
        raise UsageError(
            f"seqrec: {source.id} has no times; want them for the order of a history; choose another source"
        )
    return ("interactions", "items")


TASK = scenario(
    id="seqrec",
    title="Sequential recommendation",
    description=DESCRIPTION,
    subject="user",
    kinds=KINDS,
    needs=needs,
    eligible=sequences.eligible,
    gather=sequences.gather,
    history=HISTORY,
    split_protocol="leave-one-out",
)
