"""Tasks: the meaning of a model's outputs, with loss, metrics and predictions."""
