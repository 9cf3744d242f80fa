"""A second family, as small as one can be: a conversation task and a preference task on MovieLens 32M."""

from __future__ import annotations

from itdr_hf.records import CONVERSATION, PREFERENCE, Turn
from itdr_hf.tasks.answers import numbered
from itdr_hf.tasks.family import Family, Group
from itdr_hf.tasks.itdr import _ranking, nir
from itdr_hf.tasks.reading import ParsedAnswer
from itdr_hf.tasks.task import ConversationParts, PreferenceParts, Task

ASK = "I watched these films:\n{history}\nWhich of these should I watch next?\n{candidates}"
TEMPLATES = {"default": ASK, "brief": "Seen:\n{history}\nNext, one of:\n{candidates}"}


def _asked(row, context) -> str:
    candidates = _ranking.candidates(row)
    return context_template(context).format(history=numbered(row["history"]), candidates=numbered(candidates))


def context_template(context) -> str:
    return TEMPLATES[context.template]


def chat_example(row, context) -> ConversationParts:
    film = row["positives"][0]
    return ConversationParts(
        turns=[
            Turn("user", _asked(row, context)),
            Turn("assistant", film, loss=True),
            Turn("user", "Have I seen it?"),
            Turn("assistant", "No", loss=True),
        ],
        targets=[film],
    )


def pair_example(row, context) -> PreferenceParts:
    return PreferenceParts(
        prompt=[Turn("user", _asked(row, context))],
        chosen=[Turn("assistant", row["positives"][0])],
        rejected=[Turn("assistant", row["negatives"][0])],
        rejected_kind="negative",
    )


def parse(text, example, context, *, strict=False) -> ParsedAnswer:
    return ParsedAnswer((text,))


SHARED = {
    "root": "TOY", "subject": "user", "description": "", "templates": TEMPLATES, "slots": frozenset({"history", "candidates"}),
    "metrics": (), "defaults": nir.TASK.defaults, "needs": nir.TASK.needs, "eligible": nir.TASK.eligible, "gather": nir.TASK.gather,
    "parse": parse,
}  # fmt: skip
CHAT = Task(id="chat", title="Chat", shape=CONVERSATION, answer="choice", example=chat_example, **SHARED)
PAIR = Task(id="pair", title="Pair", shape=PREFERENCE, answer="choice", example=pair_example, **SHARED)
TOY = Family(
    id="toy",
    title="Toy",
    version="0.3.0",
    grid={"chat": {"movielens32m": 60}, "pair": {"movielens32m": 60}},
    tasks={"chat": CHAT, "pair": PAIR},
    groups=(Group(id="spoken", title="Spoken", tasks=("chat", "pair")),),
)
