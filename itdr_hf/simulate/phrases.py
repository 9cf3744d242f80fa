"""Patterns of titles by kind of item, sentences of reviews, and titles and contacts that test readers.

{A} {a} adjective, {N} {n} {M} {m} nouns, {H} given name, {S} surname, {P} place; {f} feature, {w} judgement.
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
    "{P} {n} draws crowds as {a} {m} begins",
    "{H} {S} opens up about the {a} {n} in {P}",
    "Why the {a} {n} matters more than the {m}",
    "{count} things to know about the {a} {n} of {P}",
    "Report: {P} plans a {a} {n} after {m} row",
    '"{A} {n}": {H} {S} on the {m} that changed {P}',
    "{S}'s {a} {n} stuns {P}",
    "What {P}'s {n} says about the {m}",
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
    "[{tag}] The {a} {n} of {P}",
    "{H} and the {a} {n}: full version",
    "I spent {count} days with a {a} {n}",
    "This {n} is too {a}! {H} can't hold it",
    "{count} minutes about {a} {n} and {m}",
    "{a} {n} in {P}, on camera",
)
ARTISTS = ("The {A} {N}s", "{H} {S}", "{N} & {M}", "{A} {N}", "{P} {N}", "{H} and the {N}s", "{S} {P} Trio")
TRACKS = ("{A} {N}", "{N}", "{N} in {P}", "Dear {H}", "{A} {N} (Live)", "My {N}, My {M}", "Dance, {H}, Dance")

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
