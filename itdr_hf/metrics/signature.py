"""Metric signatures: which definition a figure follows, in the manner of sacreBLEU (Post 2018).

`BLEU-1|nltk:3.10.4|tok:whitespace|smooth:method4|agg:corpus`: implementation and version, then the choices
that change the number. Figures with different signatures do not compare.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import metadata
from types import MappingProxyType

from itdr_hf.errors import unknown
from itdr_hf.metrics.optional import eval_version

_RANKING = "list:first-of-each,candidates-only"
_BLEU = "tok:whitespace|smooth:method4|refs:1|agg:corpus"
_ROUGE = "tok:rouge_score|stem:porter|refs:1|agg:mean-f"
_DEFINITIONS = {
    "N@10": ("itdr-hf", f"{_RANKING}|gain:binary|ideal:all-positives|agg:mean"),
    "H@1": ("itdr-hf", f"{_RANKING}|agg:mean"),
    "P@5": ("itdr-hf", f"{_RANKING}|over:5|agg:mean"),
    "RMSE": ("itdr-hf", "agg:pooled"),
    "ACC": ("itdr-hf", "match:casefold,whitespace|agg:mean"),
    "BLEU-1": ("nltk", _BLEU),
    "BLEU-2": ("nltk", _BLEU),
    "ROUGE-1": ("rouge_score", _ROUGE),
    "ROUGE-2": ("rouge_score", _ROUGE),
    "ROUGE-L": ("rouge_score", _ROUGE),
    **{f"N@{k}": ("itdr-hf", f"{_RANKING}|gain:binary|ideal:all-positives|agg:mean") for k in (1, 3, 5)},
    **{f"H@{k}": ("itdr-hf", f"{_RANKING}|agg:mean") for k in (3, 5)},
}


def signature(metric: str, composites: Mapping[str, str] = MappingProxyType({})) -> str:
    """Return the signature of a metric or of an attribute's metric (`ACC(gender)`).

    `composites` maps the scores that span cells to how they are made. Raises UsageError for an unknown metric.
    """
    known = {**_DEFINITIONS, **{name: ("itdr-hf", choices) for name, choices in composites.items()}}
    named = metric.partition("(")[0]
    if named not in known:
        raise unknown("metric", metric, known)
    package, choices = known[named]
    return f"{metric}|{package}:{_version(package)}|{choices}"


def _version(package: str) -> str:
    if package != "itdr-hf":
        return eval_version(package)
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:  # run from a checkout that is not installed
        return "source"
