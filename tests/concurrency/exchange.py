"""One request and its response in two steps, so that a test can put other requests in between."""

from django.contrib import auth
from django.contrib.auth.models import AbstractBaseUser, User
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from django_jwt_cookie import adoption, authentication
from django_jwt_cookie.middleware import JWTCookieMiddleware
from django_jwt_cookie.authentication import RequestJWT

from tests.support.accounts import BACKEND, COOKIE


class Exchange:
    """A request with ``token`` in the jar; its view runs from `arrive` to `respond`.

    What the middleware does before the view, and after it, is done here in the same order.
    """

    def __init__(self, token: str) -> None:
        headers = {"cookie": f"{COOKIE}={token}"} if token else {}
        self.request: HttpRequest = RequestFactory().get("/", headers=headers, secure=True)
        self._middleware = JWTCookieMiddleware(lambda _request: HttpResponse())
        self._middleware.process_request(self.request)

    @property
    def jwt(self) -> RequestJWT:
        """Return ``request.jwt``."""
        return authentication.get_jwt(self.request)

    def arrive(self) -> bool:
        """Begin the view, which first asks for the user; tell whether there is one."""
        return self.request.user.is_authenticated

    def log_in(self, user: AbstractBaseUser, *, remember: bool = True) -> None:
        """Log ``user`` in, in the view, once a backend has vouched for it."""
        user.backend = BACKEND
        authentication.login(self.request, user, remember=remember)

    def log_out(self) -> None:
        """Log out, in the view."""
        authentication.logout(self.request)

    def change_password(self, password: str) -> None:
        """Change the password, in the view, so that this login goes on."""
        user = self.request.user
        assert isinstance(user, User)
        user.set_password(password)
        token = authentication.served.set(self.jwt)
        with adoption.lend_session(self.request):
            user.save()
            auth.update_session_auth_hash(self.request, user)
            self.jwt.adopt()
        authentication.served.reset(token)

    def respond(self, status: int = 200) -> str | None:
        """End the view; return the token for the jar, empty to clear it, none to leave it."""
        response = HttpResponse(status=status)
        if self.jwt.needs_settling(response):
            self.jwt.settle(response)
        self._middleware.process_response(self.request, response)
        morsel = response.cookies.get(COOKIE)
        return morsel.value if morsel else None


def is_accepted(token: str) -> bool:
    """Tell whether a request with ``token`` is somebody's. Counts as one that came."""
    return Exchange(token).arrive()
