"""What cells, subtasks and sources are called, also those of a catalogue that is not here.

A folder may hold cells of a source that its owner registered in a script; the command line does not know it.
"""

from __future__ import annotations

from itdr_hf import catalogue


def subtask_title(subtask_id: str) -> str:
    """'Top-K recommendation', or the id."""
    return catalogue.task(subtask_id).title if subtask_id in catalogue.task_ids() else subtask_id


def source_title(source_id: str) -> str:
    """'MovieLens 32M', or the id."""
    return catalogue.source(source_id).title if source_id in catalogue.source_ids() else source_id


def root_of(subtask_id: str) -> str:
    """UII or UIU; UII for a subtask that is not known."""
    return catalogue.task(subtask_id).root if subtask_id in catalogue.task_ids() else "UII"


def subject_of(subtask_id: str) -> str:
    """What an example is of: user or item."""
    return catalogue.task(subtask_id).subject if subtask_id in catalogue.task_ids() else "user"
