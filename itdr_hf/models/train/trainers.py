"""Other people's trainers: how each takes the data, its config with our recipe, and its command.

Written for LLaMA-Factory 0.9.5, TRL 1.16, axolotl 0.21 and ms-swift 4.6. Where a trainer drops long rows without
a word, the export's page says so.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from itdr_hf.models.endpoint.batch import parted
from itdr_hf.models.train import lines
from itdr_hf.models.train.preference_files import llama_factory_ranking_files, trl_kto_files, trl_preference_files
from itdr_hf.models.train.recbole_files import recbole_files, write_recbole_sequences
from itdr_hf.models.train.recipe import TrainRecipe
from itdr_hf.models.train.rl_files import trl_grpo_files, verl_files
from itdr_hf.models.train.trainer_files import (
    axolotl_files,
    llama_factory_files,
    sharegpt_files,
    swift_files,
    trl_files,
)
from itdr_hf.prompts import to_alpaca, to_messages, to_prompt_completion

Form = Callable[[Any], Mapping[str, Any] | list[dict[str, Any]]]
Rows = Mapping[str, Sequence[Mapping[str, Any]]]


@dataclass(frozen=True, kw_only=True)
class Trainer:
    """One format: the lines of data for a plain base and for a chat model, files beside the data, the command.

    `learns` says what lines are made of: instructions with their answers, pairs of answers, or prompts alone.
    """

    title: str
    plain: Form
    chat: Form
    files: Callable[[TrainRecipe, bool], Mapping[str, str]]
    command: str
    note: str
    templated: bool = False  # puts the template of the model around every prompt, unless --plain is given
    template_option: str = ""  # of sft.yaml, for the path of another chat template than the model's
    shapes: frozenset[str] = frozenset()  # the shapes besides instructions that it takes as their rows are
    learns: Literal["answers", "pairs", "prompts"] = "answers"
    columns: tuple[str, ...] = ()  # of instructions, besides the usual ones
    conversation: Form | None = None  # what becomes of a conversation, if not its row as it is
    write: Callable[[Rows, Path], Mapping[str, int]] | None = None  # if not a file of JSON lines for each split
    tunes: bool = True  # a language model, by our recipe


def _nothing(recipe: TrainRecipe, chat: bool) -> dict[str, str]:
    return {}


def write_parquet(rows: Rows, draft: Path) -> dict[str, int]:
    """Write data/<split>.parquet for each split, every column of one type in all."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    (draft / "data").mkdir()
    schema = pa.Table.from_pylist([row for found in rows.values() for row in found]).schema
    for split, found in rows.items():
        pq.write_table(pa.Table.from_pylist(list(found), schema), draft / "data" / f"{split}.parquet")
    return {split: len(found) for split, found in rows.items()}


def write_requests(rows: Rows, draft: Path) -> dict[str, int]:
    """Write data/<split>-00001.jsonl and so on, each within the limits of a Batch API."""
    (draft / "data").mkdir()
    for split, found in rows.items():
        texts = [json.dumps(row, ensure_ascii=False).encode("utf-8", "replace") + b"\n" for row in found]
        for number, part in enumerate(parted(texts), 1):
            (draft / "data" / f"{split}-{number:05}.jsonl").write_bytes(b"".join(part))
    return {split: len(found) for split, found in rows.items()}


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
        chat=lines.prompt_completion_turns,
        files=trl_files,
        command="trl sft --config sft.yaml",
        template_option="chat_template_path",
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
        plain=lines.messages_plain,
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
    "sharegpt": Trainer(
        title="ShareGPT turns with a loss flag each, for axolotl",
        plain=lines.sharegpt,
        chat=lines.sharegpt,
        templated=True,
        files=sharegpt_files,
        command="axolotl train sft.yaml",
        shapes=frozenset({"conversation"}),
        conversation=lines.sharegpt,
        note="The loss is on the turns that say `train: true`, which axolotl heeds (`message_field_training`). "
        "LLaMA-Factory reads the same turns and trains on every answer, whatever the flag says, without a word; "
        "a row beyond `sequence_len` is an error here, where axolotl's default drops it.",
    ),
    "trl-grpo": Trainer(
        title="TRL's GRPO",
        plain=lines.grpo_plain,
        chat=lines.grpo_turns,
        conversation=lines.grpo_conversation,
        files=trl_grpo_files,
        command="trl grpo --config grpo.yaml",
        learns="prompts",
        columns=lines.READ_WITH,
        shapes=frozenset({"conversation"}),
        note="The rewards are `itdr_hf.rewards`, which the environment of TRL must have installed; format and content "
        "have weights of their own. A row that a reward does not concern sits out of it. A prompt longer than the "
        "model's context is not refused, and an answer that reaches `max_completion_length` is rewarded as it stands: "
        "watch `completions/clipped_ratio`.",
    ),
    "trl-preference": Trainer(
        title="TRL's DPO and reward trainer",
        plain=lines.preference_plain,
        chat=lines.preference_turns,
        files=trl_preference_files,
        command="trl dpo --config dpo.yaml",
        learns="pairs",
        columns=lines.READ_WITH,
        shapes=frozenset({"preference"}),
        note="`trl reward --config reward.yaml` trains a reward model on the same lines. DPO drops a row whose prompt "
        "alone fills `max_length` and cuts longer answers at their end, the reward trainer drops a row of which one side "
        "is longer; neither says so: compare the number of rows.",
    ),
    "trl-kto": Trainer(
        title="TRL's KTO",
        plain=lines.kto_plain,
        chat=lines.kto_turns,
        files=trl_kto_files,
        command="trl kto --config kto.yaml",
        learns="pairs",
        columns=lines.READ_WITH,
        shapes=frozenset({"preference"}),
        note="Each pair is two lines, a wanted and an unwanted answer. A row whose prompt alone fills `max_length` is "
        "dropped, and a longer answer cut at its end, without a word. KTO needs at least two lines a device.",
    ),
    "llama-factory-ranking": Trainer(
        title="LLaMA-Factory's DPO",
        templated=True,
        plain=lines.ranking_plain,
        chat=lines.ranking_alpaca,
        files=llama_factory_ranking_files,
        command="llamafactory-cli train dpo.yaml",
        learns="pairs",
        columns=lines.READ_WITH,
        shapes=frozenset({"preference"}),
        note="`ranking: true` in dataset_info.json makes pairs of the lines; set `stage: rm` for a reward model. Rows beyond "
        "`cutoff_len` are cut without a word. It needs an environment of its own.",
    ),
    "verl": Trainer(
        title="verl",
        templated=True,
        plain=lines.verl_row,
        chat=lines.verl_row,
        files=verl_files,
        command="sh grpo.sh",
        learns="prompts",
        columns=lines.READ_WITH,
        write=write_parquet,
        note="reward.py is `itdr_hf.rewards.verl`, which every worker must have installed. Prompts beyond "
        "`data.max_prompt_length` are dropped: verl prints how many are left (`filter dataset len`), no more. It always "
        "puts the chat template around a prompt, so that a plain base needs one. Further settings may follow `sh grpo.sh`.",
    ),
    "openai-batch": Trainer(
        title="the Batch API of OpenAI and others",
        templated=True,
        plain=lines.batch_request,
        chat=lines.batch_request,
        files=_nothing,
        command='curl "$OPENAI_BASE_URL/files" -H "Authorization: Bearer $OPENAI_API_KEY" -F purpose=batch '
        "-F file=@data/test-00001.jsonl",
        learns="prompts",
        write=write_requests,
        note="Requests alone, each named by the id of its example, in files of at most 50,000 rows and 200 MB; `model` is "
        "what --model says. A batch drops what it does not finish in its window into its error file, without a word in "
        "the output: count the lines. `itdr predict --batch` does all of this, collects the answers and asks for the rest.",
    ),
    "recbole": Trainer(
        title="RecBole",
        plain=dict,
        chat=dict,
        files=recbole_files,
        command='python -c "from recbole.quick_start import run_recbole; '
        "run_recbole(model='SASRec', dataset='itdr', config_file_list=['recbole.yaml'])\"",
        columns=(*lines.READ_WITH, "user"),
        write=write_recbole_sequences,
        note="Histories and what came next, a line for each positive; no candidates, since RecBole ranks all items. "
        "Histories beyond `MAX_ITEM_LIST_LENGTH` lose their beginning without a word, and titles are no identifiers: two "
        "items of one title are one. It needs an environment of its own: RecBole 1.2.1 runs with numpy below 2 and pandas "
        "below 3, and imports ray.",
        tunes=False,
    ),
}
