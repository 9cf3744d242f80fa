"""A directive that runs commands and shows what they print, so that no page shows what no command says.

    ```{run}
    :lines: 20
    $ itdr simulate raw/ --scale 0.01
    ```

The commands of a page run in order, in one empty folder of their own. A command that fails fails the build of the site.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import Directive, directives
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

HOME = Path(tempfile.mkdtemp(prefix="itdr-docs-"))
WIDTH = 80


class Run(Directive):
    """Run the lines that begin with `$`, in the page's folder; show them with what they print."""

    has_content = True
    option_spec: ClassVar[dict[str, Any]] = {"lines": directives.positive_int, "hide": directives.flag}

    def run(self) -> list[nodes.Node]:
        """Return a block of the commands, each followed by its output; nothing with `:hide:`."""
        folder = HOME / Path(str(self.state.document.settings.env.docname))
        folder.mkdir(parents=True, exist_ok=True)
        shown = []
        for line in self.content:
            shown.append(line)
            if line.startswith("$ "):
                shown += run(line[2:], folder, self.options.get("lines"))
        if "hide" in self.options:
            return []
        block = nodes.literal_block("\n".join(shown), "\n".join(shown))
        block["language"] = "console"
        return [block]


def run(command: str, folder: Path, lines: int | None) -> list[str]:
    """Return the lines that a command prints, at most this many. Raises ExtensionError when it fails."""
    environment = {
        **os.environ,
        "COLUMNS": str(WIDTH),
        "NO_COLOR": "1",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "ITDR_CACHE": str(HOME / "cache"),
        "HF_HOME": str(HOME / "hf"),
        "HF_HUB_OFFLINE": "1",
    }
    done = subprocess.run(command, shell=True, cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise ExtensionError(f"{command}: exit code {done.returncode}\n{done.stdout}\n{done.stderr}")
    printed = done.stdout.rstrip().splitlines()
    return [*printed[:lines], "…"] if lines and len(printed) > lines else printed


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("run", Run)
    return {"parallel_read_safe": False}
