"""Personalised search as instructions: a query of a user whose history is known, 13 kinds (C1 to C13).

Queries are oracles, as in the paper: a vague one is taken from the review of the item that is to be found, a specific
one is that item's categories.
"""

from __future__ import annotations

from itdr_hf.errors import UsageError
from itdr_hf.raw.source import Source
from itdr_hf.tasks.instructrec import seqrec, sequences
from itdr_hf.tasks.instructrec.scenario import HISTORY, scenario
from itdr_hf.tasks.instructrec.templates.personalised_search import KINDS

DESCRIPTION = (
    "Personalised search: answer what a person asks for now in the light of what they chose before, in order of time."
)


def needs(source: Source) -> tuple[str, ...]:
    """Return the tables it reads. Raises UsageError for a source without times or categories."""
    if source.label is None:
        raise UsageError(
            f"persearch: items of {source.id} have no category; want one to search by; choose another source"
        )
    return seqrec.needs(source)


TASK = scenario(
    id="persearch",
    title="Personalised search",
    description=DESCRIPTION,
    subject="user",
    kinds=KINDS,
    needs=needs,
    eligible=sequences.eligible,
    gather=sequences.gather,
    history=HISTORY,
    split_protocol="leave-one-out",
)
