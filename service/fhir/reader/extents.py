"""A sign that is told of one place or of one sort is told of no more than that."""

from dataclasses import replace

from alerts.chart import SignKind
from alerts.truth import FALSE, TRUE, UNKNOWN
from service.fhir.reader.codes import Coded
from service.fhir.reader.told import Answer, Told
from service.fhir.terminology.extent import is_part, one_sided, only_in_part


def no_further(one: Told, code: Coded, answer: Answer) -> Told:
    """What is told of one place or sort stays with it. "Tone of the left arm: normal" leaves the
    rest open, and rigidity of one side is not the generalised one that RIG means (SPEC 1.2)."""
    names = (code.text, *code.displays, answer.where)
    if one.present is FALSE and any(is_part(name) for name in names):
        return replace(one, present=UNKNOWN, detail=None)
    if one.kind is SignKind.RIGIDITY and one.present is TRUE:
        side = one_sided(" ".join((*names, answer.words)))
        if side is None and only_in_part(answer.also):
            side = "local"
        if side is not None:
            return replace(one, present=UNKNOWN, detail=side)
    return one
