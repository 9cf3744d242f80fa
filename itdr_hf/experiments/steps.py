"""The steps of an experiment. Each is a plain command too, and says of what its output is made."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from itdr_hf.dataset.folder import Dataset
from itdr_hf.errors import MissingAnswersError
from itdr_hf.experiments.declaration import Data
from itdr_hf.experiments.identity import digest, identity
from itdr_hf.experiments.options import SETTINGS
from itdr_hf.experiments.systems import Asking, open_system
from itdr_hf.models.train.recipe import TrainRecipe
from itdr_hf.runtime.hashing import fingerprint, hash_file
from itdr_hf.runtime.progress import OnProgress

Facts = Mapping[str, Any]
SAMPLING = ("itdr_hf.ablations", "itdr_hf.experiments.folders")  # the code that decides what is in a folder
SCORING = ("itdr_hf.score.score_file", "itdr_hf.score.exports")


class Step(Protocol):
    """One step: `title` for people, `output` the file or folder that it makes."""

    @property
    def title(self) -> str: ...

    @property
    def output(self) -> Path: ...

    def inputs(self) -> Facts:
        """Return what decides the output, as JSON-able facts; outputs of earlier steps are there already."""

    def command(self) -> list[str]:
        """Return the words of the command that does the same."""

    def run(self, progress: OnProgress) -> None:
        """Make the output; what an earlier run of the same inputs left is gone on with."""

    def clear(self) -> None:
        """Remove what a run of other inputs left."""


@dataclass(frozen=True, kw_only=True)
class BuildStep:
    """Build cells from raw releases; cells that are there and unchanged are kept."""

    output: Path
    raw: Path
    family: str
    configs: tuple[str, ...]
    changes: Mapping[str, Any]

    @property
    def title(self) -> str:
        return f"build {self.output.name}"

    def inputs(self) -> Facts:
        """Return nothing that stays: the build itself looks at raw files, recipes and code."""
        return {}

    def command(self) -> list[str]:
        words = ["itdr", "build", "--raw", str(self.raw), "--out", str(self.output), "--family", self.family]
        words += [word for name in self.configs for word in ("--config", name)]
        return words + [w for name, value in self.changes.items() for w in (f"--{name.replace('_', '-')}", str(value))]

    def run(self, progress: OnProgress) -> None:
        from itdr_hf.build.folder import build_folder
        from itdr_hf.build.prepare import Settings

        settings = Settings(raw=self.raw, progress=progress, warn=lambda text: None)
        build_folder(
            self.output, settings, configs=self.configs or None, family=self.family, changes=dict(self.changes)
        )

    def clear(self) -> None:
        """Leave the folder to the build, which keeps what is unchanged."""


@dataclass(frozen=True, kw_only=True)
class DataStep:
    """Write the dataset folder of an arm."""

    experiment: str
    arm: str
    data: Data
    whole: Path
    output: Path
    sampled: float
    by: str
    configs: tuple[str, ...] = ()
    asked: bool = False  # it is what the arm is asked, and not what it is tuned on

    @property
    def title(self) -> str:
        return f"data {self.data.name}"

    def inputs(self) -> Facts:
        made_by = fingerprint({}, SAMPLING)
        facts = {**vars(self.data), "build": {}, "sampled": self.sampled, "configs": self.configs}
        return {"whole": Dataset.open(self.whole).contents, "data": facts, "code": made_by}

    def command(self) -> list[str]:
        words = ["itdr", "experiment", "data", self.experiment, "--arm", self.arm, "--folder", str(self.whole)]
        words += ["--out", str(self.output), "--sampled", f"{self.sampled:g}", "--split-by", self.by]
        words += ["--asked"] if self.asked else []
        return words + [word for name in self.configs for word in ("--config", name)]

    def run(self, progress: OnProgress) -> None:
        from itdr_hf.experiments.folders import write_data

        write_data(self.data, self.whole, self.output, sampled=self.sampled, configs=self.configs)

    def clear(self) -> None:
        shutil.rmtree(self.output, ignore_errors=True)


@dataclass(frozen=True, kw_only=True)
class TrainStep:
    """Tune an adapter on the folder of an arm. `given` are the words that choose the recipe, before `settings`."""

    folder: Path
    output: Path
    recipe: TrainRecipe
    given: Sequence[str] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return f"train {self.output.parent.name} on {self.output.name}"

    def inputs(self) -> Facts:
        return {
            "data": Dataset.open(self.folder).contents,
            "recipe": {**self.recipe.as_dict(), "model": identity(self.recipe.model)},
            **{role: identity(name) for role, name in self._others.items()},
        }

    @property
    def _others(self) -> Mapping[str, str]:
        """The adapters that the recipe begins with or is refined by."""
        named = {"start": self.recipe.start, "reward": self.recipe.reward}
        return {role: name for role, name in named.items() if name}

    def made(self) -> bool:
        """Whether the adapter is there already, as when the command was run elsewhere."""
        note = self.output / "recipe.json"
        if not note.is_file():
            return False
        facts = json.loads(note.read_text(encoding="utf-8"))
        trained = {name: cell["content"] for name, cell in facts["dataset"]["cells"].items()}
        wanted = Dataset.open(self.folder).contents
        same = json.loads(json.dumps(self.recipe.as_dict())) == facts["recipe"]
        return same and all(wanted.get(name) == content for name, content in trained.items())

    def command(self) -> list[str]:
        words = ["itdr", "train", str(self.folder), "--model", self.recipe.model, "--output", str(self.output)]
        words += [*self.given, "--seed", str(self.recipe.seed)]
        for name in (name for name in SETTINGS if name in self.settings):
            words += _option(name, self.settings[name])
        return words

    def run(self, progress: OnProgress) -> None:
        from itdr_hf.models.train.sft import train

        train(self.folder, self.recipe, self.output, command=" ".join(self.command()), progress=progress)

    def clear(self) -> None:
        for path in (self.output, self.output.with_name(f"{self.output.name}.checkpoints")):
            shutil.rmtree(path, ignore_errors=True)


@dataclass(frozen=True, kw_only=True)
class PredictStep:
    """Ask a system the test questions of a folder."""

    folder: Path
    output: Path
    asking: Asking
    configs: tuple[str, ...] = ()  # the only cells that are asked

    @property
    def title(self) -> str:
        return f"predict {self.output.parent.parent.name} {self.output.parent.name}, {self.output.stem}"

    def inputs(self) -> Facts:
        asking = {**vars(self.asking), "adapter": identity(self.asking.adapter) if self.asking.adapter else ""}
        asking |= {"model": identity(self.asking.model), "raw": bool(self.asking.raw)}
        del asking["other_prompts"]  # it allows what is asked, and does not change it
        return {"data": Dataset.open(self.folder).contents, "asking": asking, "configs": self.configs}

    def command(self) -> list[str]:
        cells = [word for name in self.configs for word in ("--config", name)]
        return ["itdr", "predict", str(self.folder), "--out", str(self.output), *cells, *self.asking.words()]

    def run(self, progress: OnProgress) -> None:
        from itdr_hf.models.predict.questions import read_questions
        from itdr_hf.models.predict.run import predict_into

        dataset = Dataset.open(self.folder)
        questions = read_questions(dataset, self.configs or None)
        made = predict_into(self.output, questions, open_system(self.asking, dataset, self.configs), progress)
        if made.missing:
            raise MissingAnswersError(made.sentence(self.output, self.folder))

    def clear(self) -> None:
        for path in (self.output, self.output.with_name(f"{self.output.name}.journal")):
            path.unlink(missing_ok=True)


@dataclass(frozen=True, kw_only=True)
class ScoreStep:
    """Score the answers; `against` are those of the arm that this one is compared with, on the same questions."""

    folder: Path
    predictions: Path
    output: Path
    against: Path | None = None
    replicates: int = 1000

    @property
    def title(self) -> str:
        return f"score {self.output.parent.parent.name} {self.output.parent.name}, {self.output.name}"

    def inputs(self) -> Facts:
        files = {"predictions": self.predictions, "against": self.against}
        hashes = {name: hash_file(path) for name, path in files.items() if path}
        facts = {"data": Dataset.open(self.folder).contents, "replicates": self.replicates, **hashes}
        return {**facts, "code": fingerprint({}, SCORING)}

    def command(self) -> list[str]:
        words = ["itdr", "score", str(self.predictions), str(self.folder), "--out", str(self.output)]
        words += ["--against", str(self.against)] if self.against else []
        return [*words, "--replicates", str(self.replicates)]

    def run(self, progress: OnProgress) -> None:
        from itdr_hf.score.exports import write_exports
        from itdr_hf.score.measured import Resampling
        from itdr_hf.score.score_file import Options, score_file

        options = Options(resampling=Resampling(replicates=self.replicates))
        report = score_file(self.predictions, self.folder, options, against=self.against, progress=progress)
        write_exports(report, self.output)

    def clear(self) -> None:
        shutil.rmtree(self.output, ignore_errors=True)


@dataclass(frozen=True, kw_only=True)
class LeakStep:
    """Count the validation and test answers that train shows or asks for, for the same user."""

    folder: Path
    output: Path

    @property
    def title(self) -> str:
        return f"leaks of {self.folder.name}"

    def inputs(self) -> Facts:
        return {"data": Dataset.open(self.folder).contents}

    def command(self) -> list[str]:
        return ["itdr", "experiment", "leaks", str(self.folder), "--out", str(self.output)]

    def run(self, progress: OnProgress) -> None:
        write_leaks(self.folder, self.output)

    def clear(self) -> None:
        self.output.unlink(missing_ok=True)


def write_leaks(folder: Path, out: Path) -> dict[str, float]:
    """Write and return, by cell, the share of validation and test answers that train shows or asks for, for the same user."""
    from itdr_hf.dataset.audit import audit
    from itdr_hf.runtime.files import write_atomically

    found = audit(folder, only=["answers-not-in-train"]).findings
    counted = {finding.where: float(finding.figures["share"]) for finding in found}
    shares = {name: counted.get(name, 0.0) for name in Dataset.open(folder).names}
    write_atomically(out, json.dumps(shares, indent=1))
    return shares


def key(step: Step) -> str:
    """Return the hash of a step's inputs."""
    return digest(step.inputs())


def _option(name: str, value: Any) -> list[str]:
    option = f"--{name.replace('_', '-')}"
    if isinstance(value, bool):
        return [option] if value else [f"--no-{option[2:]}"]
    return [option, str(value)]
