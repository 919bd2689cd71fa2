"""What the first migration makes, a file for each part of the service; it changes no more.

Tables are in files that are named after them. What has no words in Django's models (functions, triggers and indexes
in SQL) is in `free_slot`, `tally_triggers`, `signal_triggers`, `kept_journal` and `postgresql_indexes`.
"""
