"""A picture as a list of shapes, written as SVG without any library, or as PNG with matplotlib.

A shape names its paint (`rp`, `ink` …), not a colour: the page's style sheet gives the colours of the light and
the dark, a file of its own carries the light ones.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from itdr_hf import catalogue
from itdr_hf.errors import UsageError

# Colours, light and dark, besides those that families give their tasks and groups.
PAINTS: Mapping[str, tuple[str, str]] = {
    "ink": ("#1b2430", "#e7ebf0"),
    "dim": ("#596575", "#9fabba"),
    "rule": ("#d5dbe3", "#364150"),
    "paper": ("#ffffff", "#12171e"),
    "own": ("#6a7686", "#9aa6b5"),
}
FONT = "system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
HEAVY = 600


@dataclass(frozen=True, kw_only=True)
class Box:
    """A rectangle; `tip` is read out and shown under a pointer."""

    x: float
    y: float
    width: float
    height: float
    paint: str
    tip: str = ""


@dataclass(frozen=True, kw_only=True)
class Ribbon:
    """A band from the line x0, y0 … y0 + thickness to the line x1, y1 … y1 + thickness."""

    x0: float
    y0: float
    x1: float
    y1: float
    thickness: float
    paint: str
    tip: str = ""
    cell: str = ""  # the config that a click opens in the page


@dataclass(frozen=True, kw_only=True)
class Area:
    """A filled outline."""

    points: Sequence[tuple[float, float]]
    paint: str
    tip: str = ""


@dataclass(frozen=True, kw_only=True)
class Words:
    """A line of text at its baseline; `anchor` is start, middle or end."""

    x: float
    y: float
    text: str
    paint: str = "ink"
    anchor: str = "start"
    size: float = 13
    heavy: bool = False


Shape = Box | Ribbon | Area | Words


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """A picture of a size in pixels, its title, and what it says to those who do not see it."""

    width: float
    height: float
    title: str
    says: str
    shapes: Sequence[Shape]


def to_svg(drawing: Drawing, *, alone: bool = False) -> str:
    """Return the picture as SVG; `alone` as a file with the light colours on white, else in those of the page."""
    w, h = _n(drawing.width), _n(drawing.height)
    size = f'xmlns="http://www.w3.org/2000/svg" width="{w}" height="{h}"' if alone else ""
    head = f'<svg {size} viewBox="0 0 {w} {h}" role="img" font-family="{FONT}">'
    said = f"<title>{escape(drawing.title)}</title><desc>{escape(drawing.says)}</desc>"
    style = f"<style>{file_style()}</style>" if alone else ""
    ground = [Box(x=0, y=0, width=drawing.width, height=drawing.height, paint="paper")] if alone else []
    return "\n".join([head + said + style, *(_svg(shape) for shape in (*ground, *drawing.shapes)), "</svg>\n"])


@cache
def paints() -> Mapping[str, tuple[str, str]]:
    """Return all colours by name, light and dark: the page's style sheet is made from them."""
    given = (catalogue.family(name).colours for name in catalogue.families())
    return {**PAINTS, **{name: pair for colours in given for name, pair in colours.items()}}


def file_style() -> str:
    """Return the style sheet of a picture that stands alone."""
    rules = "".join(f".{name}{{fill:{light}}}" for name, (light, _) in paints().items())
    return f"{rules}.ribbon{{fill-opacity:.42}}text{{paint-order:stroke;stroke:#fff;stroke-width:3px}}"


def write_svg(drawing: Drawing, path: Path) -> None:
    """Write the picture as an SVG file."""
    from itdr_hf.runtime.files import write_atomically

    write_atomically(path, to_svg(drawing, alone=True))


def write_png(drawing: Drawing, path: Path, *, scale: float = 2.0) -> None:
    """Write the picture as PNG, `scale` pixels for one. Raises UsageError when matplotlib is not installed."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise UsageError("pictures: matplotlib is not installed; want it; pip install -e '.[plots]'") from error
    figure = Figure(figsize=(drawing.width / 100, drawing.height / 100), facecolor=PAINTS["paper"][0])
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, drawing.width), ylim=(drawing.height, 0))
    axes.axis("off")
    for shape in drawing.shapes:
        _paint(axes, shape)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}")
    figure.savefig(draft, dpi=100 * scale, format="png", metadata={"Software": None})
    os.replace(draft, path)


def outline(ribbon: Ribbon) -> list[tuple[float, float]]:
    """Return the eight points of a ribbon: a cubic curve along its top, a line down, a cubic curve back."""
    r, middle = ribbon, (ribbon.x0 + ribbon.x1) / 2
    top = [(r.x0, r.y0), (middle, r.y0), (middle, r.y1), (r.x1, r.y1)]
    return top + [(x, y + r.thickness) for x, y in reversed(top)]


def _svg(shape: Shape) -> str:
    paint = escape(shape.paint)
    if isinstance(shape, Words):
        look = ' font-weight="600"' if shape.heavy else ""
        place = f'x="{_n(shape.x)}" y="{_n(shape.y)}" font-size="{_n(shape.size)}" text-anchor="{shape.anchor}"'
        return f'<text class="{paint}" {place}{look}>{escape(shape.text)}</text>'
    tip = f"<title>{escape(shape.tip)}</title>" if shape.tip else ""
    if isinstance(shape, Box):
        place = " ".join(f'{name}="{_n(getattr(shape, name))}"' for name in ("x", "y", "width", "height"))
        return f'<rect class="{paint}" {place}>{tip}</rect>'
    if isinstance(shape, Area):
        return f'<path class="{paint}" d="M{" ".join(_points(shape.points))}Z">{tip}</path>'
    p = list(_points(outline(shape)))
    cell = f' data-cell="{escape(shape.cell)}"' if shape.cell else ""
    path = f"M{p[0]}C{' '.join(p[1:4])}L{p[4]}C{' '.join(p[5:8])}Z"
    return f'<path class="ribbon {paint}"{cell} d="{path}">{tip}</path>'


def _points(points: Sequence[tuple[float, float]]) -> Iterator[str]:
    return (f"{_n(x)},{_n(y)}" for x, y in points)


def _n(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _paint(axes: Any, shape: Shape) -> None:
    from matplotlib.patches import PathPatch, Polygon, Rectangle
    from matplotlib.path import Path as Outline
    from matplotlib.patheffects import withStroke

    look: dict[str, Any] = {"facecolor": paints()[shape.paint][0], "linewidth": 0}
    if isinstance(shape, Words):
        across = {"start": "left", "middle": "center", "end": "right"}[shape.anchor]
        text = shape.text.replace("$", r"\$")  # no formulas in other people's titles
        style = {"ha": across, "va": "baseline", "fontsize": shape.size * 0.72, "color": look["facecolor"]}
        style |= {"fontweight": HEAVY if shape.heavy else "normal"}
        axes.text(shape.x, shape.y, text, path_effects=[withStroke(linewidth=2, foreground="white")], **style)
    elif isinstance(shape, Box):
        axes.add_patch(Rectangle((shape.x, shape.y), shape.width, shape.height, **look))
    elif isinstance(shape, Area):
        axes.add_patch(Polygon(list(shape.points), closed=True, **look))
    else:
        codes = [Outline.MOVETO, *[Outline.CURVE4] * 3, Outline.LINETO, *[Outline.CURVE4] * 3]
        axes.add_patch(PathPatch(Outline(outline(shape), codes), alpha=0.42, **look))
