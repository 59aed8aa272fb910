"""The picture of the README: what a login costs each request, and what it leaves of a server."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib import pyplot as plt
from matplotlib.patches import Patch

from .figures import part
from .sites import BY_NAME, YARDSTICK, Site

Results = Mapping[str, Any]

ROWS = (
    "floor",
    "token",
    "stateless",
    "database",
    "sessions-signed-cookies",
    "sessions-cache",
    "sessions-db",
    "simplejwt-stateless",
    "simplejwt",
    "dj-rest-auth",
    "allauth",
)
KINDS = {"pk": "request.user.pk", "username": "request.user.get_username()"}

INK, MUTED, STRIPE = "#1f2933", "#6b7780", "#eef7f3"
OURS, OTHERS = ("#0b7a5b", "#7cc6a9"), ("#7b8794", "#c3cbd2")
"""Of each bar of a pair."""

THICKNESS = 0.38
ROOM = 1.45
"""For the longest bar with its label."""

WIDTH, HEIGHT, DPI = 12, 7.4, 100
"""In inches: 1200 pixels wide, and readable at 800."""


@dataclass(frozen=True)
class Panel:
    """Two bars for each site, and what is written at the end of each."""

    title: str
    subtitle: str
    rows: Sequence[str]
    values: Sequence[Sequence[float]]
    labels: Sequence[Sequence[str]]


def rows(results: Results) -> list[str]:
    """Return the sites that all panels have figures of; a quick run has a few."""
    served = results.get("server") or {"wsgi": {"pk": ROWS}}
    return [row for row in ROWS if row in served["wsgi"]["pk"]]


def draw(results: Results, file: Path) -> None:
    """Draw the panels that there are results for."""
    panels = [costs(results), *([shares(results)] if results.get("server") else [])]
    mpl.rcParams.update({"font.size": 12, "text.color": INK, "axes.titlesize": 14})
    figure, [all_axes] = plt.subplots(
        1, len(panels), figsize=(WIDTH, HEIGHT), sharey=True, squeeze=False, layout="constrained"
    )
    figure.get_layout_engine().set(w_pad=0.12, h_pad=0.12)
    for axes, panel in zip(all_axes, panels, strict=True):
        draw_panel(axes, panel)
    write_names(all_axes[0], panels[0].rows)
    write_legend(figure)
    file.parent.mkdir(exist_ok=True)
    figure.savefig(file, dpi=DPI, facecolor="white", metadata={"Software": None})
    plt.close(figure)


def costs(results: Results) -> Panel:
    """Return what each site's requests cost over the bare one."""
    kinds = [results["requests"]["wsgi"][kind] for kind in KINDS]
    values = [[kind[row]["over_bare"]["median"] for kind in kinds] for row in rows(results)]
    yardstick = values[rows(results).index(YARDSTICK)]
    labels = [
        [cost(value, base) for value, base in zip(pair, yardstick, strict=True)] for pair in values
    ]
    title = "What authentication adds to a request"
    subtitle = "time per request; in brackets: of Django sessions, db"
    return Panel(title, subtitle, rows(results), values, labels)


def cost(microseconds: float, yardstick: float) -> str:
    """Say a cost, and how it compares with Django's sessions."""
    return f"{microseconds:,.0f} µs  ({part(microseconds / yardstick)})"


def shares(results: Results) -> Panel:
    """Return what share of the requests per second without authentication is left."""
    kinds = [results["server"]["wsgi"][kind] for kind in KINDS]
    values = [[kind[row]["share"]["median"] * 100 for kind in kinds] for row in rows(results)]
    labels = [[f"{value:.0f} %" for value in pair] for pair in values]
    title = "What it leaves of a server"
    subtitle = "requests per second, of those without it"
    return Panel(title, subtitle, rows(results), values, labels)


def draw_panel(axes: Any, panel: Panel) -> None:
    """Draw one panel; what is written at the bars makes an axis needless."""
    largest = max(map(max, panel.values))
    for row, (values, labels) in enumerate(zip(panel.values, panel.labels, strict=True)):
        if is_ours := BY_NAME[panel.rows[row]].is_ours:
            axes.axhspan(row - 0.5, row + 0.5, color=STRIPE, zorder=0, linewidth=0)
        for place, colour, value, text in zip(
            (-0.2, 0.2), OURS if is_ours else OTHERS, values, labels, strict=True
        ):
            axes.barh(row + place, value, THICKNESS, color=colour)
            weight = "bold" if is_ours else "normal"
            axes.text(value + largest * 0.015, row + place, text, va="center", weight=weight)
    axes.set_title(panel.title, loc="left", weight="bold", pad=30)
    axes.text(0, 1.01, panel.subtitle, transform=axes.transAxes, color=MUTED, va="bottom")
    axes.set_xlim(0, largest * ROOM)
    axes.tick_params(axis="y", length=0)
    axes.set_xticks([])
    axes.spines[["top", "right", "bottom"]].set_visible(False)


def write_names(axes: Any, sites: Sequence[str]) -> None:
    """Write the names of the sites, ours in our colour, the first on top."""
    axes.set_yticks(range(len(sites)), [name(BY_NAME[site]) for site in sites])
    axes.set_ylim(len(sites) - 0.5, -0.5)
    for text, site in zip(axes.get_yticklabels(), sites, strict=True):
        if BY_NAME[site].is_ours:
            text.set(color=OURS[0], weight="bold")


def name(site: Site) -> str:
    """Return what a site is called, without the marks of Markdown."""
    title = site.title.replace("`", "").replace(", ", "\n", 1).replace(": ", "\n", 1)
    return f"django-jwt-cookie\n{title.replace(chr(10), ', ')}" if site.is_ours else title


def write_legend(figure: Any) -> None:
    """Tell which bar of a pair is which."""
    patches = [
        Patch(color=colour, label=text) for colour, text in zip(OTHERS, KINDS.values(), strict=True)
    ]
    figure.legend(handles=patches, loc="outside lower center", ncols=2, frameon=False)
