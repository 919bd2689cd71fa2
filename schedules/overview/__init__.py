"""What the console's front page and GET /v3/overview say: how the service stands, and what went wrong of late."""
