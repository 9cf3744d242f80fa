"""The wordings of all RecLM tasks. Of a dialogue the parts are told apart by TURN: the lists, the task, the question."""

from __future__ import annotations

from itdr_hf.tasks.templates import HELD_OUT

TURN = "\n---\n"
FORM = "Identity: …; …; …\nInterests: …; …; …"

PROFILE = {
    "default": (
        "A user {did} these {items}, {order}:\n{history}\n"
        "Write this user's profile in two lines: first three identities, which say what kind of user this is, then "
        "three interests, which say what they are after. Keep to this form:\n" + FORM
    ),
    "plain": (
        "These are {items} that one user {did}, {order}:\n{history}\n"
        "Who is this user, and what do they look for? Give the three likeliest identities and the three likeliest "
        "interests, in this form:\n" + FORM
    ),
    "brief": "{history}\nProfile of the user who {did} these {items}, as\n" + FORM,
    HELD_OUT: (
        "Here is the list of {items} behind one account, {order}:\n{history}\n"
        "Sketch the person: name three roles that fit them and three subjects they care about. Answer in the form\n"
        + FORM
    ),
}
INFERENCE = {
    "default": (
        "Users who choose alike have tastes alike. User 1 and the users closest to them {did} these {items}, "
        "{order}:\n{people}\n"
        "With the others as a background, write the profile of User 1 alone: three identities, then three interests, "
        "in this form:\n" + FORM
    ),
    "plain": (
        "You see what several users {did}. User 1 is the one in question, and the others are the most like them.\n"
        "{people}\nProfile User 1 in two lines:\n" + FORM
    ),
    "brief": "{people}\nProfile of User 1, with the neighbours in mind, as\n" + FORM,
    HELD_OUT: (
        "A service wants to know User 1 better and also looks at those with the nearest choices.\n{people}\n"
        "Tell who User 1 is and what draws them, in their own right. Use the form\n" + FORM
    ),
}
DIALOGUE = {
    "default": (
        "Users who choose alike have tastes alike. These {count} users {did} the {items} below, {order}; User 1 is in "
        "question, and the others are those who chose most alike.\n{people}"
        + TURN
        + "Write a profile of every one of them, in turn, each under the user's name: three identities, then three "
        "interests, in this form:\n" + FORM
        + TURN
        + "Going by these users and by what those close to User 1 chose, will User 1 go for the {item} {title}? "
        "Answer with Yes or No alone."
    ),
    "plain": (
        "Below are lists of {items} that {count} users {did}. User 1 comes first, then those nearest to User 1.\n{people}"
        + TURN
        + "Give each user's name and under it the profile in two lines:\n" + FORM
        + TURN
        + "The {item} is {title}. Would User 1 choose it? Yes or No."
    ),
    "brief": (
        "{people}"
        + TURN
        + "Profile each user under their name, as\n" + FORM
        + TURN
        + "User 1 and {title}: Yes or No?"
    ),
    HELD_OUT: (
        "Consider {count} people with overlapping tastes and what they {did}.\n{people}"
        + TURN
        + "Introduce them one by one, name first, in this form:\n" + FORM
        + TURN
        + "Someone suggests {title} to User 1. Is that a good suggestion, seen from this circle? Say Yes or No."
    ),
}  # fmt: skip
ITEM = {
    "default": (
        "A {item} and the {items} most like it, each of these with the profile of those it suits.\n"
        "The {item}: {about}\n{similar}\n"
        "Write the profile of the users whom {title} suits: five identities, then five interests, in this form:\n"
        "Identity: …; …; …; …; …\nInterests: …; …; …; …; …"
    ),
    "plain": (
        "In question: {about}\nIts nearest {items}, and whom they suit:\n{similar}\n"
        "Whom does {title} suit? Five identities and five interests, as\n"
        "Identity: …; …; …; …; …\nInterests: …; …; …; …; …"
    ),
    "brief": (
        "{about}\n{similar}\nProfile of those whom {title} suits, as\nIdentity: …; …; …; …; …\nInterests: …; …; …; …; …"
    ),
    HELD_OUT: (
        "A new entry of the catalogue: {about}\nThis is known of comparable {items} and of the people behind them:\n"
        "{similar}\nDescribe the people to show {title} to, with five identities and five interests:\n"
        "Identity: …; …; …; …; …\nInterests: …; …; …; …; …"
    ),
}
