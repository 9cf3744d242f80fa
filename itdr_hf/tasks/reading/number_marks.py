"""Which numbers of a text are marked as the answer, and which are none: patterns, from the surest mark down."""

from __future__ import annotations

import re

OTHER, SAME = "\ue000", "\ue001"  # stand where 'out of 10' or 'out of 5' stood: another scale, or the one asked for
_W = r"[^\W\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]"  # letters of scripts that put blanks between words
_N = rf"(?P<number>(?<!{_W})(?<![.,])[-+−]?\d{{1,30}}(?:[.,]\d{{1,30}})?(?!{_W}|%|[.,]\d|\s(?-i:(?!Stars?\b|Points?\b|Out\b)[A-Z][a-z])|\s?[+*×÷]\s?\(?\d))[{OTHER}{SAME}]?"
NUMBER = re.compile(_N)
_COUNTED = (
    r"(?:movies?|films?|items?|books?|songs?|tracks?|artists?|games?|products?|ratings?|reviews?|users?|people|times?|"
    r"years?|titles?|anime|shows?|examples?|entries|things|reasons|points? (?:above|below|higher|lower|more|less)|"
    r"candidates?|interactions?|recipes?|jokes?|decades?|months?|days?|minutes|hours)\b"
)
_COUNTS = re.compile(
    rf"(?<![\w.,])\d{{1,6}}\+?\s+(?:of\s+(?:the|them|these|those|their|his|her)\s+)?(?:[a-z-]{{3,14}}\s+){{0,2}}?{_COUNTED}"
    rf"|(?<![\w.,])\d{{1,6}}\s+of\s+(?:the(?:m|se)?|those|their)\b|(?<![\w.,])\d{{1,6}}\s+(?:similar|other|previous|past|out of which)\b",
    re.IGNORECASE,
)
_SPAN = re.compile(
    r"(?:\b(?:on|from|between|range|scale|in)\s{1,3})?(?:\b(?:a|the)\s)?(?:\bscale\s)?(?:\b(?:of|from|between)\s)?"
    r"(?<![\w.,-])\d{1,4}(?:[.,]\d{1,4})?\s?(?:\s?[-~]\s?|\bto\b|\bthrough\b)\s?\d{1,4}(?:[.,]\d{1,4})?(?![\w-]|\.\d)"
    r"(?:[- ](?:scale|range|star|point))?",
    re.IGNORECASE,
)
_BETWEEN = re.compile(r"\bbetween \d{1,4}(?:[.,]\d{1,4})? and \d{1,4}(?:[.,]\d{1,4})?", re.IGNORECASE)
_SCALE = re.compile(r"\b\d{1,3}[- ](?:point|star)s?\s(?:rating\s)?(?:scale|system)\b", re.IGNORECASE)
OUT_OF = re.compile(
    r"(?<=\d)\s*(?:points?|stars?)?\s*(?:/\s?|\bout of (?:a (?:possible|maximum(?: of)?) )?|\bof\s)(?P<scale>\d{1,4}(?:[.,]\d{1,2})?)(?![\w]|[.,/]\d)",
    re.IGNORECASE,
)
_OUT_OF_ALONE = re.compile(r"\bout of \d{1,4}\b", re.IGNORECASE)
_YEARS = re.compile(
    r"[(\[]\s?(?:1[89]|20)\d\d(?:-(?:\d{4})?)?\s?[)\]]|\b(?:in|since|from|of)\s(?:1[89]|20)\d\d\b|\b(?:1[89]|20)\d\d\b(?=\s?(?:film|movie|book|release))"
)
_SHARES = re.compile(r"\d{1,6}(?:[.,]\d{1,6})?\s?(?:%|percent\b)", re.IGNORECASE)
_ASIDE = re.compile(
    r"\b(?:confidence|probability|certainty|uncertainty|std|standard deviation|margin|error)\b[^\d\n]{0,25}\d{1,6}(?:[.,]\d{1,6})?"
    r"(?:\s?/\s?\d{1,4})?|(?:±|\+/-)\s?\d{1,4}(?:[.,]\d{1,4})?",
    re.IGNORECASE,
)
_FRACTIONS = {"1⁄2": ".5", "1/2": ".5", "1⁄4": ".25", "3⁄4": ".75"}
_HALF = re.compile(r"(?<!\d)(\d{1,4})\s?(1⁄2|1⁄4|3⁄4)|(?<![\d.])(\d{1,4})\s(1/2)(?!\d)")
_LISTED = re.compile(r"^[ \t]*(?:step\s)?\d{1,2}[.)][ \t]+(?=\D)", re.IGNORECASE | re.MULTILINE)
_BULLET = re.compile(r"^[ \t]*[-*•][ \t]+", re.MULTILINE)

_STARS = re.compile(r"[★⭐🌟]\ufe0f?(?:\s?[★⭐🌟]\ufe0f?|½|\s?☆)*")
_OPEN = r"[\s\"'(\[$<≈~=:>#]{0,6}"
BEGINNING = re.compile(
    rf"{_OPEN}(?:about|around|approximately|approx\.?|roughly|maybe|probably|likely)?{_OPEN}{_N}"
    r"(?=[\s\"')\]$]*(?:$|\n|[.,;:!)(\]—–|。，分点]|-\s|-$|(?:stars?|points?)\b\s*(?:$|[.,;:!(\n—–-]|because\b|since\b|as\b|for\b|out\b)|"
    r"because\b|since\b|as\b|given\b|based\b|seems\b|due\b))",
    re.IGNORECASE,
)
_GAP = r"(?:(?!\b(?:not|never|than|above|below|under|over|between|least|most|from|average|mean|rated|gave|given)\b|n't\b)[^\d.!?;\n]){0,60}?"
_TO = rf"(?:{_GAP}|[^\w\n]{{0,8}}\n{{1,2}}[^\w\n]{{0,8}})[-\s\"'(\[$=:>≈~]{{0,6}}{_N}"
EXPECTED = re.compile(
    r"(?:\b(?:final|predict(?:ed|s|ion|ions|ing)?|estimat(?:ed?|es|ion)|answer|expect(?:ed|s)?|guess|forecast|conclusion|verdict|"
    r"(?:i|we)(?:'d|'ll)?\s(?:would\s|will\s)?(?:say|give|rate|assign|go\swith|settle\son)|"
    r"(?:would|will|should|might|could|may|to|likely|probably)\s(?:likely\s|probably\s|most\slikely\s)?(?:rate|give|score|assign|be\srated|receive|get|award))\b|"
    rf"(?:预测|预计|预期|最终|答案|估计)[^\d\n。，]{{0,8}}|\#{{4}}|\\boxed\{{|\\fbox\{{|→|=>){_TO}",
    re.IGNORECASE,
)
RATED = re.compile(
    r"(?<!average )(?<!mean )(?<!typical )(?<!usual )(?<!previous )(?<!past )(?<!median )(?<!lowest )(?<!highest )(?<!other )"
    rf"\b(?:rating|score|rate|stars|result|output)\b(?:\s(?:is|of|for|would\sbe|will\sbe|should\sbe)\b)?{_TO}",
    re.IGNORECASE,
)
ALONE = re.compile(rf"(?:^|(?<=\n))[ \t\"'(\[]{{0,6}}{_N}(?:\s?stars?)?[ \t\"')\].,;:!]{{0,6}}(?=\n|$)", re.IGNORECASE)
COLON = re.compile(
    rf"(?:[:=]\s?|\s-\s|—\s?|\bit\sa\s|\btitle\sa\s|\)\sa\s|\ba\s(?:solid\s|strong\s)?){_N}(?:\s?stars?)?[\s\"')\].,!$]*$",
    re.IGNORECASE,
)


def with_halves(text: str) -> str:
    """Write '4½' and '4 1/2' as 4.5."""
    return _HALF.sub(lambda half: (half[1] or half[3]) + _FRACTIONS[half[2] or half[4]], text)


def stars(text: str) -> tuple[float, float] | None:
    """Return how many stars a text draws, and of how many where it draws the empty ones: '★★★½☆'."""
    drawn = _STARS.search(text)
    if drawn is None or len(found := drawn.group()) < 2:
        return None
    full = sum(found.count(star) for star in "★⭐🌟")
    return full + 0.5 * ("½" in found), full + ("½" in found) + found.count("☆")


def without_other_numbers(text: str, *, high: float, years: bool) -> str:
    """Remove the numbers that are no answer: list marks, spans, shares, counts, years.

    What a number is out of becomes SAME or OTHER: whether the scale is the one that ends at `high`.
    """
    if len(_LISTED.findall(text)) > 1 or _one_point(text):
        text = _LISTED.sub("", text)
    text = _BULLET.sub("", _ASIDE.sub(" ", text))
    text = _YEARS.sub(" ", text) if years else text
    text = OUT_OF.sub(lambda found: SAME if float(found["scale"].replace(",", ".")) == high else OTHER, text)
    text = _OUT_OF_ALONE.sub(" ", text)
    for other in (_SCALE, _SHARES, _COUNTS):
        text = other.sub(" ", text)
    return _BETWEEN.sub(" ", _SPAN.sub(" ", text)).strip()


def _one_point(text: str) -> bool:
    """Whether a leading '1.' only numbers what follows, since that marks an answer itself."""
    rest = text[2:]
    return bool(re.match(r"1[.)]\s+\D|\d{1,3}[.)]\s+the title ", text)) and any(
        mark.search(rest) for mark in (EXPECTED, RATED, COLON)
    )
