"""Two hospitals on one service: what each list shows, to whom, on whose clock."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from service.security.callers import Caller, Callers
from service.security.session import User, check_link
from tests.browser.serving import journey
from tests.worklist.site import ANN, Ward

BOTH = User("Bo Both", "pharmacist", tenants=("south", "north"))
NORTH = User("Nia North", "pharmacist", tenants=("north",))


@pytest.fixture
def two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ward:
    """`south` is the service's own; `north` has its wards in another zone."""
    path = tmp_path / "tenants.toml"
    path.write_text('[tenants.south]\nzone = "UTC"\n[tenants.north]\nzone = "Asia/Kolkata"\n')

    def identify(self: Callers, authorization: str | None, path: str, **_: Any) -> Caller:
        return Caller(tenant=authorization or "", client=authorization or "")

    monkeypatch.setattr(Callers, "identify", identify)
    made = Ward(
        tmp_path / "data",
        NMS_SENTINEL_OPEN_MODE="0",
        NMS_SENTINEL_TENANT="south",
        NMS_SENTINEL_TENANTS=str(path),
    )
    for tenant, patient in (("south", "s1"), ("north", "n1")):
        headers = {"content-type": "application/fhir+json", "authorization": tenant}
        body = journey("haloperidol-36h", patient, until=5)
        assert made.ask("POST", "/fhir", content=body, headers=headers).status_code == 200
    made.work()
    return made


def test_the_filter_shows_the_chosen_hospital_and_no_other(two: Ward) -> None:
    own, other = two.get(BOTH, "/worklist").text, two.get(BOTH, "/worklist?tenant=north").text
    assert "Patient s1" in own
    assert "Patient n1" not in own
    assert "Patient n1" in other
    assert "Patient s1" not in other
    assert "<option selected>north</option>" in " ".join(other.split())
    assert 'href="/patients/n1?tenant=north' in other
    assert 'href="/check/n1?tenant=north"' in other


def test_rows_export_and_actions_stay_with_the_chosen_hospital(two: Ward) -> None:
    key = next(a.id for a in two.store.alerts("north") if a.kind.value == "nms")
    assert key in two.get(BOTH, f"/worklist/rows?tenant=north&only={key}").text
    assert "n1" in two.get(BOTH, "/worklist/export.csv?tenant=north").text
    assert "n1" not in two.get(BOTH, "/worklist/export.csv").text
    assert two.send(BOTH, f"/worklist/{key}/claim", back="").status_code == 404
    done = two.send(BOTH, f"/worklist/{key}/claim", back="tenant=north")
    assert done.status_code == 303
    assert "tenant=north" in done.headers["location"]
    assert two.store.alert("north", key).human.owner == "Bo Both"


def test_who_is_of_one_hospital_sees_that_one(two: Ward) -> None:
    assert "Patient n1" in two.get(NORTH, "/worklist").text
    assert 'name="tenant"' not in two.get(NORTH, "/worklist").text.split("</form>")[0]
    for path in ("/worklist?tenant=south", "/patients/s1?tenant=south", "/check/s1?tenant=south"):
        assert two.get(NORTH, path).status_code == 404
    assert two.get(ANN, "/worklist?tenant=north").status_code == 404


def test_a_filter_that_names_a_hospital_is_kept_with_it(two: Ward) -> None:
    two.send(BOTH, "/worklist/filters", back="tenant=north&unclaimed=1", name="night")
    page = two.get(BOTH, "/worklist").text
    assert 'href="/worklist?tenant=north&amp;unclaimed=1">night' in page
    two.send(BOTH, "/worklist/filters", back="tenant=north")
    assert "Patient n1" in two.get(BOTH, "/worklist").text  # it opens with the list
    two.send(BOTH, "/worklist/filters", name="night", drop="1")
    assert ">night</a>" not in two.get(BOTH, "/worklist").text


def test_times_are_told_on_the_clock_of_the_hospital(two: Ward) -> None:
    begun = two.store.alerts("north")[0].machine.opened_at
    page = two.get(NORTH, "/patients/n1?tenant=north").text
    assert " IST" in page
    offset = two.get(NORTH, "/patients/n1/timeline?tenant=north").json()["zone"]["label"]
    assert offset == "Asia/Kolkata, +05:30"
    line = two.get(NORTH, "/worklist/export.csv").text.splitlines()[1]
    assert "+05:30" in line
    assert "+05:30" not in two.get(BOTH, "/worklist/export.csv").text
    assert begun <= datetime.now(UTC)


def test_the_link_of_the_bedside_check_stays_with_its_hospital(two: Ward) -> None:
    base = two.settings.base_url
    assert two.ask("GET", check_link(two.settings, "north", "n1").removeprefix(base)).is_success
    wrong = check_link(two.settings, "south", "n1").removeprefix(base)
    assert two.ask("GET", wrong).status_code == 404
    shown = two.get(BOTH, check_link(two.settings, "north", "n1").removeprefix(base))
    assert shown.headers["location"] == "/check/n1?tenant=north"
