"""One profile for every property in these suites: the same examples each time.

(But for this: the library also tries the constants of our modules that are loaded when a property
runs, so the order of the tests has a say, and no test may count on what its examples happen to be.)
A commit is not refused for a fault that it did not bring. Whoever looks for new examples says so:
`NMS_SENTINEL_EXPLORE=1 .venv/bin/pytest -m heavy tests/medicine`. What a test sets for itself (how
many examples, which health checks) stays as it is.
"""

import os

from hypothesis import HealthCheck, settings

# how long an example takes, or is sought for, is the machine's affair
UNTIMED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("repeat", UNTIMED, derandomize=True)
settings.register_profile("explore", UNTIMED, derandomize=False, print_blob=True)
settings.load_profile("explore" if os.environ.get("NMS_SENTINEL_EXPLORE") == "1" else "repeat")
