"""Recommenders without a language model: fit one, rank every item, score the ranking.

    fit(name, train)      one of RECOMMENDERS, stopped on validation      Interactions, Features    arrays in
    split_by_user(…)      also by last items, by snapshots                Settings                  hyperparameters
    rank(scorer, users)   all items, those seen masked                    evaluate(ranking, test)   Recall, NDCG, HR, MRR

Everything but the training of a network works without torch (extra [recommend]).
"""

from itdr_hf.models.recommenders.checkpoints import load_recommender, save_recommender
from itdr_hf.models.recommenders.full_ranking import evaluate, rank
from itdr_hf.models.recommenders.interactions import Features, Interactions
from itdr_hf.models.recommenders.recommender import RECOMMENDERS, Fitted, fit
from itdr_hf.models.recommenders.settings import Settings
from itdr_hf.models.recommenders.splits import split_by_snapshots, split_by_user, split_leave_last

__all__ = [
    "RECOMMENDERS",
    "Features",
    "Fitted",
    "Interactions",
    "Settings",
    "evaluate",
    "fit",
    "load_recommender",
    "rank",
    "save_recommender",
    "split_by_snapshots",
    "split_by_user",
    "split_leave_last",
]
