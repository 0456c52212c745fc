#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Prints the trimmed vmlinux.h: the types that bpf/ uses, taken from the BTF of
# a kernel. They are UAPI, so any kernel since 6.1 of the same architecture
# gives the same layouts.
#
#   generate.sh [BTF file]        default /sys/kernel/btf/vmlinux
set -eu

btf=${1:-/sys/kernel/btf/vmlinux}
bpftool=${BPFTOOL:-bpftool}
full=$(mktemp)
trap 'rm -f "$full"' EXIT
"$bpftool" btf dump file "$btf" format c >"$full"

cat <<'HEAD'
/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Made by vmlinux/generate.sh from the BTF of a kernel; do not edit. */
#ifndef __VMLINUX_H__
#define __VMLINUX_H__

HEAD

awk '
# Typedefs of one line, and the ones they are made of.
/^typedef [^{]*;$/ {
	name = $NF; sub(/;$/, "", name)
	if (name ~ /^(__[us](8|16|32|64)|__be(16|32|64)|__wsum|__sum16)$/)
		print
	next
}
# Blocks: by their name, or anonymous enums by a constant in them.
/^(struct|union|enum)( [a-z_0-9]+)? [{]$/ {
	block = $0 "\n"
	wanted = $2 ~ /^(xdp_md|xdp_action|bpf_map_type)$/
	inside = 1
	next
}
inside {
	block = block $0 "\n"
	if ($1 ~ /^(BPF_ANY|BPF_F_MMAPABLE|BPF_RB_NO_WAKEUP|BPF_RB_AVAIL_DATA)$/)
		wanted = 1
	if ($0 ~ /^};$/) {
		if (wanted)
			printf "\n%s", block
		inside = 0
	}
}
' "$full"

cat <<'TAIL'

#endif
TAIL
