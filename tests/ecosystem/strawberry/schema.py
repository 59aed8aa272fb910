"""Who asks, in GraphQL: once with plain resolvers, and once with asynchronous ones."""

import strawberry
from django.contrib.auth import aauthenticate, alogin, alogout, authenticate, login, logout
from django.contrib.auth.models import AnonymousUser
from strawberry.permission import BasePermission
from strawberry.types import Info


class IsAuthenticated(BasePermission):
    """As Strawberry's guide to permissions has it."""

    message = "User is not authenticated"

    def has_permission(self, source: object, info: Info, **kwargs: object) -> bool:
        return bool(info.context.request.user.is_authenticated)


class IsAuthenticatedAsync(BasePermission):
    message = "User is not authenticated"

    async def has_permission(self, source: object, info: Info, **kwargs: object) -> bool:
        user = await info.context.request.auser()
        return bool(user.is_authenticated)


@strawberry.type
class Query:
    @strawberry.field
    def who(self, info: Info) -> str:
        return str(info.context.request.user.get_username())

    @strawberry.field(permission_classes=[IsAuthenticated])
    def members(self) -> str:
        return "members"

    @strawberry.field
    def reason(self, info: Info) -> str | None:
        reason: str | None = info.context.request.jwt.reason
        return reason


@strawberry.type
class Mutation:
    @strawberry.mutation
    def login(self, info: Info, username: str, password: str) -> bool:
        request = info.context.request
        user = authenticate(request, username=username, password=password)
        if user is not None:
            login(request, user)
        return user is not None

    @strawberry.mutation
    def logout(self, info: Info) -> bool:
        logout(info.context.request)
        return isinstance(info.context.request.user, AnonymousUser)


@strawberry.type
class AsyncQuery:
    @strawberry.field
    async def who(self, info: Info) -> str:
        user = await info.context.request.auser()
        return str(user.get_username())

    @strawberry.field(permission_classes=[IsAuthenticatedAsync])
    async def members(self) -> str:
        return "members"

    @strawberry.field
    async def reason(self, info: Info) -> str | None:
        await info.context.request.auser()
        reason: str | None = info.context.request.jwt.reason
        return reason


@strawberry.type
class AsyncMutation:
    @strawberry.mutation
    async def login(self, info: Info, username: str, password: str) -> bool:
        request = info.context.request
        user = await aauthenticate(request, username=username, password=password)
        if user is not None:
            await alogin(request, user)
        return user is not None

    @strawberry.mutation
    async def logout(self, info: Info) -> bool:
        await alogout(info.context.request)
        return isinstance(await info.context.request.auser(), AnonymousUser)


schema = strawberry.Schema(query=Query, mutation=Mutation)
async_schema = strawberry.Schema(query=AsyncQuery, mutation=AsyncMutation)
