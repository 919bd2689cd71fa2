"""A module that ends the process that imports it, or would."""

import sys

sys.exit("gone")
