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
complete_words heed bleu consu                # a file
complete_words heed bleu --input consu        # the value of an option
