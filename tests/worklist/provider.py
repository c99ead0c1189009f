"""A small OpenID provider and SMART server on loopback: it checks what a real one checks."""

import base64
import hashlib
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import orjson
from joserfc import jwt
from joserfc.jwk import ECKey


class Provider:
    """`claims` of who signs in; `spoil` changes the ID token before it is signed."""

    def __init__(self) -> None:
        self.key = ECKey.generate_key("P-256", parameters={"kid": "k1"})
        self.signing = self.key
        self.claims: dict[str, Any] = {"sub": "u1", "name": "Olga Oidc", "roles": ["Ward nurse"]}
        self.spoil: dict[str, Any] = {}
        self.patient = ""
        self.secret = "s3cret"
        self.asked: dict[str, dict[str, str]] = {}
        self._server = HTTPServer(("127.0.0.1", 0), self._handler())
        self.issuer = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def authorize(self, address: str) -> dict[str, str]:
        """The person agrees: what the browser brings back."""
        given = dict(parse_qsl(urlsplit(address).query))
        assert given["response_type"] == "code"
        assert given["code_challenge_method"] == "S256"
        code = f"code-{len(self.asked)}"
        self.asked[code] = given
        return {"state": given["state"], "code": code}

    def document(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
        }

    def token(self, form: dict[str, str], basic: str) -> dict[str, Any] | None:
        given = self.asked.pop(form.get("code", ""), None)
        if given is None or form.get("redirect_uri") != given["redirect_uri"]:
            return None
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if base64.urlsafe_b64encode(digest).decode().rstrip("=") != given["code_challenge"]:
            return None
        if self.secret:
            wanted = base64.b64encode(f"nms:{self.secret}".encode()).decode()
            if basic != f"Basic {wanted}":
                return None
        now = int(time.time())
        claims = {
            "iss": self.issuer, "aud": "nms", "iat": now, "exp": now + 60,
            "nonce": given["nonce"], **self.claims, **self.spoil,
        }  # fmt: skip
        signed = jwt.encode({"alg": "ES256", "kid": "k1"}, claims, self.signing)
        told = {"access_token": "a", "token_type": "Bearer", "id_token": signed}
        return {**told, "patient": self.patient} if self.patient else told

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path.startswith("/.well-known/"):
                    self._answer(200, provider.document())
                elif self.path == "/jwks":
                    self._answer(200, {"keys": [provider.key.as_dict(private=False)]})
                else:
                    self._answer(404, {})

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                form = {k: v[0] for k, v in parse_qs(body).items()}
                told = provider.token(form, self.headers.get("authorization", ""))
                self._answer(200 if told else 400, told or {"error": "invalid_grant"})

            def _answer(self, status: int, held: dict[str, Any]) -> None:
                body = orjson.dumps(held)
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Quiet."""

        return Handler
