"""Kinds C1 to C13: personalised search, with a user's history and a query.

Of C10 to C13 the text of the paper is cut off; slots and order are known from copies of it.
"""

from __future__ import annotations

from itdr_hf.tasks.instructrec.kinds import Kind
from itdr_hf.tasks.templates import HELD_OUT

ANY = ("P2", "I1", "I2")
QUERY_ITEM = "Write two lines:\nQuery: ...\nItem: ..."
PAST_ITEM = "Number the past titles, one a line, and end with a line\nItem: ..."

NAMED = (
    Kind(
        id="C1",
        preference="P1P2",
        form="T2",
        target="item",
        order="HP",
        wordings={
            "default": "You are a search engine that knows its user. They {did}, {order}:\n{history}\nTheir taste: "
            "{preference}\nGenerate a new {item} that fits; give its title.",
            "plain": "Search engine with a memory. History, {order}:\n{history}\nTaste: {preference}\nTitle of a new, "
            "fitting {item}:",
            HELD_OUT: "Your search engine greets a regular, whose past is, {order}:\n{history}\nand of whom it knows: "
            "{preference}\nWhich title does it put forward?",
        },
    ),
    Kind(
        id="C2",
        preference="P1",
        form="T2",
        target="item",
        order="HQ",
        queries=("I1",),
        wordings={
            "default": "A user has these {items} behind them, {order}:\n{history}\nWhat they have in mind now: {query}\n"
            "Name a {item} that matches this intention; give its title.",
            "plain": "History, {order}:\n{history}\nIntention now: {query}\nTitle of a matching {item}:",
            HELD_OUT: "Yesterday, {order}:\n{history}\nToday: {query}\nWhich title serves today's wish?",
        },
    ),
    Kind(
        id="C3",
        preference="P1",
        form="T2",
        target="item",
        order="HQ",
        queries=("I1",),
        wordings={
            "default": "You are a shopping guide. Your customer lately {did}, {order}:\n{history}\nThe characteristics they "
            "want: {query}\nRecommend a {item}; give its title.",
            "plain": "Guide a shopper. Recent {items}, {order}:\n{history}\nWanted: {query}\nRecommendation, title only:",
            HELD_OUT: "As a guide through the shop, you walk with a customer who {did}, {order}:\n{history}\nThey tell you: "
            "{query}\nTo which title do you lead them?",
        },
    ),
    Kind(
        id="C4",
        preference="P1",
        form="T2",
        target="item",
        order="QH",
        queries=("I2",),
        wordings={
            "default": "You are a search engine that helps a searcher. The query: {query}\nName a {item} that matches both "
            "the query and the searcher's past tastes, {order}:\n{history}",
            "plain": "Search engine. Query: {query}\nTitle that fits the query and this past, {order}:\n{history}",
            HELD_OUT: "Answer a search in the light of who is searching. Searched: {query}\nWrite one title; the searcher's "
            "past is, {order}:\n{history}",
        },
    ),
)
TURNED = (
    Kind(
        id="C5",
        preference="P1",
        form="reverse-query",
        target="query",
        order="HX",
        queries=("I1", "I2"),
        wordings={
            "default": "A user {did}, {order}:\n{history}\nThey still need this {item} and cannot word it: {title}\n"
            "Write the query for them.",
            "plain": "History, {order}:\n{history}\nStill needed: {title}\nQuery to search with:",
            HELD_OUT: "After these, {order}:\n{history}\na user would be happy with {title}\nwithout knowing what to ask. "
            "Ask it for them.",
        },
    ),
    Kind(
        id="C6",
        preference="P1",
        form="reverse-preference",
        target="preference",
        order="HX",
        wordings={
            "default": "A user {did}, {order}:\n{history}\nAnd then: {title}\nWhich preference led from the one to the "
            "other? State it in a sentence.",
            "plain": "History, {order}:\n{history}\nNext choice: {title}\nState the preference behind it.",
            HELD_OUT: "From these, {order}:\n{history}\na user came to {title}\nWhat did they follow? One sentence.",
        },
    ),
    Kind(
        id="C7",
        preference="P0",
        form="relatedness",
        target="history",
        order="QX",
        queries=("P2", "I1"),
        wordings={
            "default": "A user searched: {query}\nand in the end chose {title}\nQuery and choice tell a user's taste. "
            "Estimate which {items} they {did} before: a numbered list of titles, one a line.",
            "plain": "Query: {query}\nChoice: {title}\nBoth come from a taste. List the {items} that came before, numbered, "
            "one a line.",
            HELD_OUT: "All that is left of a user is what they asked, {query}\nand what they took, {title}\nThe two share "
            "a source. Reconstruct the earlier {items} as a numbered list.",
        },
    ),
    Kind(
        id="C8",
        preference="P1",
        form="relatedness",
        target="query+item",
        order="H",
        queries=("I1", "I2"),
        wordings={
            "default": "You are a search engine and saw this user's {items}, {order}:\n{history}\nWhat people search and "
            f"{{do}} hangs together. Predict their next query and what they choose. {QUERY_ITEM}",
            "plain": "You are a search engine. Seen so far, {order}:\n{history}\nQuery and choice go together: predict the "
            f"next of both. {QUERY_ITEM}",
            HELD_OUT: "In your logs as a search engine one user stands out, {order}:\n{history}\nOne line of the log is "
            f"still to come, a search and what it led to. {QUERY_ITEM}",
        },
    ),
    Kind(
        id="C9",
        preference="P0",
        form="reverse-history",
        target="history+item",
        order="Q",
        queries=("P2", "I1"),
        wordings={
            "default": "Queries betray tastes. One user's query: {query}\nGuess the {items} they {did} before, and the next "
            f"one. {PAST_ITEM}",
            "plain": f"A query says much about its user. Query: {{query}}\nGuess past and next {{items}}. {PAST_ITEM}",
            HELD_OUT: "From a few words one can tell a person. The words: {query}\nTell what lies behind this person, and "
            f"what comes next. {PAST_ITEM}",
        },
    ),
)
CHOICES = (
    Kind(
        id="C10", preference="P1P2", form="T3", target="item", order="QHPC", queries=ANY, optional=True,
        wordings={
            "default": "A user's current query: {query}\nWhat they {did} tells their taste, {order}:\n{history}\n"
            "[[In words: {preference}\n]]Answer the query by selecting one of these. Write its title.\n{candidates}",
            "plain": "Query: {query}\nHistory, {order}:\n{history}\n[[Taste: {preference}\n]]Select the answer; title only."
            "\n{candidates}",
            HELD_OUT: "Two things speak for a user: their words, {query}\nand their past, {order}:\n{history}\n"
            "[[A third is this note: {preference}\n]]All speak for one title below. Copy it.\n{candidates}",
        },
    ),
    Kind(
        id="C11", preference="P1P2", form="T3", target="item", order="QHPC", queries=ANY, optional=True,
        wordings={
            "default": "A user wants something and searches for it: {query}\nBefore, they {did}, {order}:\n{history}\n"
            "[[They like the following: {preference}\n]]Recommend one candidate. Answer with its title.\n{candidates}",
            "plain": "Wanted: {query}\nHad before, {order}:\n{history}\n[[Liked: {preference}\n]]Recommend one of these, "
            "title only.\n{candidates}",
            HELD_OUT: "There is a wish, {query}\nthere is a past, {order}:\n{history}\n[[there is a taste, {preference}\n]]"
            "and one title below has to do with each. Write it.\n{candidates}",
        },
    ),
    Kind(
        id="C12", preference="P1P2", form="T3", target="item", order="HPQC", queries=ANY, optional=True,
        wordings={
            "default": "A keen user has {done} a good many {items}, {order}:\n{history}\n[[Their taste: {preference}\n]]"
            "Now they want this: \"{query}\"\nThe system offers:\n{candidates}\nSelect the one they take. Answer with "
            "its title.",
            "plain": "User's {items}, {order}:\n{history}\n[[Taste: {preference}\n]]Now wanted: \"{query}\"\nOffered:\n"
            "{candidates}\nWhich one? Title only.",
            HELD_OUT: "Somebody who knows what they like, {order}:\n{history}\n[[({preference})\n]]says: \"{query}\"\nand "
            "is shown:\n{candidates}\nCopy out the title they point at.",
        },
    ),
    Kind(
        id="C13", preference="P1P2", form="T3", target="item", order="HPQC", queries=ANY, optional=True,
        wordings={
            "default": "History of a user, {order}:\n{history}\n[[Taste: {preference}\n]]New search: \"{query}\"\nSelect the "
            "candidate that matches. Answer with its title.\n{candidates}",
            "plain": "Past, {order}:\n{history}\n[[Preference: {preference}\n]]Search: \"{query}\"\nMatch, title only:"
            "\n{candidates}",
            HELD_OUT: "First the record, {order}:\n{history}\n[[then what it amounts to: {preference}\n]]last a new search: "
            "\"{query}\"\nOne title settles it. Write it.\n{candidates}",
        },
    ),
)  # fmt: skip
KINDS = (*NAMED, *TURNED, *CHOICES)
