"""What is remembered of those who send: keys that count once, subscriptions."""
