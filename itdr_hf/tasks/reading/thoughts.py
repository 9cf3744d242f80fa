"""Remove what a reasoning model thinks before, between or after its answer.

A thought is what stands between an opening and a closing mark of any known kind; kinds may be mixed. All before
a closing mark that nothing opened is thought too, since chat templates often write the opening mark themselves.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_NAMES = (
    r"think(?:ing)?|thoughts?|thought[_ ]process|reason(?:ing)?|reflection|analysis|scratch_?pad|"
    r"(?:inner|internal)[_ ](?:monologue|thoughts?)|internal|cot|chain[_-]of[_-]thoughts?|planning"
)
# begins with one set of characters, so that a search skips plain text quickly
_MARK = re.compile(
    rf"""[<＜◁\[&](?=[\s/|｜\w])(?:
      (?P<none>(?:lt;)?\s?(?:{_NAMES})\s?/\s?(?:>|&gt;))
    | (?P<close>
        (?:lt;)?\s?/\s?(?:\w{{1,12}}:)?(?:{_NAMES})\s?(?:>|＞|▷|&gt;)
      | /(?:think(?:ing)?)\]
      | [|｜](?:end_of_thought|end_of_thinking|end_thinking|/think(?:ing)?|end_think)[|｜]>
      | (?:\|end\|><)?(?:\|start\|>\s?assistant\s?<)?\|channel\|>\s?final[^<\n]{{0,60}}<\|message\|>
      | unused95> | channel\|>
      )
    | (?P<open>
        (?:lt;)?\s?(?:\w{{1,12}}:)?(?:{_NAMES})(?:\s[^<>\n]{{0,80}})?(?:>|＞|▷|&gt;)
      | think(?:ing)?\]
      | [|｜](?:begin_of_thought|begin_of_thinking|start_thinking|think(?:ing)?|begin_think)[|｜]>
      | \|channel\|>\s?(?:analysis|commentary)[^<\n]{{0,60}}<\|message\|>
      | unused94>(?:thought)? | \|channel>\s?(?:thought|analysis)
      | details\s[^<>\n]{{0,80}}(?:reasoning|thinking)[^<>\n]{{0,80}}>
      )
    | (?P<details>/details>)
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_SPELLED = (  # thoughts marked by a phrase on its own line, or by channel names whose marks a tokenizer removed
    ("thought process", re.compile(r"^[*_# ]{0,4}here(?:'s| is) my thought process:?", re.I | re.M), "<think>"),
    ("my response:", re.compile(r"^[*_# ]{0,4}here(?:'s| is) my response:", re.I | re.M), "</think>"),
    ("hinking...", re.compile(r"^thinking\.\.\.[ \t]*$", re.I | re.M), "<think>"),
    ("done thinking", re.compile(r"^\.\.\. ?done thinking\.?[ \t]*$", re.I | re.M), "</think>"),
    ("analysis", re.compile(r"\Aanalysis(?=[A-Z])"), "<think>"),
    ("assistantfinal", re.compile(r"assistantfinal"), "</think>"),
)


class Thoughtless(NamedTuple):
    """A text without its thoughts; not `finished` where the last thought has no end, so nothing was answered."""

    text: str
    finished: bool


def remove_thoughts(text: str) -> Thoughtless:
    """Remove every thought, in one pass over the text."""
    text = _with_marks(text)
    kept: list[str] = []
    place, thinking = 0, False
    for mark in _MARK.finditer(text):
        kind = mark.lastgroup
        if kind == "details" and not thinking:
            continue
        if not thinking:
            kept.append(text[place : mark.start()])
        if kind == "close" and not thinking:
            kept.clear()  # nothing opened it: all before it was thought
        thinking = kind == "open" or (thinking and kind == "none")
        place = mark.end()
    if thinking:
        return Thoughtless("", False)
    return Thoughtless(" ".join([*kept, text[place:]]) if kept else text[place:], True)


def _with_marks(text: str) -> str:
    """Put marks where thoughts are announced in words."""
    for hint, pattern, mark in _SPELLED:
        if hint in text:
            text = pattern.sub(mark, text)
    return text
