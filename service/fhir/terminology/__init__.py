"""Codes, names, spellings and units to the few concepts that the medicine knows.

One door: `terminology()`. Data with sources (`data/NOTICE.md`) and small exact code.
"""

from service.fhir.terminology.matches import ConceptMatch, DrugMatch, Ingredient
from service.fhir.terminology.terminology import Terminology, terminology

__all__ = ["ConceptMatch", "DrugMatch", "Ingredient", "Terminology", "terminology"]
