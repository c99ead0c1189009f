"""Notices by e-mail, where a hospital has nothing better: ids, urgency and a link, nothing else."""

import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage

from service.security.webhook import NotDelivered

TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class Mailbox:
    """The hospital's mail server, and who is written to for which audience."""

    host: str
    sender: str
    to: dict[str, tuple[str, ...]]
    port: int = 25
    starttls: bool = True
    user: str = ""
    password: str = field(default="", repr=False)


def post(box: Mailbox, receivers: tuple[str, ...], subject: str, text: str, delivery: str) -> str:
    """Send once; the receipt. Raises NotDelivered. `delivery` lets a receiver know a repeat."""
    letter = EmailMessage()
    letter["From"], letter["To"] = box.sender, ", ".join(receivers)
    letter["Subject"], letter["X-NMS-Sentinel-Delivery"] = subject, delivery
    letter.set_content(text)
    try:
        with smtplib.SMTP(box.host, box.port, timeout=TIMEOUT_S) as server:
            if box.starttls:
                server.starttls(context=ssl.create_default_context())
            if box.user:
                server.login(box.user, box.password)
            refused = server.send_message(letter)
    except smtplib.SMTPResponseException as fault:
        raise NotDelivered(f"mail-{fault.smtp_code}") from None
    except (smtplib.SMTPException, OSError):
        raise NotDelivered("mail-unreachable") from None
    if refused:
        raise NotDelivered("mail-refused-in-part")
    return f"mail {len(receivers)}"
