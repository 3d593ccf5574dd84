"""Small models and trainers that prove the tasks: they are registered as those of an installed package."""
