"""`python -m tests.store.writer URL NAME`: writes until it is killed; the victim of crash tests.

Every number is printed only after the store has said that it is durable: the tests compare.
"""

import itertools
import sys

from service.store import open_store
from tests.store.made import NOW, TENANT, body, temperature


def main(url: str, name: str) -> None:
    store = open_store(url, pool=1)
    for number in itertools.count():
        made = [temperature(f"{name}-{number}-{part}", name) for part in range(3)]
        store.accept(body(*made), TENANT, NOW, f"{name}-{number}")
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:3])
