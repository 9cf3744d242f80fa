"""Candidates ranked by likelihood: the prompt is computed once, and the scores are those of one pass for each."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from itdr_hf.errors import UsageError  # noqa: E402
from itdr_hf.models.predict.likelihood import Likelihood, brute_force, tournament  # noqa: E402
from itdr_hf.models.predict.predictions import Run  # noqa: E402

RUN = Run(model="tiny", revision="", settings={"seed": 0})
TITLES = ["Halo", "Halo 3", "A", "The Legend of a Very Long Title, Part II", "Zelda: Ocarina", "Kart"]


class Letters:
    """A tokenizer of letters: enough for a model with random weights."""

    eos_token_id = 1
    chat_template = None

    def __call__(self, text: str, **_: object) -> dict[str, list[int]]:
        return {"input_ids": [2 + ord(letter) % 60 for letter in text]}


def system(kind: str, normalise: str = "sum") -> Likelihood:
    torch.manual_seed(0)
    if kind == "t5":
        config = transformers.T5Config(
            vocab_size=64, d_model=32, d_kv=8, d_ff=64, num_layers=2, num_heads=4, decoder_start_token_id=0
        )
        model = transformers.T5ForConditionalGeneration(config)
    else:
        config = transformers.LlamaConfig(
            vocab_size=64, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
            num_key_value_heads=2, max_position_embeddings=512,
        )  # fmt: skip
        model = transformers.LlamaForCausalLM(config)
    return Likelihood(model.eval(), Letters(), RUN, normalise=normalise)  # type: ignore[arg-type]


PROMPT = [2 + n % 60 for n in range(150)]


@pytest.mark.parametrize("normalise", ["sum", "mean"])
@pytest.mark.parametrize("kind", ["llama", "t5"])
def test_scores_on_a_shared_prompt_are_those_of_one_pass_for_each_candidate(kind, normalise):
    asked = system(kind, normalise)
    assert asked.scores(PROMPT, TITLES) == pytest.approx(list(brute_force(asked, PROMPT, TITLES)), abs=1e-4)


def test_a_single_one_token_candidate_is_scored_too():
    asked = system("llama")
    assert asked.scores(PROMPT, [""]) == pytest.approx(list(brute_force(asked, PROMPT, [""])), abs=1e-4)


def test_how_scores_are_normalised_makes_another_system_and_another_choice_is_an_error():
    assert system("llama").run.settings == {"seed": 0, "by": "likelihood", "normalise": "sum"}
    assert system("llama", "mean").run != system("llama").run
    with pytest.raises(UsageError, match="normalise='first'; want one of sum, mean"):
        system("llama", "first")


def by_length(titles: Sequence[str]) -> list[float]:
    return [float(len(title)) for title in titles]


def test_equals_are_ranked_by_title_whatever_their_place():
    assert tournament(["b", "a", "ccc"], by_length) == tournament(["a", "ccc", "b"], by_length) == ["ccc", "a", "b"]


def test_a_hundred_candidates_meet_in_ten_groups_and_a_final():
    titles = ["x" * n for n in range(1, 101)]
    asked: list[int] = []

    def counted(group: Sequence[str]) -> list[float]:
        asked.append(len(group))
        return by_length(group)

    ranked = tournament(titles, counted)
    assert asked == [10] * 11
    assert len(set(ranked)) == 100 and len(ranked[0]) == 100
    assert [len(title) for title in ranked[:10]] == [100, 90, 80, 70, 60, 50, 40, 30, 20, 10]  # winners of the groups
