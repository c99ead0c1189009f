"""A recorded decision without the patient: states and ids only, as `recorded.json` beside a bundle.

Nothing that was measured, said or named is kept, and no source: a finding's state, a drug of the
knowledge, a row of the rules. Two such forms are compared by `alerts.compare`, as stored ones are.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from alerts.compare import Change, differences
from service.errors import BadInput

RECORDED = "recorded.json"
Said = Mapping[str, Any]


def bare(said: Said, shift: timedelta = timedelta(0)) -> dict[str, Any]:
    """The JSON form of an assessment, stripped, its clock moved by `shift`."""
    return {
        "rules": said["rules"],
        "as_of": (datetime.fromisoformat(said["as_of"]) + shift).isoformat(),
        "tier": said["tier"],
        "channel": said["channel"],
        "iec": {"lower": said["iec"]["lower"], "upper": said["iec"]["upper"]},
        "severity": said["severity"],
        "findings": {key: {"state": f["state"]} for key, f in sorted(said["findings"].items())},
        "exposures": [
            {"drug": e["drug"], "reading": e["reading"]}
            for e in sorted(said["exposures"], key=lambda e: (e["drug"], e["reading"]))
        ],
        "interactions": [
            {"id": i["id"], "drugs": sorted(i["drugs"]), "severity": i["severity"]}
            for i in sorted(said["interactions"], key=lambda i: (i["id"], sorted(i["drugs"])))
        ],
        "ask_next": sorted(said["ask_next"]),
        "guidance": sorted(said["guidance"]),
    }


def unlike(decided: Said, anew: Said) -> tuple[Change, ...]:
    """What of a bare decision comes out otherwise now; whatever evidence it rested on."""
    return differences(bare(decided), bare(anew))


def write(folder: Path, decided: Said) -> None:
    (folder / RECORDED).write_bytes(orjson.dumps(decided, option=orjson.OPT_INDENT_2) + b"\n")


def read(path: Path) -> dict[str, Any]:
    """Raises BadInput (`bad-decision`), naming the file."""
    where = f"{path.parent.name}/{path.name}"
    try:
        return bare(orjson.loads(path.read_bytes()))
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError) as fault:
        raise BadInput(
            f"{where} is no recorded decision ({type(fault).__name__}: {fault}).",
            code="bad-decision",
            location=where,
        ) from fault
