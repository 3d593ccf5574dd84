"""Export of saved models: StableHLO, safetensors, ONNX."""
