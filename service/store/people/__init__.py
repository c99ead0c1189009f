"""What a user keeps: alerts seen, ticks of a plan, saved filters."""
