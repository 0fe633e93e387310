"""A node of this checkout for each test that wants one."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from causeway import Id, Key, PeerId

CHECKOUT = Path(__file__).parents[3]
COMMAND = ["node", str(CHECKOUT / "dist" / "causeway.js")]


class Server:
    """A node with a data folder of its own, a tree, and a key of ours that may write to it."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.key = Key.generate()
        self.process: subprocess.Popen[str] | None = None
        self.address = ""
        created = self.run("tree", "create", "notes")
        self.tree = Id.parse(created["tree"])
        self.run("grant", str(self.tree), str(self.key.peer), "write")
        self.peer = PeerId.parse(self.run("id")["peer"])

    def run(self, *arguments: str) -> Any:
        """Runs a command on the data folder, and returns what it prints."""
        command = [*COMMAND, *arguments, "--data", str(self.data), "--json"]
        return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=60).stdout)

    def start(self, *arguments: str) -> None:
        command = [*COMMAND, "serve", "--data", str(self.data), "--json", *arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.address = json.loads(self.process.stdout.readline())["addresses"][0]

    def stop(self) -> None:
        """Kills it, as a crash does."""
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process = None

    def restart(self, *arguments: str) -> None:
        """Starts it again at its address."""
        self.stop()
        self.start("--http", self.address.partition("://")[2], *arguments)


@pytest.fixture
def idle(tmp_path: Path) -> Iterator[Server]:
    """A server that is not started."""
    server = Server(tmp_path / "data")
    yield server
    server.stop()


@pytest.fixture
def server(idle: Server) -> Server:
    idle.start()
    return idle
