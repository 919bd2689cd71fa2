"""The database as this service uses it: its clock, ids made like its own, its cursors, its pages."""
