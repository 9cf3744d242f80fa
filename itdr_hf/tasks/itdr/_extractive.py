"""References made from the example's own facts: the writer that serves when no teacher does.

Deterministic, two to four sentences of about 40 to 110 words in all, and nothing in them that the prompt does not say:
titles, labels, attributes and a telling sentence of the reviews. The wording varies with the content.
"""

from itdr_hf.records import EXTRACTIVE
from itdr_hf.tasks.itdr._audience import Review as Review
from itdr_hf.tasks.itdr._audience import target_users as target_users
from itdr_hf.tasks.itdr._interests import Opinion as Opinion
from itdr_hf.tasks.itdr._interests import interests as interests

NAME = EXTRACTIVE
