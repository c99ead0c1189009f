"""Published criteria sets and scales beside each other (SPEC 1): IEC primary, the others shown."""

from alerts.scales.iec import ITEMS, States, iec
from alerts.scales.items import states_of
from alerts.scales.levenson import Levenson, levenson
from alerts.scales.others import entered, scales

__all__ = ["ITEMS", "Levenson", "States", "entered", "iec", "levenson", "scales", "states_of"]
