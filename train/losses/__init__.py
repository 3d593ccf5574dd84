"""Loss functions: arrays in, one number an example out."""
