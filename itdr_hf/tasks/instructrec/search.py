"""Product search as instructions: an item for a query, 9 kinds (B1 to B9); no user is shown.

Items go to splits by a hash of their titles, 80/10/10, so that an item asked for in the test is asked for in no
training example of this scenario. It may still stand in a history, or be asked for, in another scenario.
"""

from __future__ import annotations

from itdr_hf.errors import UsageError
from itdr_hf.raw.source import Source
from itdr_hf.tasks.instructrec import products
from itdr_hf.tasks.instructrec.scenario import scenario
from itdr_hf.tasks.instructrec.templates.product_search import KINDS

DESCRIPTION = "Product search: answer a query, however vague or specific, with the thing it asks for."


def needs(source: Source) -> tuple[str, ...]:
    """Return the tables it reads. Raises UsageError for a source without categories."""
    if source.label is None:
        raise UsageError(f"search: items of {source.id} have no category; want one to search by; choose another source")
    return ("interactions", "items")


TASK = scenario(
    id="search",
    title="Product search",
    description=DESCRIPTION,
    subject="item",
    kinds=KINDS,
    needs=needs,
    eligible=products.eligible,
    gather=products.gather,
)
