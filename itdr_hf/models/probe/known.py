"""How much of a release a system knows: the share of right titles in its answers, next to chance.

Chance is what the answers to all other questions of the probe score on a question: a system that names the best-known
titles whatever it is asked is at chance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from itdr_hf.errors import UsageError
from itdr_hf.metrics.bootstrap import Comparison, Interval, compare, intervals
from itdr_hf.metrics.sample import mean_sample
from itdr_hf.models.probe.questions import Probe
from itdr_hf.tasks.reading import read_choice, read_ranking


@dataclass(frozen=True, kw_only=True)
class Known:
    """What a system knows in one kind of probe of one source: a share from 0 to 1, chance, and their difference."""

    source: str
    kind: str
    known: Interval
    chance: Interval
    difference: Comparison

    @property
    def seen(self) -> bool:
        """Whether it knows more than chance: the interval of the difference lies above nought."""
        return self.difference.low > 0


def measure(probes: Sequence[Probe], answers: Mapping[str, str], *, seed: int = 0) -> list[Known]:
    """Return what the answers, by the id of their question, show for each source and kind.

    Raises UsageError where a source has fewer than two questions: there is no chance to compare with.
    """
    groups: dict[tuple[str, str], list[Probe]] = {}
    for probe in probes:
        groups.setdefault((probe.question.source, probe.kind), []).append(probe)
    return [_of_group(*key, group, answers, seed) for key, group in groups.items()]


def _of_group(source: str, kind: str, probes: Sequence[Probe], answers: Mapping[str, str], seed: int) -> Known:
    if len(probes) < 2:
        raise UsageError(f"{source}: {len(probes)} question on {kind}; want 2 or more; raise --limit, or build more")
    pool = sorted({title for probe in probes for title in probe.truth})
    named = [_named(answers[probe.question.id], probe, pool) for probe in probes]
    shares = [_share(titles, probe.truth) for titles, probe in zip(named, probes, strict=True)]
    known = mean_sample("known", shares)
    chance = mean_sample("chance", _chances(named, probes, shares))
    both = intervals([known, chance], seed=seed, stream=f"probe {source} {kind}")
    found = compare(known, chance, seed=seed, stream=f"probe {source} {kind}")
    return Known(source=source, kind=kind, known=both[0], chance=both[1], difference=found)


def _named(text: str, probe: Probe, pool: Sequence[str]) -> frozenset[str]:
    """Return the titles of the pool that an answer names: one where one was asked for, at most as many as asked for."""
    if len(probe.truth) == 1:
        return frozenset(read_choice(text, pool, probe.question.history).values)
    ranked = read_ranking(text, pool, probe.question.history).values[: len(probe.truth)]
    return frozenset(filter(None, ranked))


def _share(named: frozenset[str], truth: Sequence[str]) -> float:
    return len(named & set(truth)) / len(set(truth))


def _chances(named: Sequence[frozenset[str]], probes: Sequence[Probe], shares: Sequence[float]) -> list[float]:
    """Return for each question the mean score of the answers to all others."""
    counts: dict[str, int] = {}
    for titles in named:
        for title in titles:
            counts[title] = counts.get(title, 0) + 1
    found = []
    for probe, share in zip(probes, shares, strict=True):
        truth = set(probe.truth)
        everyone = sum(counts.get(title, 0) for title in truth) / len(truth)
        found.append((everyone - share) / (len(probes) - 1))
    return found
