"""Impressions: that users come back on the next day and have clicks in common, as those of MIND do."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from itdr_hf.simulate.impressions import DAY, EACH, Impressions, impressions

USERS, NEWS, FIRST = 20_000, 20_000, 1_573_257_600


@pytest.fixture(scope="module")
def drawn() -> Impressions:
    return impressions(
        np.random.default_rng(7), users=USERS, news=NEWS, rows=round(EACH * USERS), begin=FIRST, offers=20
    )


def clicks(drawn: Impressions, day: int) -> list[tuple[int, int]]:
    """Who clicked on what on a day, from 0."""
    on = (drawn.stamp[drawn.shown] - FIRST) // DAY == day
    on &= drawn.clicked == 1
    return list(zip(drawn.user[drawn.shown[on]].tolist(), drawn.news[on].tolist(), strict=True))


def test_one_user_in_fourteen_clicks_on_both_of_the_first_two_days(drawn: Impressions) -> None:
    first, second = ({user for user, _ in clicks(drawn, day)} for day in (0, 1))
    assert 0.06 < len(first & second) / USERS < 0.09
    read = Counter(user for user, _ in clicks(drawn, 0) if user in second)
    assert 0.3 < np.mean([count > 1 for count in read.values()]) < 0.6


def test_a_few_of_a_days_news_get_most_clicks_and_some_are_there_on_the_next_day_too(drawn: Impressions) -> None:
    first, second = (Counter(news for _, news in clicks(drawn, day)) for day in (1, 2))
    top = sum(count for _, count in first.most_common(10)) / first.total()
    assert 0.2 < top < 0.4  # on 5,000 lines of MIND small .22 to .33
    again = sum(count for news, count in second.items() if news in first) / second.total()
    assert 0.2 < again < 0.7


def test_every_impression_has_a_click_and_shows_nothing_twice(drawn: Impressions) -> None:
    rows = len(drawn.user)
    assert set(drawn.shown[drawn.clicked == 1].tolist()) == set(range(rows))
    assert len(np.unique(drawn.shown * NEWS + drawn.news)) == len(drawn.news)
    assert (np.diff(drawn.shown) >= 0).all() and 1.3 < drawn.clicked.sum() / rows < 1.7
    assert len(np.unique(drawn.user)) == USERS


def test_clicks_follow_tastes_where_they_are_given() -> None:
    genre = np.arange(NEWS) % 4
    likes = np.full((USERS, 4), 0.1) + 0.6 * np.eye(4)[np.arange(USERS) % 4]
    drawn = impressions(
        np.random.default_rng(7), users=USERS, news=NEWS, rows=USERS, begin=FIRST, offers=2, taste=(likes, genre)
    )
    clicked = drawn.clicked == 1
    own = np.mean(genre[drawn.news[clicked]] == drawn.user[drawn.shown[clicked]] % 4)
    assert own > 0.4 > np.mean(genre[drawn.news[~clicked]] == drawn.user[drawn.shown[~clicked]] % 4)
