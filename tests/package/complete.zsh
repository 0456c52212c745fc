# complete.zsh FOLDER LINE: what zsh's completion system, which finds functions
# in FOLDER too, adds at the end of LINE; one match a line. For a script there
# is no completion, so an interactive shell runs in a pseudo-terminal.
zmodload zsh/zpty || exit
zpty shell zsh -f -i

# Asks, and reads up to the mark that ends the answer.
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
# Every match goes through compadd: print what it would add, and add nothing.
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
