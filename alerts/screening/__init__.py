"""Is there anything in this chart that could give a tier, an alert or an interaction?

A `Screen` looks at each fact once, when it comes, and answers at any time. "Quiet" is proven: the
full assessment would say tier NONE, tell nobody and name no interaction and no withdrawal. Anything
else is "assess it": the screen never says that something is there.
"""

from alerts.screening.screen import Answer, Screen

__all__ = ["Answer", "Screen"]
