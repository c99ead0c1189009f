"""One case on each side of every number of criteria.yaml: `fixtures/boundaries/<threshold>/<side>`.

The tables are `scripts/boundaries/*.yaml`, written from SPEC and read like this:

  temp40.threshold_c:                    # the number; a word after it parts several cases of one
    rule: TEMP-05                        # who says so
    says: any reading at or above 40.0 °C
    facts: [exposed, "1h temp {v} oral"] # see boundary_facts; {v} is the value of the side
    sides:                               # what stands at the end
      below: {v: 39.9, states: {TEMP40: false}}
      at: {v: 40.0, states: {TEMP40: true}}
  rig.true_h:
    rule: RIG
    says: a structured examination in 24 h
    facts: [exposed, 0h tone lead-pipe rigidity]
    when:                                # one course, what stands at each time
      24h: {RIG: true}
      24h1m: {RIG: unknown}
"""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import synthetic as s
import yaml
from boundary_facts import hours, resources

Json = dict[str, Any]
TABLES = Path(__file__).parent / "boundaries"
LATE = 2160  # hours: when every bundle was sent, after all that it tells


def write(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    for key, entry in entries():
        threshold, _, label = key.partition(" ")
        for side, bodies, expected in cases(entry, threshold, label):
            s.write(folder / threshold / side, bodies, expected)


def entries() -> Iterator[tuple[str, Json]]:
    """Every entry of every table, each name once."""
    seen: set[str] = set()
    for path in sorted(TABLES.glob("*.yaml")):
        for key, entry in yaml.safe_load(path.read_text("utf-8")).items():
            if key in seen:
                raise ValueError(f"{path.name}: {key} is there twice")
            seen.add(key)
            yield key, entry


def cases(entry: Json, threshold: str, label: str) -> Iterator[tuple[str, dict[str, Json], Json]]:
    """(side, bodies, expected) of an entry."""
    times = {"times": {key: entry[key] for key in ("when", "happens") if key in entry}}
    for side, told in entry.get("sides", times).items():
        name = "-".join(part for part in (label, side) if part)
        values = {key: told[key] for key in told if key in {"v", "w", "x"}}
        try:
            yield name, *_case(entry, told, f"boundary-{threshold}-{name}", values)
        except (KeyError, ValueError, TypeError) as fault:
            raise ValueError(f"{threshold} {name}: {fault!r}") from fault


def _case(entry: Json, told: Json, name: str, values: Json) -> tuple[dict[str, Json], Json]:
    lines = [line.format(**values) for line in (*entry["facts"], *told.get("facts", ()))]
    when = told.get("when", {})
    timed = {**when, **({} if "retracted" in told else told.get("happens", {}))}
    lines += [f"{at} {entry.get('tick', 'tick')}" for at in timed]
    named = {"patient": s.person(**told.get("person", {}))}
    first = {}
    for line in lines:
        first[line] = f"r{len(named):03d}"
        named |= {f"r{len(named) + n:03d}": one for n, one in enumerate(resources(line))}
    last = max(hours(line.split()[0]) for line in lines if line[0] in "-0123456789")
    life = _life({"acts": entry.get("acts", ()), "of": entry.get("of", "nms"), **told})
    states = {s.stamp(hours(at)): words for at, words in when.items()}
    if "states" in told:
        states[s.stamp(last)] = told["states"]
    value = f" {told['v']}:" if "v" in told else ""
    expected = {
        "case": name,
        "kind": "synthetic",
        "group": "boundary",
        "label": "holds one number of the rules to account; no patient",
        "expect": {key: said for key, said in (("states", states), ("life", life)) if said},
        "why": f"{entry['rule']}:{value} {told.get('says', entry['says'])}.",
    }
    wrong = told.get("retracted")
    return _bodies(s.with_ids(named), wrong, first[wrong["fact"]] if wrong else ""), expected


def _bodies(named: dict[str, Json], retracted: Json | None, name: str) -> dict[str, Json]:
    """One bundle; or two: what was sent at once, and later that one of it was entered in error."""
    if retracted is None:
        return {"bundle.json": s.bundle(named.values(), at=LATE)}
    wrong = {**named[name], "status": "entered-in-error"}
    later = {"patient": named["patient"], name: wrong}
    return {
        "1.json": s.bundle(named.values(), at=hours(retracted["sent"])),
        "2.json": s.bundle(later.values(), at=hours(retracted["at"])),
    }


def _life(told: Json) -> Json:
    """Hours as instants."""
    if "happens" not in told:
        return {}
    acts = [
        {key: s.stamp(hours(said)) if key in {"at", "until"} else said for key, said in one.items()}
        for one in told.get("acts", ())
    ]
    return {
        "of": told["of"],
        "acts": acts,
        "happens": {s.stamp(hours(at)): words for at, words in told["happens"].items()},
    }
