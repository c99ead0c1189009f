"""The command line: forms, exit codes, errors in one sentence."""

import io
import os
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from service.cli import run
from service.instance import only_one
from service.settings import load_settings

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "fixtures"
CASE = FIXTURES / "cases" / "nms-promethazine-42m-1999"
Output = pytest.CaptureFixture[str]
COMMANDS = [
    "serve", "api", "intake", "worker", "beat", "assess", "replay", "lookup", "ingest",
    "knowledge check", "knowledge show", "knowledge diff", "sign-in", "health",
    "db upgrade", "db downgrade", "db backup", "db restore", "db check",
    "audit verify", "audit head",
    "dead-letters list", "dead-letters send-again", "set-aside list", "set-aside try-again",
]  # fmt: skip

# what the start must not wait for: the rooms' libraries, the knowledge
ROOMS = {
    "alembic", "alerts", "celery", "fastapi", "fhir", "httpx", "jinja2", "joserfc", "kombu",
    "msgspec", "psycopg", "pydantic", "rapidfuzz", "redis", "sqlalchemy", "starlette", "structlog",
    "uvicorn", "yaml",
}  # fmt: skip


def process(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-c", "from service.cli import main; main()", *arguments],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "100"},
        input=stdin,
        capture_output=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str, capsys: Output) -> None:
    assert run([*command.split(), "--help"]) == 0
    assert "Usage: nms-sentinel" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["assess"],
        ["assess", "nowhere.json"],
        ["assess", str(CASE), "--as-of", "yesterday"],
        ["assess", str(CASE), "--as-of", "2025-03-03T09:00:00"],
        ["assess", str(CASE), "--rules", "1066.1"],
        ["replay", "nowhere"],
        ["replay", str(CASE), "--format", "pdf"],
        ["lookup"],
        ["knowledge", "show", "NO-SUCH-RULE"],
        ["knowledge", "diff", "2026.1", "nowhere.yaml"],
        ["health", "kitchen"],
        ["serve", "--port", "99999"],
        ["api", "--host", "not a host"],
    ],
)
def test_bad_usage_is_a_sentence_and_2(arguments: list[str], capsys: Output) -> None:
    assert run(arguments) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert 0 < len(told.err.strip().splitlines()) <= 2
    assert "Traceback" not in told.err
    assert "Our fault" not in told.err


def test_assess_answers_one_object_a_line(capsys: Output) -> None:
    assert run(["assess", str(CASE), str(FIXTURES / "demo" / "quiet")]) == 0
    told = capsys.readouterr()
    answers = [orjson.loads(line) for line in told.out.splitlines()]
    assert {a["patient"]: a["tier"] for a in answers} == {
        "demo-quiet": "NONE",
        "nms-promethazine-42m-1999": "PROBABLE",
    }
    assert "latest time" in told.err
    assert answers[1]["as_of"].startswith("2025-03-03T08:00:00")
    assert set(answers[0]["iec"]) == {"lower", "upper"}


def test_assess_at_an_earlier_time_knows_less(capsys: Output) -> None:
    at = "2025-03-03T08:59:00+01:00"
    assert run(["assess", str(CASE / "bundle.json"), "--as-of", at]) == 0
    (answer,) = map(orjson.loads, capsys.readouterr().out.splitlines())
    assert answer["tier"] == "NONE"
    assert answer["as_of"] == "2025-03-03T07:59:00+00:00"


def test_assess_explains_in_words(capsys: Output) -> None:
    assert run(["assess", str(CASE), "--format", "text", "--explain"]) == 0
    told = capsys.readouterr().out
    assert "PROBABLE" in told
    assert "promethazine" in told
    assert "unknown: " in told
    assert "Observation/" in told


def test_assess_reads_standard_input(capsys: Output, monkeypatch: pytest.MonkeyPatch) -> None:
    class Stdin:
        buffer = io.BytesIO((CASE / "bundle.json").read_bytes())

    monkeypatch.setattr(sys, "stdin", Stdin)
    assert run(["assess", "-"]) == 0
    assert orjson.loads(capsys.readouterr().out)["tier"] == "PROBABLE"


def test_a_body_that_is_no_bundle_is_named(tmp_path: Path, capsys: Output) -> None:
    (tmp_path / "broken.json").write_text("{")
    assert run(["assess", str(tmp_path / "broken.json")]) == 2
    assert "broken.json" in capsys.readouterr().err


def test_of_files_called_alike_the_one_that_was_meant_is_named(
    tmp_path: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    stranger = {"resourceType": "Observation", "id": "o", "status": "final"}
    for case, body in (("one", CASE / "bundle.json"), ("two", None), ("three", None)):
        Path("cases", case).mkdir(parents=True)
        text = body.read_bytes() if body else orjson.dumps(stranger)
        Path("cases", case, "body.json").write_bytes(text)
    assert run(["assess", "cases", "cases/two/body.json"]) == 0
    told = capsys.readouterr().err
    assert told.count("cases/two/body.json: ") == 2
    assert told.count("cases/three/body.json: ") == 1
    Path("cases", "three", "body.json").write_text("{")
    assert run(["assess", "cases"]) == 2
    assert "cases/three/body.json: " in capsys.readouterr().err


def test_replay_says_0_or_1(tmp_path: Path, capsys: Output) -> None:
    assert run(["replay", str(CASE)]) == 0
    assert "all as expected" in capsys.readouterr().out
    (tmp_path / "case").mkdir()
    (tmp_path / "case" / "bundle.json").write_bytes((CASE / "bundle.json").read_bytes())
    (tmp_path / "case" / "expected.yaml").write_text(
        "case: c\nkind: published\nwhy: w\nexpect: {nothing: true}\n"
    )
    assert run(["replay", str(tmp_path), "--format", "json"]) == 1
    assert orjson.loads(capsys.readouterr().out)["cases"][0]["verdict"] == "extra"


def test_replay_against_itself_changes_nothing(capsys: Output) -> None:
    assert run(["replay", str(CASE), "--against", "2026.1", "--format", "json"]) == 0
    assert orjson.loads(capsys.readouterr().out)["against"]["changes"] == []


def test_lookup_answers_in_the_stable_form(capsys: Output) -> None:
    assert run(["lookup", "Haldol decanoate", "--format", "json"]) == 0
    answer = orjson.loads(capsys.readouterr().out)
    assert answer["kind"] == "drug"
    assert answer["ingredients"] == ["haloperidol"]
    assert run(["lookup", "zzzzqqq", "--format", "json"]) == 1


def test_lookup_converts_a_unit(capsys: Output) -> None:
    arguments = ["lookup", "--unit", "degF", "--value", "104", "--code", "8310-5"]
    assert run([*arguments, "--format", "json"]) == 0
    answer = orjson.loads(capsys.readouterr().out)
    assert float(answer["canonical"]["value"]) == 40.0
    assert answer["canonical"]["unit"] == "Cel"


def test_the_knowledge_is_sound(capsys: Output) -> None:
    assert run(["knowledge", "check"]) == 0, capsys.readouterr().out
    assert run(["knowledge", "show", "INT-DAN-VER", "--format", "json"]) == 0
    assert orjson.loads(capsys.readouterr().out.splitlines()[-1])["severity"] == "contraindicated"
    assert run(["knowledge", "diff", "2026.1", "2026.1"]) == 0


def test_an_overlay_tells_the_release_that_it_was_decided_on(
    tmp_path: Path, capsys: Output
) -> None:
    (tmp_path / "a.yaml").write_text('version: "north"\nbase: "2026.1"\n')
    (tmp_path / "b.yaml").write_text('version: "south"\n')
    (tmp_path / "c.yaml").write_text('version: "east"\nbase: "2025.2"\n')
    a, b, c = (str(tmp_path / name) for name in ("a.yaml", "b.yaml", "c.yaml"))
    assert run(["knowledge", "check", "--rules", a]) == 0
    assert "Rules north (decided on 2026.1): 0 faults." in capsys.readouterr().out
    assert run(["knowledge", "check", "--rules", a, "--format", "json"]) == 0
    assert orjson.loads(capsys.readouterr().out)["base"] == "2026.1"
    run(["knowledge", "diff", "2026.1", a])
    assert "2026.1 against north (decided on 2026.1): 0 changes." in capsys.readouterr().out
    run(["knowledge", "diff", a, b, "--format", "json"])
    versions = orjson.loads(capsys.readouterr().out)["versions"]
    assert [one["base"] for one in versions] == ["2026.1", None]
    assert run(["knowledge", "check", "--rules", b]) == 0
    assert "Rules south (names no base): 0 faults." in capsys.readouterr().out
    assert run(["knowledge", "check", "--rules", c]) == 2
    assert "c.yaml: base: was decided on the rules 2025.2, those here are 2026.1: decide" in (
        capsys.readouterr().err
    )


def test_ingest_puts_bundles_into_the_store(
    tmp_path: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NMS_SENTINEL_DATA_DIR", str(tmp_path))
    (tmp_path / "broken.json").write_text("{")
    assert run(["db", "upgrade"]) == 0
    assert run(["ingest", str(CASE), "--format", "json"]) == 0
    answer = orjson.loads(capsys.readouterr().out.splitlines()[-1])
    assert answer["accepted"] > 10
    assert run(["ingest", str(CASE), str(tmp_path / "broken.json"), "--format", "json"]) == 1
    again, broken = map(orjson.loads, capsys.readouterr().out.splitlines())
    assert (again["accepted"], again["refused"]) == (0, 0)
    assert broken["file"] == str(tmp_path / "broken.json")


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NMS_SENTINEL_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    return tmp_path


def test_nothing_is_restored_under_a_running_service(data: Path, capsys: Output) -> None:
    """What it acknowledged since the backup would be gone without a word."""
    copy = str(data / "early.db")
    assert run(["db", "upgrade"]) == 0
    assert run(["audit", "verify"]) == 0
    assert "nothing was verified" in capsys.readouterr().out
    assert run(["db", "backup", copy]) == 0
    with only_one(load_settings(os.environ)):
        assert run(["db", "restore", copy, "--yes"]) == 2
    assert "Another NMS Sentinel" in capsys.readouterr().err
    assert run(["db", "restore", copy, "--yes"]) == 0


def test_a_store_is_backed_up_and_restored(data: Path, capsys: Output) -> None:
    copy = str(data / "copy.db")
    assert run(["db", "upgrade"]) == 0
    assert run(["ingest", str(CASE)]) == 0
    assert run(["db", "backup", copy]) == 0
    assert run(["db", "backup", copy]) == 2  # never over another
    assert run(["db", "downgrade", "base", "--yes"]) == 0
    assert run(["db", "check"]) == 2  # nothing is there to check
    assert run(["db", "restore", copy, "--yes"]) == 0
    assert run(["db", "check"]) == 0
    assert run(["audit", "verify"]) == 0
    capsys.readouterr()
    assert run(["ingest", str(CASE), "--format", "json"]) == 0
    assert orjson.loads(capsys.readouterr().out.splitlines()[-1])["accepted"] == 0


def test_a_sign_in_link_is_printed(data: Path, capsys: Output) -> None:
    assert run(["sign-in", "--name", "Pat", "--role", "pharmacist"]) == 0
    assert capsys.readouterr().out.startswith("http://127.0.0.1:8000/sign-in?token=")


def test_an_intake_without_a_port_is_said(data: Path, capsys: Output) -> None:
    assert run(["intake"]) == 2
    assert "NMS_SENTINEL_INTAKE_PORT: is not set" in capsys.readouterr().err
    assert run(["health", "intake"]) == 1
    assert capsys.readouterr().out.strip() == "no-intake-port"


@pytest.mark.parametrize("part", ["api", "intake", "worker", "beat"])
def test_what_is_not_there_is_not_healthy(
    part: str, data: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NMS_SENTINEL_PORT", "1")
    monkeypatch.setenv("NMS_SENTINEL_INTAKE_PORT", "2")
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    assert run(["health", part]) == 1
    told = "no-answer" if part in ("api", "intake") else "broker-away"
    assert capsys.readouterr().out.strip() == told


def test_help_imports_no_library_of_the_rooms() -> None:
    """It takes 0.1 s, and none of these is read in less."""
    code = (
        "import sys; from service.cli import run; run(['--help']);"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT, capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    loaded = set(result.stderr.split())
    assert {"service", "typer"} <= loaded
    assert loaded & ROOMS == set()


def test_as_a_process() -> None:
    good = process("assess", "-", stdin=(CASE / "bundle.json").read_bytes())
    assert good.returncode == 0
    assert orjson.loads(good.stdout)["tier"] == "PROBABLE"
    bad = process("assess", "-", stdin=b"{")
    assert bad.returncode == 2
    assert bad.stderr.decode().strip().splitlines()[-1].startswith("standard input")
