"""The REST API: translates requests into the domain's verbs and their results into documents."""
