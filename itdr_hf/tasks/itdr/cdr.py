"""Cross-domain recommendation: rank the next items of one domain from histories in two (appendix C, Table 20).

A unit is a user in a pair of domains of `source.pairs`, written "A > B". Of each domain the first interactions
are the history (`source_history` of A, `history` of B), and the next of B are the positives; negatives are of
B, touched by the user in no domain. The paper's text has ten of A, its example five of each: we take the latter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from itdr_hf.errors import UsageError
from itdr_hf.raw.source import Source
from itdr_hf.records import Example
from itdr_hf.tasks import answers
from itdr_hf.tasks.itdr import _ranking
from itdr_hf.tasks.planning import queries
from itdr_hf.tasks.reading import ParsedAnswer, read_ranking, shown_candidates
from itdr_hf.tasks.task import ExampleParts, Task, TaskContext
from itdr_hf.tasks.templates import HELD_OUT

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from itdr_hf.tasks.planning.context import PlanContext

ARROW = " > "
DESCRIPTION = (
    "Cross-domain recommendation: carry over what a person's choices in one domain say of their taste to another "
    "domain, and put that domain's candidates in order so that those they are most likely to choose next come first."
)
DEFAULT = (
    "A user {did} these {items} in the {source_domain} category, {order}:\n{source_history}\n"
    "{target_history}"
    "Rank the candidate {items} of the {target_domain} category by how likely this user is to {do} each of them "
    "next, the most likely first.\n"
    "Candidates:\n{candidates}\nAnswer with all the candidates as a numbered list, one a line."
)
PLAIN = (
    "Someone {did} the following {items} of the {source_domain} category, {order}:\n{source_history}\n"
    "{target_history}"
    "Here are more {items}, all of the {target_domain} category. Sort them, beginning with the one this person is most "
    "likely to {do} next and ending with the least likely:\n{candidates}\n"
    "Write the whole list in your order, numbered, one title a line."
)
BRIEF = (
    "Already {did} in the {source_domain} category, {order}:\n{source_history}\n{target_history}"
    "To be ranked in the {target_domain} category, likeliest next choice first:\n{candidates}\n"
    "Reply with the complete ranking as a numbered list."
)
UNSEEN = (
    "A person's taste in one field tells of their taste in another. In the {source_domain} category they {did}, "
    "listed {order}:\n{source_history}\n{target_history}"
    "Which of the following would they {do} in the {target_domain} category? Bring all of them into an order, from the "
    "surest guess to the most doubtful one.\n{candidates}\nNumber your lines and put one title on each."
)
PLAIN = (
    "Someone {did} the {items} below in the {source_domain} category, {order}:\n{source_history}\n{target_history}"
    "Here are more {items} of the {target_domain} category. Sort them, beginning with the one this person is most "
    "likely to {do} next and ending with the least likely:\n{candidates}\n"
    "Write the whole list in your order, numbered, one title a line."
)
BRIEF = (
    "Already {did} in the {source_domain} category, {order}:\n{source_history}\n{target_history}"
    "To be ranked, likeliest next choice in the {target_domain} category first:\n{candidates}\n"
    "Reply with the complete ranking as a numbered list."
)
UNSEEN = (
    "Judge a person's taste by the {items} they {did} in the {source_domain} category, listed {order}:\n"
    "{source_history}\n{target_history}"
    "Which of the following, all of the {target_domain} category, would they {do}? Bring all of them into an order, "
    "from the surest guess to the most doubtful one.\n{candidates}\nNumber your lines and put one title on each."
)
ALSO = "and these in the {} category:\n{}\n"  # {target_history}, unless the recipe wants none


def needs(source: Source) -> tuple[str, ...]:
    if not source.pairs:
        raise UsageError(f"cdr: {source.id} has no pairs of domains; want Source.pairs; choose another subtask")
    return ("interactions", "items")


def eligible(plan: PlanContext) -> ir.Table:
    """Return the (pair, user)s with enough in both domains: 5 and 10 for the paper's numbers."""
    pairs = _pairs(plan)
    there = queries.users_with(_in_source(plan), plan.recipe.source_history).select("subject", source_domain="domain")
    here = queries.users_with(plan, plan.recipe.history + plan.recipe.positives).select("subject", shelf="domain")
    both = pairs.inner_join(there, "source_domain").inner_join(here, ["shelf", "subject"])
    return both.select("domain", "subject")


def gather(plan: PlanContext, chosen: ir.Table) -> ir.Table:
    """Both histories, positives and negatives of each chosen (pair, user)."""
    chosen = chosen.inner_join(_pairs(plan), "domain")
    everything = queries.touched(plan, chosen)
    there = _of_pairs(
        plan, chosen, queries.window(_in_source(plan), everything, plan.recipe.source_history), "source_domain"
    )
    here = _of_pairs(
        plan, chosen, queries.window(plan, everything, plan.recipe.history + plan.recipe.positives), "shelf"
    )
    before = there.mutate(rank=there["rank"] - plan.recipe.source_history)  # negative ranks: shown first
    window = plan.engine.materialise(before.union(here))
    mine = everything.drop("domain").inner_join(chosen.select("domain", "subject"), "subject")
    rows = _ranking.assemble(plan, chosen.drop("source_domain"), everything, mine, window)
    return rows.drop("shelf", *_ranking.LABELS)


def example(row: Mapping[str, Any], context: TaskContext) -> ExampleParts:
    count = context.recipe.source_history
    source, target = (_words(context.source, domain) for domain in row["domain"].split(ARROW))
    candidates = _ranking.candidates(row)
    return ExampleParts(
        slots={
            "source_domain": source,
            "source_history": answers.numbered(row["history"][:count]),
            "target_domain": target,
            "target_history": _also(target, row["history"][count:]),
            "candidates": answers.numbered(candidates),
        },
        output=answers.numbered(_ranking.ranked(row["positives"], candidates)),
        history=row["history"],
        candidates=candidates,
        targets=row["positives"],
    )


def parse(text: str, example: Example, context: TaskContext, *, strict: bool = False) -> ParsedAnswer:
    """Return the candidates as ranked by the answer."""
    shown = shown_candidates(f"{example.instruction}\n{example.input}", example.candidates)
    return read_ranking(text, example.candidates, example.history, shown=shown, strict=strict)


def _pairs(plan: PlanContext) -> ir.Table:
    """domain ("A > B"), source_domain, shelf (the target domain, where negatives are drawn)."""
    return plan.engine.table([
        {"domain": f"{source}{ARROW}{target}", "source_domain": source, "shelf": target}
        for source, target in plan.source.pairs
    ])  # fmt: skip


def _in_source(plan: PlanContext) -> PlanContext:
    """Return the same gathering, for what is shown of the source domain."""
    return replace(plan, recipe=replace(plan.recipe, history=plan.recipe.source_history))


def _of_pairs(plan: PlanContext, chosen: ir.Table, rows: ir.Table, side: str) -> ir.Table:
    """Of ranked interactions by domain those on one side of each chosen pair, titled; `domain` is then the pair."""
    titled = queries.titled(plan, rows).rename({side: "domain"})
    mine = titled.inner_join(chosen.select("domain", "subject", side), [side, "subject"])
    return mine.select("domain", "subject", "item", "title", "norm", "label", "rank")


def _words(source: Source, domain: str) -> str:
    """Return a domain as people say it."""
    return source.domain_words.get(domain, domain.replace("_", " "))


def _also(domain: str, history: list[str]) -> str:
    return ALSO.format(domain, answers.numbered(history)) if history else ""


TASK = Task(
    id="cdr",
    title="Cross-domain recommendation",
    root="UII",
    subject="user",
    description=DESCRIPTION,
    templates={"default": DEFAULT, "plain": PLAIN, "brief": BRIEF, HELD_OUT: UNSEEN},
    slots=frozenset({"source_domain", "source_history", "target_domain", "target_history", "candidates"}),
    answer="ranking",
    timed=True,
    metrics=("N@10", "H@1", "P@5"),
    defaults={"source_history": 5, "history": 5, "positives": 5, "negatives": 5},
    needs=needs,
    eligible=eligible,
    gather=gather,
    example=example,
    parse=parse,
)
