"""The middleware of docs/ecosystem.md that notes requests."""

from tests.ecosystem.documented import run_documented

note_requests = run_documented("other_logins/middleware.py")["note_requests"]
