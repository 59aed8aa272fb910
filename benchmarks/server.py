"""A whole server: granian on one core, wrk on another, over loopback.

Each site is up for a few seconds in each round. What counts is how many requests it answers in a
second of its core, as a share of what the site without authentication did in the same round. A
second in which something else had the core is not counted; where there is nothing else, each is.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple
from urllib.error import URLError
from urllib.request import Request, urlopen

from .cpu import Results, environment, shuffled
from .figures import summarize
from .sites import BARE, BODIES, SITES, YARDSTICK

ROOT = Path(__file__).resolve().parent.parent

KINDS = ("pk", "username")
A_FEW = (BARE, "token", "database", YARDSTICK)
SERVED = {
    "wsgi": tuple(site.name for site in SITES if site.name != "control"),
    "asgi": A_FEW,
}

CONNECTIONS = 8
SECONDS = 1
PATIENCE = 30
NEEDED = "granian", "taskset", "wrk"


class Failed(Exception):
    """The server or the load did not do what it should."""


def missing() -> str:
    """Say what is not there; nothing, if everything is. Debian has taskset in util-linux."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    lacking = [name for name in NEEDED if not shutil.which(name, path=path)]
    lacking += ["a second core"] if len(cores()) < 2 else []
    return f"The whole server is left out, for want of {', '.join(lacking)}." if lacking else ""


def cores() -> list[int]:
    """Return the numbers of the cores that this process may use."""
    return sorted(os.sched_getaffinity(0))


def measure(folder: Path, rounds: int, *, quick: bool) -> Results:
    """Return each site's requests per second, and the share of the bare site's."""
    found: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    served = dict.fromkeys(SERVED, A_FEW) if quick else SERVED
    pairs = [(interface, site) for interface, sites in served.items() for site in sites]
    for number in range(rounds):
        print(f"\rWhole server: round {number + 1} of {rounds}", end="", flush=True)
        for interface, site in shuffled(pairs):
            with serving(site, interface, folder) as server:
                for kind in KINDS:
                    rate = load(server, path_of(site, interface, kind))
                    found[interface, kind, site].append(rate)
    print()
    return {
        interface: {
            kind: {
                site: share(found[interface, kind, site], found[interface, kind, BARE])
                for site in sites
            }
            for kind in KINDS
        }
        for interface, sites in served.items()
    }


def share(rates: list[float], bare: list[float]) -> dict[str, Any]:
    """Return the figures of one site."""
    shares = [one / other for one, other in zip(rates, bare, strict=True)]
    return {"share": summarize(shares, 3)}


def path_of(site: str, interface: str, kind: str) -> str:
    """Return which page is asked for; of the bare site the only one that it has."""
    page = "untouched" if site == BARE else kind
    return f"/async/{page}/" if interface == "asgi" else f"/{page}/"


class Server(NamedTuple):
    """A server that is up."""

    pid: int
    port: int
    headers: dict[str, str]
    """What the visitor's requests have."""

    def seconds_at_work(self) -> float:
        """Return how long it had a core: the process, and those that it has started."""
        ticks = 0
        for file in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):  # It has ended meanwhile.
                # What precedes the bracket is the name, which may have blanks (proc(5)).
                values = file.read_text().rpartition(")")[2].split()
                if int(values[2]) == self.pid:
                    ticks += int(values[11]) + int(values[12])
        return ticks / os.sysconf("SC_CLK_TCK")


@contextmanager
def serving(site: str, interface: str, folder: Path) -> Iterator[Server]:
    """Have ``site`` served."""
    file, port = folder / "headers.json", free_port()
    file.unlink(missing_ok=True)
    process = subprocess.Popen(
        command(interface, port),
        cwd=ROOT,
        env=os.environ | environment(site, folder) | {"BENCH_HEADERS": str(file)},
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        wait_for(process, port)
        yield Server(process.pid, port, json.loads(file.read_text()))
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE)


def command(interface: str, port: int) -> list[str]:
    """Return what starts a server with one worker and, of that, one thread that runs Python."""
    if interface == "asgi":
        options = ["--interface", "asginl"]
    else:
        options = ["--interface", "wsgi", "--blocking-threads", "1"]
    options += ["--host", "127.0.0.1", "--port", str(port), "--log-level", "warning", "--no-ws"]
    pinned = ["taskset", "--cpu-list", str(cores()[0]), sys.executable, "-m", "granian"]
    return [*pinned, "--workers", "1", *options, f"benchmarks.served:{interface}"]


def wait_for(process: "subprocess.Popen[bytes]", port: int) -> None:
    """Return once the server answers."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(URLError, ConnectionError):
            return expect(Server(process.pid, port, {}), "/untouched/")
        time.sleep(0.05)
    raise Failed("The server did not come up; what it said is above.")


def load(server: Server, path: str) -> float:
    """Return how many requests are answered, and rightly, in a second of the server's core."""
    expect(server, path)
    options = ["--threads", "1", "--connections", str(CONNECTIONS), "--duration", f"{SECONDS}s"]
    for name, value in server.headers.items():
        options += ["--header", f"{name}: {value}"]
    pinned = ["taskset", "--cpu-list", str(cores()[1]), "wrk"]
    began = server.seconds_at_work()
    run = subprocess.run(
        [*pinned, *options, f"http://127.0.0.1:{server.port}{path}"],
        check=True,
        capture_output=True,
        text=True,
    )
    seconds = server.seconds_at_work() - began
    expect(server, path)
    answered = re.search(r"^ +(\d+) requests in", run.stdout, re.MULTILINE)
    if answered is None or "Non-2xx" in run.stdout or "Socket errors" in run.stdout:
        raise Failed(f"wrk says:\n{run.stdout}")
    return int(answered[1]) / seconds


def expect(server: Server, path: str) -> None:
    """Raise `Failed` unless the page shows the visitor."""
    request = Request(f"http://127.0.0.1:{server.port}{path}", headers=server.headers)
    with urlopen(request, timeout=PATIENCE) as response:  # noqa: S310
        body, right = response.read(), BODIES[path.split("/")[-2]]
    if body != right:
        raise Failed(f"{path} is answered with {body!r} and not {right!r}.")


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
    return port
