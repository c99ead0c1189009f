"""The bedside check as a FHIR Questionnaire, for record systems that render their own form."""

from functools import cache
from typing import Any

from service.fhir.emit import validated
from service.worklist.bedside.parts import GCS, PARTS, SITE, SITES, TEMPERATURE
from service.worklist.bedside.record import QUESTIONNAIRE, SYSTEM


@cache
def questionnaire(base_url: str) -> dict[str, Any]:
    """R4; every question is optional: what is not answered is not assessed."""
    items: list[dict[str, Any]] = [
        {
            "linkId": part.kind.value,
            "code": [{"system": SYSTEM, "code": part.kind.value, "display": part.legend}],
            "text": f"{part.legend}: {part.how}",
            "type": "choice",
            "required": False,
            "answerOption": [
                {"valueCoding": {"system": SYSTEM, "code": code, "display": words}}
                for code, words in part.choices.items()
            ],
        }
        for part in PARTS
    ]
    items += [
        {"linkId": TEMPERATURE, "text": "Temperature in °C", "type": "decimal", "required": False},
        {
            "linkId": SITE,
            "text": "Where the temperature was taken",
            "type": "choice",
            "required": False,
            "answerOption": [
                {"valueCoding": {"system": SYSTEM, "code": site, "display": words}}
                for site, (words, _) in SITES.items()
                if site
            ],
        },
        {"linkId": GCS, "text": "Glasgow coma score, total", "type": "integer", "required": False},
    ]
    return validated(
        {
            "resourceType": "Questionnaire",
            "id": QUESTIONNAIRE,
            "url": f"{base_url}/fhir/Questionnaire/{QUESTIONNAIRE}",
            "version": "1",
            "name": "NmsBedsideCheck",
            "title": "NMS bedside check",
            "status": "active",
            "subjectType": ["Patient"],
            "item": items,
        }
    )
