"""One request and its response in two steps, so that a test can put other requests in between."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib import auth
from django.contrib.auth.models import AbstractBaseUser, User
from django.http import HttpRequest, HttpResponse

from django_jwt_cookie import authentication
from django_jwt_cookie.authentication import RequestJWT, needs_settling, settle, write
from django_jwt_cookie.cookies import get_cookie_spec
from tests.support.accounts import BACKEND


class Exchange:
    """A request with ``token`` in the jar; its view runs from `arrive` to `respond`.

    What the middleware does before the view, and after it, is done here in the same order.
    """

    def __init__(self, token: str) -> None:
        self.request = HttpRequest()
        self._cookie = get_cookie_spec(self.request).name
        if token:
            self.request.META["HTTP_COOKIE"] = f"{self._cookie}={token}"
        self.jwt = RequestJWT(self.request)
        self.request.jwt = self.jwt  # type: ignore[attr-defined]

    @contextmanager
    def _at_work(self) -> Iterator[None]:
        """Have this be the request that is being served."""
        token = authentication.served.set(self.jwt)
        try:
            yield
        finally:
            authentication.served.reset(token)

    def arrive(self) -> bool:
        """Begin the view, which first asks for the user; tell whether there is one."""
        with self._at_work():
            self.request.user = self.jwt.resolve()  # type: ignore[assignment]
        return self.request.user.is_authenticated

    def log_in(self, user: AbstractBaseUser, *, remember: bool = True) -> None:
        """Log ``user`` in, in the view, once a backend has vouched for it."""
        user.backend = BACKEND
        with self._at_work():
            authentication.login(self.request, user, remember=remember)

    def log_out(self) -> None:
        """Log out, in the view."""
        with self._at_work():
            authentication.logout(self.request)

    def change_password(self, password: str) -> None:
        """Change the password, in the view, so that this login goes on."""
        user = self.request.user
        assert isinstance(user, User)
        user.set_password(password)
        with self._at_work(), self.jwt.lend_session():
            user.save()
            auth.update_session_auth_hash(self.request, user)

    def respond(self, status: int = 200) -> str | None:
        """End the view; return the token for the jar, empty to clear it, none to leave it."""
        response = HttpResponse(status=status)
        with self._at_work():
            if needs_settling(self.jwt, response):
                settle(self.jwt, response)
        write(self.jwt, response)
        self.jwt.close()
        morsel = response.cookies.get(self._cookie)
        return morsel.value if morsel else None


def is_accepted(token: str) -> bool:
    """Tell whether a request with ``token`` is somebody's."""
    return Exchange(token).arrive()


def follow(token: str) -> str:
    """Send a request that is answered at once; return the token in the jar after it."""
    exchange = Exchange(token)
    assert exchange.arrive()
    brought = exchange.respond()
    assert brought != ""
    return brought or token
