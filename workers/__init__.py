"""What runs in a worker or beat process."""
