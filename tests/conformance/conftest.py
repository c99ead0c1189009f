"""Options, and our own server when no other is named."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc.jwk import ECKey, RSAKey

from tests.conformance.client import Ehr, Signer
from tests.conformance.record import Record, record_system
from tests.conformance.server import new_signer, own_server


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("conformance")
    group.addoption("--base-url", help="a CDS Hooks server; our own is started without it")
    group.addoption("--client-key", help="PEM file: private key that the server trusts")
    group.addoption("--client-kid", default="conformance", help="its key id")
    group.addoption("--client-issuer", default="https://ehr.example.org", help="its issuer")


@pytest.fixture(scope="session")
def ehr(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ehr]:
    """A client of the server under test."""
    named = request.config.getoption("--base-url", default=None)
    with httpx.Client(timeout=60, follow_redirects=False) as http:
        if named:
            yield Ehr(named.rstrip("/"), http, _named_signer(request.config))
            return
        signer, folder = new_signer(), tmp_path_factory.mktemp("conformance")
        with record_system() as record, own_server(folder, signer, record.base) as base_url:
            yield Ehr(base_url, http, signer, record)


@pytest.fixture(scope="session")
def services(ehr: Ehr) -> list[dict[str, Any]]:
    """What discovery lists."""
    listed: list[dict[str, Any]] = ehr.get("/cds-services").json()["services"]
    assert listed, "discovery lists nothing to test"
    return listed


@pytest.fixture
def signer(ehr: Ehr) -> Signer:
    if ehr.signer is None:
        pytest.skip("give --client-key to test authentication of a foreign server")
    return ehr.signer


def _named_signer(config: pytest.Config) -> Signer | None:
    path = config.getoption("--client-key")
    if not path:
        return None
    pem = Path(path).read_bytes()
    try:
        key: RSAKey | ECKey = RSAKey.import_key(pem)
    except ValueError:
        key = ECKey.import_key(pem)
    return Signer(key, config.getoption("--client-kid"), config.getoption("--client-issuer"))


@pytest.fixture
def record(ehr: Ehr) -> Record:
    if ehr.record is None:
        pytest.skip("which FHIR server a foreign service may read is not known here")
    return ehr.record
