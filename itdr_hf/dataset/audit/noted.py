"""The audit of a dataset that is kept beside it: run once for a content and a version of the checks."""

from __future__ import annotations

from itdr_hf.dataset.audit.registry import audit
from itdr_hf.dataset.card import note_audit, noted_breaches
from itdr_hf.dataset.folder import Dataset
from itdr_hf.runtime.progress import OnProgress, ignore


def breaches_of(dataset: Dataset, *, progress: OnProgress = ignore) -> list[str]:
    """Return the breaches in a dataset, from the audit that was noted or from one that is run now, and noted.

    Raises UsageError for a folder that is no dataset.
    """
    noted = noted_breaches(dataset)
    if noted is not None:
        return noted
    report = audit(dataset, progress=progress)
    note_audit(dataset, report)
    return [str(finding) for finding in report.breaches]
