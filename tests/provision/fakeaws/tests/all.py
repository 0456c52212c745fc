"""Runs all tests: python3 -m fakeaws.tests.all"""
import sys

from . import (test_behaviour, test_elb, test_mirror, test_models, test_read,  # noqa: F401
               test_signature)
from .kit import main

if __name__ == "__main__":
    sys.exit(main())
