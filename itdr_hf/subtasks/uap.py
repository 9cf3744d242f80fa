"""User attribute prediction: who likes these items? (the paper's appendix C, Table 22)

Only attributes the release knows of a user are asked for and given; a user without any is not eligible.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from itdr_hf.errors import UsageError
from itdr_hf.prompts import HELD_OUT
from itdr_hf.records import Answer, Example, Parts, Source, Subtask, Wording
from itdr_hf.subtasks import _answers, _plans, _ranking
from itdr_hf.texts import join_words

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from itdr_hf.gathering import Gathering

DESCRIPTION = (
    "User attribute prediction: infer lasting facts about a person, such as age, gender, occupation or where they "
    "live, from nothing but the things they like."
)
DEFAULT = (
    "A user likes these {items}, {order}:\n{history}\n"
    "From these likes, predict the user's {attributes}.\nAnswer with one line for each, in this form:\n{form}"
)
PLAIN = (
    "These are {items} that one person likes, {order}:\n{history}\n"
    "Make your best guess at the person's {attributes}. Write each on a line of its own, like this:\n{form}"
)
BRIEF = "Liked by one user, {order}:\n{history}\nGuess the user's {attributes}. Reply in this form:\n{form}"
UNSEEN = (
    "Picture the person who chose all of the following {items} as favourites ({order}).\n{history}\n"
    "What do you take their {attributes} to be? Fill in every line and add nothing:\n{form}"
)


def needs(source: Source) -> tuple[str, ...]:
    if not source.user_attributes:
        raise UsageError(f"uap: {source.id} knows nothing of its users; want user_attributes; choose another subtask")
    return ("interactions", "items", "users")


def eligible(g: Gathering) -> ir.Table:
    import ibis

    users = g.table("users")
    known = users.filter(ibis.or_(*[users[a.column].notnull() for a in g.source.user_attributes]))
    likes = _likes(g, g.table("interactions"))
    return known.semi_join(likes, "user").select(subject="user")


def gather(g: Gathering, chosen: ir.Table) -> ir.Table:
    mine = _plans.interactions_of(g, chosen)
    likes = _likes(g, mine)
    # plays say how much an item is liked
    most_played = {"plays": -likes.plays.fill_null(0)} if "plays" in likes.columns else {}
    shown = _plans.titled(g, _plans.first_by_time(likes, g.recipe.history, before=most_played))
    made = shown.group_by(_plans.KEYS).agg(
        history=_plans.in_order(shown, "title"), history_labels=_plans.in_order(shown, "label")
    )
    users = g.table("users").rename(subject="user")
    columns = [a.column for a in g.source.user_attributes]
    rows = chosen.inner_join(made, _plans.KEYS).inner_join(users.select("subject", *columns), "subject")
    return rows.mutate(left_out=_plans.reason((rows.subject.isnull(), "no user")))


def example(row: Mapping[str, Any], wording: Wording) -> Parts:
    known = [(a.name, str(row[a.column])) for a in wording.source.user_attributes if row[a.column] is not None]
    names = [name for name, _ in known]
    liked = _ranking.labelled(row["history"], row["history_labels"])
    return Parts(
        slots={
            "history": _answers.numbered(liked),
            "attributes": join_words(names),
            "form": "\n".join([f"{name}: ..." for name in names]),
        },
        output="\n".join([f"{name}: {value}" for name, value in known]),
        history=row["history"],
        targets=[value for _, value in known],
        target_names=names,
    )


def parse(text: str, example: Example, *, strict: bool = False) -> Answer:
    """The values of the attributes, in the order of `target_names`; of a numeric one the number alone."""
    from itdr_hf import catalogue

    answer = _answers.read_named(text, example.target_names, strict)
    numeric = {a.name for a in catalogue.source(example.source).user_attributes if a.kind == "number"}
    places = [place for place, name in enumerate(example.target_names) if name in numeric]
    return _answers.with_numbers(answer, places, strict)


def _likes(g: Gathering, interactions: ir.Table) -> ir.Table:
    """The interactions that say 'like': rated above the threshold, or all where there are no ratings."""
    return interactions.filter(interactions.rating > g.recipe.liked_above) if g.source.scale else interactions


SUBTASK = Subtask(
    id="uap",
    title="User attribute prediction",
    root="UIU",
    subject="user",
    description=DESCRIPTION,
    templates={"default": DEFAULT, "plain": PLAIN, "brief": BRIEF, HELD_OUT: UNSEEN},
    slots=frozenset({"history", "attributes", "form"}),
    metrics=("ACC", "RMSE"),
    defaults={"history": 20},
    needs=needs,
    eligible=eligible,
    gather=gather,
    example=example,
    parse=parse,
)
