"""What a site of some size asks of its database: the formulas of docs/scaling.md.

``python tools/scale_paper.py`` prints the worked example; with ``--users 2000000 --visits 1``, the
same for another site.
"""

import argparse
from dataclasses import dataclass, fields
from math import floor

DAY = 86_400


@dataclass(frozen=True)
class Site:
    """Who comes, how often, and the settings that matter; the page says what each of them means."""

    users: float = 10_000_000
    logins: float = 1.5
    login_days: float = 20
    logouts: float = 0.3
    visits: float = 3
    minutes: float = 10
    requests: float = 30
    peak: float = 3
    processes: float = 200
    token_lifetime: float = 10
    keep_days: float = 7
    bytes_per_row: float = 440
    update_ms: float = 0.12
    look_up_ms: float = 0.19
    log_per_renewal: float = 7800


def per_day(site: Site) -> dict[str, float]:
    """Work the formulas of the page out."""
    alive = site.users * site.logins
    begun = alive / site.login_days
    # One at the start of a visit, and one after every half life of a token.
    generations = 1 + floor(site.minutes / (site.token_lifetime / 2))
    renewals = alive * site.visits * generations
    # Of the processes, how many meet a token, if a request comes to any of them.
    others = 1 - 1 / site.processes
    met = site.processes * (1 - others ** (site.requests / generations))
    return {
        "alive": alive,
        "begun": begun,
        "records": begun * (site.login_days + site.keep_days + 1),
        "renewals": renewals,
        "updates": 2 * renewals + site.logouts * begun,
        "look_ups": alive * site.visits * site.requests,
        "sights": renewals * (met - 1),
        "revocations": site.logouts * begun * site.token_lifetime * 60 / DAY,
    }


def column(site: Site) -> dict[str, str]:
    """Return what the table has of a site."""
    found = per_day(site)
    peak = {name: number / DAY * site.peak for name, number in found.items()}
    busy = peak["updates"] * site.update_ms + peak["look_ups"] * site.look_up_ms
    log = peak["renewals"] * site.log_per_renewal
    return {
        "logins that go on": short(found["alive"]),
        "begun and purged per day": short(found["begun"]),
        "records": short(found["records"]),
        "table with indexes": f"{found['records'] * site.bytes_per_row / 1e9:.1f} GB",
        "INSERTs, busiest second": short(peak["begun"]),
        "UPDATEs, busiest second": short(peak["updates"]),
        "look-ups, busiest second": short(peak["look_ups"]),
        "processors of the database for these": f"{busy / 1000:.1f}",
        "write-ahead log, busiest second": f"{log / 1e6:.0f} MB",
        "in place of look-ups, with the user from the token": short(peak["sights"]),
        "entries in `REVOCATION_CACHE`, busiest": short(found["revocations"] * site.peak),
    }


def short(number: float) -> str:
    """Return a number with two digits that count."""
    for unit, name in ((1e6, " million"), (1e3, ",000")):
        if number >= 10 * unit or (number >= unit and unit == 1e6):
            return f"{number / unit:.{0 if number >= 10 * unit else 1}f}{name}"
    return f"{float(f'{number:.2g}'):,.0f}"


EXAMPLE = {
    "a million users": Site(users=1_000_000),
    "ten million": Site(),
    "the same, `TOKEN_LIFETIME` one hour": Site(token_lifetime=60),
}


def table(sites: dict[str, Site]) -> list[str]:
    """Return the lines of a table in Markdown."""
    columns = [column(site) for site in sites.values()]
    head = [f"| | {' | '.join(sites)} |", f"|---|{'---|' * len(sites)}"]
    rows = ([name, *(each[name] for each in columns)] for name in columns[0])
    return [*head, *(f"| {' | '.join(row)} |" for row in rows)]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for field in fields(Site):
        parser.add_argument(f"--{field.name.replace('_', '-')}", type=float)
    given = {name: value for name, value in vars(parser.parse_args()).items() if value is not None}
    print(*table({"this site": Site(**given)} if given else EXAMPLE), sep="\n")
