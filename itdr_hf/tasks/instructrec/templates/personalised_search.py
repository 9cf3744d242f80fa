"""Kinds C1 to C13: personalised search, with a user's history and a query.

Of C10 to C13 the text of the paper is cut off; slots and order are known from copies of it.
"""

from __future__ import annotations

from itdr_hf.tasks.instructrec.kinds import Kind
from itdr_hf.tasks.templates import HELD_OUT

ANY = ("P2", "I1", "I2")
QUERY_ITEM = "Answer in two lines:\nQuery: ...\nItem: ..."
LISTED = "up to five titles, oldest first, numbered, one per line"  # `writing.PAST`
PAST_ITEM = f"For the past, list {LISTED}; end with the line\nItem: ..."

NAMED = (
    Kind(
        id="C1",
        preference="P1P2",
        form="T2",
        target="item",
        order="HP",
        wordings={
            "default": "You are a search engine that knows its user. The user {did} these {items}, {order}:\n{history}\n"
            "Their taste: {preference}\nGenerate a new {item} that fits. Answer with its title.",
            "plain": "Search engine with a memory. History, {order}:\n{history}\nTaste: {preference}\nTitle of a new, "
            "fitting {item}:",
            HELD_OUT: "A regular returns to your search engine. Their past {items}, {order}:\n{history}\nWhat you know of "
            "them: {preference}\nWhich title do you put forward?",
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
            "default": "A user {did} these {items}, {order}:\n{history}\nTheir intention now: {query}\n"
            "Generate one {item} that matches this intention. Answer with its title.",
            "plain": "History, {order}:\n{history}\nIntention now: {query}\nTitle of a matching {item}:",
            HELD_OUT: "Before today, a user {did} these, {order}:\n{history}\nToday: {query}\nWhich title serves today's "
            "wish?",
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
            "default": "You are a shopping guide. Your customer recently {did} these {items}, {order}:\n{history}\n"
            "They describe what they want: {query}\nRecommend one {item}. Answer with its title.",
            "plain": "Guide a shopper. Recent {items}, {order}:\n{history}\nWanted: {query}\nRecommendation, title only:",
            HELD_OUT: "You guide a customer through the shop. Their latest {items}, {order}:\n{history}\nThey tell you: "
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
            "default": "You are a search engine that helps a searcher. The query: {query}\nGive the title of one {item} "
            "that matches both the query and the taste shown by what the searcher {did}, {order}:\n{history}",
            "plain": "Search engine. Query: {query}\nGive one title that fits the query and the searcher's past {items}, "
            "{order}:\n{history}",
            HELD_OUT: "Answer a search in the light of who is searching. The search: {query}\nWrite one title. The "
            "searcher's past {items}, {order}:\n{history}",
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
            "default": "A user {did} these {items}, {order}:\n{history}\nThis is the {item} they still need but cannot put into "
            "words: {title}\nWrite the search query for them.",
            "plain": "History, {order}:\n{history}\nStill needed: {title}\nQuery to search with:",
            HELD_OUT: "A user {did} these, {order}:\n{history}\nThey do not know how to ask for what would please them next: "
            "{title}\nAsk for it in their place.",
        },
    ),
    Kind(
        id="C6",
        preference="P1",
        form="reverse-preference",
        target="preference",
        order="HX",
        wordings={
            "default": "A user {did} these {items}, {order}:\n{history}\nThen they chose: {title}\nWhich preference led from "
            "this history to that choice? State it in one sentence.",
            "plain": "History, {order}:\n{history}\nNext choice: {title}\nState the preference behind it in one sentence.",
            HELD_OUT: "One user's path, {order}:\n{history}\nIt led to {title}\nWhich taste did they follow? One sentence.",
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
            "default": "A user's query: {query}\nWhat they chose in the end: {title}\nA query and a choice reveal a user's "
            f"taste. Infer which {{items}} they {{did}} right before that, and list {LISTED}.",
            "plain": "Query: {query}\nChoice: {title}\nBoth come from one taste. Which {items} came before? "
            f"List {LISTED}.",
            HELD_OUT: "Two traces of a user are left. What they asked: {query}\nWhat they took: {title}\nThe two share "
            f"a source. Reconstruct the earlier {{items}}: {LISTED}.",
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
            "default": "You are a search engine and have seen which {items} a user {did}, {order}:\n{history}\n"
            "What people search for and what they {do} go together. Predict the user's next query and the {item} they "
            f"choose. {QUERY_ITEM}",
            "plain": "You are a search engine. Seen so far, {order}:\n{history}\nQuery and choice go together: predict the "
            f"next of both. {QUERY_ITEM}",
            HELD_OUT: "In your logs as a search engine there is a user with these {items}, {order}:\n{history}\nThe next "
            f"entry is still to come: a search and what it led to. {QUERY_ITEM}",
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
            "default": "Queries reveal tastes. One user's query: {query}\nGuess the {items} this user {did} before, and the "
            f"next one. {PAST_ITEM}",
            "plain": f"A query says much about its user. Query: {{query}}\nGuess the past {{items}} and the next one. "
            f"{PAST_ITEM}",
            HELD_OUT: "A few words can show a person's taste. The words: {query}\nName the {items} in this person's past, "
            f"and the one that comes next. {PAST_ITEM}",
        },
    ),
)
CHOICES = (
    Kind(
        id="C10", preference="P1P2", form="T3", target="item", order="QHPC", queries=ANY, optional=True,
        wordings={
            "default": "A user's current query: {query}\nThe {items} they {did}, which show their taste, {order}:\n"
            "{history}\n[[Their taste in words: {preference}\n]]Answer the query by selecting one of these. Write its "
            "title.\n{candidates}",
            "plain": "Query: {query}\nHistory, {order}:\n{history}\n[[Taste: {preference}\n]]Select the answer; title only."
            "\n{candidates}",
            HELD_OUT: "Weigh what you know of a user. Their query: {query}\nTheir past {items}, {order}:\n{history}\n"
            "[[A note on them: {preference}\n]]Everything points to one title below. Copy it.\n{candidates}",
        },
    ),
    Kind(
        id="C11", preference="P1P2", form="T3", target="item", order="QHPC", queries=ANY, optional=True,
        wordings={
            "default": "A user wants to {do} something and searches with these words: {query}\nBefore that, they {did} these {items}, "
            "{order}:\n{history}\n[[Their taste: {preference}\n]]Recommend one of the candidates. Answer with its title."
            "\n{candidates}",
            "plain": "Wanted: {query}\nPast {items}, {order}:\n{history}\n[[Taste: {preference}\n]]Recommend one of these, "
            "title only.\n{candidates}",
            HELD_OUT: "The wish: {query}\nThe past, {order}:\n{history}\n[[The taste: {preference}\n]]One title below "
            "goes with all of this. Write it.\n{candidates}",
        },
    ),
    Kind(
        id="C12", preference="P1P2", form="T3", target="item", order="HPQC", queries=ANY, optional=True,
        wordings={
            "default": "A keen user {did} these {items}, {order}:\n{history}\n[[Their taste: {preference}\n]]"
            "Now they search with these words: \"{query}\"\nThe system offers:\n{candidates}\nSelect the one they will choose. "
            "Answer with its title.",
            "plain": "The user's past {items}, {order}:\n{history}\n[[Taste: {preference}\n]]Now wanted: \"{query}\"\nOffered:\n"
            "{candidates}\nWhich one? Title only.",
            HELD_OUT: "A regular's past {items}, {order}:\n{history}\n[[A remark on them: {preference}\n]]The regular says: "
            "\"{query}\"\nThese are on the counter:\n{candidates}\nCopy the title the regular points at.",
        },
    ),
    Kind(
        id="C13", preference="P1P2", form="T3", target="item", order="HPQC", queries=ANY, optional=True,
        wordings={
            "default": "A user's history, {order}:\n{history}\n[[Their taste: {preference}\n]]Their new search: \"{query}\"\n"
            "Select the candidate that matches. Answer with its title.\n{candidates}",
            "plain": "Past {items}, {order}:\n{history}\n[[Preference: {preference}\n]]Search: \"{query}\"\nMatch, title "
            "only:\n{candidates}",
            HELD_OUT: "First the record, {order}:\n{history}\n[[Then what it amounts to: {preference}\n]]Last, a new search: "
            "\"{query}\"\nOne title below settles it. Write it.\n{candidates}",
        },
    ),
)  # fmt: skip
KINDS = (*NAMED, *TURNED, *CHOICES)
