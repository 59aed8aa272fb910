"""The function of docs/moving.md that knows the older logins."""

from tests.ecosystem.documented import run_documented

move = run_documented("rest_framework_simplejwt/moving.py")["move"]
