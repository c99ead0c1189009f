"""The audit, and how cards were received."""
