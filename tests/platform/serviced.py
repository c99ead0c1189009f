"""The whole API in this process, on a store of its own."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from service.app import create_app
from service.intake.door import Door
from service.settings import Settings, load_settings
from service.store import Store, open_store


class Api:
    """`app` with its store; every call is a real request through all layers."""

    def __init__(self, folder: Path, door: Door | None = None, **environ: str) -> None:
        given = {"NMS_SENTINEL_DATA_DIR": str(folder), "NMS_SENTINEL_OPEN_MODE": "1", **environ}
        self.settings: Settings = load_settings(given)
        self.store: Store = open_store(self.settings.database_url)
        self.store.upgrade()
        self.app: FastAPI = create_app(self.settings, self.store, door=door)

    def ask(self, method: str, path: str, **held: Any) -> httpx.Response:
        async def whole() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, client=("127.0.0.1", 1))
            async with httpx.AsyncClient(
                transport=transport, base_url=self.settings.base_url
            ) as client:
                return await client.request(method, path, **held)

        return asyncio.run(whole())

    def post(self, path: str, body: bytes, form: str = "application/fhir+json") -> httpx.Response:
        return self.ask("POST", path, content=body, headers={"content-type": form})
