# complete.zsh DIRECTORY LINE: prints what zsh's completion system, with functions
# from DIRECTORY too, offers at the end of LINE, one match per line. Scripts have no
# completion, so an interactive shell runs in a pseudo-terminal.
zmodload zsh/zpty || exit
zpty shell zsh -f -i

# Sends a command and reads up to the mark that ends its output.
ask() {
	local line

	zpty -w shell "$1"
	while zpty -r shell line; do
		line=${line%%[$'\r\n']#}
		line=${line%$'\r\n'}
		case $line in
		*MARK$2) return ;;
		*match:*) [[ -n $3 ]] && print -r -- ${line##*match:} ;;
		esac
	done
}

ask "PS1= PS2= RPS1=; unsetopt prompt_cr prompt_sp; stty -echo; setopt no_beep
fpath=($1 \$fpath); autoload -Uz compinit && compinit -u -D
zstyle ':completion:*' menu no
print -r -- MARK''1" 1
# All matches pass through compadd: record them instead of adding them.
ask "compadd() {
	[[ \${@[1,(i)(-|--)]} == *-(O|A|D)\\ * ]] && { builtin compadd \"\$@\"; return }
	typeset -ga found
	builtin compadd -A found \"\$@\"
	(( \$#found )) || return 1
	print -rl -- "" match:\${^found}
	return 0
}
complete-and-tell() { zle complete-word; print -r -- ""; print -r -- MARK''2; BUFFER=; }
zle -N complete-and-tell; bindkey '^I' complete-and-tell
print -r -- MARK''3" 3
ask "$2"$'\t' 2 show
zpty -d shell
