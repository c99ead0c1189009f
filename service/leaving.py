"""Whether this process has been told to stop: what would go on for ever asks, and ends."""

from threading import Event

leaving = Event()
