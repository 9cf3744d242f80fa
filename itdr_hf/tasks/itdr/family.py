"""The grid of ITDR: which source feeds which task, and the published size. The one list.

Sizes: the paper's Table 5.
"""

from __future__ import annotations

from typing import Any

from itdr_hf.tasks.family import Family, Group
from itdr_hf.tasks.itdr import paper
from itdr_hf.tasks.itdr.composite import ITDR

GRID: dict[str, dict[str, int]] = {
    "rp": {"movielens32m": 6250, "bookcrossing": 4623, "anime2023": 6250, "yelp": 5707},
    "tkr": {
        "amazon2023": 5276, "movielens32m": 6250, "microlens": 6250, "pixelrec": 6250, "amazonbooks": 6250,
        "mind": 6250, "anime2023": 6250,
    },
    "cdr": {"amazon2023": 4118},
    "nir": {"amazon2023": 5830, "microlens": 6250, "movielens32m": 6250, "pixelrec": 6250},
    "uap": {"lastfm1k": 943, "lastfm360k": 6250, "anime2023": 6250, "bookcrossing": 6250, "movielens1m": 6040},
    "ir": {"amazonbooks": 6250, "anime2023": 6250, "steam": 6228},
    "tui": {
        "amazon2023": 6300, "bookcrossing": 6250, "anime2023": 6250, "steam": 6250, "yelp": 6250,
        "microlens": 6250, "pixelrec": 6250, "movielens32m": 6250, "mind": 6250,
    },
}  # fmt: skip


# Recipe fields in which a cell differs from its task's defaults, and why: so that its prompts say about as much as the
# paper's do (its Table 5), as far as the release has it. docs/cells.md has the tokens of all cells next to the paper's.
OVERRIDES: dict[str, dict[str, Any]] = {
    # The release has about 50 artists a listener, and the paper's prompts (267 tokens) have room for all of them.
    "uap-lastfm360k": {"history": 50},
    # As many songs: with their artists they take the paper's 590 tokens; artists alone would take half of that.
    "uap-lastfm1k": {"history": 50},
    # 572 tokens: as many anime, each with its genres.
    "uap-anime2023": {"history": 50},
    # 324 tokens for ten businesses: there is room for their categories.
    "rp-yelp": {"details": True},
    # 307 tokens for titles with genres: ten of them, not five.
    "nir-movielens32m": {"history": 10},
    # 1,675 tokens for six books: whole reviews, and what the books are about.
    "ir-amazonbooks": {"details": True, "max_chars": 2000},
    # 565 tokens for six anime without reviews: their synopses.
    "ir-anime2023": {"details": True, "max_chars": 400},
    # 802 tokens for six games: what the shop says of them too.
    "ir-steam": {"details": True},
    # 476 and 573 tokens: more reviews.
    "tui-steam": {"reviews": 5},
    "tui-yelp": {"reviews": 5},
}


GROUPS = (
    Group(id="uii", title="User–item interaction", tasks=("rp", "tkr", "cdr", "nir")),
    Group(id="uiu", title="User–item understanding", tasks=("uap", "ir", "tui")),
)

COLOURS = {
    "uii": ("#2463a8", "#6aa5e6"),
    "uiu": ("#b4522a", "#e59467"),
    "rp": ("#3f6fd1", "#7f9ff0"),
    "tkr": ("#1f87b8", "#58b6e0"),
    "cdr": ("#5b54c4", "#9d97f2"),
    "nir": ("#168f86", "#4cc4ba"),
    "uap": ("#c9612b", "#ef9a68"),
    "ir": ("#b8476f", "#e886a8"),
    "tui": ("#b8871a", "#e0b554"),
}

CITATION = """@article{liu2025itdr,
  title={ITDR: An Instruction Tuning Dataset for Enhancing Large Language Models in Recommendations},
  author={Liu, Zekun and Huang, Xiaowen and Sang, Jitao},
  journal={arXiv preprint arXiv:2508.05667},
  year={2025}
}"""

FAMILY = Family(
    id="itdr",
    title="ITDR",
    version="2.0.0",
    package="itdr_hf.tasks.itdr",
    grid=GRID,
    overrides=OVERRIDES,
    groups=GROUPS,
    composites=ITDR,
    after="https://arxiv.org/abs/2508.05667",
    citation=CITATION,
    colours=COLOURS,
    published=paper,
)
