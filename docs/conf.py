"""The site: Sphinx with MyST and Furo, reference pages generated from the code, commands of the tutorial really run."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from itdr_hf import __version__

project = "ITDR-HF"
author = "The ITDR-HF authors"
version = release = __version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "running", "generate"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "ITDR-HF"
html_favicon = "favicon.svg"
html_static_path = ["static"]
html_css_files = ["site.css"]
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
suppress_warnings = ["config.cache"]
