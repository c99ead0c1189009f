"""The fault table: each promise with the tests that hold it. TABLE.md is made from it.

`python -m tests.faults.table` writes TABLE.md; a test compares the two, and that every test named
exists. `heavy`: the full form, run with `make heavy`.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the fault table. `tests`: "file::test", small forms; `note`: what is not shown."""

    number: int
    promise: str
    tests: tuple[str, ...]
    heavy: tuple[str, ...] = ()
    note: str = ""


S, M, P, F = "tests/store/", "tests/monitoring/", "tests/platform/", "tests/faults/"
B = "tests/browser/"
ROWS = (
    Row(
        1,
        "nothing acknowledged is lost, nothing doubled, under kill -9",
        (
            f"{F}test_ledger.py::test_500_bundles_and_5_kills",
            f"{F}test_sending.py::test_each_kill_costs_one_repeat_that_says_so",
            f"{F}test_journal.py::test_each_answered_hook_is_in_the_audit_after_kill_9",
            f"{M}test_notifications.py::test_a_letter_does_not_come_twice_because_others_are_slow",
        ),
        (f"{F}test_ledger.py::test_10_000_bundles_and_35_kills",),
    ),
    Row(
        2,
        "killed mid-task recovers soon",
        (
            f"{M}test_bell.py::test_a_worker_killed_at_work_is_taken_over",
            f"{F}test_points.py::test_killed_at_each_point_nothing_is_lost_or_doubled",
        ),
        (f"{M}test_bell.py::test_a_worker_killed_at_work_is_made_good_within_45_s",),
    ),
    Row(
        3,
        "Redis can vanish",
        (
            f"{M}test_bell.py::test_an_emptied_broker_costs_nothing",
            f"{M}test_bell.py::test_after_an_outage_the_bell_is_heard_again",
            "tests/acceptance/test_doorbell.py::test_a_bundle_while_redis_is_stopped",
            f"{F}test_broker_gone.py::test_nothing_is_lost_and_nobody_waits",
        ),
        (f"{F}test_broker_gone.py::test_nothing_is_lost_and_nobody_waits",),
        note="away for 60 s in the heavy suite, 4 s otherwise",
    ),
    Row(
        4,
        "reconnect never leaves a deaf worker",
        (
            f"{M}test_reconnect.py::test_three_cuts",
            f"{M}test_bell.py::test_a_deaf_worker_leaves_with_a_fault",
        ),
        (
            f"{M}test_reconnect.py::test_fifty_cuts",
            f"{M}test_reconnect.py::test_a_connection_that_swallows_everything",
        ),
    ),
    Row(
        5,
        "disk full",
        (
            f"{F}test_disk.py::test_a_full_disk_is_said_and_recovers_without_a_restart",
            f"{F}test_disk.py::test_a_file_system_that_is_really_full",
            f"{S}test_faults.py::test_a_full_store_takes_nothing_and_recovers_without_a_restart",
            f"{F}test_log_disk.py::test_a_flood_is_one_line_without_what_was_to_be_logged",
            f"{F}test_log_disk.py::test_when_there_is_room_again_lines_are_written_whole",
        ),
        note="the full file system needs the right to mount one (root), and is skipped without;"
        " 32 MB in the heavy suite, 4 MB otherwise",
    ),
    Row(
        6,
        "database locked",
        (
            f"{S}test_faults.py::test_a_lock_held_by_another_process_is_waited_for",
            f"{S}test_faults.py::test_a_lock_held_too_long_is_503_and_reading_goes_on",
            f"{S}test_faults.py::test_a_hooks_cards_wait_for_a_busy_store_no_longer_than_a_moment",
            f"{F}test_locked.py::test_intake_waits_and_hooks_are_answered",
        ),
        (f"{F}test_locked.py::test_intake_waits_and_hooks_are_answered",),
        note="the lock is held for 10 s in the heavy suite, 3 s otherwise",
    ),
    Row(
        7,
        "power-cut image",
        (f"{S}test_crash.py::test_a_copy_at_any_instant_opens_whole",),
        note="200 instants in the heavy suite, 6 otherwise",
    ),
    Row(
        8,
        "order does not matter",
        (
            f"{F}test_shuffles.py::test_any_order_doubles_and_late_arrivals_end_alike",
            f"{S}test_facts.py::test_any_order_any_bodies_any_doubles_give_the_same_chart",
            "tests/fhir/test_order.py::test_the_order_of_entries_changes_no_fact",
        ),
        (f"{F}test_shuffles.py::test_a_thousand_shuffles_of_fifty_journeys_end_alike",),
    ),
    Row(
        9,
        "clocks disagree",
        (
            f"{F}test_clocks.py::test_a_server_clock_that_jumps_makes_no_negative_age",
            f"{F}test_clocks.py::test_no_age_that_is_told_is_negative",
            f"{F}test_clocks.py::test_a_reading_from_the_future_counts_when_its_time_comes",
            f"{F}test_clocks.py::test_a_leap_day_and_a_change_of_summer_time_keep_their_order",
            "tests/security/test_tokens.py::test_an_honest_token_is_accepted",
        ),
    ),
    Row(
        10,
        "poison",
        (
            f"{M}test_bell.py::test_a_poison_patient_is_set_aside_alone_and_visibly",
            f"{M}test_evaluation.py::test_one_patient_s_fault_is_counted_to_that_patient_alone",
            f"{S}test_claims.py::test_a_patient_who_kills_every_worker_is_set_aside_and_nobody_else",
            f"{M}test_watch.py::"
            "test_a_worker_that_hangs_on_one_patient_is_replaced_and_the_others_are_seen_to",
        ),
        (f"{F}test_poison.py::test_the_others_wait_no_longer_and_it_is_set_aside",),
    ),
    Row(
        11,
        "slow, half-open, lying FHIR server",
        (
            "tests/security/test_fhir_client.py::test_whatever_goes_wrong_has_a_name",
            "tests/security/test_fhir_client.py::test_all_queries_together_end_at_the_deadline",
            "tests/security/test_fhir_client.py::"
            "test_the_circuit_opens_after_failures_in_a_row_and_says_so",
        ),
    ),
    Row(
        12,
        "big and deep",
        (
            "tests/fhir/test_limits.py::test_a_hostile_body_is_refused_fast",
            f"{P}test_edge.py::test_too_large_by_its_own_word_is_not_read",
            f"{P}test_intake.py::test_a_body_that_cannot_be_read",
            f"{F}test_hostile.py::test_it_is_refused_and_nothing_stays",
        ),
        note="a million keys in 12 MB are below every limit: read whole (most of a second), 400",
    ),
    Row(
        14,
        "no silent empties",
        (
            f"{F}test_no_silent_empties.py::test_a_fault_in_any_stage_of_the_intake_is_said",
            f"{F}test_no_silent_empties.py::test_a_fault_in_any_stage_of_a_hook_is_said",
            f"{F}test_no_silent_empties.py::test_a_fault_in_any_stage_of_an_evaluation_is_a_row",
        ),
    ),
    Row(
        15,
        "life cycle is sound",
        ("tests/lifecycle/test_any_course.py::test_the_merge_is_free_of_order_and_doubles",),
        ("tests/lifecycle/test_any_course.py::test_ten_thousand_steps",),
    ),
    Row(
        16,
        "the worklist is live and true",
        (
            f"{B}test_crowd.py::test_who_comes_back_hears_what_was_missed",
            f"{B}test_worklist.py::test_a_row_arrives_and_changes_without_reload",
            f"{B}test_worklist.py::test_a_lost_connection_is_said_and_caught_up",
        ),
        (f"{B}test_crowd.py::test_two_hundred_listeners_are_consistent_soon",),
        note="memory of an open list over an hour",
    ),
    Row(
        17,
        "replay determinism",
        (
            "tests/replay/test_determinism.py::test_the_same_bytes_in_every_world",
            f"{F}test_same_words.py::"
            "test_every_word_of_an_assessment_is_the_same_under_any_hash_seed",
        ),
        ("tests/replay/test_determinism.py::test_a_hundred_worlds_give_the_same_bytes",),
    ),
    Row(
        18,
        "upgrade and rollback",
        (
            f"{S}test_upgrade.py::"
            "test_what_an_older_version_wrote_is_read_after_the_upgrade_and_the_rollback",
            f"{S}test_upgrade.py::test_after_a_rollback_everybody_is_judged_anew",
            f"{S}test_upgrade.py::test_processes_that_start_together_all_succeed",
        ),
    ),
    Row(
        22,
        "self-alerting",
        (
            f"{F}test_self_alerts.py::test_what_an_alert_looks_at_can_be_caused_and_clears",
            f"{P}test_papers.py::test_an_alert_about_ourselves_has_a_line_and_real_metrics",
        ),
        note="the expressions are evaluated by our own small reader of them, not by Prometheus",
    ),
    Row(
        23,
        "graceful stop",
        (
            "tests/acceptance/test_serve.py::"
            "test_a_stop_is_clean_and_nothing_of_a_patient_is_logged",
            f"{F}test_stop.py::test_term_under_load_finishes_in_time_and_loses_nothing",
            f"{F}test_stop.py::test_what_is_half_sent_at_term_is_answered_and_kept",
            "tests/acceptance/test_leaving.py::test_told_without_pause_until_it_is_gone",
            "tests/acceptance/test_leaving.py::test_told_while_it_starts",
        ),
        ("tests/acceptance/test_leaving.py::test_told_twice_at_many_moments",),
    ),
    Row(
        24,
        "configuration faults",
        (
            f"{P}test_settings.py::test_each_wrong_setting_is_named",
            f"{P}test_settings.py::test_all_wrong_settings_are_named_once",
            f"{P}test_settings.py::test_a_fault_ends_the_command_at_once_with_2",
        ),
    ),
)


def written() -> str:
    """TABLE.md."""
    lines = [
        "# Faults and the tests that cause them",
        "",
        "Made by `python -m tests.faults.table`. Rows 13 and 19 to 21 (fuzz, latency, soak,",
        "backup) are held elsewhere.",
        "",
        "| # | promise | test | full form (heavy) | not shown |",
        "|---|---|---|---|---|",
    ]
    for row in ROWS:
        cells = (
            str(row.number),
            row.promise,
            "<br>".join(f"`{name}`" for name in row.tests),
            "<br>".join(f"`{name}`" for name in row.heavy),
            row.note,
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    (HERE / "TABLE.md").write_text(written(), encoding="utf-8")
    sys.exit(0)
