"""The program of the README runs as it is."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from conftest import Server


def test_readme(idle: Server, tmp_path: Path) -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text()
    [program] = re.findall("```python\n(import sys.*?)```", readme, re.DOTALL)
    tree = idle.run("tree", "create", "open", "--public", "write")["tree"]
    idle.start()
    command = [sys.executable, "-c", program, idle.address, tree]
    ran = subprocess.run(command, cwd=tmp_path, check=True, stdout=subprocess.PIPE, text=True, timeout=60)
    assert ran.stdout == "read: Hello\nwatched: title = Hello\n"
