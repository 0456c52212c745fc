#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# tests/bpf/kernel_matrix.sh [PACKAGE...]: boots Debian kernels under QEMU and
# runs the BPF tests in each: the program must load and behave the same. Without
# arguments, tests the newest cloud kernel of each series that apt offers. TESTS
# names the tests, by default those that depend on the kernel most. Needs
# qemu-system-x86, busybox-static and cpio, but no KVM. Not part of "make test",
# because it downloads about 30 MB per kernel.
set -eu

O=${O:-build}
tests=${TESTS:-"test_budget test_verdicts test_lengths test_rings"}
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/metlo-kernels.XXXXXX")
trap 'rm -rf "$work"' EXIT

for tool in qemu-system-x86_64 cpio apt-get dpkg-deb; do
	if ! command -v $tool >/dev/null; then
		echo "skip kernels # $tool is missing: apt-get install qemu-system-x86 busybox-static cpio"
		exit 0
	fi
done
busybox=$(command -v busybox)
if ldd "$busybox" >/dev/null 2>&1; then
	echo "skip kernels # busybox is not static: apt-get install busybox-static"
	exit 0
fi

# The newest package of each series, such as 6.1 and 6.12.
candidates()
{
	apt-cache search --names-only '^linux-image-[0-9].*-cloud-amd64$' |
		awk '{ print $1 }' | grep -v unsigned | sort -V |
		awk -F'[-.]' '{ newest[$3 "." $4] = $0 }
			      END { for (s in newest) print newest[s] }' | sort -V
}

# Builds the initramfs: the tests, their shared libraries and a minimal init.
make_initramfs()
{
	local root=$work/root t lib

	mkdir -p "$root"/{bin,dev,proc,sys,tmp,t}
	cp "$busybox" "$root/bin/busybox"
	cp "$here/insn_budget.txt" "$root/t/"
	for t in $tests; do
		cp "$O/tests/bpf/$t" "$root/t/"
		ldd "$O/tests/bpf/$t" | grep -oE '/[^ ]+' | while read -r lib; do
			mkdir -p "$root$(dirname "$lib")"
			cp -L "$lib" "$root$lib"
		done
	done
	cat >"$root/init" <<-INIT
		#!/bin/busybox sh
		/bin/busybox mount -t proc none /proc
		/bin/busybox mount -t sysfs none /sys
		/bin/busybox mount -t bpf none /sys/fs/bpf
		export INSN_BUDGET=/t/insn_budget.txt CMOCKA_MESSAGE_OUTPUT=TAP
		for t in $tests; do
			echo "# \$t"
			/t/\$t 2>&1 || echo "not ok \$t"
		done
		echo "# end"
		/bin/busybox poweroff -f
	INIT
	chmod +x "$root/init"
	(cd "$root" && find . | cpio -H newc -o --quiet | gzip -1) >"$work/initramfs"
}

# run PACKAGE: prints the result lines of each test in this kernel.
run()
{
	local package=$1 log=$work/$1.log deb kernel

	(cd "$work" && apt-get -q download "$package" >"$log" 2>&1) || {
		echo "not ok $package cannot be downloaded"
		tail -n 3 "$log"
		return 1
	}
	deb=$(ls "$work/$package"_*.deb)
	dpkg-deb --fsys-tarfile "$deb" |
		tar -C "$work" -x --wildcards './boot/vmlinuz-*'
	rm -f "$deb"
	kernel=$(ls "$work"/boot/vmlinuz-*)
	timeout 900 qemu-system-x86_64 -accel tcg -cpu max -m 1024 \
		-nographic -nic none -no-reboot -kernel "$kernel" \
		-initrd "$work/initramfs" \
		-append "console=ttyS0 quiet panic=-1" </dev/null >"$log" 2>&1 || true
	rm -rf "${work:?}/boot"
	tr -d '\r' <"$log" | grep -aE '^(not )?ok |^# show' |
		sed "s/^\(not ok\|ok\) [0-9 -]*/\1 $package /"
	if ! grep -aq '^# end' "$log" || grep -aqE '^not ok [^#]*$' "$log"; then
		echo "not ok $package"
		tail -n 40 "$log"
		return 1
	fi
}

for t in $tests; do
	[ -x "$O/tests/bpf/$t" ] || {
		echo "$O/tests/bpf/$t is missing: make bpf-tests" >&2
		exit 1
	}
done
make_initramfs
status=0
[ $# -gt 0 ] || mapfile -t packages < <(candidates)
for package in "$@" ${packages+"${packages[@]}"}; do
	run "$package" || status=1
done
exit $status
