"""Which instructions a datum is given in: the choice among the kinds that it has the texts for.

Training gives a datum one kind, each equally likely, and one of its variants. Validation and test give it every
setting of the scenario (such as P1-I1-T3), each in one of the kinds that may be reported; `forms` "all" gives it every
variant, and a pattern such as "A7/*" those that fit. With `held_out` I1, no training or validation instruction has that
intention and the test has no other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from itdr_hf.errors import UsageError
from itdr_hf.records import SPLITS
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


@dataclass(frozen=True)
class Spread:
    """Give what is gathered of each subject the instructions of these kinds: `Task.spread` of a scenario."""

    kinds: tuple[Kind, ...]

    def check(self, recipe: Recipe) -> None:
        """Raise UsageError for a recipe that leaves a split without an instruction: `Task.check` of a scenario."""
        for split in SPLITS:
            allowed(self.kinds, recipe, split)

    def __call__(self, plan: PlanContext, rows: ir.Table) -> ir.Table:
        """Return the rows with `form`, the instruction each is given in, and `part`, which of several of its subject.

        `rows` have the keys, the split and `has`, the sum of PREFERENCE, VAGUE and SPECIFIC that there are texts for. A
        subject that no instruction fits is left out. Only keys and numbers go through the choice, as rows are long.
        """
        splits = [plan.period] if plan.period else SPLITS
        options = [one for s in splits for one in _options(allowed(self.kinds, plan.recipe, s), plan.recipe, s)]
        numbers = {name: _number(plan, rows, name) for name in ("kind", "variant")}
        keyed = rows.select(*KEYS, "split", "has", **numbers)
        fitting = keyed.inner_join(plan.engine.table(options), ["split", "has"])
        chosen = fitting.filter(
            (fitting.kind % fitting.kinds == fitting.kind_place)
            & (fitting.variant % fitting.variants == fitting.variant_place)
        )
        return rows.drop("has").inner_join(chosen.select(*KEYS, "form", "part"), KEYS)


def has(preference: ir.BooleanValue, vague: ir.BooleanValue, specific: ir.BooleanValue) -> ir.IntegerValue:
    """Return the texts that there are, as a sum of bits."""
    bits = ((preference, PREFERENCE), (vague, VAGUE), (specific, SPECIFIC))
    first, *others = [known.fill_null(False).ifelse(bit, 0).cast("int64") for known, bit in bits]
    return sum(others, start=first)


def _options(found: Sequence[Variant], recipe: Recipe, split: str) -> list[dict[str, str | int]]:
    """Return what may be chosen for each sum of texts, and which numbers choose it.

    An option is chosen where one number, divided by `kinds`, leaves `kind_place`, and another one, divided by
    `variants`, `variant_place`: in training a kind and then one of its variants, else one variant of each setting.
    """
    options: list[dict[str, str | int]] = []
    settings = list(dict.fromkeys((v.preference, v.intention) for v in found))
    for known in range(PREFERENCE + VAGUE + SPECIFIC + 1):
        fitting = [v for v in found if known & v.needs == v.needs]
        kinds = list(dict.fromkeys(v.kind.id for v in fitting))
        for v in fitting:
            option: dict[str, str | int] = {"split": split, "has": known, "form": v.id, "part": found.index(v)}
            option |= {"kinds": 1, "kind_place": 0, "variants": 1, "variant_place": 0}
            if recipe.forms != ALL and split == "train":
                alike = [other for other in fitting if other.kind == v.kind]
                option |= {"part": 0, "kinds": len(kinds), "kind_place": kinds.index(v.kind.id)}
                option |= {"variants": len(alike), "variant_place": alike.index(v)}
            elif recipe.forms != ALL:
                alike = [other for other in fitting if other[1:] == v[1:]]
                option |= {"part": settings.index(v[1:]), "variants": len(alike), "variant_place": alike.index(v)}
            options.append(option)
    return options


def _number(plan: PlanContext, rows: ir.Table, what: str) -> ir.IntegerValue:
    """Return a number of each subject that has nothing to do with it, for what is to be chosen."""
    salt = f"form|{plan.recipe.seed}|{plan.source.id}|{plan.period}|{what}"
    return digest.whole(digest.digest(salt, rows.domain, rows.subject), 0, 7)
