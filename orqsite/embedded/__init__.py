"""The whole service on one machine: bootstrap, embedded broker, restarting supervisor; `up` is its face."""
