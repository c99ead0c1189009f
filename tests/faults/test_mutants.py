"""The proof of the proof: each promise of the service is broken once, and its test must notice.

The promises of the store have their own in tests/store/test_mutants.py.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Mutant:
    """`old` becomes `new` in `file`; `test` must then fail."""

    name: str
    file: str
    old: str
    new: str
    test: str


MUTANTS = (
    Mutant(
        "acknowledged before it is kept",
        "service/intake/clerk.py",
        "        outcomes = self._kept(reading, given)\n        if",
        "        outcomes = reading.outcomes\n        if",
        "tests/faults/test_no_silent_empties.py::"
        "test_a_fault_in_any_stage_of_the_intake_is_said[service.store.resources.arrivals.touch]",
    ),
    Mutant(
        "no sweep",
        "service/monitoring/worker.py",
        "sweep=lambda: _sweep(bench)",
        "sweep=lambda: None",
        "tests/monitoring/test_bell.py::"
        "test_a_bundle_taken_while_the_broker_is_away_is_found_by_the_worker_itself",
    ),
    Mutant(
        "recorded as sent, then sent",
        "service/monitoring/notifications.py",
        "    receipts, fault = _send(",
        "    store.notice_sent(posted, clock(), '')\n    receipts, fault = _send(",
        "tests/monitoring/test_notifications.py::"
        "test_what_failed_is_sent_again_as_a_repeat_under_the_same_id",
    ),
    Mutant(
        "a repeat that does not say so",
        "service/monitoring/notifications.py",
        '"repeat": posted.is_repeat,',
        '"repeat": False,',
        "tests/faults/test_sending.py::test_each_kill_costs_one_repeat_that_says_so",
    ),
    Mutant(
        "nobody keeps a notice that is being sent",
        "service/monitoring/holding.py",
        "                return\n            self._renew()\n",
        "                return\n",
        "tests/monitoring/test_notifications.py::"
        "test_a_letter_does_not_come_twice_because_others_are_slow",
    ),
    Mutant(
        "after a change of the rules nobody is judged anew",
        "service/monitoring/evaluation.py",
        "if self.anew is None or not self.anew.look(self.clock()):",
        "if True:",
        "tests/monitoring/test_anew.py::"
        "test_after_a_change_everybody_is_judged_by_the_new_rules_and_it_is_told",
    ),
    Mutant(
        "a create without its condition",
        "service/fhir/writer.py",
        '"If-None-Exist": f"identifier={DELIVERY}|{delivery}"',
        '"X-Nothing": ""',
        "tests/monitoring/test_record.py::test_a_repeat_after_a_lost_answer_creates_nothing_twice",
    ),
    Mutant(
        "a lease of a minute",
        "service/monitoring/evaluation.py",
        "LEASE_S = 20.0",
        "LEASE_S = 60.0",
        "tests/faults/test_points.py::test_lease_sweep_and_start_fit_the_promise",
    ),
    Mutant(
        "nobody asks at whom the worker died",
        "service/store/evaluation/claims.py",
        "    _take_back(connection, now)\n",
        "",
        "tests/store/test_claims.py::"
        "test_a_patient_who_kills_every_worker_is_set_aside_and_nobody_else",
    ),
    Mutant(
        "an evaluation may take for ever",
        "service/monitoring/watch.py",
        "        self.leave(EXIT)\n",
        "",
        "tests/monitoring/test_watch.py::test_what_does_not_is_counted_once_and_the_process_leaves",
    ),
    Mutant(
        "a failed evaluation is forgotten",
        "service/monitoring/evaluation.py",
        "last = self.store.fail(due, code, self.clock())",
        "last = self.store.settle(due, (), None, None, self.clock())",
        "tests/faults/test_no_silent_empties.py::"
        "test_a_fault_in_any_stage_of_an_evaluation_is_a_row"
        "[service.monitoring.evaluation.assess]",
    ),
    Mutant(
        "a corrected value is nobody's business",
        "alerts/lifecycle/episode.py",
        "return bool(support.said and said and said != support.said)",
        "return False",
        "tests/lifecycle/test_course.py::"
        "test_a_corrected_value_that_takes_the_ground_away_is_said_like_a_retraction",
    ),
    Mutant(
        "an id takes a fact from one patient to another",
        "service/store/resources/arrivals.py",
        "return bool(row.patient and known.patient and row.patient != known.patient)",
        "return False",
        "tests/store/test_facts.py::"
        "test_an_id_that_another_patient_holds_is_refused_without_a_newer_version",
    ),
    Mutant(
        "a delivery leaves no row in the audit",
        "service/store/resources/arrivals.py",
        "            if client:\n",
        "            if not client:\n",
        "tests/platform/test_audit.py::"
        "test_the_export_is_fhir_and_names_patients_and_the_place_in_the_chain",
    ),
    Mutant(
        "a row of the audit is lost in silence",
        "service/audit.py",
        '                count("nms_sentinel_audit_lost_total")\n                log',
        "                log",
        "tests/platform/test_audit.py::test_what_is_lost_is_counted_and_never_silent",
    ),
    Mutant(
        "an access lies in memory alone until it is written",
        "service/journal.py",
        "            while line:\n",
        "            while False:\n",
        "tests/faults/test_journal.py::test_each_answered_hook_is_in_the_audit_after_kill_9",
    ),
    Mutant(
        "what the store took already is adopted again",
        "service/store/oversight/audit.py",
        "if once and not _first_time(",
        "if not once and not _first_time(",
        "tests/faults/test_journal.py::"
        "test_what_the_store_took_before_the_kill_is_not_written_twice",
    ),
    Mutant(
        "the journal of a living process is taken from it",
        "service/journal.py",
        "    except OSError:\n        os.close(file)\n        return None\n    return file",
        "    except OSError:\n        pass\n    return file",
        "tests/faults/test_journal.py::test_what_a_living_process_holds_is_left_to_it",
    ),
    Mutant(
        "told to stop a second time, a part dies of it",
        "service/leaving.py",
        "signal.signal(number, signal.SIG_IGN)",
        "signal.signal(number, signal.SIG_DFL)",
        "tests/acceptance/test_leaving.py::test_told_without_pause_until_it_is_gone[beat]",
    ),
    Mutant(
        "a review a microsecond away turns in a circle",
        "service/monitoring/evaluation.py",
        "SOONEST_S = 10.0",
        "SOONEST_S = 0.0",
        "tests/monitoring/test_evaluation.py::test_a_review_at_once_is_no_circle",
    ),
)


def test_every_mutant_finds_its_line() -> None:
    """Quick, and early: the heavy run would tell it after half an hour."""
    lost = [m.name for m in MUTANTS if (ROOT / m.file).read_text().count(m.old) != 1]
    assert lost == []


@pytest.mark.heavy
@pytest.mark.faults
@pytest.mark.timeout(1000)
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: m.name)
def test_the_suite_notices(mutant: Mutant, tmp_path: Path) -> None:
    house = tmp_path / "house"
    skipped = shutil.ignore_patterns("__pycache__", "*.gz", "mutants.py")
    for room in ("alerts", "service", "tests"):
        shutil.copytree(ROOT / room, house / room, ignore=skipped)
    shutil.copytree(ROOT / "fixtures" / "demo", house / "fixtures" / "demo")
    shutil.copy(ROOT / "pyproject.toml", house)
    path = house / mutant.file
    text = path.read_text()
    assert text.count(mutant.old) == 1, f"{mutant.file} no longer has it once: {mutant.old}"
    path.write_text(text.replace(mutant.old, mutant.new))
    command = [sys.executable, "-m", "pytest", mutant.test, "-x", "-q", "--timeout=100"]
    run = subprocess.run(
        [*command, "-p", "no:cacheprovider"],
        cwd=house,
        env={**os.environ, "PYTHONPATH": str(house)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert run.returncode == 1, f"survived: {run.stdout[-1500:]}{run.stderr[-500:]}"
