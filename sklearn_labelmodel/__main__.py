"""`python -m sklearn_labelmodel` is the command `labelmodel`."""

import sys

from ._cli import main

if __name__ == "__main__":
    sys.exit(main())
