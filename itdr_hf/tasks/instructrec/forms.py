"""Which instructions a datum is given in: the choice among the kinds that it has the texts for.

Training gives a datum one kind, each equally likely, and one of its variants. Validation and test give it every
setting of the scenario (such as P1-I1-T3), each in one of the kinds that may be reported; `forms` "all" gives it every
variant, and a pattern such as "A7/*" those that fit. With `held_out` I1, no training or validation instruction has that
intention and the test has no other.
"""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from itdr_hf.errors import UsageError
from itdr_hf.tasks.instructrec.kinds import PREFERENCE, SPECIFIC, VAGUE, Kind, Variant, variants
from itdr_hf.tasks.planning import digest

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from itdr_hf.tasks.planning.context import PlanContext
    from itdr_hf.tasks.planning.recipe import Recipe

ONE, ALL = "one", "all"
KEYS = ["domain", "subject"]


def allowed(kinds: Sequence[Kind], recipe: Recipe, split: str) -> list[Variant]:
    """Return the variants that a split may use. Raises UsageError where nothing is left."""
    train = split == "train"
    found = [v for v in variants(kinds) if train or _reported(v)]
    if recipe.held_out:
        held = [v for v in found if v.intention == recipe.held_out]
        found = held if split == "test" else [v for v in found if v not in held]
    if recipe.forms not in (ONE, ALL):
        patterns = [part.strip() for part in recipe.forms.split(",")]
        found = [v for v in found if any(fnmatchcase(v.id, pattern) for pattern in patterns)]
    if not found:
        raise UsageError(
            f"forms={recipe.forms!r}, held_out={recipe.held_out!r}: no instruction is left for {split}; want one at "
            f"least; have: {', '.join(v.id for v in variants(kinds) if train or _reported(v))}"
        )
    return found


def _reported(variant: Variant) -> bool:
    """Whether figures are reported on it: a choice among candidates, the preference not stated besides."""
    return variant.kind.form == "T3" and "P2" not in variant.preference


def spread(plan: PlanContext, rows: ir.Table, kinds: Sequence[Kind], split: str) -> ir.Table:
    """Return the rows with `form`, the instruction each is given in, and `part`, which of several of its subject.

    `rows` have the keys and `has`, the sum of PREFERENCE, VAGUE and SPECIFIC that there are texts for. A subject that
    no instruction fits is left out.
    """
    found = allowed(kinds, plan.recipe, split)
    fitting = rows.cross_join(plan.engine.table(_records(found)))
    fitting = fitting.filter((fitting.has & fitting.needs) == fitting.needs)
    if plan.recipe.forms == ALL:
        chosen, part = fitting, fitting.variant
    elif split == "train":
        chosen = _picked(plan, _picked(plan, fitting, "kind", []), "variant", [])
        part = chosen.variant * 0
    else:
        chosen = _picked(plan, fitting, "variant", ["setting"])
        part = chosen.setting
    return chosen.mutate(part=part.cast("int64")).drop("has", "needs", "variant", "kind", "setting")


def has(preference: ir.BooleanValue, vague: ir.BooleanValue, specific: ir.BooleanValue) -> ir.IntegerValue:
    """Return the texts that there are, as a sum of bits."""
    bits = ((preference, PREFERENCE), (vague, VAGUE), (specific, SPECIFIC))
    first, *others = [known.fill_null(False).ifelse(bit, 0).cast("int64") for known, bit in bits]
    return sum(others, start=first)


def _records(found: Sequence[Variant]) -> list[dict[str, object]]:
    kinds = list(dict.fromkeys(v.kind.id for v in found))
    settings = list(dict.fromkeys((v.preference, v.intention) for v in found))
    return [
        {
            "form": v.id,
            "needs": v.needs,
            "variant": number,
            "kind": kinds.index(v.kind.id),
            "setting": settings.index((v.preference, v.intention)),
        }
        for number, v in enumerate(found)
    ]


def _picked(plan: PlanContext, rows: ir.Table, column: str, within: list[str]) -> ir.Table:
    """Return the rows of one value of a column for each subject (and value of `within`), all values equally likely."""
    import ibis

    keys = [rows[key] for key in (*KEYS, *within)]
    place = ibis.dense_rank().over(group_by=keys, order_by=rows[column])
    ranked = rows.mutate(place=place)
    again = [ranked[key] for key in (*KEYS, *within)]
    counted = ranked.mutate(size=(ranked.place.max() + 1).over(group_by=again))
    digits = digest.digest(
        f"form|{plan.recipe.seed}|{plan.source.id}|{plan.period}|{column}", counted.domain, counted.subject
    )
    return counted.filter(counted.place == digest.whole(digits, 0, 7) % counted.size).drop("place", "size")
