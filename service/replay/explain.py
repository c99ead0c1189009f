"""An assessment in the words of a ward, for the terminal."""

from collections.abc import Iterator

from alerts.cards.text import named as named_drug
from alerts.knowledge.records import Parameter
from alerts.statements import Assessment, Datum
from alerts.trace import Step


def lines(assessment: Assessment, *, explain: bool) -> Iterator[str]:
    """A few lines of answer; with `explain` every finding, its evidence and what held it down."""
    score, tier = assessment.iec, assessment.tier
    yield f"{assessment.patient}  {tier.name.value}  {tier.wording}".rstrip()
    yield f"  as of {assessment.as_of:%Y-%m-%d %H:%M %z}, rules {assessment.rules}"
    yield (
        f"  published score {score.lower}-{score.upper} of 100 (unknown items counted both ways),"
        f" gate {assessment.gate.state.value}: {assessment.gate.reason}"
    )
    for state in ("true", "false", "unknown"):
        named = [k for k, f in sorted(assessment.findings.items()) if f.state.value == state]
        yield f"  {state}: {', '.join(named) or '-'}"
    for interaction in assessment.interactions:
        drugs = " with ".join(named_drug(d) for d in interaction.drugs)
        yield f"  {interaction.severity}: {drugs} ({interaction.id})"
    for request in assessment.ask_next:
        yield f"  ask next: {request.ask} ({request.id})"
    for reason in assessment.incomplete:
        yield f"  incomplete: {reason}"
    if explain:
        yield from _explained(assessment)


def _explained(assessment: Assessment) -> Iterator[str]:
    tier, severity = assessment.tier, assessment.severity
    yield f"  rules that gave it: {', '.join(tier.rules) or '-'}"
    yield from (f"  held down by: {cap}" for cap in tier.caps)
    if severity.level != "NONE":
        yield f"  severity: {severity.level}: {'; '.join(severity.reasons)}"
        yield f"  {severity.stage_open or f'Woodbury stage {severity.stage}'}"
    for exposure in assessment.exposures:
        last = f"{exposure.last_dose:%Y-%m-%d %H:%M}" if exposure.last_dose else "unknown"
        yield f"  exposure: {exposure.drug} ({exposure.reading}), last dose {last}"
    for stop in assessment.withdrawals:
        yield f"  withdrawal: {stop.drug} {stop.trigger} ({stop.reading}): {stop.reason}"
    for key, finding in sorted(assessment.findings.items()):
        yield f"  {key} {finding.state.value}: {finding.reason}"
        yield from (f"      {_datum(datum)}" for datum in finding.evidence)
    yield from _weighed(assessment)
    for step in assessment.trace:
        yield from _step(step)
    for unread in assessment.unmapped:
        yield f"  not read: {unread.what} ({unread.label}) {unread.source}"
    yield f"  {assessment.disclaimer}"


def _datum(datum: Datum) -> str:
    when = f"{datum.at:%Y-%m-%d %H:%M}" if datum.at else "no time"
    label = f" [{datum.label}]" if datum.label else ""
    return f"{datum.what} {datum.value} {datum.unit} at {when} from {datum.source}{label}"


def _weighed(assessment: Assessment) -> Iterator[str]:
    """The other criteria sets, the look-alikes and the context."""
    for scale in assessment.scale_details:
        met = f": {scale.met.value}" if scale.met is not None else ""
        count = f", {scale.count.lower}-{scale.count.upper} counted" if scale.count else ""
        yield f"  {scale.name}{met}{count}; {scale.note}"
        yield from (f"      {item.text}: {item.state.value}" for item in scale.features)
    for entry in assessment.differential:
        yield f"  differential: {entry.name} ({entry.met.value})"
        for side in ("toward", "away", "missing"):
            texts = getattr(entry, side)
            if texts:
                yield f"      {side}: {'; '.join(texts)}"
    for risk in assessment.risk_factors:
        yield f"  risk factor: {risk.factor} ({risk.effect}), context only"
    for unread in assessment.risk_factors_unread:
        yield f"  risk factor not looked for: {unread.factor} ({unread.effect}): {unread.reason}"


def _step(step: Step) -> Iterator[str]:
    """What a finding or rule read: windows of readings, then thresholds."""
    if step.reads:
        read = (f"{kind} {hours:g} h ({count} readings)" for kind, hours, count in step.reads)
        yield f"  {step.id} read: {', '.join(read)}"
    elif step.thresholds:
        yield f"  {step.id}:"
    yield from (f"      {_threshold(parameter)}" for parameter in step.thresholds)


def _threshold(parameter: Parameter) -> str:
    cited = f": {', '.join(parameter.cite)}" if parameter.cite else ""
    value = f"{parameter.value:g} {parameter.unit}"
    return f"{parameter.id} = {value} [{parameter.basis}{cited}] ({parameter.rule})"
