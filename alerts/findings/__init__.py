"""The atomic findings (SPEC 1.1, 1.2): each true, false or unknown, with evidence and reason."""

from alerts.findings.all import Reading, read_findings

__all__ = ["Reading", "read_findings"]
