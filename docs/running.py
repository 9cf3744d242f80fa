"""A directive that runs commands and shows what they print, so that no page shows what no command says.

    ```{run}
    :lines: 20
    $ itdr simulate raw/ --scale 0.01
    ```

The commands of a page run in order, in one empty folder of their own. A command that fails fails the build of the site.
`:lines: 20` shows the first twenty lines of each output, `:last: 20` the last twenty; `:hide:` shows nothing; with `:hub:` a
Hub of this machine is there to push to, as `make hub` serves it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import Directive, directives
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

HOME = Path(tempfile.mkdtemp(prefix="itdr-docs-"))
WIDTH = 80
HUB = ExitStack()
MADE_HUB = "http://127.0.0.1:8750"  # where `make hub` serves; here the port is any that is free


class Run(Directive):
    """Run the lines that begin with `$`, in the page's folder; show them with what they print."""

    has_content = True
    option_spec: ClassVar[dict[str, Any]] = {
        "lines": directives.positive_int,
        "last": directives.positive_int,
        "hide": directives.flag,
        "hub": directives.flag,
    }

    def run(self) -> list[nodes.Node]:
        """Return a block of the commands, each followed by its output; nothing with `:hide:`."""
        folder = HOME / Path(str(self.state.document.settings.env.docname))
        folder.mkdir(parents=True, exist_ok=True)
        hub = _hub() if "hub" in self.options else {}
        first, last = self.options.get("lines"), self.options.get("last")
        shown = []
        for line in self.content:
            shown.append(line)
            if line.startswith("$ "):
                shown += _cut(run(line[2:], folder, hub), first, last)
        if "hide" in self.options:
            return []
        block = nodes.literal_block("\n".join(shown), "\n".join(shown))
        block["language"] = "console"
        return [block]


def run(command: str, folder: Path, hub: Mapping[str, str]) -> list[str]:
    """Return the lines that a command prints. Raises ExtensionError when it fails."""
    environment = {
        **os.environ,
        "COLUMNS": str(WIDTH),
        "NO_COLOR": "1",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "ITDR_CACHE": str(HOME / "cache"),
        "HF_HOME": str(HOME / "hf"),
        "HF_HUB_OFFLINE": "1",
        **hub,
    }
    done = subprocess.run(command, shell=True, cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise ExtensionError(f"{command}: exit code {done.returncode}\n{done.stdout}\n{done.stderr}")
    printed = done.stdout.rstrip()
    return (printed.replace(hub["HF_ENDPOINT"], MADE_HUB) if hub else printed).splitlines()


def _cut(printed: list[str], first: int | None, last: int | None) -> list[str]:
    """Return the first or the last lines, with a sign of what is left out."""
    if first and len(printed) > first:
        return [*printed[:first], "…"]
    return ["…", *printed[-last:]] if last and len(printed) > last else printed


def _hub() -> dict[str, str]:
    """Return the variables that name a Hub on this machine, which is started when it is first wanted."""
    sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
    from hubserver import WRITE, Hub

    hub = HUB.enter_context(Hub(HOME / "hub"))
    return {"HF_ENDPOINT": hub.url, "HF_TOKEN": WRITE, "HF_HUB_OFFLINE": "0", "HF_HUB_DISABLE_XET": "1"}


def _finish(*_: object) -> None:
    HUB.close()


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("run", Run)
    app.connect("build-finished", _finish)
    return {"parallel_read_safe": False}
