"""The numbers of an alert's life, read from the knowledge (criteria.yaml: no number lives here)."""

from dataclasses import dataclass
from datetime import timedelta

from alerts.knowledge import Knowledge, load


@dataclass(frozen=True, slots=True)
class Policy:
    """Times of TIER-07, TIER-10, ALR-05, ALR-06 and OBS-02; thresholds of TIER-07."""

    quiet: timedelta
    pair_quiet: timedelta
    temperature: float
    ck_ratio: float
    snooze_longest: timedelta
    episode_gap: timedelta
    second_on_call: timedelta
    critical_care: timedelta
    correction_window: timedelta


def policy(knowledge: Knowledge | None = None) -> Policy:
    """The policy of these rules; None: the rules as shipped."""
    rules = knowledge or load()
    return Policy(
        quiet=timedelta(hours=rules["dismissal.quiet_h"]),
        pair_quiet=timedelta(hours=rules["interaction.quiet_h"]),
        temperature=rules["dismissal.temperature_c"],
        ck_ratio=rules["dismissal.ck_ratio"],
        snooze_longest=timedelta(hours=rules["snooze.longest_h"]),
        episode_gap=timedelta(hours=rules["episode.gap_h"]),
        second_on_call=timedelta(minutes=rules["escalation.second_on_call_min"]),
        critical_care=timedelta(minutes=rules["escalation.critical_care_min"]),
        correction_window=timedelta(days=rules["correction.window_d"]),
    )
