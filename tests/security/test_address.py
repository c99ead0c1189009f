"""No address that a caller can write makes us talk to another place than the tenant's base."""

import pytest

from service.errors import SettingsFault
from service.fhir.address import base_of, mismatch

BASE = base_of("https://fhir.hospital.example/r4")

# other notations of loopback, metadata and private addresses
HOSTS = (
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "2130706433",
    "0x7f000001",
    "0x7f.0.0.1",
    "0177.0.0.1",
    "017700000001",
    "0",
    "0.0.0.0",
    "localhost",
    "localhost.",
    "LOCALHOST",
    "localhost.localdomain",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[0:0:0:0:0:0:0:1]",
    "[fe80::1%25lo]",
    "169.254.169.254",
    "[::ffff:169.254.169.254]",
    "2852039166",
    "0xa9fea9fe",
    "0251.0376.0251.0376",
    "metadata.google.internal",
    "instance-data",
    "[fd00:ec2::254]",
    "100.100.100.200",
    "10.0.0.1",
    "192.168.0.1",
    "172.16.0.1",
    "127.0.0.1.nip.example",
    "spoofed.example",
    "fhir.hospital.example.evil.example",
    "evil-fhir.hospital.example",
    "xfhir.hospital.example",
    "fhir.hospital.examplex",
    "fhir.hospital",
    "hospital.example",
    "fhir.hospital.example.",
    "fhir..hospital.example",
    "ｆhir.hospital.example",
    "fhir。hospital.example",
    "fhir.hospıtal.example",
    "xn--fhr-2la.hospital.example",
    "①②⑦.⓪.⓪.①",
    "fhir.hospital.example:443.evil.example",
    "fhir.hospital.example%2eevil.example",
    "fhir.hospital.example%00.evil.example",
    "fhir.hospital.example\\.evil.example",
    "*",
    "_",
    "-",
)
WHOLE = (
    "https://evil.example@fhir.hospital.example/r4",
    "https://fhir.hospital.example@evil.example/r4",
    "https://fhir.hospital.example:443@evil.example/r4",
    "https://user:secret@fhir.hospital.example/r4",
    "https://fhir.hospital.example#@evil.example/r4",
    "https://evil.example#@fhir.hospital.example/r4",
    "https://evil.example/?x=fhir.hospital.example/r4",
    "https://evil.example\\@fhir.hospital.example/r4",
    "https://fhir.hospital.example\\@evil.example/r4",
    "https:fhir.hospital.example/r4",
    "https:/fhir.hospital.example/r4",
    "https:///fhir.hospital.example/r4",
    "https:////fhir.hospital.example/r4",
    "//fhir.hospital.example/r4",
    "fhir.hospital.example/r4",
    "http://fhir.hospital.example/r4",
    "http://fhir.hospital.example:443/r4",
    "HTTP://fhir.hospital.example/r4",
    "ftp://fhir.hospital.example/r4",
    "file:///etc/passwd",
    "gopher://fhir.hospital.example/r4",
    "dict://127.0.0.1:6379/",
    "javascript:alert(1)",
    "data:application/json,{}",
    "https://fhir.hospital.example:8443/r4",
    "https://fhir.hospital.example:80/r4",
    "https://fhir.hospital.example:0/r4",
    "https://fhir.hospital.example:99999/r4",
    "https://fhir.hospital.example:4 43/r4",
    "https://fhir.hospital.example:-443/r4",
    "https://fhir.hospital.example:٤٤٣/r4",
    "https://fhir.hospital.example/r4/../admin",
    "https://fhir.hospital.example/r4/..",
    "https://fhir.hospital.example/./r4/../..",
    "https://fhir.hospital.example/r4/%2e%2e/admin",
    "https://fhir.hospital.example/r4%2f..%2fadmin",
    "https://fhir.hospital.example/r4;@evil.example",
    "https://fhir.hospital.example/r5",
    "https://fhir.hospital.example/R4",
    "https://fhir.hospital.example",
    "https://fhir.hospital.example/",
    "https://fhir.hospital.example/r4x",
    "https://fhir.hospital.example/r4?",
    "https://fhir.hospital.example/r4?redirect=https://evil.example",
    "https://fhir.hospital.example/r4#",
    "https://fhir.hospital.example/r4\n",
    "https://fhir.hospital.example/r4\r\nHost: evil.example",
    " https://fhir.hospital.example/r4",
    "https://fhir.hospital.example/r4 ",
    "https://fhir.hospital.example/r4\t",
    "https://fhir.hos\tpital.example/r4",
    "https://fhir.hospital.example/\u200br4",
    "https://fhir.hospital.example/r4\x00",
    "https://[fhir.hospital.example]/r4",
    "https://[::1/r4",
    "https://]/r4",
    "https://",
    "https://:443/r4",
    "",
    "null",
)
CORPUS = [*(f"https://{host}/r4" for host in HOSTS), *WHOLE]


def test_the_corpus_is_large() -> None:
    assert len(set(CORPUS)) >= 100


@pytest.mark.parametrize("claimed", CORPUS)
def test_no_other_spelling_is_the_base(claimed: str) -> None:
    assert mismatch(claimed, BASE) in {
        "fhir-server-malformed",
        "fhir-server-not-pinned",
        "no-fhir-server",
    }


@pytest.mark.parametrize("claimed", [None, 7, [], {"url": "https://fhir.hospital.example/r4"}])
def test_what_is_no_text_is_no_server(claimed: object) -> None:
    assert mismatch(claimed, BASE) == "no-fhir-server"


@pytest.mark.parametrize(
    "claimed",
    [
        "https://fhir.hospital.example/r4",
        "https://fhir.hospital.example/r4/",
        "https://fhir.hospital.example:443/r4",
        "https://FHIR.Hospital.Example/r4",
        "HTTPS://fhir.hospital.example/r4",
    ],
)
def test_the_base_is_known_in_its_honest_spellings(claimed: str) -> None:
    assert mismatch(claimed, BASE) == ""


@pytest.mark.parametrize(
    "text",
    [
        "http://fhir.hospital.example/r4",
        "https://u@fhir.hospital.example",
        "r4",
        "",
        "https://x/?a=b",
    ],
)
def test_a_base_that_cannot_be_trusted_is_refused_at_start(text: str) -> None:
    with pytest.raises(SettingsFault):
        base_of(text)
