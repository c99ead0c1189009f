"""A wire between worker and broker that can be cut: every connection through it ends at once."""

import socket
import threading
from dataclasses import dataclass, field


@dataclass
class Wire:
    """Forwards a loopback port to another. `cut()` closes all that is connected just now;
    `swallow()` leaves it open and carries nothing more, as a firewall does that forgot it."""

    target: int
    port: int = 0
    _open: set[socket.socket] = field(default_factory=set)
    _mute: set[socket.socket] = field(default_factory=set)
    _guard: threading.Lock = field(default_factory=threading.Lock)
    _door: socket.socket = field(default_factory=socket.socket)

    def start(self) -> None:
        self._door.bind(("127.0.0.1", 0))
        self._door.listen(64)
        self.port = int(self._door.getsockname()[1])
        threading.Thread(target=self._let_in, daemon=True).start()

    def cut(self) -> int:
        """How many ends were closed."""
        with self._guard:
            ends, self._open = self._open, set()
        for end in ends:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
            finally:
                end.close()
        return len(ends)

    def swallow(self) -> int:
        """How many ends hear nothing any more, and are not told; new connections are carried."""
        with self._guard:
            self._mute |= self._open
            return len(self._open)

    def close(self) -> None:
        self._door.close()
        self.cut()

    def _let_in(self) -> None:
        while True:
            try:
                near, _ = self._door.accept()
                far = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                return
            with self._guard:
                self._open |= {near, far}
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    def _carry(self, one: socket.socket, other: socket.socket) -> None:
        try:
            while data := one.recv(65536):
                if one not in self._mute:
                    other.sendall(data)
        except OSError:
            pass
        finally:
            for end in (one, other):
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue
