"""The site on sockets of loopback, by each way that a request may take to it."""

import json
import os
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.conftest import NGINX

from ..services.certificates import certificate
from ..services.servers import free_port, gunicorn, running
from ..services.sites import PREPARE

HOSTS = ("localhost", "app.test")

WAYS = {
    "http": "plain http",
    "https": "https",
    "proxy": "a proxy that ends https, says so, and is heeded",
    "silent proxy": "one that does not say so",
    "unheeded proxy": "one that does, before a site without SECURE_PROXY_SSL_HEADER",
}
IS_HTTPS_TO_SITE = {"https", "proxy"}
"""By which the site knows that the browser speaks https."""

NOBODY = "192.0.2.1"
"""Whose forwarded headers the server itself heeds: Django's setting alone is to count."""

NGINX_CONF = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {certificate};
        ssl_certificate_key {key};
        location / {{
            proxy_pass http://127.0.0.1:{behind};
            proxy_set_header Host $http_host;
            {header}
        }}
    }}
}}
"""


def uvicorn(port: int, *options: str) -> list[str]:
    """Return the command that serves the site asynchronously."""
    return [
        *(sys.executable, "-m", "uvicorn", "--factory", "--lifespan", "off"),
        *("--no-proxy-headers", "--host", "127.0.0.1", "--port", str(port), *options),
        "django.core.asgi:get_asgi_application",
    ]


@dataclass(frozen=True)
class Site:
    """How the site is set up, and by which way it is reached."""

    way: str
    secure: Any = "auto"
    """``COOKIE_SECURE``."""

    debug: bool = False
    server: str = "gunicorn"

    @property
    def scheme(self) -> str:
        """What the browser speaks."""
        return "http" if self.way == "http" else "https"

    @property
    def can_log_in(self) -> bool:
        """Whether a login can begin."""
        return self.secure is not True or self.way in IS_HTTPS_TO_SITE

    @property
    def cookie(self) -> tuple[str, bool]:
        """Name of the cookie, and whether it is ``Secure``."""
        is_secure = self.secure is not False and self.way in IS_HTTPS_TO_SITE
        return ("__Host-jwt", True) if is_secure else ("jwt", False)


@dataclass
class Places:
    """Starts what a site needs when a test first asks for it; one database for all."""

    folder: Path
    stack: ExitStack
    ports: dict[Site, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        environment = self._environment(Site("http"), [], heeds_proxy=False)
        subprocess.run(  # noqa: S603
            [sys.executable, "-c", PREPARE], env=os.environ | environment, check=True
        )
        self.certificate = certificate(self.folder)

    def port(self, site: Site) -> int:
        """Return the port of ``site``."""
        if site not in self.ports:
            self.ports[site] = self._start(site)
        return self.ports[site]

    def _start(self, site: Site) -> int:
        if site.way in ("http", "https"):
            return self._serve(site, [])
        port = free_port()
        behind = self._serve(site, [f"https://{host}:{port}" for host in HOSTS])
        return self._forward(site, port, behind)

    def _serve(self, site: Site, origins: list[str]) -> int:
        port, names = free_port(), ("certfile", "keyfile")
        if site.server == "gunicorn":
            command = gunicorn(port, "--forwarded-allow-ips", NOBODY)
            place, prefix = -1, "--"
        else:
            command, place, prefix = uvicorn(port), -1, "--ssl-"
        if site.way == "https":
            for name, file in zip(names, self.certificate, strict=True):
                command[place:place] = [f"{prefix}{name}", str(file)]
        environment = self._environment(site, origins, heeds_proxy=site.way != "unheeded proxy")
        log = self.folder / f"site-{port}.log"
        self.stack.enter_context(running(command, port, log, **environment))
        return port

    def _forward(self, site: Site, port: int, behind: int) -> int:
        folder = self.folder / f"nginx-{port}"
        folder.mkdir()
        says = "" if site.way == "silent proxy" else "proxy_set_header X-Forwarded-Proto $scheme;"
        (folder / "nginx.conf").write_text(
            NGINX_CONF.format(
                folder=folder,
                port=port,
                behind=behind,
                header=says,
                certificate=self.certificate[0],
                key=self.certificate[1],
            )
        )
        command = [str(NGINX), "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")]
        self.stack.enter_context(running(command, port, folder / "log"))
        return port

    def _environment(self, site: Site, origins: list[str], *, heeds_proxy: bool) -> dict[str, str]:
        return {
            "DJANGO_SETTINGS_MODULE": "tests.transport.settings",
            "DATABASE_URL": f"sqlite:///{self.folder / 'site.sqlite3'}?timeout=60",
            "CACHE_URL": "locmemcache://",
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            "ROOT_URLCONF": "tests.transport.urls",
            "JWT_COOKIE": json.dumps({"COOKIE_SECURE": site.secure}),
            "DEBUG": str(site.debug),
            "TRUSTED_ORIGINS": ",".join(origins),
            "HEEDS_PROXY": str(heeds_proxy),
        }
