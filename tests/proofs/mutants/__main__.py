"""`python -m tests.proofs.mutants [WORD …]`: run all mutants, or those whose name has one of the words."""

import sys

from tests.proofs.mutants.run import run_mutants

sys.exit(run_mutants(sys.argv[1:]))
