"""The process, the machine and XLA: compilation, signals, allocator, processes of one run."""
