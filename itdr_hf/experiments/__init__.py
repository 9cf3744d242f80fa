"""The experiments of the papers: declared, run step by step, and put next to the published figures.

declaration   what an experiment is: data, arms, tables of the paper, what differs
itdr, instructrec, reclm   the declarations            registry   all of them by name
plan          from a declaration and options to steps, each a plain command
steps         data, train, predict, score: skipped when done for the same inputs, resumed after a kill
recommenders, plain_profiles   steps of the tables of recommenders
ablation      steps of models that write profiles for recommenders
results       figures of all arms next to the paper's     tables, plots   what is written of them
"""

from itdr_hf.experiments.declaration import Arm, Data, Experiment
from itdr_hf.experiments.lines import Results
from itdr_hf.experiments.options import Options
from itdr_hf.experiments.plan import Plan, plan
from itdr_hf.experiments.registry import experiment, experiments
from itdr_hf.experiments.results import collect
from itdr_hf.experiments.running import run

__all__ = [
    "Arm",
    "Data",
    "Experiment",
    "Options",
    "Plan",
    "Results",
    "collect",
    "experiment",
    "experiments",
    "plan",
    "run",
]
