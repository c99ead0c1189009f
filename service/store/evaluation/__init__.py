"""Who is to be evaluated when, who is at it, and what came of it."""
