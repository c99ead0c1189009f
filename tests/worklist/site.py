"""The whole API in this process, with people signed in and a worker at hand."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from alerts.knowledge import load
from service.monitoring.evaluation import evaluate
from service.security.session import COOKIE, User, sessions_of
from tests.platform.serviced import Api

ANN = User("Ann Able", "pharmacist")
BOB = User("Bob Best", "pharmacist")
NORA = User("Nora Night", "nurse")
DREW = User("Drew Doe", "physician")


class Ward(Api):
    """`as_user` asks as somebody who is signed in; `work` evaluates whoever is due."""

    def __init__(self, folder: Path, **environ: str) -> None:
        super().__init__(folder, **environ)
        self.sessions = sessions_of(self.settings)
        self._cookies: dict[User, str] = {}

    def cookie(self, user: User) -> str:
        return self._cookies.setdefault(user, self.sessions.begin(user))

    def as_user(self, user: User, method: str, path: str, **held: Any) -> httpx.Response:
        cookies = {COOKIE: self.cookie(user), **held.pop("cookies", {})}
        carried = "; ".join(f"{name}={value}" for name, value in cookies.items())
        return self.ask(
            method, path, headers={"cookie": carried, **held.pop("headers", {})}, **held
        )

    def get(self, user: User, path: str) -> httpx.Response:
        return self.as_user(user, "GET", path)

    def send(self, user: User, path: str, **fields: str) -> httpx.Response:
        """A form of one of our pages."""
        data = {"csrf": self.sessions.csrf(self.cookie(user)), **fields}
        return self.as_user(user, "POST", path, data=data)

    def take(self, body: bytes) -> None:
        assert self.post("/fhir", body).status_code == 200
        self.work()

    def work(self) -> None:
        now = datetime.now(UTC)
        for due in self.store.claim_due(now):
            assert evaluate(self.store, KNOWLEDGE, due, now, lambda: uuid4().hex)

    def alert(self, patient: str, kind: str = "nms") -> str:
        found = self.store.alerts(self.settings.tenant, patient)
        return next(a.id for a in found if a.kind.value == kind)

    def audited(self, action: str) -> list[Any]:
        records = self.store.audit(self.settings.tenant)
        return [r.entry for r in records if r.entry.action == action]


KNOWLEDGE = load()
