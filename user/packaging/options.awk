# SPDX-License-Identifier: MIT
#
# awk -f options.awk PAGE -: of the options of attach and replay in the output of
# "metlo-xdp help --list", those that the man page does not describe itself, as
# its items.
BEGIN { FS = "\t" }

# The page.
FNR == NR {
	if (match($0, /^\.It .*Fl -[a-z0-9-]+/)) {
		sub(/.*Fl -/, "")
		sub(/ .*/, "")
		described["--" $0] = 1
	}
	next
}

$1 == "option" { scopes[$3]++; command[$3, $2] = 1 }
$1 == "option" && $2 == "replay" && !($3 in described) { row[++n] = $0 }

END {
	for (i = 1; i <= n; i++) {
		split(row[i], r, FS)
		if (scopes[r[3]] != 2 || !((r[3], "attach") in command))
			continue
		gsub(/\\/, "\\e", r[8])
		printf ".It %sFl %s%s\n", r[4] ? "Fl " substr(r[4], 2) " , " : "", \
			substr(r[3], 2), r[5] ? " Ar " r[5] : ""
		printf "%s%s.\n", toupper(substr(r[8], 1, 1)), substr(r[8], 2)
		k = split(r[6], value, " ")
		for (j = 1; j <= k; j++)
			printf "%s.Li %s%s\n", j == 1 ? "One of\n" : "", value[j], \
				j < k ? " ," : " ."
		if (r[7] != "")
			printf "The default is\n.Li %s .\n", r[7]
	}
}
