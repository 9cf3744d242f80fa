"""Kinds A1 to A17: sequential recommendation, without a query.

Repaired against the paper: A11 and A12 judge one item (T0; labelled T1 there), A13 has the preference where the user
is described and the history where the history is announced (exchanged there).
"""

from __future__ import annotations

from itdr_hf.tasks.instructrec.kinds import Kind
from itdr_hf.tasks.templates import HELD_OUT

TWO_LINES = "Answer in two lines:\nPreference: ...\nItem: ..."

NEXT_ITEM = (
    Kind(
        id="A1",
        preference="P1",
        form="T2",
        target="item",
        order="H",
        wordings={
            "default": "Give the title of the {item} that this user is most likely to {do} next, judging by the {items} "
            "they {did} so far, {order}:\n{history}",
            "plain": "Which {item} will the user {do} next? Answer with its title. The {items} so far, {order}:\n{history}",
            HELD_OUT: "Below is what one user {did}, {order}. Continue the list with the title that comes next.\n"
            "{history}",
        },
    ),
    Kind(
        id="A2",
        preference="P1P2",
        form="T2",
        target="item",
        order="PH",
        wordings={
            "default": "You are to recommend one {item} to a user whose taste and history you know. Their taste: "
            "{preference}\nThe {items} they {did}, {order}:\n{history}\nWhich {item} do you recommend now? Answer with "
            "its title.",
            "plain": "Pick one {item} for a user. Profile: {preference}\nPast {items}, {order}:\n{history}\n"
            "Title of your pick:",
            HELD_OUT: "Before you suggest anything, read whom it is for: {preference}\nThen look at the {items} they "
            "{did}, {order}:\n{history}\nNow write the one title you would suggest.",
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
            "default": "A user {did} these {items}, {order}:\n{history}\n[[The taste behind them: {preference}\n]]"
            "Which {item} comes next? Answer with its title.",
            "plain": "History, {order}:\n{history}\n[[Taste: {preference}\n]]Title of the next {item}:",
            HELD_OUT: "Here is what one user {did}, {order}:\n{history}\n[[It adds up to this taste: {preference}\n]]"
            "Write the title you expect next.",
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
            "default": "Find what the following {items}, which one user {did}, have in common ({order}):\n{history}\n"
            "[[It points to this preference: {preference}\n]]On this basis, recommend one more {item}. Answer with its "
            "title.",
            "plain": "One user {did} these, {order}:\n{history}\n[[The common thread: {preference}\n]]"
            "Recommend one more {item} that has what they have in common; title only.",
            HELD_OUT: "Something links these {items} of one user, {order}:\n{history}\n[[The link in words: "
            "{preference}\n]]Name one more {item} to which this link leads.",
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
            "default": "To recommend well, one first studies a user's history. This is what one user {did}, {order}:\n"
            "{history}\nA history mirrors a user's taste.[[ This one shows: {preference}]]\n"
            "Which {item} suits this taste best? Answer with its title.",
            "plain": "We study the past to recommend. The past {items} of a user, {order}:\n{history}\n"
            "They show what the user likes.[[ {preference}]]\nSo which {item} comes next? Title only.",
            HELD_OUT: "Whoever recommends has to read a history first. Here is one, {order}:\n{history}\n"
            "Every choice reveals a liking.[[ In this case: {preference}]]\nWrite the title you would recommend.",
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
            "default": "A user {did} the following {items} one after another, {order}:\n{history}\n[[Their taste: "
            "{preference}\n]]Compare each candidate below with the taste that this sequence shows, and choose the "
            "closest. Answer with its title.\n{candidates}",
            "plain": "Past {items}, {order}:\n{history}\n[[Taste: {preference}\n]]Which candidate is closest to the "
            "user's taste? Title only.\n{candidates}",
            HELD_OUT: "Measure each candidate at the end against this history, {order}:\n{history}\n[[Measure it against "
            "this description too: {preference}\n]]Copy the title that comes nearest.\n{candidates}",
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
            "default": "You have observed that a user {did} these {items}, {order}:\n{history}\n[[You have learnt about "
            "their taste: {preference}\n]]Select the one option below that suits this user. Answer with its title."
            "\n{candidates}",
            "plain": "You saw these choices of a user, {order}:\n{history}\n[[You learnt: {preference}\n]]Select one "
            "suitable {item} from the list; title only.\n{candidates}",
            HELD_OUT: "As an observer you noted down what a user {did}, {order}:\n{history}\n[[In the margin you wrote: "
            "{preference}\n]]Which of these would you have expected next? Copy its title.\n{candidates}",
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
            "default": "[[About the user: {preference}\n]]The user {did} these {items}, {order}:\n{history}\nWhich of the "
            "following is the next {item} that matches the user's preference? Answer with its title.\n{candidates}",
            "plain": "[[User: {preference}\n]]History, {order}:\n{history}\nWhich of these comes next, in keeping with the "
            "user's preference? Title only.\n{candidates}",
            HELD_OUT: "[[Keep in mind whom you advise: {preference}\n]]The user's past {items}, {order}:\n{history}\n"
            "One of the titles below came next. Copy it.\n{candidates}",
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
            "default": "You have obtained the list of {items} that a user {did}, {order}:\n{history}\n[[With it came a "
            "note on their taste: {preference}\n]]Choose the {item} to offer this user next from those below. Answer "
            "with its title.\n{candidates}",
            "plain": "A user's list that you received, {order}:\n{history}\n[[The note that came with it: {preference}\n]]"
            "Choose what to offer next from these; title only.\n{candidates}",
            HELD_OUT: "A colleague hands you a customer's list, {order}:\n{history}\n[[It carries a remark: "
            "{preference}\n]]You may offer one of these. Write the title of your choice.\n{candidates}",
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
            "default": "Recommend one of the candidates on the basis of what is known about a user.\n[[Their "
            "taste in words: {preference}\n]]The {items} the user {did}, {order}:\n{history}\nPick the candidate that is "
            "consistent with this information. Answer with its title.\n{candidates}",
            "plain": "Your task is to recommend.\n[[Preference: {preference}\n]]History, {order}:\n{history}\n"
            "Which candidate is consistent with this? Title only.\n{candidates}",
            HELD_OUT: "Match a user with one {item}.\n[[The user in words: {preference}\n]]The user in choices, {order}:\n"
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
            "default": "Earlier, a user {did} these {items}, {order}:\n{history}\n[[Their taste: {preference}\n]]Is the "
            "user likely to {do} the following {item} next? {title}\nAnswer Yes or No.",
            "plain": "Past {items}, {order}:\n{history}\n[[Taste: {preference}\n]]Likely to be next: {title}\nYes or No?",
            HELD_OUT: "Here is a history, {order}:\n{history}\n[[The taste behind it: {preference}\n]]Would you bet on "
            "this as the next entry: {title}\nReply Yes or No.",
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
            "default": "A user's history contains these {items}, {order}:\n{history}\n[[Their taste in words: "
            "{preference}\n]]Predict whether the next {item} this user chooses will be the following: {title}\n"
            "Answer Yes or No.",
            "plain": "The user's {items}, {order}:\n{history}\n[[Preference: {preference}\n]]Will this be chosen now: "
            "{title}\nYes or No?",
            HELD_OUT: "A user comes back after these {items}, {order}:\n{history}\n[[What we know of them: {preference}\n]]"
            "They are shown this: {title}\nDo they take it? Reply Yes or No.",
        },
    ),
)
TURNED = (
    Kind(
        id="A3", preference="P1", form="cot", target="preference+item", order="H",
        wordings={
            "default": "A user {did} these {items}, {order}:\n{history}\nFirst infer the user's preference from this "
            f"history, then recommend the next {{item}}. {TWO_LINES}",
            "plain": f"History, {{order}}:\n{{history}}\nState what the user prefers, then which {{item}} comes next. "
            f"{TWO_LINES}",
            HELD_OUT: "Think before you recommend. This is what a user {did}, {order}:\n{history}\nPut the taste behind "
            f"it into words, and let the next title follow from it. {TWO_LINES}",
        },
    ),
    Kind(
        id="A14", preference="P1", form="reverse-preference", target="preference", order="H",
        wordings={
            "default": "You are able to infer people's tastes from their choices. One person {did} these {items}, {order}:\n"
            "{history}\nFind what these {items} have in common, and state the person's overall preference in one sentence.",
            "plain": "You infer tastes from histories. History, {order}:\n{history}\nState the user's overall preference in "
            "one sentence.",
            HELD_OUT: "You have an eye for what choices say about people. Look at these, {order}:\n{history}\n"
            "Describe in one sentence what this person is after.",
        },
    ),
    Kind(
        id="A15", preference="P1", form="reverse-preference", target="preference", order="H",
        wordings={
            "default": "What people {do} is guided by what they prefer. State in one sentence the preference behind this "
            "history, {order}:\n{history}",
            "plain": "Choices follow taste. Which taste do these follow? One sentence. Choices, {order}:\n{history}",
            HELD_OUT: "Behind every history is a person. Say in one sentence what the person behind this one likes "
            "({order}):\n{history}",
        },
    ),
    Kind(
        id="A16", preference="P2", form="T2", target="item", order="P",
        wordings={
            "default": "You are a recommender system that is good at giving advice based on taste. A user's taste: {preference}\n"
            "Recommend one {item} that is consistent with it. Answer with its title.",
            "plain": "You recommend {items} by taste. Taste: {preference}\nTitle of your recommendation:",
            HELD_OUT: "You are known for finding the right {item} from a few words about a person. The words: "
            "{preference}\nWrite the title.",
        },
    ),
    Kind(
        id="A17", preference="P2", form="T2", target="item", order="P",
        wordings={
            "default": "Taste drives what people {do}. Predict the next {item} of a user with this taste: {preference}\n"
            "Which {item} will it be? Answer with its title.",
            "plain": "Taste decides. One user's taste: {preference}\nWhich {item} will this user {do} next? Title only.",
            HELD_OUT: "If liking leads to {doing}, where does this liking lead? {preference}\nWrite the title you expect.",
        },
    ),
)  # fmt: skip
KINDS = tuple(sorted((*NEXT_ITEM, *CHOICES, *JUDGEMENTS, *TURNED), key=lambda kind: int(kind.id[1:])))
