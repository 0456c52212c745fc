"""The journal of all calls, as JSON lines."""
from __future__ import annotations

import json
from typing import Any, Optional, TextIO


class Journal:
    def __init__(self, path: Optional[str] = None):
        self.entries: list[dict[str, Any]] = []
        self.file: Optional[TextIO] = open(path, "a", encoding="utf-8") if path else None

    def add(self, entry: dict[str, Any]) -> None:
        self.entries.append(entry)
        if self.file:
            self.file.write(json.dumps(entry, default=str) + "\n")
            self.file.flush()

    def lines(self) -> str:
        return "".join(json.dumps(e, default=str) + "\n" for e in self.entries)
