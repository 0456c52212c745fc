#!/usr/bin/env bash
#
# "make install" puts valid files in their places and keeps what an operator has
# changed; "make uninstall" removes them.

. "$(dirname "$0")/lib.sh"

to=$TMP/root
conf=$to/etc/metlo-xdp/metlo-xdp.conf

install_or_not()
{
	env -u MAKEFLAGS -u MAKELEVEL make -s O="$O" DESTDIR="$to" "$@"
}

files()
{
	(cd "$to" && find . -type f | sort)
}

all_there()
{
	files | diff - <(sort <<-END
		./etc/default/metlo-xdp
		./etc/metlo-xdp/metlo-xdp.conf
		./usr/lib/systemd/system/metlo-xdp@.service
		./usr/lib/sysusers.d/metlo-xdp.conf
		./usr/sbin/metlo-xdp
		./usr/share/bash-completion/completions/metlo-xdp
		./usr/share/doc/metlo-xdp/README.md
		./usr/share/doc/metlo-xdp/examples/logrotate
		./usr/share/doc/metlo-xdp/examples/metlo-xdp.dashboard.json
		./usr/share/doc/metlo-xdp/examples/metlo-xdp.rules.yml
		./usr/share/doc/metlo-xdp/line.schema.json
		./usr/share/doc/metlo-xdp/recipes.md
		./usr/share/man/man8/metlo-xdp.8
		./usr/share/zsh/site-functions/_metlo-xdp
		END
	) | grep -v 'metlo-mirror\|^[0-9,acd]*$' >"$TMP/differences"
	cat "$TMP/differences"
	[ ! -s "$TMP/differences" ]
}

# As the service reads it, except for the output.
configuration_is_valid()
{
	printf '\324\303\262\241\2\0\4\0\0\0\0\0\0\0\0\0\377\377\0\0\1\0\0\0' \
		>"$TMP/empty.pcap"
	"$to/usr/sbin/metlo-xdp" replay "$TMP/empty.pcap" --config "$conf" \
		--output "ndjson:$TMP/out"
}

unit_is_valid()
{
	local unit=$TMP/metlo-xdp@eth0.service

	sed 's|/usr/sbin/metlo-xdp|/bin/true|' \
		"$to/usr/lib/systemd/system/metlo-xdp@.service" >"$unit"
	systemd-analyze verify --man=no "$unit" &&
	systemd-analyze security --offline=true --threshold=25 "$unit"
}

kept()
{
	echo "# by me" >>"$conf"
	install_or_not install PREFIX=/usr &&
	[ "$(tail -n 1 "$conf")" = "# by me" ]
}

uninstalled()
{
	install_or_not uninstall PREFIX=/usr &&
	[ "$(files)" = ./etc/metlo-xdp/metlo-xdp.conf ]
}

# Generated files have the paths of this installation, not of the last one.
elsewhere()
{
	rm -rf "$to"
	install_or_not install PREFIX=/opt/m SYSCONFDIR=/opt/m/etc &&
	grep -q '^ExecStart=/opt/m/sbin/metlo-xdp attach %I --config /opt/m/etc/metlo-xdp/metlo-xdp.conf ' \
		"$to/opt/m/lib/systemd/system/metlo-xdp@.service" &&
	! grep -rq '@[A-Z]*@' "$to/opt/m/lib" &&
	install_or_not uninstall PREFIX=/opt/m SYSCONFDIR=/opt/m/etc &&
	[ -z "$(files)" ]
}

check "make install" install_or_not install PREFIX=/usr
check "everything is in its place" all_there
check "the key can be read by root only" \
	test "$(stat -c %a "$to/etc/default/metlo-xdp")" = 600
check "the configuration is valid" configuration_is_valid
if command -v systemd-analyze >/dev/null; then
	check "the unit is valid, its exposure at most 2.5" unit_is_valid
else
	skip "the unit is valid" "no systemd-analyze here"
fi
check "a changed configuration is kept" kept
check "and is all that uninstall leaves" uninstalled
check "installed elsewhere, and removed" elsewhere
finish
