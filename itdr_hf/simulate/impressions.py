"""Impressions as MIND has them: who comes on which day, what is shown then, and what is clicked.

News come and go: on a day a part of them is shown, of which about half is shown on the next day too. A few of the day's
news get most of the clicks, so that many users have clicks in common; what is shown is less uneven. The constants are
counted on 5,000 lines of MIND small: with them one user in fourteen clicks on both of the first two days.
"""

from dataclasses import dataclass

import numpy as np

from itdr_hf.simulate.world import FloatArray, IntArray

DAY = 86_400  # seconds
EACH = 3.14  # impressions of a user of MIND small, in six days
EVEN = 0.7  # shape of how many a user has beyond the first: few have many
DAYS = (0.09, 0.10, 0.22, 0.20, 0.19, 0.20)  # shares of the six days: two of a weekend, then workdays
ONE = 0.66  # of the impressions have one click, of the others this share has two, and so on
UNEVEN = 0.95  # spread of the logarithm of how many news an impression shows
MOST = 290  # of these
TRIES = 3  # drawings of what is shown, which may come out the same again
ON_A_DAY, STAYING = 0.10, 0.55  # shares of the listed news that are shown on a day, and of these on the next day too
MOOD = 1.0  # how much a day adds to what draws users to a piece of news, in its standard units
FEW = 1_000  # news of a day at least, where so many are listed: else long lists would have nothing to show
CLICKED = 1.2, 2.5  # how popularity falls with the place among a day's news: (place + offset) ** -steepness
SHOWN = 2.3, 145  # likewise
CANDIDATES = 5  # of which a click goes to the one that is most to a user's taste, with luck


@dataclass(frozen=True, kw_only=True)
class Impressions:
    """Impressions by user and time; of each the news that it shows, as rows grouped by impression.

    `shown`, `news`, `clicked` are of equal length: the impression, what it shows, and whether that is clicked.
    """

    user: IntArray
    stamp: IntArray
    shown: IntArray
    news: IntArray
    clicked: IntArray  # 0 or 1


def impressions(
    rng: np.random.Generator,
    *,
    users: int,
    news: int,
    rows: int,
    begin: int,
    days: tuple[float, ...] = DAYS,
    offers: float,
    taste: tuple[FloatArray, IntArray] | None = None,
) -> Impressions:
    """Draw impressions, at least one of each user, with about `offers` news each, on days from `begin` (seconds) on.

    `taste` is the probability of each genre by user, and the genre of each piece of news.
    """
    user, day, stamp = _visits(rng, users, rows, begin, days)
    fronts = _fronts(rng, news, len(days))
    width = fronts.shape[1]
    row = np.repeat(np.arange(len(user)), rng.geometric(ONE, len(user)))
    more = np.exp(rng.normal(np.log(max(offers, 1.0)) - UNEVEN**2 / 2, UNEVEN, len(user)))
    wanted = np.bincount(row) + np.clip(more.round().astype(np.int64), 1, min(MOST, max(width // 2, 1)))

    # one number for each piece of news of an impression, an even one where it is clicked, which counts if it is there twice
    keys = _distinct(2 * (row * news + _chosen(rng, fronts, day[row], user[row], taste)))
    for _ in range(TRIES):
        missing = np.maximum(wanted - np.bincount(keys // 2 // news), 0)
        other = np.repeat(np.arange(len(user)), missing)
        passed = fronts[day[other], _places(rng, width, SHOWN, len(other))]
        keys = _distinct(np.concatenate([keys, 2 * (other * news + passed) + 1]))
    shown, what = np.divmod(keys // 2, news)
    return Impressions(user=user, stamp=stamp, shown=shown, news=what, clicked=1 - keys % 2)


def _distinct(keys: IntArray) -> IntArray:
    """Return the lowest of the numbers with the same half, in order."""
    keys = np.sort(keys)
    first: IntArray = keys[np.append(True, np.diff(keys // 2) > 0)]
    return first


def _visits(
    rng: np.random.Generator, users: int, rows: int, begin: int, days: tuple[float, ...]
) -> tuple[IntArray, IntArray, IntArray]:
    """Return who comes, on which of the days, and when, by user and time."""
    busy = rng.gamma(EVEN, size=users)
    further = rng.choice(users, max(rows - users, 0), p=busy / busy.sum())
    user = np.concatenate([np.arange(users), further])[:rows]
    day = rng.choice(len(days), len(user), p=np.array(days) / sum(days))
    stamp = begin + day * DAY + rng.integers(0, DAY, len(user))
    order = np.lexsort((stamp, user))
    return user[order], day[order], stamp[order]


def _fronts(rng: np.random.Generator, news: int, days: int) -> IntArray:
    """Return the news of each day (days × news of a day), the most popular first."""
    width = max(int(ON_A_DAY * news), min(news, FEW))
    step = max(int((1 - STAYING) * width), 1)
    line, charm = rng.permutation(news), rng.normal(size=news)
    today = [line[(day * step + np.arange(width)) % news] for day in range(days)]
    return np.stack([here[np.argsort(-charm[here] - MOOD * rng.normal(size=width))] for here in today])


def _chosen(
    rng: np.random.Generator,
    fronts: IntArray,
    day: IntArray,
    user: IntArray,
    taste: tuple[FloatArray, IntArray] | None,
) -> IntArray:
    """Return what is clicked: of a few popular news of the day the one most to the user's taste, where tastes are given."""
    tries = CANDIDATES if taste else 1
    place = _places(rng, fronts.shape[1], CLICKED, len(day) * tries).reshape(len(day), tries)
    news = fronts[day[:, None], place]
    if taste is None:
        return news[:, 0]
    likes, genre = taste
    drawn = np.log(likes[user[:, None], genre[news]]) + rng.gumbel(size=news.shape)
    best: IntArray = np.take_along_axis(news, drawn.argmax(axis=1)[:, None], axis=1)[:, 0]
    return best


def _places(rng: np.random.Generator, width: int, falling: tuple[float, float], count: int) -> IntArray:
    """Draw places among a day's news, the first ones most often."""
    steep, offset = falling
    edges = np.cumsum((np.arange(1, width + 1) + offset) ** -steep)
    return np.minimum(np.searchsorted(edges / edges[-1], rng.random(count)), width - 1)
