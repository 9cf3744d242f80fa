"""Two releases: a simulated Netflix, and a MIND written here in which people read a lot on two days."""

from __future__ import annotations

from pathlib import Path

import pytest

from itdr_hf.simulate import simulate

KINDS = ("sports", "finance", "travel", "health")
USERS, NEWS, CLICKS = 120, 100, 7  # clicks of each user on each day


def news(place: int) -> tuple[str, str, str]:
    """Category, title and abstract of a news article."""
    kind = KINDS[place % len(KINDS)]
    return kind, f"{kind.title()} report {place}", f"What happened in {kind}, told in part {place}."


def clicks(user: int, day: int) -> list[int]:
    """Articles that a user reads on a day: mostly of a kind of their own, some of the front page."""
    kind = user % len(KINDS)
    own = [
        (kind + len(KINDS) * ((user // 4 + 3 * day + 2 * step) % (NEWS // len(KINDS)))) for step in range(CLICKS - 2)
    ]
    front = [(7 * day + user % 5) % NEWS, (11 * day + user % 3 + 20) % NEWS]
    read = list(dict.fromkeys([*own, *front]))
    return read[user % len(read) :] + read[: user % len(read)]


def write_mind(folder: Path) -> Path:
    """Write the release: two days, and for everyone a history without times that belongs to neither."""
    folder.mkdir(parents=True)
    lines = [
        f"N{place}\t{news(place)[0]}\t{news(place)[0]}\t{news(place)[1]}\t{news(place)[2]}\t\t[]\t[]"
        for place in range(NEWS)
    ]
    (folder / "news.tsv").write_text("\n".join(lines) + "\n")
    rows = []
    for user in range(USERS):
        for day in (9, 10):
            for hour, item in enumerate(clicks(user, day)):
                past = f"N{(user + 31) % NEWS} N{(user + 32) % NEWS}"
                time = f"11/{day}/2019 {hour + 1}:{user % 60:02d}:00 AM"
                rows.append(f"{len(rows) + 1}\tU{user}\t{time}\t{past}\tN{item}-1 N{(item + 5) % NEWS}-0")
    (folder / "behaviors.tsv").write_text("\n".join(rows) + "\n")
    return folder


@pytest.fixture(scope="session")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both releases."""
    folder = tmp_path_factory.mktemp("reclm-raw")
    simulate(folder, sources=["netflix"], scale=0.1, seed=5)
    write_mind(folder / "mind")
    return folder
