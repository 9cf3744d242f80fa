"""The audit of a dataset that is kept beside it: run once for a content and a version of the checks."""

from __future__ import annotations

from collections.abc import Callable

from itdr_hf.dataset.audit.registry import audit
from itdr_hf.dataset.card import note_audit, noted_breaches
from itdr_hf.dataset.folder import Dataset


def breaches_of(dataset: Dataset, *, say: Callable[[str], None] = lambda text: None) -> list[str]:
    """Return the breaches in a dataset, from the audit that was noted or from one that is run now, and noted.

    Raises UsageError for a folder that is no dataset.
    """
    noted = noted_breaches(dataset)
    if noted is not None:
        return noted
    report = audit(dataset, say=say)
    note_audit(dataset, report)
    return [str(finding) for finding in report.breaches]
