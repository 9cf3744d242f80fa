"""An experiment described: where its published figures are from, and all of it as plain values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

from itdr_hf import catalogue
from itdr_hf.experiments.declaration import Experiment


def provenance(experiment: Experiment) -> Iterator[str]:
    """Yield where the published figures are from, which of them stand next to ours, and how models are asked."""
    family = catalogue.family(experiment.family)
    word = "table" if len(experiment.tables) == 1 else "tables"
    place = f"{word} {table_numbers(experiment.tables)}" if experiment.tables else "none of its tables"
    yield f"Paper: {family.title}, {family.after}, {place}"

    models = dict.fromkeys(figure.model for arm in experiment.arms for figure in experiment.published(arm))
    if models:
        yield f"Its models: {', '.join(models)}"
    if experiment.paper_model in models:
        yield f"A model that is none of these stands next to {experiment.paper_model}, or the first that an arm has"

    if experiment.runner == "models":
        asked = f"Asked by {' and by '.join(experiment.ways)}"
        asked += f"; {experiment.seeds} adapters an arm" if experiment.seeds > 1 else ""
        yield asked + (f"; beside it {', '.join(experiment.beside)}" if experiment.beside else "")


def table_numbers(numbers: Iterable[int]) -> str:
    """Return numbers of tables with those that follow on each other as a span: 6–8, 12."""
    spans: list[list[int]] = []
    for number in sorted(numbers):
        if spans and number == spans[-1][-1] + 1:
            spans[-1].append(number)
        else:
            spans.append([number])
    return ", ".join(f"{span[0]}–{span[-1]}" if len(span) > 1 else str(span[0]) for span in spans)


def as_dict(experiment: Experiment) -> dict[str, Any]:
    """Return an experiment with every published figure of every arm."""
    return {
        "name": experiment.name,
        "title": experiment.title,
        "question": experiment.question,
        "family": experiment.family,
        "paper": catalogue.family(experiment.family).after,
        "paper_model": experiment.paper_model,
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
