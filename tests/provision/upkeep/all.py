"""Runs all tests, or those whose names contain a word: python3 -m upkeep.all [WORD...]"""
from mirror.kit import run_module

from . import (test_by_hand, test_code, test_coverage, test_leftovers,  # noqa: F401
               test_names, test_place, test_policy, test_ports, test_quotas, test_restore,
               test_shared, test_sync, test_tags, test_verify, test_wide)
from .kit import main

if __name__ == "__main__":
    run_module(jobs=4, run=main)
