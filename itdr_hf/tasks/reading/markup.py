"""Remove what wraps an answer: end tokens, roles, fences, emphasis, tags, links."""

from __future__ import annotations

import re

_LEAD = re.compile(
    r"""\s*(?:[\ufeff\u200b\u200e\u200f]
    | <(?:s|bos|pad|unk)> | \[(?:BOS|CLS|/INST)\] | <start_of_turn>\s?model\b
    | <[|｜](?:im_start|start|turn)[|｜]>\s?assistant\b (?:<[|｜][\w▁]{1,40}[|｜]>)?
    | <[|｜]start_header_id[|｜]>\s?assistant\s?<[|｜]end_header_id[|｜]>
    | <[|｜][\w▁/]{1,40}[|｜]>
    | (?:assistant|model)\s*\n
    | \#\#\#\s?(?:assistant|response|answer|output)\s?:
    | assistant\s?:
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_END = re.compile(
    r"""</s>|<eos>|<end_of_turn>|<pad>|<unk>|\[(?:EOS|SEP|PAD|/?INST)\]|<start_of_turn>|</?turn\|>
    |<[|｜](?:[\w▁/.-]{1,40})[|｜]>|<end_of_utterance>|<\|im_end|<\|endoftext
    |\[\[\s?\#\#\s?completed\s?\#\#\s?\]\]
    |\n\s{0,4}\#{2,3}\s?(?:Instruction|Input|Human)\s?:|\n\s{0,4}(?:Human)\s?:\s""",
    re.IGNORECASE | re.VERBOSE,
)
_FENCE = re.compile(r"^[ \t>]*(?:```|~~~)[\w+-]*[ \t]*$", re.MULTILINE)
_INLINE_FENCE = re.compile(r"```(?:[a-z]{2,10}\n)?|~~~")
_BREAK_TAG = re.compile(
    r"<(?:br\s?/?|/?(?:li|p|tr|ol|ul|div|item|h[1-6]|table|tbody|thead|dt|dd|dl)(?:\s[^<>\n]{0,100})?)>", re.I
)
_CELL_TAG = re.compile(r"</?t[dh](?:\s[^<>\n]{0,100})?>", re.IGNORECASE)
_LOOSE_TAG = re.compile(r"</?(?:b|i|u|em|strong|span|code|pre|mark|center|small|title|movie|name|font)>", re.I)
_LINK = re.compile(r"\[([^\[\]\n]{1,300})\]\((?:https?:|www\.|#|/)[^()\s]{0,300}\)")
_LATEX = re.compile(r"\\(?:text|textbf|mathrm|mathbf|textit)\{([^{}\n]{0,300})\}")
_LATEX_SIGNS = (
    (re.compile(r"\\(?:succ(?:eq)?|gt|(?:long)?rightarrow|Rightarrow|to)(?![A-Za-z])"), ">"),
    (re.compile(r"\\(?:approx|sim|simeq)(?![A-Za-z])"), "~"),
    (re.compile(r"\\[\[\]()]"), " "),
)
_INVISIBLE = dict.fromkeys([0xFEFF, 0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0x2060, 0x00AD, 0xFE0F])
EMPHASIS = re.compile(r"\*{1,3}|(?<!\w)_{1,3}(?=\S)|(?<=\S)_{1,3}(?!\w)|`+|~~")


def remove_ends(text: str) -> str:
    """Remove roles and start tokens before an answer, and all from its first end token on."""
    place = 0
    while lead := _LEAD.match(text, place):
        place = lead.end()
    end = _END.search(text, place)
    return text[place : end.start() if end else len(text)].strip()


def remove_fences(text: str) -> str:
    """Remove code fences, keeping what they hold."""
    if "```" not in text and "~~~" not in text:
        return text
    return _INLINE_FENCE.sub("", _FENCE.sub("", text))


def remove_tags(text: str) -> str:
    """Turn HTML into lines and plain words, links into their text; other angle brackets stay."""
    text = text.translate(_INVISIBLE)
    if "<" in text:
        text = _LOOSE_TAG.sub("", _CELL_TAG.sub(" | ", _BREAK_TAG.sub("\n", text)))
    if "](" in text:
        text = _LINK.sub(r"\1", text)
    return _plain_latex(text) if "\\" in text else text


def _plain_latex(text: str) -> str:
    """Write words, arrows and the brackets around formulas as plain text."""
    text = _LATEX.sub(r"\1", text)
    for sign, plain in _LATEX_SIGNS:
        text = sign.sub(plain, text)
    return text


def remove_emphasis(text: str) -> str:
    """Remove marks of emphasis wherever they stand; underscores within words stay."""
    return EMPHASIS.sub("", text)
