#!/usr/bin/env bash
#
# The Metlo sink against a failing collector (metlo_faults.py), and with feeder
# and collector killed 200 times at random points, after which every stored
# transaction must have arrived (metlo_kill.py).

# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

python=/usr/bin/python3
[ -x $python ] || python=python3
FEED=$O/tests/e2e/feed_metlo

of()
{
	jq -c "$1" "$TMP/killed" 2>&1
}

for tool in jq openssl; do
	command -v $tool >/dev/null || {
		skip "metlo_faults" "$tool is not installed: make deps"
		finish
	}
done
mkdir "$TMP/faults" "$TMP/kill"
tally $python "$E2E_DIR/metlo_faults.py" "$FEED" "$TMP/faults"

if $python "$E2E_DIR/metlo_kill.py" "$FEED" "$TMP/kill" --kills 200 \
	--seed 20240607 >"$TMP/killed" 2>"$TMP/killed.err"; then
	ok "kills: $(of .kills), $(of .stored) transactions stored, $(of .twice) arrived twice"
else
	not_ok "kills" "$(tail -5 "$TMP/killed.err")"
fi
is "kills: as many as asked for" "$(of '.kills >= 200')" true
is "kills: there was something to lose" "$(of '.stored > 2000')" true
is "kills: no stored transaction is lost" "$(of .lost)" '[]'
is "kills: none arrives three times" "$(of .three_times)" '[]'
is "kills: duplicates were in flight at a kill" \
	"$(of .twice_without_kill)" '[]'
is "kills: what was acknowledged before a kill does not arrive again" \
	"$(of .again)" '[]'
is "kills: nothing arrives that was not sent" "$(of .unknown)" '[]'
finish
