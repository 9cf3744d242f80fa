"""Recipes: the paper's settings, ready-made models, files, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from itdr_hf.errors import UsageError
from itdr_hf.models.provenance import differing
from itdr_hf.models.train.recipe import PAPER, TrainRecipe, changed, preset, preset_of, read_recipe


def test_every_model_of_the_paper_has_a_preset_with_the_settings_of_its_section_4_2_3():
    assert len(PAPER) == 4
    for recipe in PAPER.values():
        assert (recipe.learning_rate, recipe.scheduler, recipe.epochs) == (1e-4, "cosine", 2)
        assert (recipe.batch, recipe.accumulation, recipe.precision, recipe.quantised) == (1, 8, "bf16", False)
        assert preset_of(recipe.model) == recipe


def test_a_recipe_read_back_from_its_own_record_is_the_same(tmp_path: Path):
    recipe = TrainRecipe(model="org/x", configs=("rp", "nir"), weights={"nir": 0.5}, packing=True, limit=3)
    cells = {"rp-yelp": {"content": "abc"}}
    (tmp_path / "recipe.json").write_text(json.dumps({"recipe": recipe.as_dict(), "dataset": {"cells": cells}}))
    assert read_recipe(tmp_path / "recipe.json") == (recipe, {"rp-yelp": "abc"})


def test_a_yaml_recipe_may_write_1e_4_as_people_do(tmp_path: Path):
    (tmp_path / "r.yaml").write_text("model: org/x\nlearning_rate: 2e-4\nconfigs: [rp]\n")
    recipe, content = read_recipe(tmp_path / "r.yaml")
    assert (recipe.learning_rate, recipe.configs, content) == (2e-4, ("rp",), {})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("model: x\nlr: 1\n", "no setting 'lr'"),
        ("rank: 4\n", "no model"),
        ("- a\n", "want fields of a recipe"),
        ("model: [\n", "want a recipe in YAML or JSON"),
    ],
)
def test_a_file_that_is_no_recipe_says_what_is_wrong(tmp_path: Path, text: str, message: str):
    (tmp_path / "r.yaml").write_text(text)
    with pytest.raises(UsageError, match=message):
        read_recipe(tmp_path / "r.yaml")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"batch": 0}, "batch 0"),
        ({"precision": "int3"}, "no precision 'int3'"),
        ({"weights": {"rp": -1.0}}, "weight -1.0"),
    ],
)
def test_a_setting_out_of_its_range_is_refused(changes: dict, message: str):
    with pytest.raises(UsageError, match=message):
        changed(TrainRecipe(model="x"), changes)


def test_an_unknown_preset_names_those_there_are():
    with pytest.raises(UsageError, match=r"no preset 'gpt'; have: glm-4-9b, .*flan-t5-xl, .*tiny"):
        preset("gpt")


def test_differences_names_the_settings_that_differ_and_no_others():
    one, two = TrainRecipe(model="x"), TrainRecipe(model="x", seed=3)
    assert list(differing(one.as_dict(), one.as_dict())) == []
    assert list(differing(one.as_dict(), two.as_dict())) == [("seed", 0, 3)]


def test_the_recipe_of_make_real_is_for_the_upper_half_of_the_layers():
    recipe, content = read_recipe(Path(__file__).parents[3] / "examples/smollm2-on-a-cpu.yaml")
    named = [name.split(".", 1) for name in recipe.targets.split(",")]
    assert {int(layer) for layer, _ in named} == set(range(15, 30)) and len(named) == 15 * 7
    assert not content and recipe.precision == "bf16" and not recipe.gradient_checkpointing
