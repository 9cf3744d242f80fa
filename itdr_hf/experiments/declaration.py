"""What an experiment is: arms over data, the published tables that belong to them, and what differs from the paper."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from itdr_hf import catalogue
from itdr_hf.errors import unknown
from itdr_hf.tasks.family import Result

Protocol = Literal["user", "example", "whole"]
WAYS = ("generation", "likelihood")


@dataclass(frozen=True, kw_only=True)
class Data:
    """How the folder of an arm is made from the whole dataset; `name` is that of the folder.

    `protocol`: the paper's sample split by "user" or by "example", or the "whole" folder with its own splits.
    `left_out` are tasks or groups of tasks that train and validation lack, `share` the part of train that is kept;
    of "train" (and validation) or "all" splits the task descriptions are `blanked`. `build` are fields of the build's
    recipe in which the folder is built otherwise, `configs` the only cells of it.
    """

    name: str
    protocol: Protocol = "user"
    left_out: tuple[str, ...] = ()
    share: float = 1.0
    blanked: Literal["", "train", "all"] = ""
    build: Mapping[str, object] = field(default_factory=dict)
    configs: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Arm:
    """One arm: a model, tuned on `data` or not at all, that is asked the test split of it (or of `asked`).

    `variant` names the arm in the published tables, '' where they lack it; `against` is the arm that it is compared
    with, on the same questions. An `optional` arm is run when it is named.
    """

    name: str
    title: str
    data: Data
    tuned: bool = True
    asked: Data | None = None
    variant: str = ""
    models: tuple[str, ...] = ()  # those of the published ones that the arm is about; (): all
    against: str = ""
    optional: bool = False

    @property
    def questions(self) -> Data:
        """The data whose test split is asked."""
        return self.asked or self.data


@dataclass(frozen=True, kw_only=True)
class Printed:
    """A score over cells as a paper prints it, which its own cells may not add up to."""

    table: int
    metric: str
    model: str
    variant: str
    value: float


def nothing_printed() -> Iterable[Printed]:
    """Return nothing: of papers that print no scores over cells."""
    return ()


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """One experiment of a paper. `paper_model` is the published one that stands next to a model of another name.

    `runner` is "models" for arms of a model, "recommenders" for the tables of `itdr recommend --experiment`, "profiles"
    for models that write the profiles which recommenders read. `ways`,
    `seeds` and `beside` (systems besides the model) are defaults of its options.
    """

    name: str
    title: str
    question: str
    family: str
    tables: tuple[int, ...]
    arms: tuple[Arm, ...] = ()
    paper_model: str = ""
    differs: tuple[str, ...] = ()
    runner: Literal["models", "recommenders", "profiles"] = "models"
    configs: tuple[str, ...] = ()  # the only cells that it is about; (): all
    ways: tuple[str, ...] = ("generation",)
    seeds: int = 1
    beside: tuple[str, ...] = ()
    served: bool = False  # asked through a server
    printed: Callable[[], Iterable[Printed]] = nothing_printed
    figures: Callable[[], Iterable[Result]] | None = None  # the published ones, where they are not the family's

    def arm(self, name: str) -> Arm:
        """Return the arm with a name. Raises UsageError for an unknown one."""
        found = {arm.name: arm for arm in self.arms}
        if name not in found:
            raise unknown(f"arm of {self.name}", name, found)
        return found[name]

    def chosen(self, names: Iterable[str] | None = None) -> list[Arm]:
        """Return the arms with these names in the order of the declaration; by default all that are not optional."""
        if names is None:
            return [arm for arm in self.arms if not arm.optional]
        wanted = {self.arm(name).name for name in names}
        return [arm for arm in self.arms if arm.name in wanted]

    def published(self, arm: Arm) -> Iterator[Result]:
        """Yield the published figures of the cells of an arm."""
        for result in self._figures() if arm.variant else ():
            if result.table in self.tables and result.variant == arm.variant and self._about(arm, result):
                yield result

    def _figures(self) -> Iterable[Result]:
        """Return all published figures: its own, else those of its family."""
        paper = catalogue.family(self.family).published
        return self.figures() if self.figures else paper.results() if paper else ()

    def _about(self, arm: Arm, result: Result) -> bool:
        return (not arm.models or result.model in arm.models) and (not self.configs or result.cell in self.configs)

    def printed_scores(self, arm: Arm) -> list[Printed]:
        """Return the scores over cells that the paper prints for an arm, slips included."""
        return [one for one in self.printed() if arm.variant and one.variant == arm.variant]
