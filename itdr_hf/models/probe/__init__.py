"""Ask a model what it knows of a release by heart: titles by their ids, histories by their first items."""

from itdr_hf.models.probe.known import Known, measure
from itdr_hf.models.probe.questions import Probe, history_probes, title_probes

__all__ = ["Known", "Probe", "history_probes", "measure", "title_probes"]
