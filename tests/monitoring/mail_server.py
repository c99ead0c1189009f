"""A small real SMTP server: it keeps letters, or refuses a receiver."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Post:
    """Letters as they came, with the receivers of the envelope. `refuses`: answered 550."""

    port: int = 0
    letters: list[tuple[list[str], str]] = field(default_factory=list)
    refuses: set[str] = field(default_factory=set)


@contextmanager
def post_office() -> Iterator[Post]:
    held = Post()

    class Session(socketserver.StreamRequestHandler):
        def say(self, words: str) -> None:
            self.wfile.write(f"{words}\r\n".encode())

        def handle(self) -> None:
            receivers: list[str] = []
            self.say("220 post")
            while line := self.rfile.readline().decode().strip():
                verb = line.upper()
                if verb.startswith("QUIT"):
                    self.say("221 bye")
                    return
                if verb.startswith("RCPT"):
                    name = line.partition("<")[2].partition(">")[0]
                    if name in held.refuses:
                        self.say("550 no such person")
                        continue
                    receivers.append(name)
                if verb.startswith("DATA"):
                    self.say("354 go on")
                    held.letters.append((receivers, self.letter()))
                    receivers = []
                self.say("250 ok")

        def letter(self) -> str:
            lines = []
            while (line := self.rfile.readline().decode().rstrip("\r\n")) != ".":
                lines.append(line)
            return "\n".join(lines)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        held.port = int(server.server_address[1])
        yield held
        server.shutdown()
