"""What makes records of Amazon Reviews 2023 as heavy as the release's: long texts, pictures, videos, details.

Sentences come from pools of thousands, made of short words that say little; pictures are named by random letters. So
neither repeats within the 32 KB that gzip looks back on, and the lines pack about as well as real ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import cast

import numpy as np

from itdr_hf.simulate.codes import BASE32, BASE64, codes
from itdr_hf.simulate.text import Texts, pick
from itdr_hf.simulate.vocabulary import PLACES, SURNAMES
from itdr_hf.simulate.world import IntArray

Product = dict[str, object]

POOL = 6_000  # distinct sentences of each kind
BRIEF = 0.35  # share of reviews that are an opening and a few words
FURTHER = (0.85, 1.0, 40)  # sentences added to the others: mean and spread of the logarithm, and most
PICTURED = 0.04  # share of reviews with pictures
# Of a product that has any, on average; SENTENCES: of its description.
PICTURES, FEATURES, SENTENCES, VIDEOS = 5.1, 6.5, 5.0, 1.0
SHOTS = {"small": 256, "medium": 800, "large": 1600}  # edges of a review's pictures, in pixels
HOST, VIEWER = "https://media.images.example.net/images/I", "https://www.videos.example.net/vdp"

WORDS = {
    "who": "I we they she he Mom Dad Grandma someone nobody everyone Ann Ben Carl Dora Ed Fay Gus Hal Ida Jo Kim Lou May "
           "Ned Ola Pam Ray Sue Tom Una Vic Wes",
    "did": "bought wrapped washed moved tried fixed lent carried opened sent tested cut painted trimmed dropped stored glued "
           "took built cleaned shined packed weighed folded soaked charged hung swapped used stacked set rinsed ordered kept "
           "got saw checked turned bent pressed tied filled lost found drilled sanded hid shook felt rolled sewed froze "
           "warmed traded shipped gave pulled pushed dried taped broke chose wore mailed hauled sold locked wiped tossed "
           "held lifted cracked hooked heard baked planted read fed drove scrubbed stapled spilled burned dug nailed",
    "how": "slowly twice well fast again alone gladly outside daily later soon first often rarely once right badly quite "
           "somehow always never almost barely easily firmly halfway mostly nearly only really simply still then there "
           "today too upright yet inside apart along far away",
    "where": "garage kitchen bath office yard hall bedroom attic closet deck shop truck camper school porch cabin hotel "
             "studio shed pantry nursery drive boat barn gym church den van lake ranch clinic dorm library bar salon farm",
    "when": "Monday Tuesday Friday Sunday March June August October winter spring summer fall Easter Christmas lunch dinner "
            "noon midnight breakfast May April bedtime church work vacation school",
    "like": "small heavy narrow bright smooth yellow square hollow thick dusty plain solid round flat loose tight wide soft "
            "stiff pale rough short spare third cheap warm purple empty wooden rusty clear black curved double matte green "
            "striped glossy crooked slim sturdy odd big blue cold cool crisp damp dark deep dense dim dry dull faint fine "
            "firm fresh fuzzy gold gray huge large late lean light little long loud low new old orange pink pretty quick "
            "quiet rare red ripe shiny silver simple slick slow strong sweet tall tan thin tiny tough weak white wild",
    "thing": "box lid handle cable hinge corner cover label clamp pouch button strap screw sleeve tray hook edge bottle mat "
             "sticker manual lining pocket wheel spring zipper filter cap base frame knob clip seam socket panel cord rack "
             "bag drawer plug ring tube liner gasket magnet buckle axle band bar bead belt blade board bolt bowl brush bulb "
             "can card case chain chip clasp cloth coil cone cup disc dial door drain fan foam foil foot fork fuse gauge gear "
             "glove grip guard gum hose inlet jar joint key knife lace lamp latch leg lens lever light link lock loop mask "
             "mesh mount nail neck nut oil pad pan paint part pen pin pipe plate pole port pump rail rim rod roll rope rug "
             "sack scale seal seat shade shaft shelf shell sign slot soap spout stand stem stool switch tab tag tank tape "
             "thread tip tool top trim valve vent vial wall wax wick wire wrench yarn",
    "of": "steel cotton bamboo silicone leather nylon tin glass rubber wool clay linen brass plastic oak felt copper foam "
          "canvas acrylic maple titanium paper velvet pine silk cork iron denim jute",
    "start": "Ba Be Bo Bra Ca Cle Co Da De Do Dra El Fa Fi Flo Ga Gle Go Ha He Ho In Ja Jo Ka Ke Kro La Le Lo Ma Me Mo Na "
             "Ne No Or Pa Pe Plo Qui Ra Re Ro Sa Se Sko Sto Ta Te Tro Ul Va Ve Vo Wa We Xi Ya Yo Za Ze",
    "middle": "ba ca da fe ga go ha jo ka ke la le li lo ma me mi mo na ne ni no pa pe po ra re ri ro sa se si so ta te ti "
              "to va ve vi vo wa za zo",
    "end": "bel cor d dex fax gon k l lan len lix lo lux m max n na nex nic nor pax quil r ra rex ris rom ron s tek ten "
           "tex tis ton tor tra vex via vik vo x xa zen",
}  # fmt: skip
LISTS = {
    **{slot: words.split() for slot, words in WORDS.items()},
    "town": PLACES, "name": SURNAMES, "count": [str(number) for number in range(2, 100)],
    "size": [f"{number / 8:g}" for number in range(3, 200)],
}  # fmt: skip
LISTS |= {f"{slot}2": words for slot, words in LISTS.items()}
MONTHS = ("January", "February", "March", "April", "May", "June",
          "July", "August", "September", "October", "November", "December")  # fmt: skip

BRAND = ("start", "middle", "end")  # an invented name has one of each
TOLD = (
    "{who} {did} the {like} {thing} {how}, {who2} {did2} its {thing2}.",
    "{when}: {who} {did} it at {name}'s {where}, {like} {thing} and {like2} {thing2}.",
    "The {thing} {did} {how} but my {like} {thing2} from {brand} {did2} {how2}.",
    "{who} {did} {count} for our {where}; {count2} had a {thing} too {like}.",
    "{how}, {who} {did} that {thing} with {like} {of} {thing2}.",
    "Has {like}, {like2} {thing} and {of} {thing2}, {who} {did} it {when}.",
    "Unlike {brand} {who} {did} {when}, this {thing} {did2} {how}.",
    "Our {where} is {like} so {who} {did} {of} {thing} {how}, {size} in.",
    "{who} had {brand} {count} since {when}, {how} {like} {thing}.",
    "{like}? {how}. {like2} {thing}, {how2} {did} by {who}.",
    "{brand} {thing} {did}, {who} {did2} another {how2}!",
    "Wish its {thing} were {like}, {size} by {size2}, not {like2}.",
)
SOLD = (
    "{like} {of} {thing} set, {count} {like2} {thing2} parts, {size} x {size2} in",
    "{thing} of {of}: {like}, {like2}, {size} inches, for {where} and {where2}",
    "{brand} {thing}: {like} {thing2}, {how} {did}, {of} and {of2}",
    "for {where}, {where2}, {when}: {like} {thing} {how} {did} by {name}",
    "no {like} {thing}. {of} and {of2} {how} keep {thing2} {like2}",
    "{count} pcs {like} {of} {thing}, {count2} {like2} {thing2}, {where} bag",
    "fits {brand}, {name} {count} and {like} {thing} of {size} cm",
    "{thing} {did} {how} in {town}; {thing2} {did2} {how2}",
)
SHORT = (
    "{like} {thing}",
    "{of} {thing} for {where}",
    "{like} and {like2}",
    "{did} {how}",
    "{brand} {count}",
    "{size} in",
)


class Weight:
    """Of one category: its pools of sentences, and the generator that draws from them."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._told, self._sold, self._short = (sentences(rng, patterns) for patterns in (TOLD, SOLD, SHORT))

    def reviews(self, titles: Sequence[str], bodies: Texts, breaks: str) -> tuple[list[str], Texts, list[str]]:
        """Titles and texts of real lengths, and JSON lists of pictures; `breaks` ends the opening of a text."""
        rows = len(bodies)
        short = self._drawn(self._short, self._rng.integers(0, 2, rows))
        longer = [", ".join([title, *more]) for title, more in zip(titles, short, strict=True)]
        shown = np.where(self._rng.random(rows) < PICTURED, self._rng.geometric(0.55, rows), 0)
        names = self._names(int(shown.sum()))
        pictures = [f"[{', '.join(map(_shot, islice(names, number)))}]" for number in shown.tolist()]
        return longer, self._texts(bodies, breaks), pictures

    def names(self, names: Sequence[str]) -> list[str]:
        """Names of products as long as shops make them."""
        more = self._drawn(self._short, self._rng.integers(0, 3, len(names)))
        return [", ".join([name, *(part.title() for part in parts)]) for name, parts in zip(names, more, strict=True)]

    def products(self, products: Iterable[Product], most: int) -> Iterator[Product]:
        """Products, at most so many, with longer lists of all that they have, and with details."""
        rng = self._rng
        shown, shot = rng.poisson(PICTURES - 1, most) + 1, rng.poisson(VIDEOS, most)
        names = self._names(2 * int(shown.sum() + shot.sum()))
        features = self._drawn(self._sold, rng.poisson(FEATURES, most))
        texts = self._drawn(self._sold, rng.poisson(SENTENCES, most))
        people = iter(codes(rng, int(shot.sum()), 27, BASE32))
        columns = zip(shown.tolist(), shot.tolist(), features, texts, rng.random((most, 8)).tolist(), strict=True)
        for product, (pictures, videos, further, told, dice) in zip(products, columns, strict=False):
            description = _longer(product["description"], told)
            yield {
                **product,
                "features": _longer(product["features"], further),
                "description": [" ".join(description)] if description else [],
                "images": [_picture(place, names) for place in range(pictures)] if product["images"] else [],
                "videos": [_video(title, names, people) for title in told[:videos]],
                "details": _details(product, dice),
            }

    def _texts(self, bodies: Texts, breaks: str) -> Texts:
        rows = len(bodies)
        brief = self._rng.random(rows) < BRIEF
        mean, spread, most = FURTHER
        further = np.minimum(self._rng.lognormal(mean, spread, rows), most).astype(np.int64)
        told = self._drawn(self._told, np.where(brief, 0, further))
        short = self._drawn(self._short, np.where(brief, self._rng.integers(0, 3, rows), 0))
        texts = np.empty(rows, dtype=object)
        for row, (body, cut, more, few) in enumerate(zip(bodies.tolist(), brief.tolist(), told, short, strict=True)):
            opening, rest = body.split(breaks, 1)
            texts[row] = " ".join([opening, *few]) if cut else f"{opening}{breaks}{' '.join([*more, rest])}"
        return texts

    def _drawn(self, pool: list[str], numbers: IntArray) -> Iterator[list[str]]:
        places = iter(self._rng.integers(0, len(pool), int(numbers.sum())).tolist())
        for number in numbers.tolist():
            yield [pool[place] for place in islice(places, number)]

    def _names(self, number: int) -> Iterator[str]:
        return iter(codes(self._rng, number, 9, BASE64))


def sentences(rng: np.random.Generator, patterns: Sequence[str]) -> list[str]:
    """POOL sentences of these patterns."""
    columns = {slot: pick(rng, words, POOL) for slot, words in LISTS.items()}
    columns["brand"] = ["".join(parts) for parts in zip(*(columns.pop(part) for part in BRAND), strict=True)]
    rows = zip(pick(rng, patterns, POOL), *columns.values(), strict=True)
    sentences = (pattern.format_map(dict(zip(columns, words, strict=True))) for pattern, *words in rows)
    return [sentence[0].upper() + sentence[1:] for sentence in sentences]


def _longer(texts: object, more: list[str]) -> list[str]:
    return [*cast(list[str], texts), *more] if texts else []


def _shot(name: str) -> str:
    sizes = ", ".join(f'"{size}_image_url": "{HOST}/71{name}L._SL{edge}_.jpg"' for size, edge in SHOTS.items())
    return f'{{{sizes}, "attachment_type": "IMAGE"}}'


def _picture(place: int, names: Iterator[str]) -> dict[str, str | None]:
    name, finer = next(names), next(names)
    return {"thumb": f"{HOST}/41{name}L._SS40_.jpg", "large": f"{HOST}/41{name}L.jpg",
            "variant": f"PT{place:02d}" if place else "MAIN",
            "hi_res": None if finer[0] < "E" else f"{HOST}/71{finer}L._SL1500_.jpg"}  # fmt: skip


def _video(title: str, names: Iterator[str], people: Iterator[str]) -> dict[str, str]:
    return {"title": title, "url": f"{VIEWER}/{next(names)}{next(names)}", "user_id": f"/shop/A{next(people)}"}


def _details(product: Product, dice: list[float]) -> dict[str, object]:
    first, second, third, *_ = (f"{1 + 20 * one:.2f}" for one in dice)
    month, place = MONTHS[int(dice[3] * 12)], PLACES[int(dice[4] * 30)]
    return {
        **cast(dict[str, object], product["details"]), "Item Weight": f"{first} ounces", "Manufacturer": f"{place} Ltd",
        "Product Dimensions": f"{first} x {second} x {third} inches", "Item model number": f"{place[:3].upper()}-{dice[5]:.6f}",
        "Material": LISTS["of"][int(dice[6] * len(LISTS["of"]))].title(), "Country of Origin": place,
        "Best Sellers Rank": {str(product["main_category"]): int(dice[7] * 1e6), f"{place} Parts": int(dice[6] * 1e4)},
        "Is Discontinued By Manufacturer": "No", "Date First Available": f"{month} {1 + int(dice[5] * 28)}, {2008 + int(dice[4] * 15)}",
    }  # fmt: skip
