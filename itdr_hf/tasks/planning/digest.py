"""Stable numbers from text keys, the same on every engine."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ibis.expr.types as ir


def digest(*parts: ir.Value | str) -> ir.StringValue:
    """32 hex digits: the md5 of the parts as text, joined by '|'."""
    import ibis

    values = [ibis.literal(p) if isinstance(p, str) else p.cast("string") for p in parts]
    return ibis.literal("|").join(values).hexdigest("md5")


def placed(items: ir.Table, pool: list[str]) -> ir.Table:
    """Return items with `place`, their number within their pool from 0: in md5 order, which has nothing to do with them."""
    import ibis

    order = [digest("shelf", items.item), items.item]
    return items.mutate(place=ibis.row_number().over(group_by=[items[name] for name in pool], order_by=order))


def whole(digits: ir.StringValue, start: int, length: int) -> ir.IntegerValue:
    """Return the whole number that `length` (at most 15) hex digits stand for, from position `start`."""
    return _hex_number()(digits.substr(start, length))


@cache
def _hex_number() -> Any:
    """Return the function of this name that every engine defines for itself."""
    import ibis

    @ibis.udf.scalar.builtin(signature=(("string",), "int64"))
    def hex_number(digits):  # type: ignore[no-untyped-def]
        """Return the number that hex digits stand for."""

    return hex_number
