"""A saved model for other programs: StableHLO, safetensors, ONNX."""
