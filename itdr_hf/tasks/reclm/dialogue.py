"""Dialogues in two turns: profiles of a user and of the users around them, then whether the user takes to an item.

Asked for is always an item that a neighbour's list shows. "Yes" is one that the user chose in the split's period: in
train the item that is held out of the user's list and profile. "No" is one that the user touched nowhere in the whole
log, neither by id nor by title. Only users for whom there are both are asked about, and a stable hash decides which it
is, so that nothing about a user gives the answer away. The recipe's `dialogue` makes the ablations.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from itdr_hf.errors import unknown
from itdr_hf.records import CONVERSATION, SPLITS, Example, Turn
from itdr_hf.tasks.planning import digest, queries
from itdr_hf.tasks.reading import ParsedAnswer, read_yes_no
from itdr_hf.tasks.reclm import circle, gathering, profile, profiles
from itdr_hf.tasks.reclm.templates import DIALOGUE, TURN
from itdr_hf.tasks.task import ConversationParts, TaskContext
from itdr_hf.tasks.templates import compile_template, source_words

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from itdr_hf.tasks.planning.context import PlanContext

FORMS = ("two-turn", "second-only", "single-turn")
SLOTS = frozenset({"people", "count", "title"})
KEYS = queries.KEYS


def eligible(plan: PlanContext) -> ir.Table:
    """Return the users for whom an item may be asked about either way in the split. Raises UsageError for another form."""
    if plan.recipe.dialogue not in FORMS:
        raise unknown("dialogue", plan.recipe.dialogue, FORMS)
    found = _accepted(plan).semi_join(_refused(plan), KEYS)
    return found.semi_join(circle.held(plan), KEYS).select(*plan.domain, "subject").distinct()


def gather(plan: PlanContext, chosen: ir.Table) -> ir.Table:
    """Return the chosen with the lists and profiles of their circle, the item that is asked about, and the answer."""
    import ibis

    keys = chosen.select(*KEYS)
    yes = circle.by_chance(plan, _accepted(plan).semi_join(keys, KEYS), f"yes|{plan.period}")
    no = circle.by_chance(plan, _refused(plan).semi_join(keys, KEYS), f"no|{plan.period}")
    asked = ibis.union(_told(plan, yes, "Yes"), _told(plan, no, "No"))
    coin = digest.digest(f"dialogue|{plan.recipe.seed}|{plan.source.id}|{plan.period}", chosen.subject)
    wanted = ibis.cases((digest.whole(coin, 0, 7) % 2 == 0, "Yes"), else_="No")
    rows = gathering.with_circle(plan, chosen.mutate(answer=wanted)).inner_join(asked, [*KEYS, "answer"])
    return rows.mutate(left_out=queries.reason((rows.lists.length() < 2, "no neighbour")))


def example(row: Mapping[str, Any], context: TaskContext) -> ConversationParts:
    """Return the turns: the lists and what is asked, the profiles, the question, Yes or No."""
    lists, task, question = DIALOGUE[context.template].split(TURN)
    values = {"people": gathering.people(row["lists"]), "count": str(len(row["lists"])), "title": row["asked"]}
    form = context.recipe.dialogue
    asked = [f"{lists}\n{question}"] if form == "single-turn" else [f"{lists}\n{task}", question]
    constants = source_words(context.source)
    prompts = [compile_template(text, constants, SLOTS)(values) for text in asked]
    told = "\n\n".join([f"User {n}\n{text}" for n, text in enumerate(row["profiles"], 1)])
    replies = [Turn("assistant", told, loss=form == "two-turn"), Turn("assistant", row["answer"], loss=True)]
    turns = [
        turn
        for prompt, reply in zip(prompts, replies[-len(prompts) :], strict=True)
        for turn in (Turn("user", prompt), reply)
    ]
    by = "data" if form == "single-turn" else gathering.author(row)
    return ConversationParts(turns=turns, targets=(row["answer"],), reference_by=by)


def parse(text: str, example: Example, context: TaskContext, *, strict: bool = False) -> ParsedAnswer:
    """Read Yes or No."""
    answer = read_yes_no(text, strict=strict)
    return ParsedAnswer(tuple(value.capitalize() for value in answer.values), answer.fault)


def _accepted(plan: PlanContext) -> ir.Table:
    """Return what may be asked about with the answer Yes: domain, subject, item, norm."""
    if plan.period == "train":
        return circle.held(plan).select(*KEYS, "item", "norm")
    rows = circle.parts(plan)
    rows = rows.filter(rows.part == plan.period).select(*KEYS, "item", "norm")
    return rows.semi_join(circle.offered(plan), [*KEYS, "norm"])


def _refused(plan: PlanContext) -> ir.Table:
    """Return what may be asked about with the answer No: shown by a neighbour, and never touched at all.

    Each belongs to one split, so that no question of train is asked again in another.
    """
    import ibis

    log = plan.table("interactions").rename(subject="user")
    log = log if plan.domain else log.mutate(domain=ibis.literal(""))
    norms = plan.table("items").select(*plan.domain, "item", "norm")
    mine = log.semi_join(circle.held(plan), KEYS).select(*KEYS, "item").inner_join(norms, [*plan.domain, "item"])
    rows = circle.offered(plan).anti_join(mine.select(*KEYS, "norm"), [*KEYS, "norm"]).select(*KEYS, "item", "norm")
    place = digest.whole(digest.digest(f"refused|{plan.source.id}", rows.subject, rows.norm), 0, 7)
    return rows.filter(place % len(SPLITS) == SPLITS.index(plan.period))


def _told(plan: PlanContext, rows: ir.Table, answer: str) -> ir.Table:
    import ibis

    told = profiles.described(plan, rows)
    return told.select(*KEYS, "item", asked=gathering.labelled(told), answer=ibis.literal(answer))


TASK = replace(
    profile.TASK,
    id="dialogue",
    title="Collaborative dialogues",
    description="Collaborative dialogues: profiles of a user and of similar users, then whether the user takes to an item.",
    templates=DIALOGUE,
    slots=SLOTS,
    answer="yes-no",
    max_answer_tokens=8,
    metrics=(),
    timed=True,
    shape=CONVERSATION,
    eligible=eligible,
    gather=gather,
    example=example,
    parse=parse,
    teacher=None,
)
