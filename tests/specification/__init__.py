"""What /openapi.json says, against the documents of the public API."""
