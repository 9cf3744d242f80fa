"""Other people's trainers: how each takes the data, its config with our recipe, and its command.

Written for LLaMA-Factory 0.9.5, TRL 1.16, axolotl 0.21 and ms-swift 4.6. Where a trainer drops long rows without
a word, the export's page says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from itdr_hf.models.train.recipe import TrainRecipe
from itdr_hf.models.train.trainer_files import axolotl_files, llama_factory_files, swift_files, trl_files
from itdr_hf.prompts import to_alpaca, to_messages, to_prompt_completion

Shape = Callable[[Mapping[str, str]], Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Trainer:
    """One format: a line of data for a plain base and for a chat model, files beside the data, the command."""

    title: str
    plain: Shape
    chat: Shape
    files: Callable[[TrainRecipe, bool], Mapping[str, str]]
    command: str
    note: str
    templated: bool = False  # puts the template of the model around every prompt, unless --plain is given
    shapes: frozenset[str] = frozenset()  # the shapes besides instructions that it takes as their rows are


def messages_plain(row: Mapping[str, str]) -> dict[str, Any]:
    """Return turns whose prompt ends in the line break that a base without a chat template is asked with."""
    pair = to_prompt_completion(row)
    turns = [{"role": "user", "content": pair["prompt"]}, {"role": "assistant", "content": pair["completion"]}]
    return {"messages": turns}


def prompt_completion_turns(row: Mapping[str, str]) -> dict[str, Any]:
    """TRL's conversational form: the user's turn as prompt, the assistant's as completion."""
    asked, answer = to_messages(row)["messages"]
    return {"prompt": [asked], "completion": [answer]}


def _nothing(recipe: TrainRecipe, chat: bool) -> dict[str, str]:
    return {}


LOAD = 'python -c \'import datasets; print(datasets.load_dataset("json", data_dir="data"))\''
TRAINERS = {
    "llama-factory": Trainer(
        title="LLaMA-Factory",
        templated=True,
        plain=to_prompt_completion,
        chat=to_alpaca,
        files=llama_factory_files,
        command="llamafactory-cli train sft.yaml",
        note="The paper's trainer. It joins instruction and input with a line break, as we do, and puts the model's "
        "template around them; the paper names none, so `template` is the model's own. Ask the tuned model through "
        "the same template. Rows beyond `cutoff_len` are cut without a word. It needs an environment of its own.",
    ),
    "trl": Trainer(
        title="TRL",
        plain=to_prompt_completion,
        chat=prompt_completion_turns,
        files=trl_files,
        command="trl sft --config sft.yaml",
        shapes=frozenset({"conversation", "preference"}),
        note="The loss is on the completion. Rows whose completion lies beyond `max_length` are dropped without a "
        "word: compare the number of rows it reports.",
    ),
    "axolotl": Trainer(
        title="axolotl",
        plain=to_prompt_completion,
        chat=to_messages,
        files=axolotl_files,
        command="axolotl train sft.yaml",
        note="A row beyond `sequence_len` is an error here (`excess_length_strategy: raise`); axolotl's default "
        "drops it without a word. It needs an environment of its own.",
    ),
    "ms-swift": Trainer(
        title="ms-swift",
        plain=messages_plain,
        chat=to_messages,
        files=swift_files,
        command="sh sft.sh",
        note="Rows beyond `--max_length` are deleted without a word: compare the number of rows it reports. The adapter "
        "is the last `adapter/checkpoint-…`. It needs an environment of its own.",
    ),
    "messages": Trainer(
        title="chat messages",
        plain=to_messages,
        chat=to_messages,
        files=_nothing,
        command=LOAD,
        note="A user's and an assistant's turn a line, for whatever takes messages.",
    ),
    "jsonl": Trainer(
        title="JSON lines",
        plain=to_alpaca,
        chat=to_alpaca,
        files=_nothing,
        command=LOAD,
        note="instruction, input and output as flat strings, which every version of every reader takes.",
    ),
}
