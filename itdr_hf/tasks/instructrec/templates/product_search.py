"""Kinds B1 to B9: product search, without a user."""

from __future__ import annotations

from itdr_hf.tasks.instructrec.kinds import Kind
from itdr_hf.tasks.templates import HELD_OUT

ANY = ("P2", "I1", "I2")

KINDS = (
    Kind(
        id="B1", preference="P0", form="T2", target="item", order="Q", queries=ANY,
        wordings={
            "default": "You act as a search engine. A user's query: {query}\nAnswer with the title of one {item} that fits it.",
            "plain": "Be a search engine. Query: {query}\nTitle of a fitting {item}:",
            HELD_OUT: "Somebody types this into your search box: {query}\nWrite the title you would return first.",
        },
    ),
    Kind(
        id="B2", preference="P0", form="T2", target="item", order="Q", queries=("I2",),
        wordings={
            "default": "As a search engine, you answer queries with {items}. The query: {query}\n"
            "Generate the title of one {item} that answers it.",
            "plain": "You are a search engine that answers with one {item}. Query: {query}\nTitle of your answer:",
            HELD_OUT: "Your job is search: words go in, one title comes out. In: {query}\nWhat comes out?",
        },
    ),
    Kind(
        id="B3", preference="P0", form="T2", target="item", order="Q", queries=("I2",),
        wordings={
            "default": "As a recommender system, you help people who ask for something. The request: {query}\n"
            "Recommend one {item} related to it. Answer with its title.",
            "plain": "You recommend on request. Request: {query}\nRecommend one {item}; title only.",
            HELD_OUT: "A recommender gets a request and has one try. Request: {query}\nWrite the title it should try.",
        },
    ),
    Kind(
        id="B4", preference="P0", form="T2", target="item", order="Q", queries=ANY,
        wordings={
            "default": "Somebody comes to you with this: {query}\nSuggest one related {item} that would help them. Answer with its "
            "title.",
            "plain": "What somebody is looking for: {query}\nTitle of a helpful {item}:",
            HELD_OUT: "Suppose you are asked for help in these words: {query}\nWhich one title would help?",
        },
    ),
    Kind(
        id="B5", preference="P0", form="reverse-query", target="query", order="X", queries=("I2",),
        wordings={
            "default": "This is the {item} that a user wants but cannot put into words: {title}\n"
            "Write the search query for them.",
            "plain": "Wanted, but hard to put into words: {title}\nWrite a search query for it.",
            HELD_OUT: "This would be the right {item} for a customer, if only they knew what to type: {title}\nType it "
            "for them.",
        },
    ),
    Kind(
        id="B6", preference="P0", form="reverse-query", target="query", order="X", queries=("I2",),
        wordings={
            "default": "You are an experienced search engine. People find {items} by keywords, such as their kind or who made "
            "them. One of them found this {item}: {title}\nThe keywords must have been:",
            "plain": "You are an experienced search engine and know which keywords lead where. A search led to this {item}: "
            "{title}\nIts keywords:",
            HELD_OUT: "After years of searches you can tell the question from the answer. Kind, maker and use are what "
            "people type. The answer was {title}\nThe question was:",
        },
    ),
    Kind(
        id="B7", preference="P0", form="T3", target="item", order="QC", queries=ANY,
        wordings={
            "default": "You are a search engine and receive this query: {query}\nFrom the candidates, select the {item} that "
            "answers it best. Answer with its title.\n{candidates}",
            "plain": "Search engine, query: {query}\nWhich candidate answers it? Title only.\n{candidates}",
            HELD_OUT: "A query has reached your index: {query}\nThese were found. Copy the title to be shown first."
            "\n{candidates}",
        },
    ),
    Kind(
        id="B8", preference="P0", form="T3", target="item", order="QC", queries=ANY,
        wordings={
            "default": "Find the best candidate for a user's search query: {query}\nAnswer with the title of one of "
            "these.\n{candidates}",
            "plain": "Best match wanted. Query: {query}\nCandidates (write one title):\n{candidates}",
            HELD_OUT: "One of the titles below is what a user meant by these words: {query}\nCopy it.\n{candidates}",
        },
    ),
    Kind(
        id="B9", preference="P0", form="T3", target="item", order="QC", queries=ANY,
        wordings={
            "default": "Compare candidates by their relevance to a query, and pick the most relevant one. The query: "
            "{query}\nAnswer with the title of one of these candidates:\n{candidates}",
            "plain": "Judge relevance. Query: {query}\nMost relevant of these, title only:\n{candidates}",
            HELD_OUT: "Weigh each title against the query and keep the best. Query: {query}\nWrite the title you "
            "keep.\n{candidates}",
        },
    ),
)  # fmt: skip
