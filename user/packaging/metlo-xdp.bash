# shellcheck shell=bash
# Bash completion for metlo-xdp. The program itself lists its commands and options
# ("metlo-xdp help --list").

# _metlo_xdp_list TYPE [COMMAND]: lines of the list of this type.
_metlo_xdp_list()
{
	"$program" help --list 2>/dev/null |
		awk -F '\t' -v type="$1" -v command="${2-}" \
			'$1 == type && (command == "" || $2 == command)'
}

# _metlo_xdp_match WORD: the lines of standard input that begin with WORD, quoted
# for the shell. Unlike compgen -W, it does not expand them: others choose the names
# of interfaces, and a name such as $(command) would run.
_metlo_xdp_match()
{
	local line

	while IFS= read -r line; do
		[[ -z $line || $line != "$1"* ]] || printf '%q\n' "$line"
	done
}

# _metlo_xdp_values METAVAR VALUES WORD: completions of WORD.
_metlo_xdp_values()
{
	# shellcheck disable=SC2012
	case $1 in
	IFACE) ls /sys/class/net 2>/dev/null | _metlo_xdp_match "$3" ;;
	FILE | PATH) compgen -f -- "$3" ;;
	DIR) compgen -d -- "$3" ;;
	USER) compgen -u -- "$3" ;;
	COMMAND) _metlo_xdp_list command | cut -f 2 | _metlo_xdp_match "$3" ;;
	DEST)
		case $3 in
		ndjson:?*) compgen -f -P ndjson: -- "${3#ndjson:}" ;;
		*) tr ' ' '\n' <<<"$2" | _metlo_xdp_match "$3" ;;
		esac
		;;
	*) tr ' ' '\n' <<<"$2" | _metlo_xdp_match "$3" ;;
	esac
}

_metlo_xdp()
{
	local program=${COMP_WORDS[0]} line cur prev command="" takes="" values=""
	local -a words
	local i

	# Split at blanks only: bash also splits at ":" and "=".
	line=${COMP_LINE:0:COMP_POINT}
	read -ra words <<<"$line"
	case $line in *[[:space:]]) words+=("") ;; esac
	cur=${words[${#words[@]} - 1]}
	prev=${words[${#words[@]} - 2]}
	for ((i = 1; i < ${#words[@]} - 1; i++)); do
		case ${words[i]} in
		-*) ;;
		*) command=${words[i]}; break ;;
		esac
	done

	if [ -z "$command" ]; then
		mapfile -t COMPREPLY < <(_metlo_xdp_values COMMAND "" "$cur")
		return
	fi
	case $cur in
	--*=*) prev=${cur%%=*} cur=${cur#*=} ;;
	esac
	# The value that the previous word takes, if it is an option.
	IFS=$'\t' read -r takes values < <(_metlo_xdp_list option "$command" |
		awk -F '\t' -v option="$prev" \
			'$3 == option { print $5 "\t" $6 }')
	if [ -z "$takes" ] && [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <({
			_metlo_xdp_list option "$command" | cut -f 3,4
			echo --help
		} | tr '\t' '\n' | _metlo_xdp_match "$cur")
		return
	fi
	[ -n "$takes" ] || takes=$(_metlo_xdp_list command "$command" | cut -f 3)
	[ "$prev" != --user ] || takes=USER
	mapfile -t COMPREPLY < <(_metlo_xdp_values "$takes" "$values" "$cur")
	case $takes in
	FILE | PATH | DIR | DEST) compopt -o filenames 2>/dev/null ;;
	esac
	# Bash replaces only the text after the last colon.
	case $cur in
	*:*) COMPREPLY=("${COMPREPLY[@]#"${cur%"${cur##*:}"}"}") ;;
	esac
}

complete -F _metlo_xdp metlo-xdp
