"""What the plan reads of the patient once: age, pregnancy, weight, conditions, recent drugs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time

from alerts.chart import Condition, Measurement, MedicationUse, begun
from alerts.dosing import perhaps_taken
from alerts.findings.exposed import reconciled
from alerts.moment import Moment
from alerts.statements import Culprit, Finding, Severity, TierName, Withdrawal
from alerts.truth import FALSE, TRUE, UNKNOWN, Truth

PREGNANT = frozenset({"pregnancy", "breastfeeding"})


@dataclass(slots=True)
class Bedside:
    """One patient at one moment, for every line of the plan."""

    now: Moment
    tier: TierName
    severity: Severity
    culprits: tuple[Culprit, ...]
    withdrawals: tuple[Withdrawal, ...]
    findings: Mapping[str, Finding] = field(default_factory=dict)
    stage: str = ""
    # readings in words, each made once
    told: dict[str, tuple[str, bool]] = field(default_factory=dict)
    labels: Mapping[str, str] = field(init=False)
    child: Truth = field(init=False)
    # conditions that may be present: recorded, not abated, not said to be inactive
    conditions: Mapping[str, Condition] = field(init=False)
    pregnant: bool = field(init=False)
    reconciled: bool = field(init=False)
    _recent: Mapping[str, MedicationUse] | None = None
    _perhaps: Mapping[str, MedicationUse] | None = None

    def __post_init__(self) -> None:
        chart, as_of = self.now.chart, self.now.as_of
        self.labels = self.now.knowledge.management["labels"]
        self.child = is_child(self.now)
        self.conditions = {
            c.kind: c
            for c in chart.conditions
            if c.active is not FALSE and (c.abated is None or c.abated > as_of)
        }
        self.pregnant = not PREGNANT.isdisjoint(self.conditions)
        self.reconciled = reconciled(self.now)

    @property
    def recent_drugs(self) -> Mapping[str, MedicationUse]:
        """The newest use of each ingredient that is running or was given recently."""
        if self._recent is None:
            chart = self.now.chart
            found: dict[str, MedicationUse] = {}
            window = self.now.hours("interaction.recent_h")
            for use in self.now.taken_of({*chart.orders, *chart.doses}, window):
                found.update(dict.fromkeys(use.ingredients, use))
            self._recent = found
        return self._recent

    @property
    def perhaps_drugs(self) -> Mapping[str, MedicationUse]:
        """The newest record of each other ingredient that may still be taken, nobody can tell."""
        if self._perhaps is None:
            chart, as_of = self.now.chart, self.now.as_of
            self._perhaps = {
                drug: use
                for records in (chart.orders, chart.doses)
                for drug in records.keys() - self.recent_drugs.keys()
                for use in records[drug]
                if perhaps_taken(use, as_of) and not self._stopped_since(drug, use)
            }
        return self._perhaps

    def _stopped_since(self, drug: str, use: MedicationUse) -> bool:
        """Does an order that ended after this record tell that the drug is no longer taken?"""
        since = begun(use)
        ends = [u.end for u in self.now.chart.orders.get(drug, ()) if u.end is not None]
        return since is not None and any(since <= end <= self.now.as_of for end in ends)

    @property
    def weight(self) -> Measurement | None:
        """The newest weight of 30 days, its unit stated (SAF-04)."""
        weights = self.now.recent("body_weight", "dose.weight_age_d")
        sound = [w for w in weights if not w.unit_inferred and not w.comparator and w.value > 0]
        return sound[-1] if sound else None

    def says(self, text: str) -> str:
        """Words of the plan with the numbers of the rules in them."""
        return self.now.knowledge.says(text)

    def newest(self, kind: str, parameter: str) -> Measurement | None:
        """The newest reading within the hours of a parameter."""
        readings = self.now.recent(kind, parameter)
        return readings[-1] if readings else None

    def state(self, finding: str) -> Truth:
        known = self.findings.get(finding)
        return known.state if known is not None else UNKNOWN


def is_child(now: Moment) -> Truth:
    """Under 18 at this moment? Unknown without a birth date."""
    details = now.chart.details
    if details is None or details.birth_date is None:
        return UNKNOWN
    with now.account("SAF-06"):
        adult = now.knowledge["tier.adult_y"]
    born, today = details.birth_date, now.as_of.date()
    age = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    return TRUE if age < adult else FALSE


def comes_of_age(now: Moment) -> None:
    """The day a patient comes of age changes what is shown."""
    details = now.chart.details
    if details is None or details.birth_date is None:
        return
    with now.account("SAF-06"):
        born, years = details.birth_date, int(now.knowledge["tier.adult_y"])
    try:
        birthday = born.replace(year=born.year + years)
    except ValueError:  # born on 29 February: of age on 1 March, as `is_child` counts
        birthday = date(born.year + years, 3, 1)
    now.until(datetime.combine(birthday, time(), now.as_of.tzinfo))
