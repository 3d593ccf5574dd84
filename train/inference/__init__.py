"""Predictions, samples and exports of trained models."""
