"""Kinds B1 to B9: product search, without a user."""

from __future__ import annotations

from itdr_hf.tasks.instructrec.kinds import Kind
from itdr_hf.tasks.templates import HELD_OUT

ANY = ("P2", "I1", "I2")

KINDS = (
    Kind(
        id="B1", preference="P0", form="T2", target="item", order="Q", queries=ANY,
        wordings={
            "default": "You act as a search engine. A user's query: {query}\nAnswer with the title of a {item} for it.",
            "plain": "Be a search engine. Query: {query}\nTitle of a fitting {item}:",
            HELD_OUT: "Somebody types this into your search box: {query}\nWrite the title you would return first.",
        },
    ),
    Kind(
        id="B2", preference="P0", form="T2", target="item", order="Q", queries=("I2",),
        wordings={
            "default": "As a search engine, you answer queries with {items}. The query is: {query}\n"
            "Generate the title of one {item} that answers it.",
            "plain": "You search and answer with one {item}. Searched for: {query}\nAnswer with its title.",
            HELD_OUT: "Your job is search: words go in, one title comes out. In: {query}\nWhat comes out?",
        },
    ),
    Kind(
        id="B3", preference="P0", form="T2", target="item", order="Q", queries=("I2",),
        wordings={
            "default": "As a recommender system, you help people who ask for something. The request: {query}\n"
            "Recommend a {item} related to it; give its title.",
            "plain": "You recommend on request. Requested: {query}\nRecommend one {item}, title only.",
            HELD_OUT: "A recommender gets a request and has one try. Request: {query}\nWrite the title.",
        },
    ),
    Kind(
        id="B4", preference="P0", form="T2", target="item", order="Q", queries=ANY,
        wordings={
            "default": "Somebody asks for this: {query}\nHelp them with one related {item}: write its title.",
            "plain": "Asked for: {query}\nA helpful {item}, title only:",
            HELD_OUT: "Suppose you are asked: {query}\nWhich single title would be of help?",
        },
    ),
    Kind(
        id="B5", preference="P0", form="reverse-query", target="query", order="X", queries=("I2",),
        wordings={
            "default": "A user wants a {item} and does not know how to put it. The {item} is: {title}\n"
            "Write the query they should search with.",
            "plain": "Somebody is after {title} and lacks the words.\nWrite a search query for it.",
            HELD_OUT: "The right {item} for a customer would be {title}, if only they knew what to type.\nType it for "
            "them.",
        },
    ),
    Kind(
        id="B6", preference="P0", form="reverse-query", target="query", order="X", queries=("I2",),
        wordings={
            "default": "You are a search engine of much experience. People find a {item} by keywords of its kind and "
            "maker. One {item} is {title}\nGuess the keywords it was searched by:",
            "plain": "You are an experienced search engine and know which keywords lead where. This one led to {title}\n"
            "Keywords:",
            HELD_OUT: "After years of searches you can tell the question from the answer. Kind, brand and use are what "
            "people type. The answer was {title}\nThe question was:",
        },
    ),
    Kind(
        id="B7", preference="P0", form="T3", target="item", order="QC", queries=ANY,
        wordings={
            "default": "You are a search engine and meet this query: {query}\nSelect the {item} that answers it from the "
            "candidates. Answer with its title.\n{candidates}",
            "plain": "Search engine, query: {query}\nWhich candidate? Title only.\n{candidates}",
            HELD_OUT: "A query has reached your index: {query}\nThese were found. Copy out the one to be shown first."
            "\n{candidates}",
        },
    ),
    Kind(
        id="B8", preference="P0", form="T3", target="item", order="QC", queries=ANY,
        wordings={
            "default": "Find the best candidate for a user's search query: {query}\nAnswer with the title of one of "
            "these.\n{candidates}",
            "plain": "Best match wanted. Query: {query}\nCandidates (write one title):\n{candidates}",
            HELD_OUT: "One of the titles below is what a user meant by these words: {query}\nCopy it out.\n{candidates}",
        },
    ),
    Kind(
        id="B9", preference="P0", form="T3", target="item", order="QC", queries=ANY,
        wordings={
            "default": "Compare candidates by how relevant they are to a query, and pick the most relevant. The query: "
            "{query}\nThe candidates, of which you write one title:\n{candidates}",
            "plain": "Judge relevance. Query: {query}\nMost relevant of these, title only:\n{candidates}",
            HELD_OUT: "Weigh each title against the query and keep the heaviest. Query: {query}\nWrite the title you "
            "keep.\n{candidates}",
        },
    ),
)  # fmt: skip
