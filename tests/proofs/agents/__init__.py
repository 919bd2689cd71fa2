"""Agent servers that others wrote, as real processes on loopback. What they say on the wire: SHAPES.md."""
