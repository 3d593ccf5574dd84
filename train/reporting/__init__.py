"""Console, TensorBoard and sample pictures of a run."""
