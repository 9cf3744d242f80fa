"""What a row becomes in the data of a trainer: one line or several, as turns or as plain texts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from itdr_hf.prompts import to_messages, to_prompt_completion

READ_WITH = ("history", "candidates", "targets", "target_names", "template")  # what rewards read answers with
Line = Mapping[str, Any]


def messages_plain(row: Line) -> dict[str, Any]:
    """Return turns whose prompt ends in the line break that a base without a chat template is asked with."""
    pair = to_prompt_completion(row)
    turns = [{"role": "user", "content": pair["prompt"]}, {"role": "assistant", "content": pair["completion"]}]
    return {"messages": turns}


def prompt_completion_turns(row: Line) -> dict[str, Any]:
    """TRL's conversational form: the user's turn as prompt, the assistant's as completion."""
    asked, answer = to_messages(row)["messages"]
    return {"prompt": [asked], "completion": [answer]}


# prompts, to which answers are made in training


def grpo_turns(row: Line) -> dict[str, Any]:
    """Return the user's turn, and what rewards read answers with."""
    return {"prompt": to_messages(row)["messages"][:1], **_read_with(row)}


def grpo_plain(row: Line) -> dict[str, Any]:
    """Return the plain prompt, and what rewards read answers with."""
    return {"prompt": to_prompt_completion(row)["prompt"], **_read_with(row)}


def grpo_conversation(row: Line) -> dict[str, Any]:
    """Return a conversation without its last turn, which is to be answered, and the target of that."""
    return {"prompt": row["messages"][:-1], "targets": row["targets"], "template": row["template"]}


def verl_row(row: Line) -> dict[str, Any]:
    """Return verl's columns: the target as JSON, since a column has one type, and the rest as `extra_info`."""
    asked = to_messages(row)["messages"][:1]
    return {
        "data_source": f"{row['family']}/{row['config']}",
        "prompt": asked,
        "ability": "recommendation",
        "reward_model": {"style": "rule", "ground_truth": json.dumps(row["targets"], ensure_ascii=False)},
        "extra_info": {
            "split": row["split"],
            "index": row["index"],
            "id": row["id"],
            "input": asked[0]["content"],
            **{name: value for name, value in _read_with(row).items() if name != "targets"},
        },
    }


def batch_request(row: Line) -> dict[str, Any]:
    """Return the request of a Batch API that asks for an answer, named by the row's id."""
    body = {"model": row["model"], "messages": to_messages(row)["messages"][:1]}
    body |= {"max_tokens": row["max_answer_tokens"], "temperature": 0.0, "seed": 0}
    return {"custom_id": row["id"], "method": "POST", "url": "/v1/chat/completions", "body": body}


# pairs, of the shape PREFERENCE


def preference_turns(row: Line) -> dict[str, Any]:
    """Return prompt, better and worse answer as turns."""
    return {name: row[name] for name in ("prompt", "chosen", "rejected", "rejected_kind")}


def preference_plain(row: Line) -> dict[str, Any]:
    """Return prompt, better and worse answer as texts; of one turn, the prompt ends in a line break."""
    asked = "\n".join([turn["content"] for turn in row["prompt"]]) + "\n"
    sides = {name: "\n".join([turn["content"] for turn in row[name]]) for name in ("chosen", "rejected")}
    return {"prompt": asked, **sides, "rejected_kind": row["rejected_kind"]}


def kto_turns(row: Line) -> list[dict[str, Any]]:
    """Return a line for each of two answers, with the label that says which is the better."""
    return [
        {"prompt": row["prompt"], "completion": row[name], "label": name == "chosen"} for name in ("chosen", "rejected")
    ]


def kto_plain(row: Line) -> list[dict[str, Any]]:
    """Return `kto_turns` as texts."""
    plain = preference_plain(row)
    return [
        {"prompt": plain["prompt"], "completion": plain[name], "label": name == "chosen"}
        for name in ("chosen", "rejected")
    ]


def ranking_alpaca(row: Line) -> dict[str, Any]:
    """Return LLaMA-Factory's pair in Alpaca's form; the turns of a longer prompt are joined by line breaks."""
    plain = preference_plain(row)
    asked = plain["prompt"].removesuffix("\n")
    return {"instruction": asked, "input": "", "chosen": plain["chosen"], "rejected": plain["rejected"]}


def ranking_plain(row: Line) -> dict[str, Any]:
    """Return `ranking_alpaca` with the line break that a base without a chat template is asked with."""
    line = ranking_alpaca(row)
    return {**line, "instruction": f"{line['instruction']}\n"}


# conversations


def sharegpt(row: Line) -> dict[str, Any]:
    """Return turns in ShareGPT's words, each with `train`: whether the loss falls on it."""
    turns = row["messages"] if "messages" in row else to_messages(row)["messages"]
    flags = row["loss"] if "messages" in row else [False, True]
    names = {"user": "human", "assistant": "gpt", "system": "system"}
    turns = [
        {"from": names[turn["role"]], "value": turn["content"], "train": bool(flag)}
        for turn, flag in zip(turns, flags, strict=True)
    ]
    return {"conversations": turns}


def _read_with(row: Line) -> dict[str, Any]:
    return {name: row[name] for name in READ_WITH}
