"""The plan for this patient (SPEC 5): contraindications first, then what to do, every line cited.

`plan(...)` is the one door. The service displays; it never orders (SAF-02). A [U] dose is never
rendered (SAF-04), no dose for anyone under 18 or of unknown age (SAF-06), no dopamine antagonist
is ever suggested (SAF-08).
"""

from alerts.guidance.patient import comes_of_age, is_child
from alerts.guidance.plan import plan

__all__ = ["comes_of_age", "is_child", "plan"]
