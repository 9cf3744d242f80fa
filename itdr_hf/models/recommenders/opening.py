"""Open a baseline by its name: of the windows that prompts show, or of the full logs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from itdr_hf.dataset.folder import Dataset
from itdr_hf.errors import UsageError
from itdr_hf.models.recommenders.baselines import BASELINES, Baseline

if TYPE_CHECKING:
    from itdr_hf.models.recommenders.log_baselines import LogBaseline


def open_baseline(command: str, name: str, dataset: Dataset, raw: Path | None, seed: int = 0) -> Baseline | LogBaseline:
    """Return a baseline. Raises UsageError, naming the command, for one of the full logs without raw releases."""
    if name in BASELINES:
        return Baseline(name=name, dataset=dataset, seed=seed)
    if raw is None:
        raise UsageError(f"{command}: {name} without logs; want --raw, the raw releases the dataset was built from")
    from itdr_hf.models.recommenders.log_baselines import LogBaseline
    from itdr_hf.models.recommenders.threads import one_thread

    one_thread()
    return LogBaseline(name=name, dataset=dataset, raw=raw, seed=seed)
