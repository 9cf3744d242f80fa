"""The experiments of InstructRec (arXiv 2305.07001, section 4): tables 6 to 11, and the held-out scenario of figure 3."""

from __future__ import annotations

from collections.abc import Iterator

from itdr_hf.experiments.declaration import Arm, Data, Experiment
from itdr_hf.tasks.instructrec.paper import PERSEARCH, SEQREC, cells

FAMILY = "instructrec"
OURS, ASKED = "InstructRec", "GPT-3.5"  # the published model that is tuned, and the one that is only asked
DIFFERS = (
    "the paper tunes all weights of Flan-T5-XL on 252,730 instructions; here an adapter is tuned on a causal model",
    "intentions and preferences are by rule or by whichever teacher was asked; the paper's are by GPT-3.5",
    "GPT-3.5 was asked 500 instances, not all",
)
GAMES = Data(name="games", protocol="whole", configs=cells())
CDS = "CDs_and_Vinyl"


def experiments() -> Iterator[Experiment]:
    """Yield the experiments of the paper, in its order."""
    yield _experiment(
        "instructrec-main", "Tables 6 to 8: three scenarios", "Is one tuned model good at all scenarios?", (6, 7, 8),
        (*_both(GAMES, "ft", "no-ft", (), ()),), cells(),
    )  # fmt: skip
    yield _experiment(
        "instructrec-hard", "Table 9: hard negatives", "How good is it among items that are alike?", (9,),
        _both(Data(name="games-hard", protocol="whole", configs=(SEQREC,), build={"negative_sampling": "hard"}), "hard negatives", "hard negatives",
              (OURS,), (ASKED,)),
        (SEQREC,), "the paper's negatives are those of a two-tower matcher, which is not described",
    )  # fmt: skip
    yield _experiment(
        "instructrec-100", "Table 10: 100 candidates", "How good is it among a hundred items?", (10,),
        _both(Data(name="games-100", protocol="whole", configs=(PERSEARCH,), build={"negatives": 99}), "100 candidates", "100 candidates", (OURS,), ()),
        (PERSEARCH,), "ten groups of ten and a final of the ten best, as the paper; what loses its group is ranked by its score there",
    )  # fmt: skip
    yield _experiment(
        "instructrec-transfer", "Table 11: transfer from games to CDs", "Does it help where it was not tuned?", (11,),
        _both(Data(name="cds", protocol="whole", configs=(SEQREC,), build={"domain": CDS}), "CDs", "CDs", (OURS,), ("Flan-T5-XL", ASKED)),
        (SEQREC,),
    )  # fmt: skip
    held_out = Data(name="games-without-i1", protocol="whole", build={"held_out": "I1", "forms": "all"})
    yield _experiment(
        "instructrec-held-out", "Figure 3: a scenario that is only tested", "Does it help with intentions it never saw?",
        (), _both(held_out, "", "", (), ()), (PERSEARCH,),
        "figure 3 shows no numbers, and its ladder of added kinds is not in the text; compare with instructrec-main",
    )  # fmt: skip


def _experiment(
    name: str, title: str, question: str, tables: tuple[int, ...], arms: tuple[Arm, ...], configs: tuple[str, ...],
    *differs: str,
) -> Experiment:  # fmt: skip
    return Experiment(
        name=name, title=title, question=question, family=FAMILY, tables=tables, arms=arms, paper_model=OURS,
        differs=(*DIFFERS, *differs), ways=("likelihood",), configs=configs,
    )  # fmt: skip


def _both(
    asked: Data, tuned: str, untuned: str, models: tuple[str, ...], asked_models: tuple[str, ...]
) -> tuple[Arm, ...]:
    """Return a model as it is and tuned on games; the published models that are tuned and those that are only asked."""
    trained = asked if asked.build.get("held_out") else GAMES
    where = asked.name.replace("-", " ")
    return (
        Arm(
            name=f"no-ft-{asked.name}", title=f"as it is, asked on {where}", data=asked, tuned=False,
            variant=untuned if asked_models or not models else "", models=asked_models,
        ),
        Arm(
            name=f"ft-{asked.name}", title=f"tuned on {trained.name.replace('-', ' ')}, asked on {where}", data=trained,
            asked=asked, variant=tuned, models=models, against=f"no-ft-{asked.name}",
        ),
    )  # fmt: skip
