"""croissant.json next to the card: valid Croissant 1.1 with RAI facts, through which the rows load."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from itdr_hf.dataset import Dataset
from itdr_hf.dataset.card import write_card
from itdr_hf.dataset.cell import BuiltCell, ShardFacts
from itdr_hf.dataset.croissant import CROISSANT, croissant, record_sets
from itdr_hf.records import CONVERSATION, PREFERENCE, Shape
from itdr_hf.runtime.hashing import hash_file

mlc = pytest.importorskip("mlcroissant", reason="needs the extra [dev]")


def plain(value):
    """A value as mlcroissant reads it from Parquet, with its bytes as texts."""
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, dict):
        return {name.rpartition("/")[2]: plain(part) for name, part in value.items()}
    return [plain(part) for part in value] if hasattr(value, "__iter__") and not isinstance(value, str) else value


def test_it_is_valid_and_loads_every_row_of_a_split(folder: Path):
    dataset = Dataset.open(folder)
    held = mlc.Dataset(str(folder / CROISSANT))  # raises what is invalid
    assert held.metadata.ctx.conforms_to == mlc_version()
    for name in dataset.cells:
        for split in ("train", "test"):
            key = f"{name}/{split}"
            rows = [{k.removeprefix(f"{key}/"): plain(v) for k, v in row.items()} for row in held.records(key)]
            assert rows == list(dataset.rows(name, split, dataset.shape_of(name).names))


def mlc_version():
    from mlcroissant._src.core.context import CroissantVersion

    return CroissantVersion.V_1_1


def test_a_changed_file_is_refused_by_its_sha256(folder: Path):
    document = json.loads((folder / CROISSANT).read_text())
    hashes = {file["@id"]: file["sha256"] for file in document["distribution"]}
    assert hashes == {name: facts.sha256 for name, facts in Dataset.open(folder).files.items()}


def test_it_names_raw_files_licences_and_what_is_personal(folder: Path):
    dataset = Dataset.open(folder)
    document = croissant(dataset, "someone/itdr")
    [origin] = document["isBasedOn"]
    raw = {file.sha256 for cell in dataset.cells.values() for file in cell.raw}
    assert {file["sha256"] for file in origin["distribution"]} == raw and raw
    assert "MovieLens" in origin["license"]
    assert "salted hashes" in document["rai:personalSensitiveInformation"][0]
    assert any("simulated" in text for text in [document["rai:dataCollection"], *document["rai:dataLimitations"]])
    place = f"https://huggingface.co/datasets/someone/itdr/resolve/v{dataset.version}/"
    assert all(file["contentUrl"] == place + file["@id"] for file in document["distribution"])


@pytest.mark.parametrize("shape", [CONVERSATION, PREFERENCE], ids=lambda shape: shape.name)
def test_conversations_and_pairs_are_described_and_load_too(folder: Path, tmp_path: Path, shape: Shape):
    turns = [{"role": "user", "content": "Who?"}, {"role": "assistant", "content": "Me."}]
    values = {"string": "x", "list<bool>": [False, True], "list<string>": ["Me."]}
    row = {name: values.get(kind, turns) for name, kind in shape.columns.items()}
    file = "train-00000-of-00001.parquet"
    (tmp_path / "talk").mkdir()
    pq.write_table(pa.Table.from_pylist([row], shape.schema), tmp_path / "talk" / file)
    facts = {"sha256": hash_file(tmp_path / "talk" / file), "size": 1, "rows": 1}
    cell = BuiltCell(
        name="talk", task="dialogue", source="x", shape_name=shape.name, counts={"train": 1}, recipe={}, key="", content="",
        files={file: ShardFacts(**facts)},
    )  # fmt: skip
    document = croissant(Dataset.open(folder))
    document["distribution"] = [{**document["distribution"][0], "@id": "f", "contentUrl": f"talk/{file}", "sha256": facts["sha256"]}]  # fmt: skip
    document["recordSet"] = json.loads(json.dumps(list(record_sets(cell))).replace(f"talk/{file}", "f"))
    (tmp_path / CROISSANT).write_text(json.dumps(document))
    [found] = mlc.Dataset(str(tmp_path / CROISSANT)).records("talk/train")
    assert {name.removeprefix("talk/train/"): plain(value) for name, value in found.items()} == row


def test_it_is_written_with_the_card_and_the_same_each_time(folder: Path):
    before = (folder / CROISSANT).read_bytes()
    (folder / CROISSANT).unlink()
    write_card(Dataset.open(folder))
    assert (folder / CROISSANT).read_bytes() == before
