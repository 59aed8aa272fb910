"""A database for each tenant, chosen by the host's name: middleware, router and audience."""

from contextvars import ContextVar
from inspect import iscoroutinefunction

from django.http import Http404
from django.utils.decorators import sync_and_async_middleware

HOSTS = {"a.example.com": "default", "b.example.com": "b"}
"""The databases, by host."""

chosen: ContextVar[str | None] = ContextVar("chosen", default=None)
"""The database of the request that is being served."""


def database_of(request):
    """Return the database of the tenant whose host was asked for."""
    try:
        return HOSTS[request.get_host()]
    except KeyError:
        raise Http404("There is no such tenant.") from None


@sync_and_async_middleware
def choose_database(get_response):
    """Choose the database by the host; stands before the sessions in ``MIDDLEWARE``."""

    def serve(request):
        token = chosen.set(database_of(request))
        try:
            return get_response(request)
        finally:
            chosen.reset(token)

    async def aserve(request):
        token = chosen.set(database_of(request))
        try:
            return await get_response(request)
        finally:
            chosen.reset(token)

    return aserve if iscoroutinefunction(get_response) else serve


class Router:
    """Sends everything to the database of the request; outside of requests, Django decides."""

    def db_for_read(self, model, **hints):
        return chosen.get()

    db_for_write = db_for_read


def audience(request):
    """Name the tenant of a request, for ``JWT_COOKIE["AUDIENCE"]``."""
    return database_of(request)
