"""PostgreSQL, MariaDB and Redis for tests: on loopback, on free ports, with data thrown away.

    python3 tools/services.py                   serve until Ctrl-C
    python3 tools/services.py -- make test      serve while a command runs; return its exit code
    python3 tools/services.py --missing         print the Debian packages to install first

The addresses, with a password made for this run, are in POSTGRESQL_URL, MARIADB_URL and REDIS_URL.
Nothing is installed, and servers that run already are left alone.
"""

import argparse
import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Debian keeps these off the search path.
DEBIAN = ["/usr/sbin", *map(str, Path("/usr/lib/postgresql").glob("*/bin"))]
PATH = os.pathsep.join([os.environ["PATH"], *DEBIAN])
START_TIMEOUT = 60
"""Seconds that a server may take until it is ready."""
READY = re.compile(r"ready (to accept|for) connections", re.IGNORECASE)
"""What each of them writes into its log then."""


@dataclass(frozen=True)
class Place:
    """Where one server runs, and what it asks of its clients."""

    folder: Path
    port: int
    password: str


def main() -> int:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--missing", action="store_true", help="print missing Debian packages")
    parser.add_argument("command", nargs="*", help="run this instead of waiting for Ctrl-C")
    options = parser.parse_args()
    missing = [package for program, package in PACKAGES.items() if not find(program)]
    if options.missing:
        print(*missing)
        return 0
    if missing:
        print(f"Missing: {', '.join(missing)}. On Debian or Ubuntu:", file=sys.stderr)
        print(f"    apt-get install {' '.join(missing)}", file=sys.stderr)
        return 1
    # A default SIGTERM would end this process and leave the servers running.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="services-")))
        give_away(folder)
        addresses = {
            service.variable: stack.enter_context(running(service, folder)) for service in SERVICES
        }
        return attend(options.command, addresses)


def attend(command: list[str], addresses: dict[str, str]) -> int:
    """Run the command with the addresses in its environment, or wait for Ctrl-C."""
    if command:
        return subprocess.run(command, env=os.environ | addresses, check=False).returncode
    for variable, url in addresses.items():
        print(f"export {variable}='{url}'")
    print("# With these in another terminal, for example: make test DATABASE_URL=$MARIADB_URL")
    print("# Ctrl-C stops the servers and deletes their data.", flush=True)
    try:
        signal.pause()
    except KeyboardInterrupt:
        print()
    return 0


def find(program: str) -> str | None:
    """Return the path of a program."""
    return shutil.which(program, path=PATH)


def unprivileged() -> dict[str, Any]:
    """Return the arguments that start a process as nobody, if this one is root's.

    PostgreSQL refuses to run as root, and the others have no need to.
    """
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def give_away(folder: Path) -> None:
    """Let the servers write there."""
    if user := unprivileged():
        os.chown(folder, user["user"], user["group"])


def start(place: Place, *command: str | Path, stdin: str = "") -> subprocess.Popen[bytes]:
    """Start a program whose words go to a log in its folder.

    In a session of its own, so that Ctrl-C on the terminal ends the clients before the servers.
    """
    program = find(str(command[0]))
    (place.folder / "stdin").write_text(stdin, encoding="utf-8")
    with (place.folder / "stdin").open() as source, log_of(place).open("ab") as log:
        return subprocess.Popen(
            [program or command[0], *command[1:]],
            cwd=place.folder,
            env={"PATH": PATH, "HOME": str(place.folder), "LC_ALL": "C"},
            stdin=source,
            stdout=log,
            stderr=log,
            start_new_session=True,
            **unprivileged(),
        )


def log_of(place: Place) -> Path:
    """Return the file that a server's words go to."""
    return place.folder / "log"


def prepare(place: Place, *command: str | Path) -> None:
    """Run a program to its end."""
    if start(place, *command).wait():
        give_up(place, f"{command[0]} failed")


def give_up(place: Place, reason: str) -> None:
    """Stop with what the server said."""
    sys.exit(f"{reason}:\n{log_of(place).read_text(errors='replace')}")


def start_postgresql(place: Place) -> subprocess.Popen[bytes]:
    """Start PostgreSQL, without a Unix socket, whose path could be too long."""
    data, secret = place.folder / "data", place.folder / "password"
    write_secret(secret, place.password)
    prepare(
        place,
        *("initdb", "--pgdata", data, "--username=tests", "--pwfile", secret),
        *("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync"),
    )
    settings = {
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "fsync": "off",
        # Where it counts, tests vacuum themselves; one at any time moves what they measure.
        "autovacuum": "off",
    }
    options = [f"--{name}={value}" for name, value in settings.items()]
    return start(place, "postgres", "-D", data, "-p", str(place.port), *options)


def start_mariadb(place: Place) -> subprocess.Popen[bytes]:
    """Start MariaDB. Relative socket path: the limit is 107 characters."""
    data, script = place.folder / "data", place.folder / "init.sql"
    write_secret(
        script,
        f"CREATE USER tests@'127.0.0.1' IDENTIFIED BY '{place.password}';\n"
        "GRANT ALL ON *.* TO tests@'127.0.0.1' WITH GRANT OPTION;\n",
    )
    prepare(place, "mariadb-install-db", "--no-defaults", f"--datadir={data}", "--skip-test-db")
    return start(
        place,
        *("mariadbd", "--no-defaults", f"--datadir={data}", f"--init-file={script}"),
        *("--bind-address=127.0.0.1", f"--port={place.port}", "--socket=socket"),
        *("--skip-name-resolve", "--innodb-flush-log-at-trx-commit=0"),
        *("--character-set-server=utf8mb4", "--collation-server=utf8mb4_unicode_ci"),
    )


def start_redis(place: Place) -> subprocess.Popen[bytes]:
    """Start Redis; the settings come by standard input, since everybody can read arguments."""
    settings = f"bind 127.0.0.1\nport {place.port}\nrequirepass {place.password}\n"
    return start(place, "redis-server", "-", stdin=f'{settings}save ""\nappendonly no\n')


def write_secret(file: Path, text: str) -> None:
    """Write a file for the eyes of the servers' user alone."""
    file.touch(mode=0o600)
    file.write_text(text, encoding="utf-8")
    give_away(file)


@dataclass(frozen=True)
class Service:
    """One server: how it is started, stopped and addressed."""

    name: str
    variable: str
    url: str
    start: Callable[[Place], subprocess.Popen[bytes]]
    stop: signal.Signals = signal.SIGTERM


SERVICES = [
    # SIGTERM would wait for clients to go.
    Service(
        "postgresql",
        "POSTGRESQL_URL",
        "postgres://tests:{password}@127.0.0.1:{port}/postgres",
        start_postgresql,
        stop=signal.SIGINT,
    ),
    Service(
        "mariadb",
        "MARIADB_URL",
        "mysql://tests:{password}@127.0.0.1:{port}/mysql",
        start_mariadb,
    ),
    Service("redis", "REDIS_URL", "redis://:{password}@127.0.0.1:{port}/0", start_redis),
]

PACKAGES = {
    "initdb": "postgresql",
    "mariadb-install-db": "mariadb-server",
    "redis-server": "redis-server",
}
"""The program that shows that a Debian package is installed."""


@contextmanager
def running(service: Service, folder: Path) -> Any:
    """Run a server; give its address."""
    place = Place(folder / service.name, free_port(), secrets.token_hex(16))
    place.folder.mkdir(mode=0o700)
    give_away(place.folder)
    process = service.start(place)
    try:
        wait_for(process, place)
        yield service.url.format(password=place.password, port=place.port)
    finally:
        process.send_signal(service.stop)
        process.wait()


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def wait_for(process: subprocess.Popen[bytes], place: Place) -> None:
    """Wait until a server says that it is ready: an open port can still refuse its clients."""
    deadline = time.monotonic() + START_TIMEOUT
    while process.poll() is None and time.monotonic() < deadline:
        if READY.search(log_of(place).read_text(errors="replace")):
            return
        time.sleep(0.05)
    give_up(place, f"{place.folder.name} did not start")


if __name__ == "__main__":
    sys.exit(main())
