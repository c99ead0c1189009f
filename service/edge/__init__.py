"""What every request passes: ids, limits, safe headers, and an answer for every fault."""
