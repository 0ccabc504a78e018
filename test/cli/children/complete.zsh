# Types into an interactive zsh that has the completion in its fpath, presses Tab twice, and ends once the text that
# is expected has appeared: complete.zsh <folder of _latchkey> <typed> <expected>. Whoever starts it sets the limit.
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "fpath=(${(q)1} \$fpath); autoload -U compinit; compinit -u -D; stty cols 200; PS1='READ''Y> '"
zpty -r shell before '*READY> *'
zpty -w -n shell "$2"$'\t\t'
zpty -r shell after "*$3*"
print -r -- "$after"
zpty -d shell
