"""A name server of the tests' own, in front of the machine's."""

import socket
from typing import Any

import pytest


class Names:
    """Each look-up of a name takes its next list of addresses; the last one stays."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **answers: list[list[str]]) -> None:
        self.answers = {name.replace("_", "."): addresses for name, addresses in answers.items()}
        self.asked: list[str] = []
        self._resolve = socket.getaddrinfo
        monkeypatch.setattr(socket, "getaddrinfo", self.look_up)

    def look_up(self, host: bytes, port: int, *args: Any, **options: Any) -> list[Any]:
        name = host.decode()
        self.asked.append(name)
        if name not in self.answers:
            return list(self._resolve(host, port, *args, **options))
        answers = self.answers[name]
        addresses = answers.pop(0) if len(answers) > 1 else answers[0]
        return [record for address in addresses for record in self._resolve(address, port, *args, **options)]
