"""The family of InstructRec: which source feeds which scenario, and how many examples there are.

The paper publishes users, items and interactions, and no number of examples. On its own data the default numbers take
everything: one training example of every user or item, and in validation and test one of every setting.
"""

from __future__ import annotations

from typing import Any

from itdr_hf.tasks.family import Family
from itdr_hf.tasks.instructrec import paper

USERS, ITEMS = 50_546, 16_859  # of the 5-core of Video Games, as published
OTHER = 6_250  # examples on sources that the paper does not use
TIMED = ("movielens32m", "microlens", "pixelrec", "mind", "lastfm1k", "yelp", "steam", "amazonbooks")

GRID: dict[str, dict[str, int]] = {
    "seqrec": {"amazon2018": 3 * USERS, "amazon2023": OTHER, **dict.fromkeys(TIMED, OTHER)},
    "search": {"amazon2018": 2 * ITEMS, "amazon2023": OTHER},
    "persearch": {"amazon2018": 7 * USERS, "amazon2023": OTHER},
    "preference": {},  # built on request, for `itdr annotate`: the texts that the scenarios quote
    "intention": {},
}
# The paper trains and tests on Video Games; CDs and vinyl are for transfer: build with --domain CDs_and_Vinyl.
OVERRIDES: dict[str, dict[str, Any]] = {f"{task}-amazon2018": {"domain": "Video_Games"} for task in GRID}
OVERRIDES["preference-amazon2018"]["num_examples"] = 3 * USERS  # views
OVERRIDES["intention-amazon2018"]["num_examples"] = 2 * 3 * USERS  # views and splits
# Of the paper's table of data; the interactions before the cut to 20 are those of a later paper by some of its authors
# (arXiv 2311.09049), which has the same users.
PUBLISHED_FACTS = {
    "amazon2018": {
        "users of the 5-core, Video Games": USERS,
        "items of the 5-core, Video Games": ITEMS,
        "interactions of the 5-core, Video Games": 452_989,
        "newest 20 of each user of the 5-core, Video Games": 410_907,
        "users of the 5-core, CDs and Vinyl": 93_652,
        "items of the 5-core, CDs and Vinyl": 63_929,
        "newest 20 of each user of the 5-core, CDs and Vinyl": 871_883,
    }
}
CITATION = """@article{zhang2025recommendation,
  title={Recommendation as Instruction Following: A Large Language Model Empowered Recommendation Approach},
  author={Zhang, Junjie and Xie, Ruobing and Hou, Yupeng and Zhao, Xin and Lin, Leyu and Wen, Ji-Rong},
  journal={ACM Transactions on Information Systems},
  year={2025},
  doi={10.1145/3708882}
}"""

FAMILY = Family(
    id="instructrec",
    title="InstructRec",
    version="2.0.0",
    package="itdr_hf.tasks.instructrec",
    grid=GRID,
    overrides=OVERRIDES,
    after="https://arxiv.org/abs/2305.07001",
    citation=CITATION,
    published=paper,
    published_facts=PUBLISHED_FACTS,
)
