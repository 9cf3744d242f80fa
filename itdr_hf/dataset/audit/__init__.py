"""The audit: does a dataset leak, repeat itself, give its answers away? One small function per check.

`audit(folder)` takes a dataset folder of ours or the authors' released Alpaca files, and gives a Report whose
findings are breaches (the data must not be used so), warnings (one should know) or infos (figures).
"""

from itdr_hf.dataset.audit.findings import Finding, Report
from itdr_hf.dataset.audit.registry import CHECKS, audit

__all__ = ["CHECKS", "Finding", "Report", "audit"]
