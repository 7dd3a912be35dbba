"""`python -m sklearn_labelmodel` is the command `labelmodel`."""

import sys

from ._cli import main

sys.exit(main())
