"""Alerts with their history, the log of their changes, and the notices they send."""
