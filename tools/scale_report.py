"""The tables that `scale.py` prints."""

import time
from collections.abc import Iterable
from statistics import median

from django.contrib.admin import site
from django.contrib.auth import get_user_model
from django.test import RequestFactory

from django_jwt_cookie.admin import LoginSessionAdmin
from django_jwt_cookie.models import LoginSession

from . import scale_filling as filling
from . import scale_measuring as measuring
from . import scale_traffic as traffic

SIZES = (1_000, 100_000, 1_000_000)
BATCH = 1000
PAGES = {"first page": {}, "state": {"state": "ended"}, "search": {"q": "user1000123"}}
"""What is asked of the list in the admin."""


def write(rows: int, count: int) -> None:
    """Print everything."""
    sizes = [*(size for size in SIZES if size < rows), rows]
    timings = {}
    for size in sizes:
        filling.fill(size)
        timings[size] = measuring.time_life(min(count, size // 4))
    write_timings(timings)
    filling.fill(rows)
    write_plans()
    write_bytes()
    walks = traffic.walks()
    write_admin()
    write_purges(rows)
    write_walks(walks, min(rows, 30_000))
    title = "Every login renewed and its new token seen, twice"
    write_churn(title, traffic.VARIANTS, min(rows, 4000), rounds=2)
    title = f"One login in {rows // min(count, rows // 4)} renewed and its new token seen"
    write_churn(title, traffic.SPARSE, rows, most=min(count, rows // 4))


def table(title: str, head: Iterable[str], lines: Iterable[Iterable[object]]) -> None:
    """Print a table in Markdown."""
    columns = list(head)
    print(f"\n## {title}\n\n| {' | '.join(columns)} |\n|{'---|' * len(columns)}")
    for line in lines:
        print(f"| {' | '.join(map(str, line))} |")
    print(flush=True)


def write_timings(timings: dict[int, dict[str, measuring.Timing]]) -> None:
    """Print how long each step takes at each size."""
    table(
        "Steps: median, and in cheapest statements of the same connection; the largest also per "
        "second on one connection, and the server's own computing",
        ["step", *(f"{size:,}" for size in timings), "per second", "server"],
        (
            [
                step.name,
                *(found[step.name] for found in timings.values()),
                f"{1 / last[step.name].step:,.0f}",
                f"{last[step.name].server * 1000:.3f} ms",
            ]
            for last in [timings[max(timings)]]
            for step in measuring.LIFE
        ),
    )


def write_plans() -> None:
    """Print which index each statement uses."""
    plans = measuring.explain_life() | {"purge": measuring.explain_purge(BATCH)}
    lines = ([name, plan] for name, found in plans.items() for plan in found)
    table("Plans", ["step", "plan"], lines)


def write_bytes() -> None:
    """Print the size of a record."""
    found = filling.bytes_per_row()
    lines = [*found.items(), ("all", sum(found.values()))]
    table(
        "Bytes per record, freshly filled", ["where", "bytes"], ([n, f"{b:.0f}"] for n, b in lines)
    )


def write_walks(fresh: list[traffic.Walk], rows: int) -> None:
    """Print what it costs to look at every record, in a new table and in an old one."""
    filling.age(rows, days=45)
    aged = traffic.walks()
    table(
        "A walk over all records, in pages per record",
        ["by", "freshly filled", "after 45 days of logins and purges"],
        (
            [one.order, f"{one.pages_per_record:.2f}", f"{other.pages_per_record:.2f}"]
            for one, other in zip(fresh, aged, strict=True)
        ),
    )


def write_admin() -> None:
    """Print how long the list in the admin takes."""
    lines = []
    for name, parameters in PAGES.items():
        request = RequestFactory().get("/", parameters)
        request.user = get_user_model()(is_superuser=True, is_active=True)
        times: list[float] = []
        plans: list[measuring.Plan] = []
        for _ in range(3):
            began = time.perf_counter()
            open_list(request)
            times.append(time.perf_counter() - began)
        with measuring.explaining(plans):
            open_list(request)
        lines.append([name, f"{median(times) * 1000:.0f} ms", "<br>".join(map(str, plans))])
    table("The list in the admin", ["page", "median of 3", "plans"], lines)


def open_list(request: object) -> None:
    """Ask what the list in the admin asks."""
    changes = LoginSessionAdmin(LoginSession, site).get_changelist_instance(request)  # type: ignore[arg-type]
    list(changes.result_list)


def write_purges(rows: int) -> None:
    """Print what a purge does to renewals; with two sizes of a batch."""
    lines = []
    for batch_size in (BATCH, 10 * BATCH):
        purge = traffic.purge_beside_traffic(batch_size, seconds=min(5, rows / 20_000))
        rate = f"{purge.deleted:,} in {purge.seconds:.1f} s"
        for name, phase in (("before", purge.before), ("during", purge.during)):
            lines.append(
                [
                    batch_size,
                    rate,
                    name,
                    phase.renewal.count,
                    phase.renewal,
                    phase.undisturbed,
                    phase.baseline,
                ]
            )
        if batch_size == BATCH:
            filling.fill(rows)
    table(
        "A purge beside renewals: median / 99th percentile / longest",
        [
            "batch",
            "purged",
            "when",
            "renewals",
            "renewal",
            "less waiting for a processor",
            "cheapest UPDATE",
        ],
        lines,
    )


def write_churn(
    title: str, variants: list[traffic.Variant], rows: int, rounds: int = 1, most: int = 1_000_000
) -> None:
    """Print what renewals cost under several indexes."""
    lines = []
    for variant in variants:
        for number, found in enumerate(traffic.churn(variant, rows, rounds, most), 1):
            sizes = (found.log, found.table, found.indexes)
            row = [f"{found.hot:.0%}", *(f"{size:,.0f}" for size in sizes)]
            lines.append([variant.name, variant.fillfactor, number, *row])
    head = ["table", "`fillfactor`", "round", "HOT", "log", "table", "indexes"]
    table(f"{title}: bytes in the log per renewal, in table and indexes per record", head, lines)
