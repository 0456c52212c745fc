#!/usr/bin/env bash
#
# Selection and masking on generated traffic; see selected.py.

cd "$(dirname "$0")/../.." || exit 1
exec tests/gen/selected.py
