"""Where people log in elsewhere: answers what the clients of CAS and OIDC ask, in their place."""

import json
import time
from collections.abc import Callable
from typing import Any

import jwt
import requests
from django.conf import settings

NAME = "ada"
EMAIL = "ada@example.com"

CAS_ANSWER = f"""<cas:serviceResponse xmlns:cas="http://www.yale.edu/tp/cas">
  <cas:authenticationSuccess><cas:user>{NAME}</cas:user></cas:authenticationSuccess>
</cas:serviceResponse>"""

CAS_LOGOUT = """<samlp:LogoutRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="1"
  Version="2.0"><samlp:SessionIndex>{}</samlp:SessionIndex></samlp:LogoutRequest>"""


class Provider:
    """Knows one member, and whatever ticket or code somebody brings."""

    nonce = ""

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:
        """Answer one request: in place of the adapter that would open a connection."""
        assert request.url is not None
        path = request.url.partition("?")[0].rpartition("/")[2]
        response = requests.Response()
        response.status_code, response.url = 200, request.url
        response._content = ANSWERS[path](self).encode()
        return response

    def id_token(self) -> str:
        """Return what OIDC says of a login."""
        claims = {"sub": "1", "nonce": self.nonce, "iat": int(time.time())}
        secret: str = settings.OIDC_RP_CLIENT_SECRET  # type: ignore[misc]
        return jwt.encode(claims, secret, "HS256")


ANSWERS: dict[str, Callable[[Provider], str]] = {
    "serviceValidate": lambda _: CAS_ANSWER,
    "token": lambda it: json.dumps({"access_token": "a", "id_token": it.id_token()}),
    "userinfo": lambda _: json.dumps({"sub": "1", "email": EMAIL}),
}
"""By the end of the address."""
