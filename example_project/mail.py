"""E-mails on the terminal where the server runs, with links that can be clicked."""

from django.core.mail import EmailMessage
from django.core.mail.backends.console import EmailBackend


class ReadableConsoleBackend(EmailBackend):
    """Django's own prints an e-mail as it would be sent: a long link is broken in two by then."""

    def write_message(self, message: EmailMessage) -> None:
        """Print what its reader would see."""
        print(f"To: {', '.join(message.to)}", file=self.stream)
        print(f"Subject: {message.subject}\n\n{message.body}\n{'-' * 79}", file=self.stream)
