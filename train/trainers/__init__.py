"""Learning rules: one file a trainer, with optimizers and schedules."""
