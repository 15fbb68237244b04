# Completes lines as an interactive bash would: complete.sh SCRIPT.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")" || exit
source "$1" || exit
compopt() { :; }

complete_words() {
  COMP_WORDS=("$@")
  COMP_CWORD=$(($# - 1))
  _heed
  echo "${COMPREPLY[*]}"
}
complete_words heed compl                     # a command
complete_words heed completion --he           # an option
complete_words heed bleu --input consu        # a file as the value of an option
complete_words heed train consu               # a file as an argument
complete_words heed translate --model consu   # a directory: a file is none
complete_words heed translate --precision ''  # one of a few values
complete_words heed translate --precision = b # the same in another spelling
complete_words heed positions alib            # an argument that is one of a few
complete_words heed train --set model.d_      # a key of the recipe
complete_words heed demo --seed ''            # a number
