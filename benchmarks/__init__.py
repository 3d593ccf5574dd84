"""Commands that measure what the README and docs/ state."""
