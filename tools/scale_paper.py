"""What a site of some size asks of its database: the formulas of docs/scaling.md.

python tools/scale_paper.py                                    print the worked example
python tools/scale_paper.py --users 2000000 --visits 1         for another site
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass, fields
from math import floor

DAY = 86_400
MINUTES_PER_DAY = 1440


@dataclass(frozen=True)
class Site:
    """Who comes, how often, and the settings that matter."""

    users: float = 10_000_000
    """Users that come every day."""
    logins: float = 1.5
    """Browsers in which each of them is logged in."""
    login_days: float = 20
    """How long a login lasts, in the mean: until a logout, `IDLE_TIMEOUT` after its last use, or
    `ABSOLUTE_TIMEOUT` after the password."""
    logouts: float = 0.3
    """The share of logins that somebody ends, and that do not just expire."""
    visits: float = 3
    """Per login and day."""
    minutes: float = 10
    """How long a visit lasts."""
    requests: float = 30
    """Of a visit, those that ask for the user."""
    peak: float = 3
    """The busiest second, in means."""
    processes: float = 200
    """Of the site, on all its machines."""
    token_lifetime: float = 10
    """TOKEN_LIFETIME, in minutes."""
    keep_days: float = 7
    """What ``jwt_cookie_clear`` is run with, once a day."""
    bytes_per_row: float = 430
    """Measured: table and indexes."""
    update_ms: float = 0.12
    look_up_ms: float = 0.19
    """Measured: what one keeps a processor of the database busy for, in milliseconds."""
    log_per_renewal: float = 7800
    """Measured: bytes in the write-ahead log, if few logins of a page are renewed between two
    checkpoints."""

    @property
    def alive(self) -> float:
        """Logins that go on."""
        return self.users * self.logins

    @property
    def begun(self) -> float:
        """Logins that begin in a day; as many are purged, once the site has its size."""
        return self.alive / self.login_days

    @property
    def rows(self) -> float:
        """Records in the table, just before the daily purge."""
        return self.begun * (self.login_days + self.keep_days + 1)

    @property
    def table(self) -> float:
        """Bytes of the table with its indexes."""
        return self.rows * self.bytes_per_row

    @property
    def generations(self) -> float:
        """Renewals in a visit: one at its start, and one after every half life of a token."""
        return 1 + floor(self.minutes / (self.token_lifetime / 2))

    @property
    def renewals(self) -> float:
        """Renewals in a day."""
        return self.alive * self.visits * self.generations

    @property
    def updates(self) -> float:
        """UPDATEs in a day: the next generation, its first sight, and the ends."""
        return 2 * self.renewals + self.logouts * self.begun

    @property
    def look_ups(self) -> float:
        """SELECTs in a day, if the user comes from the database."""
        return self.alive * self.visits * self.requests

    @property
    def processors(self) -> float:
        """How many the database keeps busy in the busiest second."""
        busy = self.updates * self.update_ms + self.look_ups * self.look_up_ms
        return self.at_peak(busy) / 1000

    @property
    def sights(self) -> float:
        """UPDATEs in a day that find nothing to note, if the user comes from the token.

        One of every process that meets the token, but the first. A request comes to any of them.
        """
        others = 1 - 1 / self.processes
        met: float = self.processes * (1 - others ** (self.requests / self.generations))
        return self.renewals * (met - 1)

    @property
    def revocations(self) -> float:
        """Entries in REVOCATION_CACHE."""
        return self.logouts * self.begun * self.token_lifetime / MINUTES_PER_DAY

    def at_peak(self, per_day: float) -> float:
        """Return how many that is in the busiest second."""
        return per_day / DAY * self.peak


LINES: dict[str, Callable[[Site], str]] = {
    "logins that go on": lambda site: short(site.alive),
    "begun and purged per day": lambda site: short(site.begun),
    "records": lambda site: short(site.rows),
    "table with indexes": lambda site: f"{site.table / 1e9:.1f} GB",
    "INSERTs, busiest second": lambda site: short(site.at_peak(site.begun)),
    "UPDATEs, busiest second": lambda site: short(site.at_peak(site.updates)),
    "look-ups, busiest second": lambda site: short(site.at_peak(site.look_ups)),
    "processors of the database for these": lambda site: f"{site.processors:.1f}",
    "write-ahead log, busiest second": lambda site: (
        f"{site.at_peak(site.renewals) * site.log_per_renewal / 1e6:.0f} MB"
    ),
    "in place of look-ups, with the user from the token": lambda site: short(
        site.at_peak(site.sights)
    ),
    "entries in `REVOCATION_CACHE`, busiest": lambda site: short(site.revocations * site.peak),
}


def short(number: float) -> str:
    """Return a number with two digits that count."""
    for unit, name in ((1e6, " million"), (1e3, ",000")):
        if number >= 10 * unit or (number >= unit and unit == 1e6):
            return f"{number / unit:.{0 if number >= 10 * unit else 1}f}{name}"
    return f"{float(f'{number:.2g}'):,.0f}"


def worked_example() -> dict[str, Site]:
    """Return the sites of docs/scaling.md."""
    return {
        "a million users": Site(users=1_000_000),
        "ten million": Site(),
        "the same, `TOKEN_LIFETIME` one hour": Site(token_lifetime=60),
    }


def table(sites: dict[str, Site]) -> list[str]:
    """Return the lines of a table in Markdown."""
    return [
        f"| | {' | '.join(sites)} |",
        f"|---|{'---|' * len(sites)}",
        *(
            f"| {name} | {' | '.join(line(site) for site in sites.values())} |"
            for name, line in LINES.items()
        ),
    ]


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for field in fields(Site):
        parser.add_argument(f"--{field.name.replace('_', '-')}", type=float)
    given = {name: value for name, value in vars(parser.parse_args()).items() if value is not None}
    print(*table({"this site": Site(**given)} if given else worked_example()), sep="\n")


if __name__ == "__main__":
    main()
