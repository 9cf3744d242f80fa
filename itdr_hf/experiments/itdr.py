"""The experiments of ITDR (arXiv 2508.05667, section 4): research questions 1 to 6, and one real model on real data."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from itdr_hf import catalogue
from itdr_hf.experiments.declaration import Arm, Data, Experiment, Printed
from itdr_hf.tasks.itdr import paper

FAMILY = "itdr"
MAIN, ROOTS, TASKS, CLOSED = (6, 7, 8), (9, 10, 11), (12, 13, 14), (15, 16, 17)  # tables of appendix E
OPEN = "GLM-4-9B"  # the model of the ablations, and the only one of some tables

SAMPLE = Data(name="sample")
UNTUNED = Arm(name="no-ft", title="as it is", data=SAMPLE, tuned=False, variant="no-ft")
TUNED = Arm(name="ft", title="tuned on all tasks", data=SAMPLE, variant="ft", against="no-ft")
LEAKY = Arm(
    name="ft-by-example",
    title="tuned and asked on a sample split by example, as the paper describes it: users are in both",
    data=Data(name="sample-by-example", protocol="example"),
    optional=True,
)
DIFFERS = (
    "the sample: a fifth of each cell, 80/20 as the paper's, but nobody is in both train and test, and train users "
    "give a validation split (--split-by example splits as the paper describes it)",
    "prompts and task descriptions are in words of our own, and the answers to IR and TUI are by rule or by whichever "
    "teacher was asked",
    "the paper says nothing of LoRA's rank, of the prompts' templates and of decoding: see the recipe and the predictions",
)


def experiments() -> Iterator[Experiment]:
    """Yield the experiments of the paper, in its order."""
    yield Experiment(
        name="itdr-main",
        title="RQ1: four open models, tuned and untuned",
        question="Does tuning on ITDR make a language model better at each of its tasks?",
        family=FAMILY,
        tables=MAIN,
        arms=(UNTUNED, TUNED, LEAKY),
        paper_model=OPEN,
        differs=DIFFERS,
    )
    yield Experiment(
        name="itdr-roots",
        title="RQ2: either root task left out of tuning",
        question="Do interactions help understanding, and the other way round?",
        family=FAMILY,
        tables=(*MAIN, *ROOTS),
        arms=(UNTUNED, TUNED, *(_without(group.id) for group in catalogue.family(FAMILY).groups)),
        paper_model=OPEN,
        differs=DIFFERS,
    )
    yield Experiment(
        name="itdr-leave-out",
        title="RQ3: each task left out of tuning in turn",
        question="What does a task give to the others? (Table 1)",
        family=FAMILY,
        tables=(*MAIN, *TASKS),
        arms=(UNTUNED, TUNED, *(_without(task) for task in catalogue.family(FAMILY).task_ids)),
        paper_model=OPEN,
        differs=(*DIFFERS, "Table 1 prints scores that its own cells do not give in places; both are shown"),
        printed=partial(_printed, 1),
    )
    yield Experiment(
        name="itdr-descriptions",
        title="RQ4: without task descriptions",
        question="Do task descriptions help? (Table 2)",
        family=FAMILY,
        tables=(*MAIN, *TASKS),
        arms=(UNTUNED, TUNED, _bare("train"), _bare("all")),
        paper_model=OPEN,
        differs=(*DIFFERS, "the paper does not say whether its test prompts had descriptions: both ways are run"),
        printed=partial(_printed, 2),
    )
    yield Experiment(
        name="itdr-scale",
        title="RQ5: a quarter, a half, three quarters and all of the training data",
        question="How much does more data give?",
        family=FAMILY,
        tables=MAIN,
        arms=(UNTUNED, *(_part(percent) for percent in (25, 50, 75)), TUNED),
        paper_model=OPEN,
        differs=(*DIFFERS, "each part holds the smaller ones, and every cell gives its share"),
    )
    yield Experiment(
        name="itdr-closed",
        title="RQ6: closed models, through a server",
        question="How good are large closed models that were not tuned?",
        family=FAMILY,
        tables=CLOSED,
        arms=(UNTUNED,),
        paper_model="GPT-3.5-Turbo",
        differs=(*DIFFERS, "models behind a name change; predictions record the model and the date"),
        served=True,
    )
    yield Experiment(
        name="itdr-real",
        title="One small real model on real data",
        question="What does a small model learn from a few hundred people on a CPU?",
        family=FAMILY,
        tables=MAIN,
        arms=(_on_whole(UNTUNED), _on_whole(TUNED)),
        paper_model=OPEN,
        ways=("generation", "likelihood"),
        seeds=3,
        beside=("baseline:popular", "baseline:popular-log", "baseline:lightgcn"),
        differs=(
            "a slice of the release, a small model and few examples: the paper's figures show the size of things",
        ),
    )


def _without(name: str) -> Arm:
    return Arm(
        name=f"ft-without-{name.upper()}",
        title=f"tuned without {name.upper()}",
        data=Data(name=f"sample-without-{name}", left_out=(name,)),
        variant=f"ft-without-{name.upper()}",
        against="ft",
    )


def _part(percent: int) -> Arm:
    return Arm(
        name=f"ft-{percent}%",
        title=f"tuned on {percent} % of the examples of every cell",
        data=Data(name=f"sample-{percent}-percent", share=percent / 100),
        variant=f"ft-{percent}%",
        against="ft",
    )


def _bare(where: str) -> Arm:
    everywhere = where == "all"
    return Arm(
        name="ft-without-task-descriptions" + ("-at-all" if everywhere else ""),
        title=f"tuned without task descriptions, asked {'without them' if everywhere else 'with them'}",
        data=Data(name=f"sample-bare-{where}", blanked="all" if everywhere else "train"),
        variant="ft-without-task-descriptions",
        against="" if everywhere else "ft",
    )


def _on_whole(arm: Arm) -> Arm:
    return Arm(
        name=arm.name,
        title=arm.title,
        data=Data(name="whole", protocol="whole"),
        tuned=arm.tuned,
        variant=arm.variant,
        against=arm.against,
    )


def _printed(table: int) -> Iterator[Printed]:
    """Yield Table 1 or 2: the score of each task."""
    for score in (one for one in paper.subtask_scores() if one.table == table):
        yield Printed(table=score.table, metric=score.subtask, model=OPEN, variant=score.variant, value=score.value)
