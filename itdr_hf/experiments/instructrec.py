"""The experiments of InstructRec (arXiv 2305.07001, section 4): tables 6 to 11, and the held-out scenario of figure 3."""

from __future__ import annotations

from collections.abc import Iterator

from itdr_hf.experiments.declaration import Arm, Data, Experiment
from itdr_hf.tasks.instructrec.paper import PERSEARCH, SEQREC, cells

FAMILY = "instructrec"
OURS = "InstructRec"
TUNED, UNTUNED = (OURS, "BERT4Rec", "SASRec", "TEM", "DSSM"), ("GPT-3.5", "Flan-T5-XL")  # the published models
DIFFERS = (
    "the paper tunes all weights of Flan-T5-XL on 252,730 instructions; here an adapter is tuned on a causal model",
    "intentions and preferences are by rule or by whichever teacher was asked; the paper's are by GPT-3.5",
    "GPT-3.5 was asked 500 instances, not all",
)
GAMES = Data(name="games", protocol="whole", configs=cells())


def experiments() -> Iterator[Experiment]:
    """Yield the experiments of the paper, in its order."""
    yield _experiment(
        "instructrec-main",
        "Tables 6 to 8: three scenarios",
        "Is one tuned model good at all scenarios?",
        tables=(6, 7, 8),
        arms=_both(GAMES, "ft", "no-ft"),
        configs=cells(),
    )
    yield _experiment(
        "instructrec-hard",
        "Table 9: hard negatives",
        "How good is it among items that a recommender would offer?",
        tables=(9,),
        arms=_both(_asked("games-hard", SEQREC, negative_sampling="co-occurrence"), "hard negatives"),
        configs=(SEQREC,),
        differs="the negatives are what a matcher retrieves: the paper's has two towers and is not described, ours counts "
        "which items train users have together",
    )
    yield _experiment(
        "instructrec-100",
        "Table 10: 100 candidates",
        "How good is it among a hundred items?",
        tables=(10,),
        arms=_both(_asked("games-100", PERSEARCH, negatives=99), "100 candidates"),
        configs=(PERSEARCH,),
        differs="ten groups of ten and a final of their best, as the paper; what loses is ranked by its score there",
    )
    yield _experiment(
        "instructrec-transfer",
        "Table 11: transfer from games to CDs",
        "Does it help where it was not tuned?",
        tables=(11,),
        arms=_both(_asked("cds", SEQREC, domain="CDs_and_Vinyl"), "CDs"),
        configs=(SEQREC,),
    )
    yield _experiment(
        "instructrec-held-out",
        "Figure 3: an intention that is only tested",
        "Does it help with intentions it never saw?",
        tables=(),
        arms=_both(_asked("games-without-i1", PERSEARCH, held_out="I1", forms="all"), "", trained_there=True),
        configs=(PERSEARCH,),
        differs="figure 3 shows no numbers, and its ladder of added kinds is not in the text; compare instructrec-main",
    )


def _experiment(
    name: str,
    title: str,
    question: str,
    *,
    tables: tuple[int, ...],
    arms: tuple[Arm, ...],
    configs: tuple[str, ...],
    differs: str = "",
) -> Experiment:
    return Experiment(
        name=name,
        title=title,
        question=question,
        family=FAMILY,
        tables=tables,
        arms=arms,
        paper_model=OURS,
        differs=(*DIFFERS, differs) if differs else DIFFERS,
        ways=("likelihood",),
        configs=configs,
    )


def _asked(name: str, cell: str, **build: object) -> Data:
    """Return the data of one cell that is built otherwise."""
    return Data(name=name, protocol="whole", configs=(cell,), build=build)


def _both(asked: Data, variant: str, untuned: str = "", *, trained_there: bool = False) -> tuple[Arm, Arm]:
    """Return a model as it is, and one tuned on games, or on the data that is asked."""
    trained = asked if trained_there else GAMES
    where = asked.name.replace("-", " ")
    return (
        Arm(
            name=f"no-ft-{asked.name}",
            title=f"as it is, asked on {where}",
            data=asked,
            tuned=False,
            variant=untuned or variant,
            models=UNTUNED,
        ),
        Arm(
            name=f"ft-{asked.name}",
            title=f"tuned on {trained.name.replace('-', ' ')}, asked on {where}",
            data=trained,
            asked=asked,
            variant=variant,
            models=TUNED,
            against=f"no-ft-{asked.name}",
        ),
    )
