"""Titles as people write them name the one candidate that they fit; those of other films name none."""

from __future__ import annotations

import json

import pytest

from itdr_hf.tasks.reading import read_choice, read_ranking

HOPE, EMPIRE = "Star Wars: Episode IV - A New Hope (1977)", "Star Wars: Episode V - The Empire Strikes Back (1980)"
LOST = "City of Lost Children, The (Cité des enfants perdus, La) (1995)"
SEVEN, LEON = "Seven (a.k.a. Se7en) (1995)", "Léon: The Professional (a.k.a. The Professional) (Léon) (1994)"
RING, BLUE = (
    "Lord of the Rings: The Fellowship of the Ring, The (2001)",
    "Three Colors: Blue (Trois couleurs: Bleu) (1993)",
)
BIRDMAN, MASH = "Birdman: Or (The Unexpected Virtue of Ignorance) (2014)", "M*A*S*H (a.k.a. MASH) (1970)"
BEAR, VITA = "Brother Bear 2 (2006)", "Dolce Vita, La (1960)"
FILMS = [HOPE, EMPIRE, LOST, SEVEN, RING, LEON, BIRDMAN, MASH, BLUE, BEAR, VITA]

NAMED = {
    HOPE: ["A New Hope", "Star Wars: A New Hope (1977)", "Star Wars (1977)"],
    EMPIRE: ["The Empire Strikes Back", "Star Wars: The Empire Strikes Back", "Star Wars: Episode V"],
    LOST: ["The City of Lost Children", "The City of Lost Children (1995)", "La Cité des enfants perdus"],
    SEVEN: ["Se7en", "Seven", "Seven (1995)", "Se7en (1995)"],
    RING: ["The Fellowship of the Ring", "The Lord of the Rings: The Fellowship of the Ring (2001)", "Lord of the Rings"],
    LEON: ["Léon: The Professional", "Leon: The Professional (1994)", "The Professional", "Léon"],
    BIRDMAN: ["Birdman", "Birdman (2014)", "Birdman or (The Unexpected Virtue of Ignorance)"],
    MASH: ["M*A*S*H", "MASH (1970)"],
    BLUE: ["Three Colors: Blue", "Trois couleurs: Bleu"],
    BEAR: ["Brother Bear 2"],
    VITA: ["La Dolce Vita", "La Dolce Vita (1960)", "Dolce Vita"],
    None: [
        "Star Wars", "The Lord of the Rings: The Two Towers (2002)", "Lord of the Rings: The Return of the King, The (2003)",
        "Three Colors: Red (1994)", "Three Colours: Blau", "Brother Bear", "Brother Bear (2003)",
        "Star Wars: Episode VI - Return of the Jedi (1983)", "Seven (1979)", "Birdman (1999)",
    ],
}  # fmt: skip
SAID = ["{}", "The answer is **{}**.", 'I would choose "{}", since it is close.', '{{"answer": "{}"}}', "1. {}"]


@pytest.mark.parametrize("film", NAMED)
def test_a_title_names_the_one_film_that_it_fits_however_the_answer_is_written(film):
    for name in NAMED[film]:
        for form in SAID:
            assert read_choice(form.format(name), FILMS).values == ((film,) if film else ()), form.format(name)


POOLS = {
    "news": ["Trump says 'no deal' with China: what now?", "5 things to know before Monday", "NFL Week 3: Picks, odds & predictions",
             "Why the Fed cut rates -- again", "The best pies in Ohio | Taste", "U.S. adds 136,000 jobs; rate at 3.5%",
             "How to Train Your Dragon, explained", "'I'm sorry': Senator apologizes"],
    "books": ["Dune", "Dune Messiah", "The Hobbit: Or There and Back Again", "Harry Potter and the Sorcerer's Stone (Harry Potter, Book 1)",
              "1984", "Catch-22", "The Girl on the Train: A Novel", "It"],
    "products": ["L'Oreal Paris Mascara, Black, 0.3 fl. oz.", "Mario Kart 8 Deluxe - Nintendo Switch", "Logitech G502 HERO (Renewed)",
                 "Cards Against Humanity: Red Box", "USB C Cable [3-Pack, 6ft]", "Kindle Paperwhite – 8 GB", "Instant Pot Duo 7-in-1",
                 "HP 63XL Ink, 2-Pack"],
    "artists": ["Radiohead", "The Beatles", "U2", "Guns N' Roses", "AC/DC", "blink-182", "!!!", "Sigur Rós"],
}  # fmt: skip
ORDER = [3, 0, 6, 2, 7, 1, 5, 4]
EACH = [
    "{n}. {x}", "{n}) {x}", "- {x}", "{x}", "{n}. **{x}**", "**{n}. {x}**", "{n}. *{x}*", '{n}. "{x}"', "{n}. {x} ({s})",
    "{n}. **{x}** – fits since they like this kind of thing", "{n}. **{x}:** fits the taste shown by 3 earlier ones.",
    '{n}. "{x}" - They like this kind of thing.', "{n}. {x}: They like this kind of thing.", "{n}. {x}\n   - Reason: they like this kind",
    "### {n}. {x}\nBecause they like it.\n", "{n}. {x}\n", "{x}\n", '<item rank="{n}">{x}</item>', "| {n} | {x} | fits |",
]  # fmt: skip
AROUND = [
    "{}", "<think>\nLet me see: {other}\n</think>\n\n{}", "Here is the ranked list, from most to least likely:\n\n{}",
    "{}\n\nThis ranking puts what they like first, since 3 of 5 earlier ones are alike.", "以下是最终排序：\n\n{}\n\n希望对您有帮助。",
    "Let me think. First guess: {other}\n\n**Final ranking:**\n{}", "```\n{}\n```", "The answer is:\n$$\\boxed{{{}}}$$",
    "Some words first.\n<answer><ranking>{}</ranking></answer>", "{}\n\n**Reasoning:**\n- The user likes this kind.\n- The first is the closest.",
]  # fmt: skip


def listed(form, titles):
    return "\n".join(form.format(n=n, x=title, s=1 - n / 10) for n, title in enumerate(titles, 1))


@pytest.mark.parametrize("pool", POOLS)
def test_a_list_of_titles_of_any_source_is_read_right_in_every_form_and_wrapping(pool):
    titles = POOLS[pool]
    order = [titles[place] for place in ORDER]
    forms = [listed(form, order) for form in EACH] + [" > ".join(order), " → ".join(order)]
    for text in forms:
        for around in AROUND:
            if "boxed" not in around or not text.startswith(("|", "<", "#")):
                said = around.replace("{other}", ", ".join(titles)).replace("{{{}}}", "{{}}").replace("{}", text)
                assert read_ranking(said, titles, ["Something Else", "Another (2001)"]) == (tuple(order), None), said
    for data in (
        {"ranking": order},
        {"ranking": listed("{n}. {x}", order)},
        [{"rank": n, "title": x} for n, x in enumerate(order, 1)],
    ):
        assert read_ranking(json.dumps(data), titles) == (tuple(order), None), data
