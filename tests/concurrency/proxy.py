"""A way to the database that can be cut, so that a test can have an outage of its own."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Proxy:  # pragma: no cover - SQLite has no server to be cut off from
    """Passes bytes between a port on loopback and a server, until it is cut."""

    def __init__(self, server: tuple[str, int]) -> None:
        self._server = server
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._lines: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._is_cut = False
        self.port: int = self._listener.getsockname()[1]
        self._start(self._listen)

    @contextmanager
    def outage(self) -> Iterator[None]:
        """End all connections, and every new one as soon as it comes."""
        self._is_cut = True
        self._hang_up()
        try:
            yield
        finally:
            self._is_cut = False

    def close(self) -> None:
        """End everything."""
        self._is_cut = True
        self._hang_up()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join()

    def _hang_up(self) -> None:
        while self._lines:
            line = self._lines.pop()
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                if self._is_cut:
                    client.close()
                    continue
                server = socket.create_connection(self._server)
                self._lines += [client, server]
                self._start(self._connect, client, server)

    def _connect(self, client: socket.socket, server: socket.socket) -> None:
        with client, server:
            back = threading.Thread(target=self._pass_on, args=(server, client))
            back.start()
            self._pass_on(client, server)
            back.join()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65_536):
                target.sendall(data)
        for line in (source, target):
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def _start(self, run: object, *args: object) -> None:
        thread = threading.Thread(target=run, args=args)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()
