"""What tasks and sources are called, also those of a catalogue that is not here.

A folder may hold cells of a source that its owner registered in a script; the command line does not know it.
"""

from __future__ import annotations

from itdr_hf.catalogue import Catalogue


def task_title(catalogue: Catalogue, task_id: str) -> str:
    """'Top-K recommendation', or the id."""
    return catalogue.task(task_id).title if task_id in catalogue.task_ids() else task_id


def source_title(catalogue: Catalogue, source_id: str) -> str:
    """'MovieLens 32M', or the id."""
    return catalogue.source(source_id).title if source_id in catalogue.source_ids() else source_id


def root_of(catalogue: Catalogue, task_id: str) -> str:
    """Return the group of a task, such as UII; the first one for a task that is not known."""
    return catalogue.task(task_id).root if task_id in catalogue.task_ids() else next(iter(root_titles(catalogue)))


def root_titles(catalogue: Catalogue) -> dict[str, str]:
    """Return the groups of tasks as `Task.root` names them, with their titles."""
    families = map(catalogue.family, catalogue.families())
    return {group.id.upper(): group.title for family in families for group in family.groups}


def subject_of(catalogue: Catalogue, task_id: str) -> str:
    """Return what an example is of: user or item."""
    return catalogue.task(task_id).subject if task_id in catalogue.task_ids() else "user"
