"""What `serve` tells the person who started it."""

import shlex

import orjson

from service.settings import Settings, address_of

DEMO_PATIENT = "demo-haloperidol-36h"


def welcome(settings: Settings, link: str, *, demo: bool) -> str:
    """Addresses, the sign-in link, where the data are, and with `demo` what to look at."""
    base = settings.base_url
    lines = [
        "NMS Sentinel is running. Stop it with Ctrl-C.",
        "",
        f"  Worklist     {link}",
        "               (this link signs in once; `nms-sentinel sign-in` prints another)",
        f"  CDS Hooks    {base}/cds-services",
        f"  FHIR intake  {base}/fhir",
        *_intake(settings),
        f"  Health       {base}/health/ready   metrics {base}/metrics",
        f"  Data         {settings.data_dir}",
        f"  Logs         {settings.data_dir / 'logs'}",
        "",
        *_door(settings),
    ]
    if demo:
        lines += ["", *_demonstration(base)]
    return "\n".join([*lines, ""])


def _intake(settings: Settings) -> list[str]:
    if settings.intake_port is None:
        return []
    return [f"               {address_of(settings.host, settings.intake_port)}/fhir (much data)"]


def _door(settings: Settings) -> list[str]:
    if settings.open_mode:
        return [
            "  OPEN: no client keys are set, so anyone on this machine may call the hooks and the",
            "  intake. Nobody from elsewhere can. Not for patients: see README, Connecting.",
        ]
    if settings.client_keys or settings.tenants:
        return ["  Hooks and intake take calls with a signed token only."]
    return [
        "  CLOSED: no client keys are set and the address is not of this machine alone, so hooks",
        "  and intake answer 401. See README, Connecting.",
    ]


def _demonstration(base: str) -> list[str]:
    return [
        "  DEMONSTRATION with synthetic patients, played live: open the worklist above and watch;",
        "  the first alert arises within a minute. The same patient's card, as a record system",
        "  would get it (about ten seconds after the start):",
        "",
        f"  {card_example(base)}",
    ]


def card_example(base: str) -> str:
    """A hook call by curl: with the demonstration running, the stored chart answers."""
    body = {
        "hook": "patient-view",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {"userId": "Practitioner/demo", "patientId": DEMO_PATIENT},
    }
    return (
        f"curl -s {base}/cds-services/nms-patient-view -H 'Content-Type: application/json'"
        f" -d {shlex.quote(orjson.dumps(body).decode())}"
    )
