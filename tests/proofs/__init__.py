"""What takes minutes: each proof is a lane of its own, a short form of some is in the gate."""
