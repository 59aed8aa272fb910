"""The consumer of docs/ecosystem.md."""

from tests.ecosystem.documented import run_documented

Greeter = run_documented("channels/consumers.py")["Greeter"]
