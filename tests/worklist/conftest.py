from pathlib import Path

import pytest

from tests.browser.serving import journey
from tests.worklist.site import Ward


@pytest.fixture
def ward(tmp_path: Path) -> Ward:
    """One patient in the middle of an episode: tone examined, CK not sent."""
    made = Ward(tmp_path)
    made.take(journey("haloperidol-36h", "p1", until=5))
    return made
