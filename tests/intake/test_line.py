"""What crosses the line to a process of the intake arrives as it was, whatever it holds."""

import pickle
from dataclasses import fields
from datetime import UTC, datetime

from service.intake.delivery import Delivery, Form, Receipt

FULL = Delivery(
    body=b"{}",
    form=Form.NOTIFICATION,
    tenant="t",
    client="c",
    received_at=datetime(2026, 1, 1, tzinfo=UTC),
    correlation="k",
    resource_type="Observation",
    resource_id="o-1",
    subscription="s",
    fhir_version="4.0",
)
ANSWER = Receipt(207, b"answer", {"accepted": 2, "refused": 1}, ("no-subject",), "resource", "gap")


def test_every_field_of_a_delivery_and_a_receipt_crosses() -> None:
    for sent in (FULL, ANSWER):
        defaults = [f.name for f in fields(sent) if getattr(sent, f.name) == f.default]
        assert not defaults  # each field is told apart from its absence
        assert pickle.loads(pickle.dumps(sent)) == sent
