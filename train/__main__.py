"""`python -m zoo.train`."""

import sys

from .cli.train import main

if __name__ == "__main__":
    sys.exit(main())
