#!/usr/bin/env bash
#
# Expensive input at 1,000 packets a second beside normal traffic: see
# live_hostile.py. METLO_TEST_LONG=1: more scenarios, longer runs.

cd "$(dirname "$0")/../.." || exit 1
exec tests/bench/live_hostile.py ${METLO_TEST_LONG:+--long}
