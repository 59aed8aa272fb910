"""The picture of the README: what a login costs each request, and what it leaves of a server."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib import pyplot as plt

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

OURS, OTHERS = ("#0b7a5b", "#7cc6a9"), ("#7b8794", "#c3cbd2")
"""Of each bar of a pair."""

SIZE, DPI = (12, 7.4), 100
"""In inches: 1200 pixels wide, and readable at 800."""


def draw(results: Results, file: Path) -> None:
    """Draw both panels; a quick run has figures of a few sites only."""
    served = results["server"]["wsgi"]
    sites = [BY_NAME[row] for row in ROWS if row in served["pk"]]
    plt.rcParams.update({"font.size": 12, "axes.titlesize": 13})
    figure, (costs, shares) = plt.subplots(1, 2, figsize=SIZE, sharey=True, layout="constrained")
    for place, kind in enumerate(KINDS):
        measured = results["requests"]["wsgi"][kind]
        times = [measured[site.name]["over_bare"]["median"] for site in sites]
        yardstick = measured[YARDSTICK]["over_bare"]["median"]
        bars(costs, sites, place, times, [f"{t:,.0f} µs  ({part(t / yardstick)})" for t in times])
        left = [served[kind][site.name]["share"]["median"] * 100 for site in sites]
        bars(shares, sites, place, left, [f"{each:.0f} %" for each in left])
    costs.set_title("What authentication adds to a request\n(of Django sessions, db)", loc="left")
    shares.set_title("What it leaves of a server\nrequests per second, of the bare one", loc="left")
    costs.set_yticks(range(len(sites)), [name(site) for site in sites])
    costs.invert_yaxis()
    for axes in (costs, shares):
        axes.set_xlim(0, axes.get_xlim()[1] * 1.35)
        axes.set_xticks([])
        axes.spines[["top", "right", "bottom"]].set_visible(False)
    handles = [plt.Rectangle((0, 0), 1, 1, color=colour) for colour in OTHERS]
    figure.legend(handles, KINDS.values(), loc="outside lower center", ncols=2, frameon=False)
    figure.savefig(file, dpi=DPI, metadata={"Software": None})
    plt.close(figure)


def bars(
    axes: Any, sites: Sequence[Site], place: int, values: Sequence[float], labels: Sequence[str]
) -> None:
    """Draw one bar of each pair, ours in our colour, with what is to be read at its end."""
    heights = [row + (place - 0.5) * 0.4 for row in range(len(sites))]
    colours = [(OURS if site.is_ours else OTHERS)[place] for site in sites]
    axes.bar_label(axes.barh(heights, values, 0.38, color=colours), labels, padding=4)


def name(site: Site) -> str:
    """Return what a site is called, without the marks of Markdown."""
    title = site.title.replace("`", "")
    return f"django-jwt-cookie\n{title}" if site.is_ours else title.replace(", ", "\n", 1)
