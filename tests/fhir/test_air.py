"""A saturation says on what air it was measured (SEV-02), by whichever way it is read."""

from typing import Any

import orjson
import pytest

from service.fhir.reader import read_body, swift
from tests.fhir.charted import CONTEXT, bundle, observation, quantity
from tests.fhir.test_swift import agree

SATURATION = {"code": {"coding": [{"system": "http://loinc.org", "code": "59408-5"}]},
              "valueQuantity": quantity(91, "%")}  # fmt: skip
FLOW = {"code": {"coding": [{"system": "http://loinc.org", "code": "3151-8"}]},
        "valueQuantity": quantity(2, "L/min")}  # fmt: skip
PULSE = {"code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]},
         "valueQuantity": quantity(91, "/min")}  # fmt: skip
VITALS = {"code": {"coding": [{"system": "http://loinc.org", "code": "85353-1"}]}}


@pytest.mark.parametrize(
    ("told", "flag"),
    [
        (SATURATION, ()),
        ({**SATURATION, "note": [{"text": "on oxygen 2 L/min"}]}, ("on_oxygen",)),
        ({**SATURATION, "note": [{"text": "on room air"}]}, ("room_air",)),
        ({**SATURATION, "method": {"text": "nasal cannula"}}, ("on_oxygen",)),
        ({**VITALS, "component": [SATURATION, FLOW]}, ("on_oxygen",)),
        ({**VITALS, "component": [FLOW, SATURATION]}, ("on_oxygen",)),
        ({**VITALS, "component": [PULSE, SATURATION, FLOW]}, ("on_oxygen",)),
        (
            {**VITALS, "component": [PULSE, SATURATION], "note": [{"text": "room air"}]},
            ("room_air",),
        ),
    ],
)
def test_a_saturation_keeps_the_air_it_was_measured_on(
    told: dict[str, Any], flag: tuple[str, ...]
) -> None:
    """SEV-02 asks for it. Whether it comes first, second or last in its panel, and however often
    records of its form were read before."""
    swift.forget()
    body = orjson.dumps(bundle(observation(id="a", **told), observation(id="b", **told)))
    for _ in range(3):
        agree(body)
        for resource in read_body(body, CONTEXT).resources:
            (one,) = [f for f in resource.facts if getattr(f, "kind", "") == "spo2"]
            assert one.flags == flag  # type: ignore[union-attr]
