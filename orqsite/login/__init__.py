"""Who comes into the console: the login form, its limits, and where passwords are hashed."""
