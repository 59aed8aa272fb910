"""The name of the user in simplejwt's tokens, as its documentation shows it.

Its stateless user knows no more than the token says; ours carries the name by default.
"""

from typing import Any

from rest_framework_simplejwt.serializers import TokenObtainPairSerializer


class NamingSerializer(TokenObtainPairSerializer):  # type: ignore[misc]
    """Adds the claim."""

    @classmethod
    def get_token(cls, user: Any) -> Any:
        """Return a refresh token, whose claims go on into each access token."""
        token = super().get_token(user)
        token["username"] = user.get_username()
        return token
