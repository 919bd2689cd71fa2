"""`python -m tests.mutants [WORD …]`: run all mutants, or those whose name has one of the words."""

import sys

from tests.mutants.run import run_mutants

sys.exit(run_mutants(sys.argv[1:]))
