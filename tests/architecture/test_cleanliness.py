"""What no file of the project may hold: registry hosts, paths of one machine, neighbours."""

import re
from collections.abc import Iterator

import pytest

from tests.architecture.tree import ROOT, project_files, text_of

# Written in halves so that this file does not hold what it looks for.
FORBIDDEN = {
    "a package registry": re.compile(
        "|".join(
            a + re.escape(b)
            for a, b in (
                ("py", "pi.org"),
                ("python", "hosted.org"),
                ("registry.n", "pmjs"),
                ("crates", ".io"),
                ("proxy.golang", ".org"),
                ("repo.maven", ".apache"),
                ("conda", ".anaconda.org"),
            )
        )
    ),
    "a path of one machine": re.compile(
        r"(?<![\w.:/])/" + r"(?:work/(?:main|shared|\.library)|tmp/bash_jobs|root/|home/\w)"
    ),
    "a folder beside the project": re.compile(r"\.\." + "/shared"),
    "a marker of unfinished work": re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b"),
}
# Names of codes and people are not ours to judge: tables of terminology are data.
UNJUDGED_MARKERS = {".csv", ".json", ".ndjson"}


def offences() -> Iterator[tuple[str, str, str]]:
    for path in project_files():
        text = text_of(path)
        if text is None:
            continue
        for what, pattern in FORBIDDEN.items():
            if what.startswith("a marker") and path.suffix in UNJUDGED_MARKERS:
                continue
            for hit in pattern.finditer(text):
                line = text.count("\n", 0, hit.start()) + 1
                yield what, f"{path.relative_to(ROOT)}:{line}", hit.group()


def test_no_file_holds_what_it_may_not() -> None:
    assert list(offences()) == []


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("a package registry", "index-url = https://" + "py" + "pi.org/simple"),
        ("a path of one machine", "open('/" + "work/main/x')"),
        ("a folder beside the project", "see .." + "/shared/design"),
        ("a marker of unfinished work", "# TO" + "DO later"),
    ],
)
def test_the_patterns_catch_what_they_are_for(what: str, text: str) -> None:
    assert FORBIDDEN[what].search(text)


@pytest.mark.parametrize(
    "name", ["requirements.lock", "requirements-dev.lock", "requirements-uv.lock"]
)
def test_a_lock_pins_every_package_by_hash_and_names_no_address(name: str) -> None:
    text = (ROOT / name).read_text()
    assert "://" not in text
    assert "--index" not in text
    wanted = re.split(r"\n(?=\S)", text.strip())
    pinned = [entry for entry in wanted if not entry.startswith("#")]
    assert pinned
    for entry in pinned:
        assert re.match(r"[A-Za-z0-9_.\[\],-]+==[^\s;]+", entry), entry[:60]
        assert "--hash=sha256:" in entry, entry[:60]
