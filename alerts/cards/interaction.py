"""The summary line of an interaction: the drugs with the last dose, what happens, the act."""

from datetime import datetime, tzinfo

from alerts.cards.text import fit, moment, named, plain
from alerts.statements import Interaction


def interaction_summary(row: Interaction, as_of: datetime, zone: tzinfo) -> str:
    """The line of an interaction: the drugs with the last dose, what happens, the act."""
    bare = " with ".join(named(d) for d in row.drugs[:3])
    timed = " with ".join(_dosed(d, row, as_of, zone) for d in row.drugs[:3])
    label = "Unconfirmed: " if row.basis == "U" else ""
    alone = len(row.drugs) == 1 and "SUS" in row.context and "NMS" in row.effect
    suspected = " in suspected NMS" if alone else ""
    effect = plain(row.effect, 120)
    effect = effect[:1].lower() + effect[1:] if effect[1:2].islower() else effect
    act = plain(row.management, 120).rstrip(".")
    first = act.split(". ")[0].split(";")[0]
    never = row.severity == "contraindicated" and len(row.drugs) > 1
    verdict = "Do not give together" if never else "Check before giving"
    if alone and row.severity == "contraindicated":
        verdict = "Do not give"
    harm = effect.split(",")[0]
    tries = [
        f"{label}{_capital(drugs)}{said}. {do}."
        for drugs in dict.fromkeys((f"{timed}{suspected}", f"{bare}{suspected}", timed, bare))
        for said, do in (
            (f": {effect}", act),
            (f": {effect}", first),
            (f": {harm}", first),
            (f": {effect}", verdict),
            (f": {harm}", verdict),
        )
    ]
    return fit((*tries, f"{label}{_capital(plain(bare, 70))}. {verdict}."))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _dosed(drug: str, row: Interaction, as_of: datetime, zone: tzinfo) -> str:
    """'verapamil (last dose 08:10)' where a dose was recorded."""
    doses = [f.at for f in row.facts if f.value == "administration" and f.at and drug in f.what]
    name = named(drug)
    return f"{name} (last dose {moment(max(doses), as_of, zone)})" if doses else name
