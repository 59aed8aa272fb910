"""From results to the tables of docs/performance.md. Needs nothing that is measured.

In the page each table stands between two comments; what is between them is written by `fill`, and a
test compares it with the results.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from . import goals
from .figures import Figure, part, spread
from .sites import BARE, BY_NAME, SITES, YARDSTICK, Site

Results = Mapping[str, Any]

SECTION = re.compile(r"(<!-- (\w+): from results\.json -->\n).*?(<!-- end -->)", re.DOTALL)
NOT_MEASURED = "Not measured yet."
PAGES = {kind: words for kind, words in goals.KINDS.items() if kind != "login"}


def sections(results: Results) -> dict[str, str]:
    """Return every table, by the name that the page has for it."""
    return {
        "summary": summary(results),
        "wsgi": requests_table(results, "wsgi"),
        "asgi": requests_table(results, "asgi"),
        "logins": logins_table(results),
        "server": server_table(results),
        "goals": table([*goals.rows(results)]),
        "versions": versions(results),
        "verification": table(results.get("verification", [])),
        "memory": table(results.get("memory", [])),
    }


def fill(page: str, results: Results) -> str:
    """Return ``page`` with every table made anew. Raises ``KeyError`` for one that is unknown."""
    tables = sections(results)
    return SECTION.sub(lambda found: f"{found[1]}\n{tables[found[2]]}\n\n{found[3]}", page)


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return ``rows`` as a table; they may have different columns."""
    if not rows:
        return NOT_MEASURED
    columns = list(dict.fromkeys(name for row in rows for name in row))
    lines = [columns, ["---"] * len(columns)]
    lines += [[cell(row.get(name, "")) for name in columns] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def cell(value: object) -> str:
    """Return what stands in a cell: of a measured number no more digits than mean something."""
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def summary(results: Results) -> str:
    """Return what to take from all of it, in three lines."""
    try:
        kinds, served = results["requests"]["wsgi"], results["server"]["wsgi"]["pk"]
    except LookupError:
        return NOT_MEASURED
    found: Mapping[str, Callable[[Site], str]] = {
        "authentication of a request, of sessions `db`": lambda site: compared(kinds["pk"], site),
        "a login, of sessions `db`": lambda site: compared(kinds["login"], site),
        "what is left of a server's requests per second": lambda site: share(served[site.name]),
    }
    sites = [BY_NAME[name] for name in ("database", "token", YARDSTICK)]
    return table(
        [{"": words, **{title(site): say(site) for site in sites}} for words, say in found.items()]
    )


def requests_table(results: Results, interface: str) -> str:
    """Return what requests cost over the bare one, in microseconds, and parts of sessions."""
    kinds = results.get("requests", {}).get(interface, {})
    return table(
        [
            {
                "": title(site),
                **{words: figure(kinds[kind][site.name]) for kind, words in PAGES.items()},
                "of sessions `db`": compared(kinds["pk"], site) if site.middleware else "",
                "queries": str(kinds["username"][site.name].get("queries", "")),
            }
            for site in measured(kinds.get("pk", {}))
        ]
    )


def logins_table(results: Results) -> str:
    """Return what logging in costs, with its queries."""
    logins = results.get("requests", {}).get("wsgi", {}).get("login", {})
    return table(
        [
            {
                "": title(site),
                "login, µs": figure(logins[site.name]),
                "queries": str(logins[site.name]["queries"]),
                "of sessions `db`": compared(logins, site),
            }
            for site in measured(logins)
        ]
    )


def server_table(results: Results) -> str:
    """Return what share of the bare site's requests per second each site answers."""
    served = results.get("server", {})
    columns = {
        f"{PAGES[kind]}, {interface.upper()}": sites
        for interface, kinds in served.items()
        for kind, sites in kinds.items()
    }
    rows = []
    for site in SITES:
        shares = [share(sites.get(site.name)) for sites in columns.values()]
        if any(shares):
            rows.append({"": title(site), **dict(zip(columns, shares, strict=True))})
    return table(rows)


def share(found: Results | None) -> str:
    """Return the share in a cell, if there is one."""
    return f"{found['share']['median']:.2f}" if found else ""


def measured(sites: Results) -> list[Site]:
    """Return the sites, but for the bare one, that have figures."""
    return [site for site in SITES if site.name in sites and site.name != BARE]


def title(site: Site) -> str:
    """Return what a site is called; ours stand out."""
    return f"**{site.title}**" if site.is_ours else site.title


def figure(site: Mapping[str, Any]) -> str:
    """Return a median, and how far half of all rounds were from it at most."""
    found: Figure = site["over_bare"]
    return f"{found['median']:,.1f} ± {spread(found):.1f}"


def compared(sites: Results, site: Site) -> str:
    """Return what part of the yardstick's cost a site's is."""
    yardstick = sites[YARDSTICK]["over_bare"]["median"]
    return part(sites[site.name]["over_bare"]["median"] / yardstick)


def versions(results: Results) -> str:
    """Return with what it was measured."""
    named = results.get("versions", {})
    lines = ", ".join(f"{name} {version}" for name, version in named.items())
    return f"{lines}; {results['cores']} cores." if named else NOT_MEASURED
