"""What the product takes in time and memory on this machine, always beside a baseline of the same run. `python -m benchmarks --help`."""
