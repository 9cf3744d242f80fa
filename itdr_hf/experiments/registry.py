"""All experiments by name."""

from __future__ import annotations

from itdr_hf.errors import unknown
from itdr_hf.experiments import instructrec, itdr, reclm
from itdr_hf.experiments.declaration import Experiment


def experiments() -> dict[str, Experiment]:
    """Return all experiments by name, paper by paper."""
    found = (one for paper in (itdr, instructrec, reclm) for one in paper.experiments())
    return {one.name: one for one in found}


def experiment(name: str) -> Experiment:
    """Return the experiment with a name. Raises UsageError for an unknown one."""
    found = experiments()
    if name not in found:
        raise unknown("experiment", name, found)
    return found[name]
