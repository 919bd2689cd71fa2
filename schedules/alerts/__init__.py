"""What people are told of, and the outbox it leaves by."""
