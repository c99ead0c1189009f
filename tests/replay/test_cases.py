"""Which cases a path names, and that the order of paths changes nothing."""

from pathlib import Path

import pytest

from service.errors import BadInput
from service.replay.cases import find_cases

EXPECTED = "case: {name}\nkind: published\nwhy: because\nexpect: {{nothing: true}}\n"


@pytest.fixture
def house(tmp_path: Path) -> Path:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "02.json").write_text("{}")
        (tmp_path / name / "01.json").write_text("{}")
        (tmp_path / name / "expected.yaml").write_text(EXPECTED.format(name=name))
    (tmp_path / "loose").mkdir()
    (tmp_path / "loose" / "a.json").write_text("{}")
    (tmp_path / "loose" / "b.ndjson").write_text("{}")
    (tmp_path / "loose" / "notes.txt").write_text("not a bundle")
    return tmp_path


def test_folders_with_an_expectation_are_one_case_each(house: Path) -> None:
    cases = find_cases([house])
    assert [case.name for case in cases] == ["a", "b", "one", "two"]
    assert [body.name for body in cases[2].bodies] == ["01.json", "02.json"]
    assert cases[0].expected is None


def test_order_and_repetition_of_paths_change_nothing(house: Path) -> None:
    paths = [house / "two", house / "loose" / "a.json", house / "one"]
    assert find_cases(paths) == find_cases([*reversed(paths), house / "one"])


def test_a_bundle_beside_an_expectation_stands_for_its_case(house: Path) -> None:
    (case,) = find_cases([house / "one" / "02.json"])
    assert (case.name, len(case.bodies)) == ("one", 2)


def test_what_cannot_be_is_said(house: Path) -> None:
    (house / "empty").mkdir()
    with pytest.raises(BadInput, match="No bundles"):
        find_cases([house / "empty"])
    with pytest.raises(BadInput, match=r"There is no .*nowhere"):
        find_cases([house / "nowhere"])
    (house / "two" / "expected.yaml").write_text(EXPECTED.format(name="one"))
    with pytest.raises(BadInput, match="Two cases are called one"):
        find_cases([house])
