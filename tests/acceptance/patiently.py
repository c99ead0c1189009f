"""`python -m tests.acceptance.patiently serve ...` is `nms-sentinel serve ...`, with more time for
the parts to end by themselves: on a busy machine, or where covered lines are counted, the end of a
process alone takes seconds. Exit code 0 says that none had to be killed."""

from service import supervisor
from service.cli import main

END_S = 60.0

if __name__ == "__main__":
    assert supervisor.DRAIN_S < supervisor.STOP_S < 10  # the promise, see its comment
    supervisor.STOP_S = END_S
    main()
