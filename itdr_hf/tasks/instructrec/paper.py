"""The figures that the paper publishes (arXiv 2305.07001, tables 6 to 11), under the names of this project.

What differs from ours: the paper's texts are written by text-davinci-003, the order of its candidates is not stated,
and GPT-3.5 was asked 500 instances, not all. Table 8's header says I1 where the text has I2, table 9's P0 I1 where the
experiment is P1 I0. Two rows of GPT-3.5 (P1-I1-T3 and P0-I2-T3) have an N@5 above what their hit rates allow: N@5 of
.5795 where .5775, and .8399 where .8323 is the most; `metrics.bounds.broken` names them.
"""

from __future__ import annotations

from collections.abc import Mapping

from itdr_hf.tasks.family import Result, Statistic

METRICS = ("H@1", "H@3", "H@5", "N@3", "N@5")
SEQREC, SEARCH, PERSEARCH = "seqrec-amazon2018", "search-amazon2018", "persearch-amazon2018"
# table, cell, setting, variant, model -> the figures of METRICS
ROWS: tuple[tuple[int, str, str, str, str, tuple[float, ...]], ...] = (
    (6, SEQREC, "P1-I0-T3", "ft", "BERT4Rec", (.5747, .8188, .9083, .7176, .7546)),
    (6, SEQREC, "P1-I0-T3", "ft", "SASRec", (.6663, .8741, .9389, .7887, .8155)),
    (6, SEQREC, "P1-I0-T3", "no-ft", "GPT-3.5", (.3640, .6300, .7300, .5216, .5623)),
    (6, SEQREC, "P1-I0-T3", "ft", "InstructRec", (.6947, .8793, .9429, .8033, .8295)),
    (7, PERSEARCH, "P1-P2-T3", "ft", "TEM", (.5005, .7368, .8462, .6383, .6833)),
    (7, PERSEARCH, "P1-P2-T3", "no-ft", "GPT-3.5", (.2740, .5500, .7000, .4366, .4979)),
    (7, PERSEARCH, "P1-P2-T3", "ft", "InstructRec", (.6959, .8806, .9452, .8045, .8312)),
    (7, PERSEARCH, "P1-I1-T3", "ft", "TEM", (.5723, .7860, .8712, .6974, .7325)),
    (7, PERSEARCH, "P1-I1-T3", "no-ft", "GPT-3.5", (.3660, .6360, .7566, .5256, .5795)),
    (7, PERSEARCH, "P1-I1-T3", "ft", "InstructRec", (.8278, .9444, .9741, .8971, .9094)),
    (7, PERSEARCH, "P1-I2-T3", "ft", "TEM", (.8665, .9149, .9293, .8954, .9013)),
    (7, PERSEARCH, "P1-I2-T3", "no-ft", "GPT-3.5", (.4580, .7240, .8100, .6138, .6499)),
    (7, PERSEARCH, "P1-I2-T3", "ft", "InstructRec", (.9269, .9868, .9951, .9631, .9665)),
    (8, SEARCH, "P0-I2-T3", "ft", "DSSM", (.7279, .9484, .9899, .8587, .8760)),
    (8, SEARCH, "P0-I2-T3", "no-ft", "GPT-3.5", (.6700, .9140, .9480, .8177, .8399)),
    (8, SEARCH, "P0-I2-T3", "ft", "InstructRec", (.8263, .9411, .9728, .8944, .9075)),
    (9, SEQREC, "P1-I0-T3", "hard negatives", "SASRec", (.0355, .3448, .5536, .2127, .2984)),
    (9, SEQREC, "P1-I0-T3", "hard negatives", "GPT-3.5", (.1100, .3480, .5020, .2481, .3113)),
    (9, SEQREC, "P1-I0-T3", "hard negatives", "InstructRec", (.1841, .4823, .6648, .3558, .4307)),
    (10, PERSEARCH, "P1-I1-T3", "100 candidates", "TEM", (.2794, .4484, .5284, .3777, .4106)),
    (10, PERSEARCH, "P1-I1-T3", "100 candidates", "InstructRec", (.3276, .7694, .8334, .5903, .6163)),
    (11, SEQREC, "P1-I0-T3", "CDs", "BERT4Rec", (.5867, .8226, .9114, .7249, .7615)),
    (11, SEQREC, "P1-I0-T3", "CDs", "SASRec", (.6713, .8754, .9428, .7915, .8194)),
    (11, SEQREC, "P1-I0-T3", "CDs", "GPT-3.5", (.1380, .3140, .4780, .2401, .3067)),
    (11, SEQREC, "P1-I0-T3", "CDs", "Flan-T5-XL", (.0927, .2886, .4814, .2035, .2823)),
    (11, SEQREC, "P1-I0-T3", "CDs", "InstructRec", (.2332, .4392, .6052, .3511, .4190)),
)  # fmt: skip


def cells() -> tuple[str, ...]:
    """Return the cells that have figures."""
    return (SEQREC, SEARCH, PERSEARCH)


def results(cell: str | None = None) -> tuple[Result, ...]:
    """Return the figures of one cell, or all; a metric names its setting, as H@1(P1-I1-T3)."""
    return tuple(
        Result(table=table, cell=name, metric=f"{metric}({setting})", model=model, variant=variant, value=value)
        for table, name, setting, variant, model, values in ROWS
        for metric, value in zip(METRICS, values, strict=True)
        if cell in (None, name)
    )


def totals(model: str, variant: str) -> Mapping[str, float]:
    """Return the scores that span cells: none."""
    return {}


def statistics() -> Mapping[str, Statistic]:
    """Return sizes and average tokens by cell: the paper has users, items and interactions, and none of these."""
    return {}


def test_sizes() -> Mapping[str, int]:
    """Return test examples by cell: of sequences, one of each user."""
    return {SEQREC: 50_546, PERSEARCH: 50_546}
