"""The experiments of RecLM (arXiv 2412.19302): its tables of recommenders with and without profiles, and its figure 2."""

from __future__ import annotations

from collections.abc import Iterator

from itdr_hf.experiments.declaration import Arm, Data, Experiment
from itdr_hf.models.recommenders.paper import DIFFERS, paper_ablation, paper_costs, paper_figures
from itdr_hf.models.recommenders.reclm import BACKBONES, VARIANTS
from itdr_hf.tasks.family import Result

LOG = Data(name="log", protocol="whole")
TITLES = {
    "base": "item texts alone",
    "without user profiles": "profiles of items",
    "without item profiles": "profiles of users",
    "augmented": "profiles of users and items",
}
SECONDS = "seconds per epoch"
BASE = "base"
WRITERS = {
    "distil": "tuned on the teacher's profiles (GPT_KD)",
    "naive": "then on dialogues of one turn (Naive)",
    "mask": "then on dialogues of two turns, with the loss on both answers (Mask)",
    "full": "then refined by a learned reward (RecLM)",
}


def experiments() -> Iterator[Experiment]:
    """Yield the tables of recommenders, then the ablation of the model that writes their profiles."""
    yield Experiment(
        name="reclm-tables",
        title="Tables 1 to 3: five recommenders, base and augmented by profiles",
        question="Do profiles of users and items make recommenders better, of unseen items too?",
        family="reclm",
        tables=(1, 2, 3),
        arms=tuple(_arm(backbone, variant) for backbone in BACKBONES for variant in VARIANTS),
        differs=(*DIFFERS, "the industrial data set of the paper is not public"),
        runner="recommenders",
        figures=figures,
    )
    yield Experiment(
        name="reclm-ablation",
        title="Figure 2: four ways to tune the model that writes the profiles",
        question="What does each stage of tuning give to a recommender that reads the profiles?",
        family="reclm",
        tables=(),
        arms=(_writer(BASE, TITLES["base"]), *(_writer(name, title) for name, title in WRITERS.items())),
        differs=(
            *DIFFERS,
            "figure 2 shows no numbers, and the paper does not say of which recommender it is; here of LightGCN",
            "Naive has one turn as in appendix 6.4; section 3.3 says that it has two",
            "the refinement is by RLOO where the paper has PPO; all stages are adapters of one base, nothing is merged",
        ),
        runner="profiles",
        figures=tuple,
    )


def figures() -> Iterator[Result]:
    """Yield the paper's figures: the cell is the data set, the model the recommender, the metric names its setting."""
    for (setting, data, backbone, variant, metric), value in paper_figures().items():
        yield _result(1, data, backbone, variant, f"{metric}, {setting}", value)
    for (data, backbone, variant, metric), value in paper_ablation().items():
        yield _result(2, data, backbone, variant, f"{metric}, full-shot", value)
    for (data, backbone), cost in paper_costs().items():
        yield _result(3, data, backbone, "base", SECONDS, cost.base)
        yield _result(3, data, backbone, "augmented", SECONDS, cost.augmented)


def _arm(backbone: str, variant: str) -> Arm:
    return Arm(
        name=f"{backbone} {variant}",
        title=TITLES[variant],
        data=LOG,
        tuned=False,
        variant=variant,
        models=(backbone,),
        against="" if variant == "base" else f"{backbone} base",
    )


def _writer(name: str, title: str) -> Arm:
    against = "" if name == BASE else BASE
    return Arm(name=name, title=title, data=LOG, tuned=name != BASE, models=("lightgcn",), against=against)


def _result(table: int, data: str, backbone: str, variant: str, metric: str, value: float) -> Result:
    return Result(table=table, cell=data, metric=metric, model=backbone, variant=variant, value=value)
