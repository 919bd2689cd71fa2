"""One node of a cluster: what a Redis Cluster is, as far as one server can be."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orqsite.embedded import valkey
from orqsite.embedded.children import Child
from orqsite.embedded.ports import free_port
from tests.waiting import wait_for


@contextmanager
def cluster_node(folder: Path) -> Iterator[str]:
    """The URL of a server in cluster mode, without any slots yet, while the block lasts."""
    port = free_port()
    options = ["--cluster-enabled", "yes", "--cluster-port", str(free_port())]
    password = valkey.new_password()
    url = valkey.url_of(port, password)
    valkey.write_password(folder, password)
    child = Child([*valkey.command_of(port, folder, is_durable=False), *options])
    try:
        wait_for(lambda: valkey.answers(url), 30)
        yield url
    finally:
        child.kill()
