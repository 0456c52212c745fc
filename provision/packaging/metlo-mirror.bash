# shellcheck shell=bash
# Completion of metlo-mirror for bash. It asks the program for its commands and
# options ("metlo-mirror help --list").

# _metlo_mirror_list TYPE [COMMAND]: prints the rows of this type.
_metlo_mirror_list()
{
	"$program" help --list 2>/dev/null |
		awk -F '\t' -v type="$1" -v command="${2-}" \
			'$1 == type && (command == "" || $2 == command)'
}

# _metlo_mirror_match WORD: the lines of standard input that begin with WORD,
# quoted for the shell. Unlike compgen -W, it does not expand them: a profile named
# $(command) would run that command.
_metlo_mirror_match()
{
	local line

	while IFS= read -r line; do
		[[ -z $line || $line != "$1"* ]] || printf '%q\n' "$line"
	done
}

# _metlo_mirror_words WORDS WORD: those of the first that begin with the second.
_metlo_mirror_words()
{
	tr -s ' \t' '\n' <<<"$1" | _metlo_mirror_match "$2"
}

_metlo_mirror_commands()
{
	_metlo_mirror_list command | cut -f 2
}

# The profiles of the AWS CLI.
_metlo_mirror_profiles()
{
	sed -n 's/^\[\(profile  *\)\{0,1\}\([^]]*\)\].*/\2/p' \
		"${AWS_CONFIG_FILE:-$HOME/.aws/config}" \
		"${AWS_SHARED_CREDENTIALS_FILE:-$HOME/.aws/credentials}" \
		2>/dev/null | grep -v '^sso-session ' | sort -u
}

# _metlo_mirror_values OPTION VALUES WORD: prints the completions of WORD.
_metlo_mirror_values()
{
	case $1 in
	--metrics) compgen -f -- "$3" ;;
	--profile) _metlo_mirror_profiles | _metlo_mirror_match "$3" ;;
	--source | --exclude)
		_metlo_mirror_words "i- eni- ecs: alb: clb: tag: vpc- subnet-" "$3"
		;;
	--target) _metlo_mirror_words "nlb:new nlb: eni:auto eni- vpce- tmt-" "$3" ;;
	*) _metlo_mirror_words "$2" "$3" ;;
	esac
}

_metlo_mirror()
{
	local program=${COMP_WORDS[0]} line cur prev command="" takes="" values=""
	local -a words
	local i

	# Bash splits words at ":" and "="; metlo-mirror does not.
	line=${COMP_LINE:0:COMP_POINT}
	read -ra words <<<"$line"
	case $line in *[[:space:]]) words+=("") ;; esac
	cur=${words[${#words[@]} - 1]}
	prev=${words[${#words[@]} - 2]}
	if [ ${#words[@]} -eq 2 ]; then
		mapfile -t COMPREPLY < <(_metlo_mirror_words "aws help version" "$cur")
		return
	fi
	case ${words[1]} in
	aws | help) ;;
	*) return ;;
	esac
	if [ ${#words[@]} -eq 3 ]; then
		mapfile -t COMPREPLY < <(_metlo_mirror_commands |
			_metlo_mirror_match "$cur")
		return
	fi
	[ "${words[1]}" = aws ] || return
	command=${words[2]}
	case $cur in
	--*=*) prev=${cur%%=*} cur=${cur#*=} ;;
	esac
	# The value of the previous option; empty for a flag or no option.
	IFS=$'\t' read -r takes values < <(_metlo_mirror_list option "$command" |
		awk -F '\t' -v option="$prev" \
			'$3 == option { print $5 "\t" $6 }')
	if [ -z "$takes" ]; then
		if [[ $cur == -* ]]; then
			values="$(_metlo_mirror_list option "$command" |
				cut -f 3,4) --help"
		elif [ -n "$(_metlo_mirror_list command "$command" | cut -f 3)" ]; then
			values=$(_metlo_mirror_commands | grep -vx policy)
		fi
		prev=""
	fi
	mapfile -t COMPREPLY < <(_metlo_mirror_values "$prev" "$values" "$cur")
	case ${COMPREPLY[*]} in
	*:) compopt -o nospace 2>/dev/null ;;
	esac
	# Bash replaces only the part after the last ":".
	case $cur in
	*:*) for ((i = 0; i < ${#COMPREPLY[@]}; i++)); do
		COMPREPLY[i]=${COMPREPLY[i]#"${cur%"${cur##*:}"}"}
	done ;;
	esac
}

complete -F _metlo_mirror metlo-mirror
