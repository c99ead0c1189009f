"""The proof of the proof: each promise of the store is broken once, and the suite must notice."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STORE = "service/store/"


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
        "durable only when the machine likes",
        "database/engine.py",
        "synchronous = FULL",
        "synchronous = OFF",
        "test_faults.py::test_sqlite_is_durable_and_guarded",
    ),
    Mutant(
        "plain BEGIN",
        "database/engine.py",
        '"BEGIN IMMEDIATE" if writes else "BEGIN"',
        '"BEGIN"',
        "test_facts.py::test_writers_of_one_resource_at_once_leave_its_newest_version",
    ),
    Mutant(
        "newer data do not matter",
        "evaluation/due.py",
        '        due.c.revision == bindparam("claim"),\n',
        "",
        "test_due.py::test_newer_data_during_an_evaluation_keeps_the_patient_due",
    ),
    Mutant(
        "what an overtaken one wrote stays",
        "evaluation/settlement.py",
        "return connection.begin_nested() if one.moves else nullcontext()",
        "return nullcontext()",
        "test_due.py::test_what_was_written_of_one_who_is_overtaken_late",
    ),
    Mutant(
        "a lease binds nobody",
        "evaluation/claims.py",
        "_CLAIMABLE = and_(due.c.due_at <= _NOW, _FREE)",
        "_CLAIMABLE = due.c.due_at <= _NOW",
        "test_due.py::test_a_leased_patient_is_nobody_elses_until_the_lease_ends",
    ),
    Mutant(
        "facts without a due patient",
        "resources/arrivals.py",
        'touch(connection, tenant, touched - {""}, received',
        "touch(connection, tenant, set(), received",
        "test_due.py::test_many_bodies_make_one_patient_due_once",
    ),
    Mutant(
        "last come wins",
        "resources/arrivals.py",
        "newer = is_newer(arrived, known.version)",
        "newer = True",
        "test_facts.py::test_any_order_any_bodies_any_doubles",
    ),
    Mutant(
        "no guard between two writers",
        "resources/upsert.py",
        '" WHERE resources.revision = excluded.revision - 1"',
        '" WHERE true"',
        "test_facts.py::test_writers_of_one_resource_at_once_leave_its_newest_version",
    ),
    Mutant(
        "retractions are forgotten",
        "resources/versions.py",
        "if arrived.finality != held.finality:",
        "if False:",
        "test_facts.py::test_a_retraction_before_its_resource_is_remembered",
    ),
    Mutant(
        "numbers without a lock",
        "alerting/changes.py",
        'name == "postgresql"',
        'name == "none"',
        "test_alerts.py::test_a_change_is_not_seen_before_those_with_smaller_numbers",
    ),
    Mutant(
        "an alert's version is not looked at",
        "alerting/alerts.py",
        "if held is None or held != alert.version - 1:",
        "if held is None:",
        "test_alerts.py::test_a_move_from_an_old_version_writes_nothing",
    ),
    Mutant(
        "one identity, two alerts",
        "alerting/alerts.py",
        "if connection.execute(made.on_conflict_do_nothing()).rowcount != 1:",
        "if connection.execute(made.on_conflict_do_nothing()).rowcount > 1:",
        "test_alerts.py::test_one_identity_is_one_alert_whatever_its_id",
    ),
    Mutant(
        "poison is tried for ever",
        "evaluation/due.py",
        "TRIES_MAX = 5",
        "TRIES_MAX = 500",
        "test_due.py::test_a_poison_patient_is_put_aside_after_five_tries",
    ),
    Mutant(
        "promises are forgotten",
        "evaluation/due.py",
        "if first is not None and",
        "if first is None and",
        "test_due.py::test_a_promised_check_survives_an_evaluation_before_it",
    ),
    Mutant(
        "open alerts lose their facts",
        "keeping/pruning.py",
        "mine = and_(resources.c.keep == kind.value, ~_open_alert(resources))",
        "mine = resources.c.keep == kind.value",
        "test_pruning.py::test_nothing_of_a_patient_with_an_open_alert_goes",
    ),
    Mutant(
        "a chain of single links",
        "oversight/audit.py",
        "told = [previous, row",
        'told = ["", row',
        "test_audit.py::test_a_row_that_was_forged_with_its_own_hash_breaks_the_next",
    ),
    Mutant(
        "unreadable facts are left out",
        "resources/codec.py",
        'raise Unavailable("Stored facts cannot be read.", code="store-unreadable") from fault',
        "return ()",
        "test_codec.py::test_unreadable_facts_are_a_fault_and_never_an_empty_chart",
    ),
)


def test_every_mutant_finds_its_line() -> None:
    lost = [m.name for m in MUTANTS if (ROOT / STORE / m.file).read_text().count(m.old) != 1]
    assert lost == []


@pytest.mark.heavy
@pytest.mark.timeout(600)
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: m.name)
def test_the_suite_notices(mutant: Mutant, tmp_path: Path) -> None:
    house = tmp_path / "house"
    skipped = shutil.ignore_patterns("__pycache__", "static", "*.gz")
    for room in ("alerts", "service"):
        shutil.copytree(ROOT / room, house / room, ignore=skipped)
    shutil.copytree(ROOT / "tests" / "store", house / "tests" / "store", ignore=skipped)
    (house / "tests" / "__init__.py").touch()
    shutil.copy(ROOT / "pyproject.toml", house)
    path = house / STORE / mutant.file
    text = path.read_text()
    assert text.count(mutant.old) == 1, f"{mutant.file} no longer has it once: {mutant.old}"
    path.write_text(text.replace(mutant.old, mutant.new))
    tests, _, name = mutant.test.partition("::")
    command = [
        sys.executable,
        "-m",
        "pytest",
        f"tests/store/{tests}",
        "-k",
        name,
        "-x",
        "-q",
        "-p",
        "no:cacheprovider",
        "--timeout=60",
    ]
    run = subprocess.run(
        command,
        cwd=house,
        env={**os.environ, "PYTHONPATH": str(house)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert run.returncode == 1, f"survived: {run.stdout[-1500:]}{run.stderr[-500:]}"
