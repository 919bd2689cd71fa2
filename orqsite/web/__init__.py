"""The web process's sockets: requests are read whole, within bounds and deadlines, before a thread is taken."""
