"""Augmentation: random changes of training images that keep their class, as pure functions of a key."""
