"""Vector quantization for the neural network zoo."""
