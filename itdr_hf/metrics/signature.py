"""Metric signatures: which definition a figure follows, in the manner of sacreBLEU (Post 2018).

`BLEU-1|nltk:3.10.4|tok:whitespace|smooth:method4|agg:corpus`: implementation and version, then the choices
that change the number. Figures with different signatures do not compare.
"""

from __future__ import annotations

from importlib import metadata

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
    "rp": ("itdr-hf", "of:lg-RMSE|agg:pooled"),
    "tkr": ("itdr-hf", "of:N@10,H@1,P@5|agg:example-weighted"),
    "cdr": ("itdr-hf", "of:N@10,H@1,P@5|agg:example-weighted"),
    "nir": ("itdr-hf", "of:H@1|agg:example-weighted"),
    "uap": ("itdr-hf", "of:ACC×5,lg-RMSE|agg:example-weighted"),
    "ir": ("itdr-hf", "of:BLEU-1,BLEU-2,ROUGE-1,ROUGE-2,ROUGE-L|agg:example-weighted"),
    "tui": ("itdr-hf", "of:BLEU-1,BLEU-2,ROUGE-1,ROUGE-2,ROUGE-L|agg:example-weighted"),
    "pUII": ("itdr-hf", "of:3·tkr,3·cdr,nir,−rp|over:8"),
    "pUIU": ("itdr-hf", "of:6·uap,5·ir,5·tui|over:16"),
}


def signature(metric: str) -> str:
    """The signature of a metric, an attribute's metric (`ACC(gender)`), a subtask score or a composite."""
    family = metric.partition("(")[0]
    if family not in _DEFINITIONS:
        raise unknown("metric", metric, _DEFINITIONS)
    package, choices = _DEFINITIONS[family]
    return f"{metric}|{package}:{_version(package)}|{choices}"


def _version(package: str) -> str:
    if package != "itdr-hf":
        return eval_version(package)
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:  # run from a checkout that is not installed
        return "source"
