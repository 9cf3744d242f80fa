"""An experiment as plain values: arms, how their data is made, published figures."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from itdr_hf.experiments.declaration import Experiment


def as_dict(experiment: Experiment) -> dict[str, Any]:
    """Return an experiment with every published figure of every arm."""
    return {
        "name": experiment.name,
        "title": experiment.title,
        "question": experiment.question,
        "family": experiment.family,
        "tables": list(experiment.tables),
        "cells": list(experiment.configs),
        "ways": list(experiment.ways),
        "seeds": experiment.seeds,
        "differs": list(experiment.differs),
        "arms": [
            {
                "name": arm.name,
                "title": arm.title,
                "tuned": arm.tuned,
                "optional": arm.optional,
                "against": arm.against,
                "data": asdict(arm.data),
                "asked": asdict(arm.questions),
                "paper": [vars(figure) for figure in experiment.published(arm)],
                "printed": [vars(score) for score in experiment.printed_scores(arm)],
            }
            for arm in experiment.arms
        ],
    }
