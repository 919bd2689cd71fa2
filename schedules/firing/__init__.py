"""The clock comes due: each due schedule gets exactly one run, however many beats there are."""
