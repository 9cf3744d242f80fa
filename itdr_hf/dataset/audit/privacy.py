"""Checks of privacy: what tells of a person has no place in an example."""

from __future__ import annotations

import re
from collections.abc import Iterator

from itdr_hf.dataset.audit.corpus import Corpus
from itdr_hf.dataset.audit.findings import Finding, Tally, named
from itdr_hf.dataset.audit.registry import check
from itdr_hf.runtime.duckdb_engine import quote
from itdr_hf.runtime.privacy import MARKS, scrub

HASH = "[0-9a-f]{16}"
# Where `scrub` can find anything at all: it is Python's work, and most examples have nothing like it.
SUSPECT = r"@|[\[(]\s?at\s?[\])]|www\.|://|\w\.\w+/|(?i:gram|insta|ig|chat|twitter|tiktok|discord|skype|whatsapp|gamertag|psn) ?[:=]|\d[^A-Za-z\n]{5,}\d"
MARKED = re.compile(rf"\[({'|'.join(MARKS)})\]")


@check(alpaca=False)
def users_are_hashes(corpus: Corpus) -> Iterator[Finding]:
    """Is every user a salted hash, so that no raw id is passed on?"""
    query = f"SELECT cell, count(*), list(id ORDER BY id)[:5] FROM examples WHERE user <> '' AND NOT regexp_full_match(user, '{HASH}')"
    for cell, count, ids in corpus.rows(f"{query} GROUP BY cell ORDER BY cell"):
        text = f"{count:,} examples whose user is no salted hash; want 16 hex digits; build the cell again"
        yield Finding(check="users-are-hashes", severity="breach", where=cell, message=text, examples=named(ids))


@check()
def nothing_of_people(corpus: Corpus) -> Iterator[Finding]:
    """Are there no e-mail addresses, links, handles or phone numbers in the texts?"""
    suspect = quote(SUSPECT)
    texts = "SELECT cell, id, concat_ws('\n', instruction, input, output) AS t FROM examples"
    lines = f"list_filter(string_split(t, '\n'), lambda line: regexp_matches(line, {suspect}))"
    found: dict[tuple[str, str], Tally] = {}
    query = f"SELECT cell, id, array_to_string({lines}, '\n') FROM ({texts}) WHERE regexp_matches(t, {suspect}) ORDER BY cell, id"
    for cell, name, text in corpus.many(query):
        for mark in set(MARKED.findall(_only_found(text))):
            found.setdefault((cell, mark), Tally()).add(name)
    for (cell, mark), tally in sorted(found.items()):
        text = f"{tally.count:,} examples with what looks like a person's {mark}; want [{mark}] in its place, unless it is a title"
        yield Finding(
            check="nothing-of-people",
            severity="warning",
            where=cell,
            message=f"{text}; look at them",
            examples=named(tally.ids),
        )


def _only_found(text: str) -> str:
    """A text as it should be, without the marks that it has already."""
    return scrub(MARKED.sub("", text))
