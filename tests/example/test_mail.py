"""The example's e-mails, printed where the server runs."""

from io import StringIO

from django.core.mail import EmailMessage

from example_project.mail import ReadableConsoleBackend


def test_a_long_link_stays_in_one_piece() -> None:
    """Encoded for sending, it would be broken in two, and neither half leads anywhere."""
    link = f"http://localhost:8000/accounts/reset/{'a' * 100}/"
    stream = StringIO()
    message = EmailMessage("Your password", f"Here:\n{link}\n", to=["ada@example.com"])
    assert ReadableConsoleBackend(stream=stream).send_messages([message]) == 1
    assert f"\n{link}\n" in stream.getvalue()
    assert "To: ada@example.com\nSubject: Your password\n" in stream.getvalue()
