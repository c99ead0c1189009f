"""Build `fixtures/` from published case facts and from the synthetic ward journeys.

    python scripts/build_fixtures.py CASE_FOLDER [--out fixtures]
    python scripts/build_fixtures.py --boundaries [--out fixtures]

CASE_FOLDER holds one YAML file per published case (facts only). What is expected of each case is
written by hand in `scripts/expectations/*.yaml`; a case without an expectation is not built.
Run twice, it writes the same bytes. `--boundaries` writes only the cases on each side of every
number (`scripts/boundaries/`), which need no case folder.

Dates: t = 0 of every published case is `ZERO`. A fact told to the hour or the day is placed at
t = 0 plus the printed hours; two values of one day (a swing) carry the date only; a fact told
only to the week is left out.
"""

import argparse
import json
import shutil
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import boundary_cases
import fixture_resources as fhir
import malformed_bodies
import simulate_ward
import status_cases
import synonym_cases
import threshold_cases
import ward_journeys
import yaml

ZERO = datetime.fromisoformat("2025-03-03T09:00:00+01:00")
HERE = Path(__file__).parent
Json = dict[str, Any]
DEVICE = "(device)"
ROOMS = (
    "cases", "demo", "malformed", "synonyms", "statuses", "thresholds", "journeys", "boundaries",
)  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("cases", type=Path, nargs="?", help="folder of case files (*.yaml)")
    parser.add_argument("--boundaries", action="store_true", help="only the boundary cases")
    parser.add_argument("--out", type=Path, default=HERE.parent / "fixtures")
    options = parser.parse_args()
    if options.boundaries:
        boundary_cases.write(options.out / "boundaries")
        return 0
    if options.cases is None:
        parser.error("the folder of case files is needed")
    expectations = read_expectations()
    missing = [k for k in expectations if not (options.cases / f"{k}.yaml").is_file()]
    if missing:
        sys.stderr.write(f"No case file for: {', '.join(missing)}\n")
        return 2
    for room in ROOMS:
        shutil.rmtree(options.out / room, ignore_errors=True)
    for case, expected in sorted(expectations.items()):
        facts = yaml.safe_load((options.cases / f"{case}.yaml").read_text("utf-8"))
        write_case(options.out / "cases" / case, facts, expected)
    ward_journeys.write(options.out / "demo")
    malformed_bodies.write(options.out / "malformed")
    synonym_cases.write(options.out / "synonyms")
    status_cases.write(options.out / "statuses")
    threshold_cases.write(options.out / "thresholds")
    simulate_ward.write_journeys(options.out / "journeys")
    boundary_cases.write(options.out / "boundaries")
    sys.stdout.write(f"{len(expectations)} published cases written to {options.out}\n")
    return 0


def read_expectations() -> dict[str, Json]:
    found: dict[str, Json] = {}
    for path in sorted((HERE / "expectations").glob("*.yaml")):
        found.update(yaml.safe_load(path.read_text("utf-8")))
    return found


def write_case(folder: Path, facts: Json, expected: Json) -> None:
    line = fhir.Timeline(facts["id"], ZERO)
    resources = [fhir.patient(line, facts["patient"]), *fhir.conditions(line, facts["patient"])]
    for drug in facts.get("medications") or []:
        resources += list(medication(line, drug, expected))
    events = [*(facts.get("baseline") or []), *facts["events"]]
    resources += list(observations(line, events))
    told = [e["t_hours"] for e in events if e.get("t_precision") != "week"]
    told += [d[k] for d in facts.get("medications") or [] for k in ("start", "stop") if d.get(k)]
    last = max(0.0, *told)
    folder.mkdir(parents=True)
    write_json(folder / "bundle.json", fhir.bundle(facts["id"], resources, line.stamp(last)))
    write_yaml(folder / "expected.yaml", expected_of(facts, expected))


def expected_of(facts: Json, expected: Json) -> Json:
    """The hand-written expectation with what identifies the case."""
    return {
        "case": facts["id"],
        "kind": "published",
        "group": expected["group"],
        "label": facts["label"],
        "label_basis": facts["label_basis"],
        "citation": facts["citation"],
        "source_extent": facts["source"]["extent"],
        "t0": ZERO.isoformat(),
        "t0_is": facts["t0_is"],
        "recognised_at": recognised(facts),
        "expect": dated(expected["expect"]),
        "why": expected["why"],
    }


def recognised(facts: Json) -> str | None:
    """When the authors named or treated the syndrome, where the report tells it."""
    hours = facts.get("t_recognised_hours")
    return None if hours is None else fhir.Timeline("", ZERO).stamp(hours)


def dated(expect: Json) -> Json:
    """`by_hours` and `not_before_hours` as instants."""
    line = fhir.Timeline("", ZERO)
    out = dict(expect)
    if "first_at" in out:
        out["first_at"] = {
            tier: {key.removesuffix("_hours"): line.stamp(hours) for key, hours in when.items()}
            for tier, when in out["first_at"].items()
        }
    return out


def medication(line: fhir.Timeline, drug: Json, expected: Json) -> Iterator[Json]:
    """One drug of a case: an order, the doses that the case times, or a device that failed."""
    if DEVICE in drug["drug"]:
        words = f"{drug['drug'].removesuffix(DEVICE).strip()}: {drug['dose_text']}"
        yield fhir.sign(line, "deep brain stimulator failure", line.stamp(drug["stop"]), words)
        return
    doses = expected.get("doses", {}).get(f"{drug['drug']}@{drug.get('start')}")
    told = {**drug, "drug": product_name(drug)}
    if doses:
        for hours in doses["at"]:
            yield fhir.administration(line, told, hours, doses.get("dose"))
        return
    injected = drug.get("formulation") == "depot" and drug.get("start") is not None
    if injected or (drug.get("start") is not None and drug.get("start") == drug.get("stop")):
        yield fhir.administration(line, told, drug["start"])
        return
    if drug.get("start") is None and drug.get("stop") is None and drug["change"] == "started":
        return  # given at some time that the case does not tell
    yield fhir.order(line, told)


def product_name(drug: Json) -> str:
    name: str = drug["drug"]
    if drug.get("formulation") != "depot":
        return name
    told = any(word in name for word in ("decanoate", "enanthate", "palmitate", "long-acting"))
    return f"{name} injection" if told else f"{name} long-acting injection"


def observations(line: fhir.Timeline, events: list[Json]) -> Iterator[Json]:
    """Vital signs, results, signs and diagnoses, in the order of the case file."""
    pressures = {
        (e["t_hours"], e["name"]): e["value"] for e in events if str(e["name"]).endswith("_bp")
    }
    for event in events:
        if event.get("t_precision") == "week":
            continue
        yield from observation(line, event, pressures)


def observation(
    line: fhir.Timeline, event: Json, pressures: dict[tuple[float, str], Any]
) -> Iterator[Json]:
    hours, name, value = event["t_hours"], event["name"], event["value"]
    when, kind = line.stamp(hours), event["kind"]
    if kind == "treatment":
        if "cooling" in name or name in ("intubation", "mechanical_ventilation"):
            yield fhir.procedure(line, f"{name.replace('_', ' ')}: {value}", hours)
    elif kind == "outcome" or name in ("nms_syndrome", "temperature_max"):
        return  # a judgement or a summary, not an observation
    elif name in ("systolic_bp", "diastolic_bp") and not isinstance(value, str):
        yield from pressure(line, event, pressures)
    elif isinstance(value, int | float) and event.get("unit"):
        yield fhir.measurement(line, name, when, value, event["unit"], event)
    elif isinstance(value, list):
        day = line.at(hours).date().isoformat()
        for one in value:
            yield fhir.measurement(line, name, day, one, event["unit"], event)
    elif name in fhir.codes.DIAGNOSES:
        words = name.replace("_", " ")
        yield fhir.condition(line, words, fhir.codes.DIAGNOSES[name], hours)
    elif kind in ("lab", "negative_workup"):
        yield fhir.result_in_words(line, name, when, str(value))
    else:
        yield fhir.sign(line, name, when, str(value))


def pressure(
    line: fhir.Timeline, event: Json, pressures: dict[tuple[float, str], Any]
) -> Iterator[Json]:
    """Both pressures of one time in one panel, a single one alone, a swing by its date."""
    hours = event["t_hours"]
    systolic = pressures.get((hours, "systolic_bp"))
    diastolic = pressures.get((hours, "diastolic_bp"))
    if systolic is None or diastolic is None:
        yield fhir.measurement(line, event["name"], line.stamp(hours), event["value"], "mm[Hg]")
    elif event["name"] == "diastolic_bp":
        return  # sent with the systolic one
    elif isinstance(systolic, list):
        day = line.at(hours).date().isoformat()
        for high, low in zip(systolic, diastolic, strict=True):
            yield fhir.blood_pressure(line, day, high, low)
    else:
        yield fhir.blood_pressure(line, line.stamp(hours), systolic, diastolic)


def write_json(path: Path, body: Json) -> None:
    path.write_text(json.dumps(body, indent=1, ensure_ascii=False) + "\n", "utf-8")


def write_yaml(path: Path, body: Json) -> None:
    text = yaml.safe_dump(body, sort_keys=False, allow_unicode=True, width=96)
    path.write_text(text, "utf-8")


if __name__ == "__main__":
    sys.exit(main())
