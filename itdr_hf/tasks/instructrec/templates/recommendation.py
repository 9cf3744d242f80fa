"""Kinds A1 to A17: sequential recommendation, without a query.

Repaired against the paper: A11 and A12 judge one item (T0; labelled T1 there), A13 has the preference where the user
is described and the history where the history is announced (exchanged there).
"""

from __future__ import annotations

from itdr_hf.tasks.instructrec.kinds import Kind
from itdr_hf.tasks.templates import HELD_OUT

TWO_LINES = "Write two lines:\nPreference: ...\nItem: ..."

NEXT_ITEM = (
    Kind(
        id="A1",
        preference="P1",
        form="T2",
        target="item",
        order="H",
        wordings={
            "default": "Name the {item} that this user is most likely to {do} next, judging by what they {did} so far, "
            "{order}:\n{history}",
            "plain": "What will the user {do} next? These are the {items} they {did}, {order}:\n{history}",
            HELD_OUT: "Continue this record of {items} with the title that comes next ({order}):\n{history}",
        },
    ),
    Kind(
        id="A2",
        preference="P1P2",
        form="T2",
        target="item",
        order="PH",
        wordings={
            "default": "You are to recommend a {item} to a user of whom two things are known. Their taste in words: "
            "{preference}\nWhat they {did}, {order}:\n{history}\nWhich {item} do you recommend now? Give its title.",
            "plain": "Pick a {item} for somebody. Profile: {preference}\nPast {items}, {order}:\n{history}\n"
            "Write the title of your pick.",
            HELD_OUT: "Before you suggest anything, read who it is for: {preference}\nThen look at their past "
            "({order}):\n{history}\nNow write the one title you would suggest.",
        },
    ),
    Kind(
        id="A4",
        preference="P1P2",
        form="T2",
        target="item",
        order="HP",
        optional=True,
        wordings={
            "default": "The user {did} these {items}, {order}:\n{history}\n[[From them one can tell their taste: "
            "{preference}\n]]Which {item} should follow? Give its title.",
            "plain": "History, {order}:\n{history}\n[[Taste: {preference}\n]]Title of the next {item}:",
            HELD_OUT: "Here is what one user went through, {order}:\n{history}\n[[It adds up to this taste: "
            "{preference}\n]]Write the title you expect after that.",
        },
    ),
    Kind(
        id="A5",
        preference="P1P2",
        form="T2",
        target="item",
        order="HP",
        optional=True,
        wordings={
            "default": "Look for what the following {items}, which one user {did}, have in common ({order}):\n{history}\n"
            "[[What they share shows this preference: {preference}\n]]Use it to recommend one more {item}; give its "
            "title.",
            "plain": "One user {did} these, {order}:\n{history}\n[[The common thread: {preference}\n]]"
            "Recommend another {item} along the same thread. Title only.",
            HELD_OUT: "Something links these {items} of one user ({order}):\n{history}\n[[Put in words, the link is: "
            "{preference}\n]]Name one further {item} that the link would lead to.",
        },
    ),
    Kind(
        id="A6",
        preference="P1P2",
        form="T2",
        target="item",
        order="HP",
        optional=True,
        wordings={
            "default": "A good recommendation begins with a user's record. In this case, {order}:\n{history}\n"
            "A record mirrors taste.[[ Here it shows the following: {preference}]]\nWhich {item} fits that mirror "
            "image best? Give its title.",
            "plain": "We study the past to recommend. The past of this user, {order}:\n{history}\n"
            "It tells what they like.[[ {preference}]]\nSo which {item} comes next? Title only.",
            HELD_OUT: "Whoever recommends has to read a history first. This is one, {order}:\n{history}\n"
            "Behind every choice stands a liking.[[ In this one: {preference}]]\nWrite the title it points to.",
        },
    ),
)
CHOICES = (
    Kind(
        id="A7",
        preference="P1P2",
        form="T3",
        target="item",
        order="HPC",
        optional=True,
        wordings={
            "default": "A user's {items}, {order}:\n{history}\n[[Their taste: {preference}\n]]Compare the candidates "
            "with the taste behind these and choose the one that resembles it most. Answer with its title.\n{candidates}",
            "plain": "Past {items}, {order}:\n{history}\n[[Liking: {preference}\n]]Which candidate is closest to "
            "these? Write its title.\n{candidates}",
            HELD_OUT: "Measure each candidate at the end against this record ({order}):\n{history}\n[[and against this "
            "description: {preference}\n]]Copy out the title that is nearest.\n{candidates}",
        },
    ),
    Kind(
        id="A8",
        preference="P1P2",
        form="T3",
        target="item",
        order="HPC",
        optional=True,
        wordings={
            "default": "You have watched a user {do} one {item} after another, {order}:\n{history}\n[[You gathered that "
            "they prefer the following: {preference}\n]]Select the one option that suits them. Answer with its title."
            "\n{candidates}",
            "plain": "You saw these steps of a user, {order}:\n{history}\n[[You learnt: {preference}\n]]Select one "
            "suitable {item} from the list; title only.\n{candidates}",
            HELD_OUT: "As an observer you noted down what a user {did}, {order}:\n{history}\n[[In the margin you wrote: "
            "{preference}\n]]Which of these would you have expected? One title.\n{candidates}",
        },
    ),
    Kind(
        id="A9",
        preference="P1P2",
        form="T3",
        target="item",
        order="PHC",
        optional=True,
        wordings={
            "default": "[[About the user: {preference}\n]]The user {did}, {order}:\n{history}\nWhich of the following is "
            "the next {item} that matches their preference? Answer with its title.\n{candidates}",
            "plain": "[[User: {preference}\n]]So far, {order}:\n{history}\nNext, in keeping with that, comes one of "
            "these. Write its title.\n{candidates}",
            HELD_OUT: "[[Keep this person in mind: {preference}\n]]Their past {items}, {order}:\n{history}\nOne of the "
            "titles below was next. Copy it out.\n{candidates}",
        },
    ),
    Kind(
        id="A10",
        preference="P1P2",
        form="T3",
        target="item",
        order="HPC",
        optional=True,
        wordings={
            "default": "You obtained the list of {items} that a user {did}, {order}:\n{history}\n[[and a note on their "
            "taste: {preference}\n]]Choose the {item} to offer them next from these. Answer with its title."
            "\n{candidates}",
            "plain": "The list you received, {order}:\n{history}\n[[The note that came with it: {preference}\n]]"
            "Choose what to offer next; title only.\n{candidates}",
            HELD_OUT: "A colleague hands you a customer's list, {order}:\n{history}\n[[with a remark: {preference}\n]]"
            "You may offer one of these. Write the title of your choice.\n{candidates}",
        },
    ),
    Kind(
        id="A13",
        preference="P1P2",
        form="T3",
        target="item",
        order="PHC",
        optional=True,
        wordings={
            "default": "Recommend one candidate by what is known of the user.\n[[Preference: {preference}\n]]"
            "History, {order}:\n{history}\nPick the candidate that is consistent with it. Answer with its title."
            "\n{candidates}",
            "plain": "Your task is to recommend.\n[[Who: {preference}\n]]What they {did}, {order}:\n{history}\n"
            "Which candidate agrees with that? Title only.\n{candidates}",
            HELD_OUT: "Match a user with a {item}.\n[[The user in words: {preference}\n]]The user in deeds, {order}:\n"
            "{history}\nOnly one of these goes with that user. Copy its title.\n{candidates}",
        },
    ),
)
JUDGEMENTS = (
    Kind(
        id="A11",
        preference="P1P2",
        form="T0",
        target="yes-no",
        order="HPX",
        optional=True,
        wordings={
            "default": "Earlier a user {did}, {order}:\n{history}\n[[They like the following: {preference}\n]]Is it likely "
            "that they {do} this {item} next: {title}? Answer Yes or No.",
            "plain": "Past, {order}:\n{history}\n[[Taste: {preference}\n]]Next: {title}? Yes or No.",
            HELD_OUT: "Given this record ({order}):\n{history}\n[[and this taste: {preference}\n]]would you bet on "
            "{title} as the next entry? Reply Yes or No.",
        },
    ),
    Kind(
        id="A12",
        preference="P1P2",
        form="T0",
        target="yes-no",
        order="HPX",
        optional=True,
        wordings={
            "default": "These {items} belong to one user's history, {order}:\n{history}\n[[Stated preference: "
            "{preference}\n]]Predict whether the user's next choice will be {title}. Answer Yes or No.",
            "plain": "User's {items}, {order}:\n{history}\n[[Preference: {preference}\n]]Will they choose {title} now? "
            "Yes or No.",
            HELD_OUT: "A user comes back after this ({order}):\n{history}\n[[We know of them: {preference}\n]]They are "
            "shown {title}. Do they take it? Reply Yes or No.",
        },
    ),
)
TURNED = (
    Kind(
        id="A3", preference="P1", form="cot", target="preference+item", order="H",
        wordings={
            "default": "A user {did} these {items}, {order}:\n{history}\nFirst infer their preference from this history, "
            f"then recommend the next {{item}}. {TWO_LINES}",
            "plain": f"History, {{order}}:\n{{history}}\nSay what the user likes, and then which {{item}} follows. "
            f"{TWO_LINES}",
            HELD_OUT: "Think before you recommend. This is the record, {order}:\n{history}\nPut the taste behind it in "
            f"words, and let the next title follow from them. {TWO_LINES}",
        },
    ),
    Kind(
        id="A14", preference="P1", form="reverse-preference", target="preference", order="H",
        wordings={
            "default": "You are able to infer a person's taste from their choices. This person {did}, {order}:\n"
            "{history}\nFind what these {items} have in common and state the overall preference in a sentence.",
            "plain": "You read tastes off records. Record, {order}:\n{history}\nState the user's overall preference.",
            HELD_OUT: "You have an eye for what choices say about people. Look at these, {order}:\n{history}\n"
            "Describe in one sentence what this person is after.",
        },
    ),
    Kind(
        id="A15", preference="P1", form="reverse-preference", target="preference", order="H",
        wordings={
            "default": "What people {do} is guided by what they prefer. State in a sentence the preference behind this "
            "history, {order}:\n{history}",
            "plain": "Choices follow taste. Which taste do these follow? One sentence. Choices, {order}:\n{history}",
            HELD_OUT: "Behind every record is a person. Say briefly what the one behind this record likes "
            "({order}):\n{history}",
        },
    ),
    Kind(
        id="A16", preference="P2", form="T2", target="item", order="P",
        wordings={
            "default": "You are a recommender system that is good at advice by taste. A user's taste: {preference}\n"
            "Recommend a {item} that is consistent with it; give its title.",
            "plain": "You recommend {items} by taste. Taste: {preference}\nTitle of your recommendation:",
            HELD_OUT: "You are known for finding the right {item} from a few words about a person. The words: "
            "{preference}\nWrite the title.",
        },
    ),
    Kind(
        id="A17", preference="P2", form="T2", target="item", order="P",
        wordings={
            "default": "Taste drives what people {do}. Predict the next {item} of a user from theirs: {preference}\n"
            "Which {item} will it be? Give its title.",
            "plain": "Preference decides. Predict from it: {preference}\nWhat does the user {do} next? Title only.",
            HELD_OUT: "If liking leads to {doing}, where does this liking lead: {preference}\nWrite the title that you "
            "expect.",
        },
    ),
)  # fmt: skip
KINDS = tuple(sorted((*NEXT_ITEM, *CHOICES, *JUDGEMENTS, *TURNED), key=lambda kind: int(kind.id[1:])))
