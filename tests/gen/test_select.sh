#!/usr/bin/env bash
#
# What is left out of generated traffic, and what is masked in it.

cd "$(dirname "$0")/../.." || exit 1
exec tests/gen/selected.py
