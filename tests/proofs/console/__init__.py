"""What operators do with the console, in a browser on a real service with history. A lane of its own.

One file per story. A story takes `service` (tests/up_service.py: API, commands and Python beside it) and `page`
(signed in, 1400 pixels wide) or `phone` (420), and leaves the service as it found it.
"""
