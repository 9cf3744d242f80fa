"""The family of RecLM: which source feeds which task, and how many examples there are.

Numbers of MIND and Netflix are those of the published data: profiles and dialogues of its tuning, all users and items
otherwise. Where the paper and its code differ, or err, this family differs from both:

- the periods are named by their true dates (the Netflix release ends in 2005);
- "No" is an item that the user touched nowhere in the whole log, and both answers are shown by a neighbour's list;
- what is asked for is in no profile and in no list of the user;
- everything is drawn by stable hashes, and a last part of the first period is for validation.
"""

from __future__ import annotations

from itdr_hf.tasks.family import Family, Group

USERS = {"mind": 57_128, "netflix": 16_835}  # in both periods, as published
ITEMS = {"mind": 3_827, "netflix": 8_713}  # in the published descriptions
OTHER = 6_250  # examples on sources that the paper does not use
OTHERS = dict.fromkeys(("movielens32m", "amazon2023"), OTHER)

GRID: dict[str, dict[str, int]] = {
    "profile": {"mind": 1_694, "netflix": 1_530, **OTHERS},
    "dialogue": {"mind": 5_486, "netflix": 1_795, **OTHERS},
    "reward": {**USERS, **OTHERS},
    "inference": {**USERS, **OTHERS},
    "itemprofile": {**ITEMS, **OTHERS},
}
PUBLISHED = {  # of the two periods, the paper's Table 4
    "mind": {"users": 57_128, "train interactions": 89_734, "train items": 2_386, "test interactions": 87_974,
             "test items": 2_461, "items of both periods": 1_020},
    "netflix": {"users": 16_835, "train interactions": 1_655_395, "train items": 6_532, "test interactions": 1_307_051,
                "test items": 8_413, "items of both periods": 6_232},
}  # fmt: skip
CITATION = """@inproceedings{jiang2025reclm,
  title={RecLM: Recommendation Instruction Tuning},
  author={Jiang, Yangqin and Yang, Yuhao and Xia, Lianghao and Luo, Da and Lin, Kangyi and Huang, Chao},
  booktitle={Proceedings of the 63rd Annual Meeting of the Association for Computational Linguistics},
  year={2025}
}"""

FAMILY = Family(
    id="reclm",
    title="RecLM",
    version="1.0.0",
    package="itdr_hf.tasks.reclm",
    grid=GRID,
    groups=(Group(id="profiles", title="Profiles", tasks=("profile", "inference", "itemprofile")),),
    after="https://arxiv.org/abs/2412.19302",
    citation=CITATION,
    published_facts=PUBLISHED,
)
