"""What an audit finds, and the report of all of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Severity = Literal["breach", "warning", "info"]
MOST_NAMED = 5  # examples named in a finding


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing found: the message reads what was found; what was wanted; what to do."""

    check: str
    severity: Severity
    where: str  # a cell, a source, a file
    message: str
    figures: Mapping[str, float | int | str] = field(default_factory=dict)
    examples: Sequence[str] = ()  # ids, a few

    def __str__(self) -> str:
        named = f" ({', '.join(self.examples)})" if self.examples else ""
        return f"{self.severity}: {self.check}: {self.where}: {self.message}{named}"


@dataclass(frozen=True, kw_only=True)
class Report:
    """The findings of all checks that ran, in their order."""

    folder: str
    layout: str
    cells: Sequence[str]
    examples: int
    checks: Sequence[str]
    findings: Sequence[Finding]
    seconds: float

    @property
    def breaches(self) -> list[Finding]:
        return self.of("breach")

    def of(self, severity: Severity) -> list[Finding]:
        """The findings of one severity."""
        return [finding for finding in self.findings if finding.severity == severity]

    def counts(self) -> dict[str, dict[str, int]]:
        """check -> severity -> findings, for every check that ran: the table of the card."""
        return {
            name: {s: sum(f.check == name and f.severity == s for f in self.findings) for s in SEVERITIES}
            for name in self.checks
        }

    def rows(self) -> list[dict[str, str]]:
        """check, result and finding, a row for each check: the table of the card."""
        rows = []
        for check, counts in self.counts().items():
            result = ", ".join(counted(n, severity) for severity, n in counts.items() if n) or "passed"
            found = [
                f"{f.where}: {f.message.split(';')[0]}"
                for f in self.findings
                if f.check == check and f.severity != "info"
            ]
            rows.append({"check": check, "result": result, "finding": "; ".join(found) or "·"})
        return rows

    def as_dict(self) -> dict[str, Any]:
        """For machines."""
        return {**asdict(self), "counts": self.counts(), "breaches": len(self.breaches)}


SEVERITIES: tuple[Severity, ...] = ("breach", "warning", "info")


def counted(count: int, noun: str) -> str:
    """'1 breach', '5,000 examples'."""
    plural = "" if count == 1 else "es" if noun.endswith("ch") else "s"
    return f"{count:,} {noun}{plural}"


@dataclass
class Tally:
    """How many examples of a kind there are, and the ids of the first few."""

    count: int = 0
    ids: list[str] = field(default_factory=list)

    def add(self, example_id: str) -> None:
        self.count += 1
        if len(self.ids) < MOST_NAMED:
            self.ids.append(example_id)


def named(ids: Iterable[object]) -> tuple[str, ...]:
    """A few of the ids, for a message."""
    return tuple(sorted({str(i) for i in ids if i})[:MOST_NAMED])
