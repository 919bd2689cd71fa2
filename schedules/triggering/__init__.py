"""A person says run now, or run again: one run, whatever the broker does."""
