"""Drawings of models in the manner of the Neural Network Zoo chart: notation, geometry, and its two writers."""
