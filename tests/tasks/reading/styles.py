"""Sixty styles in which models write an answer: each wraps the answer asked for, whatever its kind.

A style gets a `Said`: the answer in the form asked for, the same as data, and another, wrong answer that a model
may weigh before it. Said rightly, every style must read right; said with a wrong answer, none may.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Said:
    """One answer: of which kind, as asked for, as items or names and values, and a different one."""

    kind: str
    asked: str
    items: Sequence[str]
    names: Sequence[str]
    other: str
    candidates: Sequence[str]

    @property
    def data(self) -> object:
        """The answer as JSON would hold it."""
        if self.kind == "ranking":
            return {"ranking": list(self.items)}
        if self.kind == "attributes":
            return dict(zip(self.names, self.items, strict=True))
        return {"rating" if self.kind == "number" else "answer": self.items[0]}

    def lines(self, form: str) -> str:
        """Each item in a form; `{n}` counts, `{name}` is its name."""
        names = self.names or ["rating" if self.kind == "number" else "answer"] * len(self.items)
        if self.kind == "text" or (self.kind in ("choice", "yes-no", "number") and "{name}" not in form):
            return self.asked
        rows = enumerate(zip(names, self.items, strict=True), 1)
        return "\n".join(form.format(n=n, name=name.capitalize(), value=value) for n, (name, value) in rows)


def _items(said: Said, named: str, ranked: str) -> str:
    return said.lines(named) if said.kind != "ranking" else said.lines(ranked)


def _typographic(said: Said) -> str:
    return said.asked.replace("'", "’").replace(" - ", " – ")


def _table(said: Said) -> str:
    if said.kind == "text":
        return said.asked
    head = "| # | Answer |\n|---|---|\n" if said.kind == "ranking" else "| Attribute | Value |\n|---|---|\n"
    form = "| {n} | {value} |" if said.kind == "ranking" else "| {name} | {value} |"
    return head + said.lines(form)


def _thought(said: Said) -> str:
    return f"Okay. They may want\n{said.other}\nbut I am not sure. A first guess: 1, yes or no?"


def _separated(said: Said, separator: str) -> str:
    if said.kind == "ranking":
        return separator.join(said.items)
    named = [f"{name}: {value}" for name, value in zip(said.names, said.items, strict=False)]
    return "; ".join(named) if said.kind == "attributes" else said.asked


STYLES: Mapping[str, Callable[[Said], str]] = {
    "as asked": lambda s: s.asked,
    "blank lines around": lambda s: f"\n\n  {s.asked}\n\n",
    "Windows line ends": lambda s: s.asked.replace("\n", "\r\n") + "\r\n",
    "a byte order mark": lambda s: "\ufeff" + s.asked,
    "closed think": lambda s: f"<think>\n{_thought(s)}\n</think>\n\n{s.asked}",
    "think without opening": lambda s: f"{_thought(s)}\n</think>\n\n{s.asked}",
    "empty think": lambda s: f"<think>\n\n</think>\n\n{s.asked}",
    "thinking tag": lambda s: f"<thinking>{_thought(s)}</thinking>\n{s.asked}",
    "two thoughts": lambda s: f"<think>{_thought(s)}</think>\n<think>{_thought(s)}</think>{s.asked}",
    "opened twice": lambda s: f"<think>\n<think>\n{_thought(s)}</think>\n{s.asked}",
    "reasoning tag": lambda s: f"<reasoning>\n{_thought(s)}\n</reasoning>\n{s.asked}",
    "bracketed think": lambda s: f"[THINK]{_thought(s)}[/THINK]{s.asked}",
    "Kimi think": lambda s: f"◁think▷{_thought(s)}◁/think▷{s.asked}",
    "seed think": lambda s: f"<seed:think>{_thought(s)}</seed:think>{s.asked}",
    "begin of thought": lambda s: (
        f"<|begin_of_thought|>{_thought(s)}<|end_of_thought|>\n\n<|begin_of_solution|>{s.asked}<|end_of_solution|>"
    ),
    "START_THINKING": lambda s: f"<|START_THINKING|>{_thought(s)}<|END_THINKING|><|START_RESPONSE|>{s.asked}<|END_RESPONSE|>",
    "channels": lambda s: (
        f"<|channel|>analysis<|message|>{_thought(s)}<|end|><|start|>assistant<|channel|>final<|message|>{s.asked}<|return|>"
    ),
    "channels without marks": lambda s: f"analysisWe need to answer. {_thought(s)}assistantfinal{s.asked}",
    "thought process": lambda s: f"Here is my thought process:\n{_thought(s)}\nHere is my response:\n{s.asked}",
    "terminal thinking": lambda s: f"Thinking...\n{_thought(s)}\n...done thinking.\n\n{s.asked}",
    "details block": lambda s: f'<details type="reasoning" done="true">\n{_thought(s)}\n</details>\n{s.asked}',
    "</s>": lambda s: f"{s.asked}</s>",
    "im_end": lambda s: f"{s.asked}<|im_end|>",
    "eot_id and a next turn": lambda s: f"{s.asked}<|eot_id|><|start_header_id|>user<|end_header_id|>\n\n{s.other}",
    "DeepSeek end": lambda s: f"{s.asked}<｜end▁of▁sentence｜>",
    "end_of_turn": lambda s: f"{s.asked}<end_of_turn>\n<eos>",
    "role before": lambda s: f"<|im_start|>assistant\n{s.asked}<|im_end|>\n",
    "plain role before": lambda s: f"assistant\n\n{s.asked}",
    "response heading": lambda s: f"### Response:\n{s.asked}",
    "runs on": lambda s: f"{s.asked}\n\n### Instruction:\nNow another.\n\n### Response:\n{s.other}",
    "fence": lambda s: f"```\n{s.asked}\n```",
    "named fence": lambda s: f"```text\n{s.asked}\n```",
    "JSON on many lines": lambda s: json.dumps(s.data, indent=2),
    "JSON on one line": lambda s: json.dumps(s.data),
    "JSON in a fence": lambda s: f"```json\n{json.dumps(s.data, indent=2)}\n```",
    "JSON after words": lambda s: s.asked if s.kind == "text" else f"Here is the result:\n\n{json.dumps(s.data)}",
    "JSON with a trailing comma": lambda s: json.dumps(s.data, indent=1).replace("\n}", ",\n}"),
    "answer tags": lambda s: f"<answer>\n{s.asked}\n</answer>",
    "answer tags after weighing": lambda s: f"{_weighed(s)}\n<answer>{s.asked}</answer>",
    "boxed": lambda s: f"$\\boxed{{{_separated(s, ', ')}}}$" if s.kind != "attributes" else s.asked,
    "four hashes": lambda s: f"{_weighed(s)}\n#### {_separated(s, ' > ')}",
    "final answer line": lambda s: f"{_weighed(s)}\n\nFinal answer:\n{s.asked}",
    "bold final answer": lambda s: f"{_weighed(s)}\n\n**Final Answer:**\n\n{s.asked}",
    "final answer heading": lambda s: f"{_weighed(s)}\n\n## Final Answer\n\n{s.asked}",
    "so my answer is": lambda s: f"{_weighed(s)}\n\nSo my final answer is: {_separated(s, '; ')}",
    "the answer is, bold": lambda s: f"{_weighed(s)}\n\nThe answer is **{_separated(s, ' > ')}**" if s.kind != "attributes" else s.asked,
    "friendly lead-in": lambda s: f"Sure! Here is my answer:\n\n{s.asked}",
    "closing words": lambda s: s.asked if s.kind == "text" else f"{s.asked}\n\nI hope this helps! Tell me if you need more.",
    "bold values": lambda s: _items(s, "{name}: **{value}**", "{n}. **{value}**") if s.kind in ("ranking", "attributes") else _bold(s),
    "bold names": lambda s: _items(s, "**{name}:** {value}", "**{n}.** {value}"),
    "bullets": lambda s: _items(s, "- {name}: {value}", "- {value}"),
    "starred bullets": lambda s: _items(s, "* **{name}**: {value}", "* **{value}**"),
    "numbers with brackets": lambda s: _items(s, "{n}) {name}: {value}", "{n}) {value}"),
    "quotes": lambda s: _items(s, '{name}: "{value}"', '{n}. "{value}"') if s.kind in ("ranking", "attributes") else f'"{s.asked}"',
    "backticks": lambda s: _items(s, "{name}: `{value}`", "{n}. `{value}`") if s.kind in ("ranking", "attributes") else f"`{s.asked}`",
    "headings or plain lines": lambda s: _items(s, "### {name}\n{value}\n", "{value}"),
    "equals or hash": lambda s: _items(s, "{name} = {value}", "#{n}: {value}"),
    "a table": _table,
    "typographic": _typographic,
    "quoted block": lambda s: "\n".join(f"> {line}" for line in s.asked.split("\n")),
}  # fmt: skip


def _weighed(said: Said) -> str:
    """Words that weigh another answer first; only the mark after them tells which counts."""
    first = said.other if said.kind == "text" else said.other.replace("\n", ", ")
    return f"One could first think of this: {first}. On reflection that does not fit."


def _bold(said: Said) -> str:
    return f"**{said.asked}**"
