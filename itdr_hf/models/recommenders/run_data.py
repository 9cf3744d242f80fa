"""What `itdr recommend` works on: a split with its keys and texts, from a raw release or from RecBole's files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from itdr_hf.catalogue import current
from itdr_hf.errors import UsageError
from itdr_hf.models.recommenders.interactions import Features, Strings
from itdr_hf.models.recommenders.log import read_log
from itdr_hf.models.recommenders.profiles import Profiles, read_profiles
from itdr_hf.models.recommenders.protocols import Span, split_by_protocol
from itdr_hf.models.recommenders.recbole import SIDES, read_recbole, read_recbole_texts
from itdr_hf.models.recommenders.splits import SEED, Split
from itdr_hf.models.recommenders.texts import text_vectors
from itdr_hf.raw.release import find_release
from itdr_hf.runtime.progress import OnProgress, ignore


@dataclass(frozen=True, kw_only=True, eq=False)
class RunData:
    """A split, its sorted keys, a text per item, the features in use, and facts for a report."""

    name: str
    title: str
    licence: str
    split: Split
    user_keys: Strings
    item_keys: Strings
    item_texts: list[str]
    features: Features = field(default_factory=Features)
    facts: Mapping[str, object] = field(default_factory=dict)

    def with_item_texts(self) -> RunData:
        """Return the data with item texts in place of item vectors; UsageError where no item has a text."""
        if not any(self.item_texts):
            raise UsageError(f"{self.name}: no item has a text; want titles or RecBole's .item file")
        return replace(self, features=replace(self.features, item_texts=text_vectors(self.item_texts)))

    def with_profiles(self, path: Path) -> RunData:
        """Return the data with the profiles of a file beside what it has; errors as of `read_profiles`."""
        found = read_profiles(path, self.user_keys, self.item_keys)
        features = replace(self.features, user_profiles=found.users, item_profiles=found.items)
        return replace(self, features=features, facts={**self.facts, **_coverage(found, self)})


def data_from_raw(
    raw: Path,
    source: str,
    *,
    protocol: str,
    spans: Sequence[Span] = (),
    min_interactions: int = 1,
    seed: int = SEED,
    cache: Path | None = None,
    memory_limit: str | None = None,
    progress: OnProgress = ignore,
) -> RunData:
    """Read a release's log and split it. Raises as `read_log` and `split_by_protocol` do."""
    known = current().with_found(raw).source(source)
    log = read_log(
        known, raw, min_interactions=min_interactions, cache=cache, memory_limit=memory_limit, progress=progress
    )
    split = split_by_protocol(protocol, log.interactions, spans=spans, seed=seed)
    drawn = {"protocol": protocol, "min_interactions": min_interactions, "split_seed": seed}
    return RunData(
        name=source,
        title=known.title,
        licence=known.licence,
        split=split,
        user_keys=log.user_keys,
        item_keys=log.item_keys,
        item_texts=log.texts,
        facts={"simulated": find_release(known, raw).simulated, **drawn, **counts(split)},
    )


def is_recbole(folder: Path) -> bool:
    """Whether a folder holds RecBole's benchmark files, named after it."""
    return any((folder / f"{folder.resolve().name}.{word}.inter").is_file() for word in SIDES.values())


def data_from_recbole(folder: Path) -> RunData:
    """Read RecBole's benchmark files with their split; .item gives the texts. Raises as `read_recbole` does."""
    place, name = folder.resolve().parent, folder.resolve().name
    split, user_keys, item_keys = read_recbole(place, name)
    texts = read_recbole_texts(place, name, "item", item_keys)
    return RunData(
        name=name,
        title=name,
        licence="as of the files",
        split=split,
        user_keys=user_keys,
        item_keys=item_keys,
        item_texts=texts or [""] * len(item_keys),
        facts={"protocol": "RecBole's files", **counts(split)},
    )


def counts(split: Split) -> dict[str, object]:
    """Return the numbers of users, items and pairs of a split, and of items that training never saw."""
    return {
        "users": split.train.user_count,
        "items": split.train.item_count,
        "train": len(split.train),
        "validation": len(split.validation),
        "test": len(split.test),
        "unseen_items": int(split.unseen_items.sum()),
    }


def _coverage(found: Profiles, data: RunData) -> dict[str, object]:
    return {
        "profiles": {
            side: {"matched": found.matched[side], "of": len(keys), "not in the log": found.unused[side]}
            for side, keys in (("user", data.user_keys), ("item", data.item_keys))
        }
    }
