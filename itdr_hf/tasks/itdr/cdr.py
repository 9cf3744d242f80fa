"""Cross-domain recommendation: rank the next items of one domain from histories in two (appendix C, Table 20).

A unit is a user in a pair of domains of `source.pairs`, written "A > B". Of A the first interactions are the history
(`source_history`); of B, what is asked for are the first interactions (`positives`) later than all of those and behind
a history of B's own (`history`, what comes right before), so that nothing shown is from the future. With `future`
"shown", as in the paper, the first of each domain are taken whatever their time. Negatives are of B, touched by the
user in no domain. The paper's text has ten of A, its example five of each: we take the latter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from itdr_hf.errors import BuildError, UsageError
from itdr_hf.raw.source import ARROW, Source
from itdr_hf.records import Example
from itdr_hf.tasks import answers
from itdr_hf.tasks.itdr import _ranking
from itdr_hf.tasks.planning import ordering, queries, split_protocols
from itdr_hf.tasks.reading import ParsedAnswer, read_ranking, shown_candidates
from itdr_hf.tasks.task import ExampleParts, Task, TaskContext
from itdr_hf.tasks.templates import HELD_OUT

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from itdr_hf.tasks.planning.context import PlanContext

SHOWN = ("item", "title", "norm", "label", "rank", "timestamp")
DESCRIPTION = (
    "Cross-domain recommendation: carry over what a person's choices in one domain say of their taste to another "
    "domain, and put that domain's candidates in order so that those they are most likely to choose next come first."
)
DEFAULT = (
    "A user {did} these {items} in the {source_domain} category, {order}:\n{source_history}\n"
    "{target_history}"
    "Rank the candidate {items} of the {target_domain} category by how likely this user is to {do} each of them "
    "{next}, the most likely first.\n"
    "Candidates:\n{candidates}\nAnswer with all the candidates as a numbered list, one a line."
)
PLAIN = (
    "Someone {did} the {items} below in the {source_domain} category, {order}:\n{source_history}\n{target_history}"
    "Here are more {items} of the {target_domain} category. Sort them, beginning with the one this person is most "
    "likely to {do} {next} and ending with the least likely:\n{candidates}\n"
    "Write the whole list in your order, numbered, one title a line."
)
BRIEF = (
    "Already {done} in the {source_domain} category, {order}:\n{source_history}\n{target_history}"
    "To be ranked, likeliest {choice} in the {target_domain} category first:\n{candidates}\n"
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
    """Return the (pair, user)s with enough in both domains, and enough of it in the right order: 5 and 10 for the paper's numbers.

    Raises BuildError for a release that has no pair of domains.
    """
    _check_domains(plan)
    pairs = _pairs(plan)
    there = queries.users_with(_in_source(plan), plan.recipe.source_history).select("subject", source_domain="domain")
    here = queries.users_with(plan, plan.recipe.history + plan.recipe.positives).select("subject", pool="domain")
    both = pairs.inner_join(there, "source_domain").inner_join(here, ["pool", "subject"])
    if not _hidden(plan) or plan.period:
        return both.select("domain", "subject")
    both = plan.engine.materialise(both)
    rows = plan.table("interactions").rename(subject="user").semi_join(both, "subject")
    later = _after_what_is_shown(plan, both, plan.engine.materialise(rows))
    enough = later.group_by(queries.KEYS).agg(n=later.count())
    return enough.filter(enough.n >= plan.recipe.positives).drop("n")


def gather(plan: PlanContext, chosen: ir.Table) -> ir.Table:
    """Both histories, positives and negatives of each chosen (pair, user)."""
    chosen = chosen.inner_join(_pairs(plan), "domain")
    everything = queries.all_interactions(plan, chosen)
    here = plan.engine.materialise(_titled(plan, _asked_for(plan, chosen, everything), "pool"))
    there = _titled(plan, _shown_there(plan, chosen, everything, here), "source_domain")
    place = (there["rank"] - plan.recipe.source_history).cast(here["rank"].type())  # negative: shown first
    before = there.mutate(rank=place)
    window = plan.engine.materialise(before.union(here))
    mine = everything.drop("domain").inner_join(chosen.select("domain", "subject"), "subject")
    rows = _ranking.assemble(plan, chosen.drop("source_domain"), everything, mine, window)
    return rows.drop("pool", *_ranking.LABELS)


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
    """domain ("A > B"), source_domain, pool (the target domain, where negatives are drawn)."""
    return plan.engine.table([
        {"domain": f"{source}{ARROW}{target}", "source_domain": source, "pool": target}
        for source, target in plan.source.pairs
    ])  # fmt: skip


def _check_domains(plan: PlanContext) -> None:
    """Raise BuildError unless the release has both domains of some pair."""
    domains = plan.table("activity").select("domain").distinct()
    there = sorted(row["domain"] for row in plan.engine.collect(domains))
    if not any({*pair} <= {*there} for pair in plan.source.pairs):
        wanted = "; ".join(map(" with ".join, plan.source.pairs))
        raise BuildError(
            f"{plan.source.id}: has {', '.join(there)}; want both domains of a pair: {wanted}; download the other one of a pair"
        )


def _hidden(plan: PlanContext) -> bool:
    """Whether what is shown of the source domain has to be before what is asked for, and there are times to tell it by."""
    return plan.recipe.future == "hidden" and plan.source.by_time


def _in_source(plan: PlanContext) -> PlanContext:
    """Return the same plan, for what is shown of the source domain."""
    return replace(plan, recipe=replace(plan.recipe, history=plan.recipe.source_history))


def _of_pairs(chosen: ir.Table, rows: ir.Table, side: str) -> ir.Table:
    """Of interactions by domain those on one side of each chosen pair; `domain` is then the pair, `side` their own."""
    pairs = chosen.select("domain", "subject", side)
    return rows.rename({side: "domain"}).inner_join(pairs, [side, "subject"])


def _titled(plan: PlanContext, rows: ir.Table, side: str) -> ir.Table:
    """Ranked interactions of pairs with the titles of their items, which are of the domain `side`."""
    titled = queries.titled(plan, rows.rename(pair="domain", domain=side))
    return titled.drop("domain").rename(domain="pair").select(*queries.KEYS, *SHOWN)


def _after_what_is_shown(plan: PlanContext, chosen: ir.Table, rows: ir.Table) -> ir.Table:
    """Return the target domain's interactions that may be asked for: behind its history, later than the source domain's.

    `number` is their place in the target domain.
    """
    shown = queries.first_in_order(plan, _of_pairs(chosen, rows, "source_domain"), plan.recipe.source_history)
    shown_until = shown.group_by(queries.KEYS).agg(shown_until=shown.timestamp.max())
    here = _of_pairs(chosen, rows, "pool")
    here = here.mutate(number=ordering.numbered(plan, here, queries.KEYS)).inner_join(shown_until, queries.KEYS)
    return here.filter((here.number >= plan.recipe.history) & (here.timestamp > here.shown_until)).drop("shown_until")


def _asked_for(plan: PlanContext, chosen: ir.Table, everything: ir.Table) -> ir.Table:
    """Return the target domain's history and positives, by `rank`."""
    count = plan.recipe.history + plan.recipe.positives
    if not _hidden(plan) or plan.period:
        return _of_pairs(chosen, queries.window(plan, everything, count), "pool")
    later = _after_what_is_shown(plan, chosen, everything)
    begin = later.group_by(queries.KEYS).agg(begin=later.number.min() - plan.recipe.history)
    here = _of_pairs(chosen, everything, "pool")
    here = here.mutate(number=ordering.numbered(plan, here, queries.KEYS)).inner_join(begin, queries.KEYS)
    here = here.mutate(rank=here.number - here.begin)
    return here.filter((here["rank"] >= 0) & (here["rank"] < count)).drop("number", "begin")


def _shown_there(plan: PlanContext, chosen: ir.Table, everything: ir.Table, here: ir.Table) -> ir.Table:
    """Return the source domain's history, by `rank`: its first interactions, or those right before a period's positives."""
    count = plan.recipe.source_history
    if not _hidden(plan):
        return _of_pairs(chosen, queries.window(_in_source(plan), everything, count), "source_domain")
    asked = here.filter(here["rank"] >= plan.recipe.history).group_by(queries.KEYS)
    asked = asked.agg(asked=lambda t: t.timestamp.min())
    rows = split_protocols.showable(plan, everything) if plan.period else everything
    before = _of_pairs(chosen, rows, "source_domain").inner_join(asked, queries.KEYS)
    before = before.filter(before.timestamp < before.asked).drop("asked")
    if not plan.period:
        return queries.first_in_order(plan, before, count)
    before = before.mutate(back=ordering.numbered(plan, before, queries.KEYS, last_first=True))
    return queries.first_in_order(plan, before.filter(before.back < count).drop("back"), count)


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
