"""The application of docs/ecosystem.md."""

from tests.ecosystem.documented import run_documented

application = run_documented("channels/asgi.py")["application"]
