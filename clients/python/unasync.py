"""Writes src/causeway/_sync from src/causeway/aio: the same code without asyncio. `./generate` runs it."""

import re
from pathlib import Path

SOURCE = Path(__file__).parent / "src" / "causeway"
# Both halves of what differs are written by hand.
BY_HAND = "_io.py"
WORDS = {
    r"AsyncIterable\[Entry\] \| ": "",
    r" \| AsyncIterable\[Entry\]": "",
    r"AsyncIterable, ": "",
    r"\basync (def|for|with)\b": r"\1",
    r"\bawait ": "",
    r"\bAsyncIterator\b": "Iterator",
    r"\baclosing\b": "closing",
    r"__a(enter|exit)__": r"__\1__",
    r"for asyncio: the same as `causeway`, with ``await``": "for threads",
}

for source in sorted((SOURCE / "aio").glob("*.py")):
    if source.name != BY_HAND:
        text = source.read_text()
        for pattern, replacement in WORDS.items():
            text = re.sub(pattern, replacement, text)
        note = f"# Written by unasync.py from aio/{source.name}. Do not edit.\n"
        (SOURCE / "_sync" / source.name).write_text(note + text)
