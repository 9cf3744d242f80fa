"""Read answers of language models: what a text says in each kind of answer, and what is wrong with it."""

from itdr_hf.tasks.reading.attributes import AskedAttribute, read_attributes
from itdr_hf.tasks.reading.choice import read_choice
from itdr_hf.tasks.reading.faults import Fault, ParsedAnswer
from itdr_hf.tasks.reading.free_text import read_text
from itdr_hf.tasks.reading.labels import fold_label
from itdr_hf.tasks.reading.number import read_number
from itdr_hf.tasks.reading.pipeline import bare_answer
from itdr_hf.tasks.reading.ranking import read_ranking
from itdr_hf.tasks.reading.shown import shown_candidates
from itdr_hf.tasks.reading.thoughts import remove_thoughts
from itdr_hf.tasks.reading.version import READER_VERSION, reader_signature
from itdr_hf.tasks.reading.yes_no import read_yes_no

__all__ = [
    "READER_VERSION",
    "AskedAttribute",
    "Fault",
    "ParsedAnswer",
    "bare_answer",
    "fold_label",
    "read_attributes",
    "read_choice",
    "read_number",
    "read_ranking",
    "read_text",
    "read_yes_no",
    "reader_signature",
    "remove_thoughts",
    "shown_candidates",
]
