"""The bedside check: what is asked, how it becomes FHIR, its pages."""

from service.worklist.bedside.parts import PARTS
from service.worklist.bedside.record import SYSTEM, examination

__all__ = ["PARTS", "SYSTEM", "examination"]
