"""The short way for what most orders are: a coded drug, a date, no exception to anything.

Drug and dosage are remembered by their bytes. Whatever is not plain answers None and goes the
thorough way (`medication`), which gives the same facts: a property test compares them.
"""

from alerts.chart import Evidence, MedicationUse, Source, TimeBasis, UseStatus
from service.fhir.reader.assembly import assembler
from service.fhir.reader.codes import Coded
from service.fhir.reader.dosage import NOTHING, dosage_in
from service.fhir.reader.drugs import concepts, identity_of
from service.fhir.reader.fields import (
    REMEMBERED,
    REMEMBERED_BYTES,
    Fields,
    Memo,
    code,
    decoded,
)
from service.fhir.reader.reading import DrugIdentity, ReadContext
from service.fhir.reader.statuses import use_status
from service.fhir.reader.times import stated

_ODD = frozenset({
    "modifierExtension", "doNotPerform", "reportedReference", "reportedBoolean", "reported",
    "effectiveDosePeriod",
})  # fmt: skip
# An order that has ended needs the time of its end.
_PLAIN = frozenset({UseStatus.ACTIVE, UseStatus.COMPLETED, UseStatus.DRAFT})
_statuses = Memo(lambda raw: use_status(decoded(raw)))
_intents = Memo(lambda raw: code(decoded(raw)) or None)
_use = assembler(MedicationUse)
_drugs: dict[tuple[bytes, Coded], DrugIdentity] = {}


def plain_use(found: Fields, source: Source, context: ReadContext) -> MedicationUse | None:
    """The use that a plain order tells; None when it is not plain."""
    concept, status = found.get("medicationCodeableConcept"), found.get("status")
    written, intent = found.get("authoredOn"), found.get("intent")
    if concept is None or status is None or written is None or intent is None:
        return None
    if not _ODD.isdisjoint(found):
        return None
    authored = stated(str(written, "ascii", "replace")[1:-1])
    try:
        standing, meant = _statuses[bytes(status)], _intents[bytes(intent)]
        if authored is None or standing not in _PLAIN:
            return None
        raw = found.get("dosageInstruction", found.get("dosage"))
        dosage = NOTHING if raw is None else dosage_in(bytes(raw), context.zone)
        mark = (bytes(concept), dosage.route)
        drug = _drugs[mark] if mark in _drugs else _known(mark)
    except ValueError:
        return None
    if not drug.ingredients:
        return None
    start, end = dosage.start, dosage.end
    if end is None and dosage.length is not None:
        end = (start or authored) + dosage.length
    return _use(
        drug.ingredients,
        drug.text,
        Evidence.ORDER,
        standing,
        source,
        start,
        end,
        authored,
        True,
        meant,
        False,
        dosage.as_needed,
        False,
        drug.route,
        drug.product,
        drug.long_acting,
        dosage.dose,
        dosage.unit,
        dosage.per_day,
        dosage.basis if start else TimeBasis.STATED,
    )


def _known(mark: tuple[bytes, Coded]) -> DrugIdentity:
    """The drug of a concept by a route, each distinct one read once."""
    drug = identity_of(concepts[mark[0]], "", mark[1])
    if len(mark[0]) <= REMEMBERED_BYTES:
        if len(_drugs) >= REMEMBERED:
            _drugs.clear()
        _drugs[mark] = drug
    return drug
