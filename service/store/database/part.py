"""What every part of the store is made of: one database, shared."""

from service.store.database.engine import Database


class Part:
    """Methods of one noun. `Store` is the sum of the parts."""

    def __init__(self, database: Database) -> None:
        self._database = database
