"""The training loop: compiled steps, plan, evaluation, profile."""
