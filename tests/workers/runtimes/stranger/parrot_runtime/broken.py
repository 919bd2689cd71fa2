"""A module that cannot be imported, as when a package of its own is missing."""

message = "no feathers here"
raise RuntimeError(message)
