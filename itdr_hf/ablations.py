"""The paper's experiments as one-liners on loaded datasets: its sample, fractions of it, parts left out.

.. code-block:: python

    ds = load_dataset("itdr", "all")
    experiment = paper_protocol(ds)              # 20 % of every cell, 80/20: 31,250 to train on, 7,811 to test on;
                                                 # beside them a validation split, which the paper does not mention
    quarter = fraction(experiment, 0.25)         # each fraction holds the smaller ones
    without = leave_out(experiment, "tkr")       # a subtask or a root task; the test split stays as it is
    bare = without_descriptions(experiment)      # train_only=True: asked with descriptions all the same
    save(without, Path("experiment"), of=Path("itdr"))   # a dataset folder with its ledger: itdr train experiment
    leakage("itdr", "tkr-pixelrec", "nir-pixelrec")   # how often a test answer stands in train, by way of splitting

All choices are made by the md5 of seed and id: the same on every machine, whatever the order of the rows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, TypeVar

from itdr_hf import catalogue
from itdr_hf.errors import OutputError, UsageError, unknown
from itdr_hf.records import SPLITS
from itdr_hf.tasks.itdr import paper
from itdr_hf.tasks.planning.sampling import fill

if TYPE_CHECKING:
    import datasets

    Loaded = TypeVar("Loaded", datasets.Dataset, datasets.DatasetDict)

SAMPLED, TESTED = 0.2, 0.2  # of a cell in the experiment, of the experiment in its test split
WAYS = ("user", "example")
FRACTIONS = (0.25, 0.5, 0.75)
Stratum = tuple[str, str]  # cell, domain
Places = dict[Stratum, list[int]]  # of the rows of a dataset


def paper_protocol(
    ds: datasets.DatasetDict, *, seed: int = 0, by: str = "user", sampled: float = SAMPLED
) -> datasets.DatasetDict:
    """Return the paper's experiment: of every cell (and domain) a fifth, four fifths of that to train on, one to test on.

    A cell of the published size gives as many test examples as in the paper (`paper.test_sizes`), and within
    rounding as many to train on. The validation split is as large as the test split, where there is enough for it.
    `by="user"` takes each split from that of its name (test from validation too, where test has too few), so that no
    user is in two; `by="example"` draws all from everything, as the paper describes it, and leaks. `sampled` is
    another share than a fifth. Raises UsageError for another `by`, and for a share not in (0, 1].
    """
    if by not in WAYS:
        raise unknown("way to split", by, WAYS)
    _check_share("sampled", sampled)
    import datasets

    together = datasets.concatenate_datasets([ds[name] for name in SPLITS if name in ds])
    wanted = _experiment_sizes(_sizes(together), sampled)
    taken = _by_example if by == "example" else _by_user
    chosen = taken(together, [len(ds[name]) if name in ds else 0 for name in SPLITS], wanted, seed)
    return datasets.DatasetDict({name: _pick(together, chosen[name]) for name in SPLITS if chosen[name]})


def _by_example(
    together: datasets.Dataset, lengths: Sequence[int], wanted: Mapping[Stratum, tuple[int, int]], seed: int
) -> dict[str, Places]:
    """Draw test, train and validation one after the other, whatever split an example was in."""
    chosen: dict[str, Places] = {name: {} for name in SPLITS}
    for stratum, found in _by_stratum(together, seed).items():
        train, test = wanted[stratum]
        bounds = {"test": (0, test), "train": (test, test + train), "validation": (test + train, train + 2 * test)}
        for name, (first, last) in bounds.items():
            chosen[name][stratum] = found[first:last]
    return chosen


def _by_user(
    together: datasets.Dataset, lengths: Sequence[int], wanted: Mapping[Stratum, tuple[int, int]], seed: int
) -> dict[str, Places]:
    """Draw each split from its own; `lengths` are how many examples of each stand in `together`, in order."""
    begin_validation, begin_test = lengths[0], lengths[0] + lengths[1]
    strata = _by_stratum(together, seed)
    chosen: dict[str, Places] = {name: {} for name in SPLITS}
    for stratum, found in strata.items():
        train, test = wanted[stratum]
        chosen["train"][stratum] = [place for place in found if place < begin_validation][:train]
        own = [place for place in found if place >= begin_test]
        more = [place for place in found if begin_validation <= place < begin_test]
        chosen["test"][stratum] = [*own, *more][:test]
    users = together["user"][:] if "user" in together.column_names else [""] * len(together)
    tested = {place for places in chosen["test"].values() for place in places}
    known = {users[place] for place in tested} - {""}
    for stratum, found in strata.items():
        left = [p for p in found if begin_validation <= p < begin_test and p not in tested and users[p] not in known]
        chosen["validation"][stratum] = left[: wanted[stratum][1]]
    return chosen


def fraction(ds: Loaded, share: float, *, seed: int = 0) -> Loaded:
    """Return that share of every cell's training examples; a smaller share's are among a larger one's.

    Of a DatasetDict only the train split is thinned. Raises UsageError for a share not in (0, 1].
    """
    _check_share("fraction", share)

    def thin(part: datasets.Dataset) -> datasets.Dataset:
        places = _by_stratum(part, seed)
        return _pick(part, {s: found[: max(1, round(share * len(found)))] for s, found in places.items()})

    return _on_splits(ds, thin, ("train",))


def leave_out(ds: Loaded, *names: str) -> Loaded:
    """Without the examples of tasks or root tasks, by id; a DatasetDict's test split stays whole.

    Raises UsageError for a name that is neither.
    """
    gone: set[str] = set()
    for name in names:
        if name not in catalogue.unions() or name == "all":
            raise unknown("subtask or root task", name, [n for n in catalogue.unions() if n != "all"])
        gone |= set(catalogue.unions()[name])

    def keep(part: datasets.Dataset) -> datasets.Dataset:
        return part.select([place for place, subtask in enumerate(part["subtask"][:]) if subtask not in gone])

    return _on_splits(ds, keep, ("train", "validation"))


def without_descriptions(ds: Loaded, *, train_only: bool = False) -> Loaded:
    """Return the same examples without the task description: in every split, or in train and validation alone."""

    def blank(part: datasets.Dataset) -> datasets.Dataset:
        return part.map(lambda batch: {"instruction": [""] * len(batch["id"])}, batched=True)

    return _on_splits(ds, blank, ("train", "validation") if train_only else None)


def leakage(folder: str, *configs: str, seed: int = 0) -> dict[str, dict[str, float]]:
    """How often a test answer is shown or asked for in train for the same user: way of splitting -> config -> share.

    The ways: as the folder is split; everything split 80/20 by example; the paper's sample split by example, by user.
    """
    import datasets

    from itdr_hf.dataset.audit import audit

    cells = catalogue.select(configs or None)
    loaded = [datasets.load_dataset(folder, cell) for cell in cells]
    whole = datasets.DatasetDict({s: datasets.concatenate_datasets([ds[s] for ds in loaded]) for s in loaded[0]})
    ways = {
        "as built": whole,
        "80/20 by example": paper_protocol(whole, seed=seed, by="example", sampled=1.0),
        "paper's sample, by example": paper_protocol(whole, seed=seed, by="example"),
        "paper's sample, by user": paper_protocol(whole, seed=seed),
    }
    found = {}
    for way, ds in ways.items():
        with TemporaryDirectory() as home:
            save(ds, Path(home) / "itdr")
            leaks = audit(Path(home) / "itdr", only=["answers-not-in-train"]).findings
        shares = {leak.where: float(leak.figures["share"]) for leak in leaks}
        found[way] = {cell: shares.get(cell, 0.0) for cell in cells}
    return found


def save(ds: datasets.DatasetDict, out: Path, *, of: Path | None = None) -> None:
    """Write the splits as a dataset folder (`<config>/<split>-*.parquet`): to audit, to train on, to score.

    With `of`, the folder that the examples are from, it has a ledger and a card too, and is audited, trained on,
    exported, reported and pushed as any built folder is: recipe, raw files and account are those of `of`, with what
    the experiment leaves out as one more step. Raises OutputError when `out` holds something already, UsageError for
    a cell that `of` does not have.
    """
    if out.exists() and any(out.iterdir()):
        raise OutputError(f"{out}: not empty; want a new folder; choose another")
    cells: dict[str, dict[str, list[int]]] = {}
    for split, part in ds.items():
        for (cell, _), places in _by_stratum(part, 0).items():
            cells.setdefault(cell, {}).setdefault(split, []).extend(places)
    if of is not None:
        from itdr_hf.dataset.experiment import write_experiment

        write_experiment(out, of, ds, cells)
        return
    for cell, splits in cells.items():
        for split, places in splits.items():
            (out / cell).mkdir(parents=True, exist_ok=True)
            ds[split].select(sorted(places)).to_parquet(out / cell / f"{split}-00000-of-00001.parquet")


def _experiment_sizes(sizes: Mapping[Stratum, int], sampled: float) -> dict[Stratum, tuple[int, int]]:
    """(train, test) examples of each stratum: the cell's number, divided over its domains by their size."""
    cells: dict[str, dict[Stratum, int]] = {}
    for stratum, size in sizes.items():
        cells.setdefault(stratum[0], {})[stratum] = size
    wanted: dict[Stratum, tuple[int, int]] = {}
    for cell, strata in cells.items():
        total = sum(strata.values())
        known = paper.statistics().get(cell)
        published = known is not None and known.examples == total and sampled == SAMPLED
        test = paper.test_sizes()[cell] if published else round(TESTED * sampled * total)
        train = 4 * test if published else round(sampled * total) - test
        both = _divide(strata, train), _divide(strata, test)
        wanted |= {s: (both[0][s], both[1][s]) for s in strata}
    return wanted


def _check_share(name: str, share: float) -> None:
    if not 0 < share <= 1:
        raise UsageError(f"{name}: {share}; want a share above 0 and at most 1; change it")


def _divide(strata: Mapping[Stratum, int], count: int) -> dict[Stratum, int]:
    room = {f"{cell}\x1f{domain}": n for (cell, domain), n in strata.items()}
    given = fill(room, room, count) if count else dict.fromkeys(room, 0)
    return {stratum: given["\x1f".join(stratum)] for stratum in strata}


def _sizes(part: datasets.Dataset) -> dict[Stratum, int]:
    return {stratum: len(found) for stratum, found in _by_stratum(part, 0).items()}


def _by_stratum(part: datasets.Dataset, seed: int) -> dict[Stratum, list[int]]:
    """Return the places of each (cell, domain)'s examples, in the order of the md5 of seed and id."""
    columns = part.select_columns(["id", "subtask", "source", "domain"]).with_format("arrow")[:].to_pydict()
    strata: dict[Stratum, list[tuple[str, int]]] = {}
    rows = zip(columns["id"], columns["subtask"], columns["source"], columns["domain"], strict=True)
    for place, (name, subtask, source, domain) in enumerate(rows):
        digest = hashlib.md5(f"{seed}|{name}".encode()).hexdigest()
        strata.setdefault((f"{subtask}-{source}", domain), []).append((digest, place))
    return {stratum: [place for _, place in sorted(found)] for stratum, found in sorted(strata.items())}


def _pick(part: datasets.Dataset, chosen: Mapping[Stratum, list[int]]) -> datasets.Dataset:
    return part.select(sorted(place for places in chosen.values() for place in places))


def _on_splits(
    ds: Loaded, change: Callable[[datasets.Dataset], datasets.Dataset], splits: tuple[str, ...] | None
) -> Loaded:
    """Change a dataset, or the named splits of a dict of them (None: all)."""
    import datasets

    if isinstance(ds, datasets.DatasetDict):
        return datasets.DatasetDict(
            {name: change(part) if splits is None or name in splits else part for name, part in ds.items()}
        )
    return change(ds)
