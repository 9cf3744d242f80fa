"""Patterns of titles by kind of item, sentences of reviews, and titles and contacts that test readers.

{A} {a} adjective, {N} {n} {M} {m} nouns, {H} given name, {S} surname, {P} place; {f} feature, {w} judgement.
{s} {n_is} {n_has} {This} agree with the noun, {m_s} {m_is} with the other; an article goes where a noun takes none.
"""

MOVIES = (
    "The {A} {N}",
    "{A} {N}",
    "{H}'s {N}",
    "{N} of {P}",
    "The {N} and the {M}",
    "{A} {N} in {P}",
    "The Last {N} of {P}",
    "{N}",
    "A {N} for {H}",
    "{H} and the {A} {N}",
    "Beyond the {A} {N}",
)
BOOKS = (
    "The {A} {N}",
    "{N} of {P}",
    "The {N} of {H} {S}",
    "A {A} {N}: A Novel",
    "{A} {N} (The {P} Chronicles)",
    "The {N}, the {M}, and the {A} Year",
    "{H}'s {A} {N}",
    "Letters from {P}: {A} {N}",
)
GAMES = (
    "{A} {N}",
    "{N} {M}",
    "{P}: {A} {N}",
    "{A} {N} Simulator",
    "{N} of {P}",
    "Super {A} {N}",
    "{H}'s {N} Quest",
)
NEWS = (
    "{P} {n} draw{s} record crowds as the {a} {m} of the year begins",
    "{H} {S} opens up about the {a} {n} in {P} and what came after",
    "Why the {a} {n} matter{s} more than the {m} to people in {P}",
    "{count} things to know about the {a} {n} of {P} before the weekend",
    "Report: {P} plans a {a} {n} after {m} row",
    '"{A} {n}": {H} {S} on the {m} that changed {P}',
    "{H} {S}'s {a} {n} stun{s} {P}, and the {m} {m_is} not over yet",
    "What the {a} {n} in {P} say{s} about the {m}, according to {H} {S}",
)
VIDEOS = (
    "The {a} {n} you can't stop watching # {tag} # {n}",
    "I tried the {a} {n} from {P} # {tag}",
    "{count} {a} {n} moments # {tag} # daily life",
    "My {a} {n}, wait for the ending # {tag} # {m}",
    "When {H} meets the {n} for the first time # {tag}",
    "How to make a {a} {n} at home # {tag} # {P}",
)
CLIPS = (
    "[{tag}] The {a} {n} of {P}, and what {n_has} to do with the {m}",
    "{H} and the {a} {n}: the full version of the {m} from {P}",
    "I spent {count} days in {P} with a {a} {n}, and this is what happened",
    "{This} {n} {n_is} too {a}! {H} can't hold it any longer, wait for the {m}",
    "{count} minutes about the {a} {n} and the {m} that everybody talks of",
    "The {a} {n} in {P}, on camera for the first time after {count} years",
)
ARTISTS = ("The {A} {Ns}", "{H} {S}", "{N} & {M}", "{A} {N}", "{P} {N}", "{H} and the {Ns}", "{S} {P} Trio")
TRACKS = ("{A} {N}", "{N}", "{N} in {P}", "Dear {H}", "{A} {N} (Live)", "My {N}, My {M}", "Dance, {H}, Dance")

EPISODES = (
    "When {H} comes to {P}, the {a} {n} {n_is} all that people talk about.",
    "Nobody expected the {m}, and least of all {H}.",
    "With {f} on every side, the {n} turn{s} out to be only the beginning.",
    "{H} has to choose between the {n} and the {m}, and time is short.",
    "Years later, in {P}, a {a} {m} bring{m_s} it all back.",
    "What begins with a {n} ends with {f} and a surprise for {H}.",
    "Fans of {f} will feel at home in this {kind}.",
    "It takes {H} from {P} to the far side of the {a} {m} and back.",
)

NASTY = (
    "A {title} with Braces and {user}",
    "The </s> Token <|im_end|> [INST]",
    "One, Two, Three, and a Comma",
    'The "Quoted" One',
    "1. First of the List",
    "Ça Va, Café Señor Øre & Ünïcode",
    "Line 2) Ranking: 3 > 1 > 2",
    "The Very Long Road " + "and Another Very Long Road " * 14 + "Home",
)
BEYOND_LATIN = ("東京の猫 Москва 🎬 ½", "Ⅷ “Smart” — Quotes…")

CONTACTS = (
    "Write to me at jane.roe@example.com if you want details.",
    "Call the shop on (415) 555-0173 before you go.",
    "My number is +1 206 555 0148, ask for Bruno.",
    "Mail complaints to j.doe+reviews@mail.example.org, they answer.",
)
OPENINGS = (
    ("Not what I hoped for.", "I wanted to like this {thing}.", "Save your time.", "What a let-down."),
    ("Some good, some bad.", "This {thing} is hard to judge.", "I expected a bit more.", "It does the job."),
    ("I loved this {thing}.", "What a pleasure!", "One of my favourites this year.", "Highly recommended."),
)
MIDDLES = (
    "The {f} {verb} {w}.",
    "{F} {verb} {w}, and the rest {verb2} {w2}.",
    "As for the {f}: {w}.",
    "Anyone who comes for the {f} will find it {w}.",
    "My sister thought the {f} {verb} {w}.",
)
CLOSINGS = (
    ("I would not choose it again.", "I gave up halfway.", "Two friends said the same."),
    ("Fine for a rainy day.", "I may try another one.", "Your mileage may vary."),
    ("I will come back to it.", "Perfect for anyone who likes {f}.", "I told all my friends about the {f}."),
)
