"""Synthetic ward journeys for the demonstration: invented patients, no published case.

Each is a sequence of transaction bundles as a ward would send them (`01.json`, `02.json` ...),
tagged as test data. The numbers are chosen to make one course of events plain.
"""

import json
from collections.abc import Callable
from pathlib import Path

import fixture_resources as fhir
import yaml
from ward import TEST_DATA, ZERO, Json, Ward


def haloperidol_36h() -> tuple[Ward, Json]:
    ward = Ward("demo-haloperidol-36h", "Demo A, haloperidol (synthetic)")
    ward.patient(41, "male", "schizophrenia")
    ward.admitted(-78, "Ward 3")
    for hours in range(-78, -24, 6):
        ward.vitals(hours, 36.7, 78, 15, "122/76")
    ward.alertness(-30, "A")
    ward.tone(-30, "normal tone")
    ward.ordered(-48, "haloperidol", "5 mg twice a day", "im")
    for hours in (-48, -36, -24, -12):
        ward.given(hours, "haloperidol", 5, "im")
    for hours in (-20, -16, -12, -8, -4):
        ward.vitals(hours, 36.8, 80, 15, "124/78")
    ward.alertness(-4, "A")
    ward.send(-3.5)
    ward.vitals(0, 37.1, 88, 16, "128/80")
    ward.alertness(0, "C")
    ward.send(0.25)
    for hours, temp, pulse in ((2, 37.2, 90), (4, 37.4, 94), (6, 37.6, 98)):
        ward.vitals(hours, temp, pulse, 17, "132/82")
    ward.alertness(6, "C")
    ward.send(6.25)
    ward.tone(8, "lead-pipe rigidity")
    ward.vitals(8, 37.8, 102, 19, "138/86")
    ward.send(8.25)
    ward.vitals(12, 38.4, 116, 25, "158/96")
    ward.sign(12, "diaphoresis", "profuse")
    ward.alertness(12, "V")
    ward.send(12.25)
    ward.vitals(14, 38.9, 122, 27, "166/102")
    ward.send(14.25)
    ward.creatine_kinase(15, 5200)
    ward.vitals(16, 39.3, 126, 28, "136/78")
    ward.send(16.5)
    return ward, {
        "expect": {
            "peak_tier": {"at_least": "HIGHLY_PROBABLE"},
            "first_at": {
                "POSSIBLE": {"by_hours": 8.25, "not_before_hours": 0},
                "PROBABLE": {"by_hours": 14.25, "not_before_hours": 8.5},
                "HIGHLY_PROBABLE": {"by_hours": 16.5},
            },
            "gate": "open",
            "ever_true": ["EXP", "EXP72", "MS", "RIG", "HYP", "CK", "MET"],
            "unknown_at_peak": ["NEG"],
        },
        "why": "Haloperidol 5 mg IM within 12 h of the first sign: EXP and EXP72. New confusion"
        " (ACVPU C) alone gives no tier; with lead-pipe tone at 8 h two domains are true and the"
        " upper bound still reaches 74 (CK, SNS and NEG unknown): POSSIBLE. Fever at 12 h and"
        " 14 h makes HYP, so EXP+HYP+RIG+MS is 68 without NEG (67 is enough): PROBABLE. Pulse"
        " and breathing against a measured baseline (78, 15) make MET, the clinical tetrad:"
        " HIGHLY_PROBABLE. CK 5200 with a limit of 200 adds 10. NEG is nobody's statement. Each"
        " alert that opens interrupts for itself.",
    }


def quiet() -> tuple[Ward, Json]:
    ward = Ward("demo-quiet", "Demo B, quiet (synthetic)")
    ward.patient(36, "female", "bipolar disorder")
    ward.admitted(-60, "Ward 3")
    ward.ordered(-58, "olanzapine", "10 mg at night", "oral")
    for hours in (-58, -34, -10):
        ward.given(hours, "olanzapine", 10, "oral")
    for hours in range(-58, 0, 6):
        ward.vitals(hours, 36.6, 74, 14, "118/74")
    ward.alertness(-10, "A")
    ward.tone(-10, "normal tone")
    ward.send(-3)
    ward.vitals(0, 36.7, 76, 14, "120/76")
    ward.alertness(0, "A")
    ward.tone(0, "normal tone")
    ward.creatine_kinase(0, 110)
    ward.send(1)
    ward.vitals(6, 36.8, 75, 15, "119/75")
    ward.send(6.25)
    return ward, {
        "expect": {
            "nothing": True,
            "gate": "open",
            "ever_true": ["EXP"],
            "never_true": ["HYP", "TEMP1", "RIG", "MS", "CK", "MET"],
        },
        "why": "Exposed, examined and well: no domain is true, so there is nothing to say. The"
        " open gate alone is not a warning.",
    }


def levodopa_nil_by_mouth() -> tuple[Ward, Json]:
    ward = Ward("demo-levodopa-nil-by-mouth", "Demo C, levodopa missed (synthetic)")
    ward.patient(72, "male", "Parkinson disease")
    ward.admitted(-52, "Ward 7 surgery")
    ward.ordered(-52, "levodopa/carbidopa", "100/25 mg five times a day", "oral")
    for hours in range(-52, 1, 4):
        ward.given(hours, "levodopa/carbidopa", 100, "oral")
    for hours in range(-50, 2, 6):
        ward.vitals(hours, 36.6, 72, 15, "130/78")
    ward.alertness(-2, "A")
    ward.send(0.25)
    ward.nil_by_mouth(2)
    ward.not_given(4, "levodopa/carbidopa", "nil by mouth")
    ward.not_given(8, "levodopa/carbidopa", "nil by mouth")
    ward.vitals(8, 36.9, 78, 16, "134/80")
    ward.send(8.5)
    ward.not_given(12, "levodopa/carbidopa", "nil by mouth")
    ward.tone(16, "rigidity, new or worse than usual")
    ward.vitals(16, 37.9, 96, 20, "142/84")
    ward.alertness(16, "C")
    ward.send(16.5)
    ward.vitals(18, 38.6, 106, 24, "148/88")
    ward.vitals(19, 38.8, 110, 25, "150/90")
    ward.send(19.25)
    return ward, {
        "expect": {
            "peak_tier": {"at_least": "PROBABLE"},
            "first_at": {
                "WATCH": {"by_hours": 16.5, "not_before_hours": 0},
                "POSSIBLE": {"by_hours": 19.25},
            },
            "gate": "open",
            "ever_true": ["EXP", "RIG", "HYP", "MS"],
            "withdrawals": ["levodopa"],
        },
        "why": "Nil by mouth with levodopa every 4 h: from the second missed dose (8 h) the"
        " withdrawal is there (DAW-MISS, DAW-ROUTE), before any sign. Tone worse than usual and"
        " new confusion at 16 h are two domains: WATCH at least. Fever twice makes"
        " EXP+HYP+RIG+MS = 68 without NEG: PROBABLE. No dopamine antagonist is needed.",
    }


def dantrolene_on_verapamil() -> tuple[Ward, Json]:
    ward = Ward("demo-dantrolene-on-verapamil", "Demo D, dantrolene order (synthetic)")
    ward.patient(58, "female", "hypertension", "schizoaffective disorder")
    ward.admitted(-40, "Ward 5")
    ward.ordered(-38, "verapamil", "240 mg daily", "oral")
    for hours in (-38, -14):
        ward.given(hours, "verapamil", 240, "oral")
    ward.ordered(-38, "haloperidol", "10 mg daily", "oral")
    for hours in (-38, -14):
        ward.given(hours, "haloperidol", 10, "oral")
    for hours in range(-38, -2, 6):
        ward.vitals(hours, 36.7, 76, 15, "138/82")
    ward.send(-2)
    ward.vitals(0, 39.1, 112, 24, "160/94")
    ward.vitals(1, 39.4, 118, 25, "164/96")
    ward.tone(1, "lead-pipe rigidity")
    ward.alertness(1, "V")
    ward.send(1.25)
    ward.ordered(2, "dantrolene", "as ordered by the team", "iv")
    ward.send(2.1)
    return ward, {
        "expect": {
            "peak_tier": {"at_least": "PROBABLE"},
            "first_at": {"PROBABLE": {"by_hours": 1.25}},
            "gate": "open",
            "ever_true": ["EXP", "HYP", "RIG", "MS"],
            "interactions": ["INT-DAN-VER"],
        },
        "why": "Haloperidol, fever twice, lead-pipe tone and reduced consciousness: 68 without"
        " NEG. Verapamil is running when dantrolene is ordered: hyperkalaemia and collapse. Each"
        " alert that opens interrupts for itself.",
    }


JOURNEYS: tuple[Callable[[], tuple[Ward, Json]], ...] = (
    haloperidol_36h,
    quiet,
    levodopa_nil_by_mouth,
    dantrolene_on_verapamil,
)


def write(folder: Path) -> None:
    for journey in JOURNEYS:
        ward, expected = journey()
        room = folder / ward.line.patient.removeprefix("demo-")
        room.mkdir(parents=True)
        for number, (hours, resources) in enumerate(ward.sent, start=1):
            for resource in resources:
                resource["meta"] = {"tag": [TEST_DATA]}
            name = f"{ward.line.patient}-{number:02d}"
            body = fhir.bundle(name, resources, ward.line.stamp(hours), "transaction")
            for entry in body["entry"]:
                target = f"{entry['resource']['resourceType']}/{entry['resource']['id']}"
                entry["request"] = {"method": "PUT", "url": target}
            text = json.dumps(body, indent=1, ensure_ascii=False) + "\n"
            (room / f"{number:02d}.json").write_text(text, "utf-8")
        (room / "expected.yaml").write_text(_expected(ward, expected), "utf-8")


def _expected(ward: Ward, expected: Json) -> str:
    expect = dict(expected["expect"])
    if "first_at" in expect:
        expect["first_at"] = {
            tier: {key.removesuffix("_hours"): ward.line.stamp(h) for key, h in when.items()}
            for tier, when in expect["first_at"].items()
        }
    body = {
        "case": ward.line.patient,
        "kind": "synthetic",
        "group": "demo",
        "label": "synthetic ward journey: an invented patient, not a published case",
        "t0": ZERO.isoformat(),
        "t0_is": "the first sign, or the first omission",
        "expect": expect,
        "why": expected["why"],
    }
    return yaml.safe_dump(body, sort_keys=False, allow_unicode=True, width=96)
