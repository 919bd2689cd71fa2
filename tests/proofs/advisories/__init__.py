"""Whether a locked package has a known vulnerability, asked of the advisory database."""
