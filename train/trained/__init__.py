"""Trained models: the file, the loaded model, generation and attribution."""
