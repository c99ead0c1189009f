"""What a sender is told of each entry, in words."""

import pytest

from service.fhir.reader import EntryOutcome, Outcome
from service.fhir.reader.reasons import Reason
from service.intake.answers import issue


@pytest.mark.parametrize(
    ("reason", "severity", "said"),
    [
        (Reason.NONE, "information", "Stored."),
        (Reason.RETRACTED, "information", "Taken back: it is no longer used. Reason: retracted."),
        (Reason.DELETED, "information", "Deleted: it is no longer used. Reason: deleted."),
        (Reason.REFUTED, "information", "Stored as ruled out. Reason: refuted."),
        (
            Reason.UNMAPPED_ANSWER,
            "warning",
            "Stored, but a part of it could not be used. Reason: unmapped-answer.",
        ),
    ],
)
def test_an_accepted_entry_is_told_for_what_it_did(reason: str, severity: str, said: str) -> None:
    told = issue(EntryOutcome(0, "Bundle.entry[0]", Outcome.ACCEPTED, str(reason), "Observation/1"))
    assert (told.severity, told.words) == (severity, said)
