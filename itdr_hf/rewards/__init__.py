"""Reward answers in reinforcement learning by what `itdr score` measures: one function per kind of answer and metric.

Each function takes `completions` and the columns of the rows as TRL passes them, and returns a number for each row, higher
being better, or None for a row that it does not concern. What the answers say (`content`) and how they are written
(`formats`) are rewarded apart. `itdr_hf.rewards.verl` is the same for verl.
"""

from itdr_hf.rewards.contents import (
    attribute_accuracy,
    attribute_closeness,
    attribute_error,
    bleu_1,
    bleu_2,
    content,
    hit_at_1,
    hit_at_3,
    hit_at_5,
    ndcg_at_3,
    ndcg_at_5,
    ndcg_at_10,
    number_closeness,
    number_error,
    precision_at_5,
    rouge_1,
    rouge_2,
    rouge_l,
    yes_no,
)
from itdr_hf.rewards.formats import readable, written_as_asked
from itdr_hf.rewards.rows import use_sources_of

__all__ = [
    "attribute_accuracy",
    "attribute_closeness",
    "attribute_error",
    "bleu_1",
    "bleu_2",
    "content",
    "hit_at_1",
    "hit_at_3",
    "hit_at_5",
    "ndcg_at_3",
    "ndcg_at_5",
    "ndcg_at_10",
    "number_closeness",
    "number_error",
    "precision_at_5",
    "readable",
    "rouge_1",
    "rouge_2",
    "rouge_l",
    "use_sources_of",
    "written_as_asked",
    "yes_no",
]
