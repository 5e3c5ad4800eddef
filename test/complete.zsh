# What zsh completes, by its own completion system in a terminal: zsh -f complete.zsh FOLDER LINE prints each match for
# the end of the line on a line. The folder has the file of the completion.
zmodload zsh/zpty || exit
found=$(mktemp) || exit
# compadd gets the matches: this one writes them to the file as well. With -O, -A or -D it is asked for something else.
setup="PROMPT=; fpath=(${(q)1} \$fpath); autoload -U compinit; compinit -u -D
compadd() {
  local -a matches; local word
  for word in \"\$@\"; do
    [[ \$word == -- ]] && break
    [[ \$word == -[OAD]* ]] && { builtin compadd \"\$@\"; return }
  done
  builtin compadd -O matches \"\$@\"
  (( \$#matches == 0 )) || print -rl -- \$matches >>${(q)found}
  builtin compadd \"\$@\"
}
complete-and-say() { zle complete-word; print -r -- 'DO''NE' }
zle -N complete-and-say; bindkey '^I' complete-and-say
print -r -- 'REA''DY'"
zpty terminal zsh -f -i
zpty -w terminal $setup
zpty -r terminal output '*READY*'
zpty -w -n terminal $2$'\t'
zpty -r terminal output '*DONE*'
zpty -d terminal
sort -u $found
rm -f $found
