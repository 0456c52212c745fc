"""Runs all tests: python3 -m upkeep.all [WORD...], those whose name has one of the words."""
import sys

from . import test_policy, test_ports, test_sync, test_verify  # noqa: F401
from .kit import main

if __name__ == "__main__":
    sys.exit(main())
