#include "cli/manual/completion.h"

// The scripts only carry words: the first line of an answer says "words", or that the shell is to complete "files" or
// "folders"; each further one is a word, a tab and its description.

namespace mts::cli {
namespace {

constexpr std::string_view kBash =
    R"script(# Completion of minitoolstream for bash; load it with: source <(minitoolstream completion bash)

_minitoolstream() {
  # Bash also parts words at '=' and ':'; they are put together again.
  local rest="$COMP_LINE" words=() word i
  for ((i = 0; i <= COMP_CWORD; i++)); do
    word="${COMP_WORDS[i]}"
    if ((i > 0)) && [[ "$rest" != [[:space:]]* ]]; then
      words[${#words[@]} - 1]+="$word"
    else
      words+=("$word")
    fi
    rest="${rest#"${rest%%[![:space:]]*}"}"
    rest="${rest#"$word"}"
  done
  local current="${words[${#words[@]} - 1]}" piece="${COMP_WORDS[COMP_CWORD]}"
  [[ "$piece" == [=:] ]] && piece=""
  local before="${current%"$piece"}"

  local lines=()
  mapfile -t lines < <("${words[0]}" __complete "${words[@]:1}" 2>/dev/null)
  COMPREPLY=()
  case "${lines[0]}" in
    files)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -f -- "$piece")
      ;;
    folders)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -d -- "$piece")
      ;;
    *)
      for word in "${lines[@]:1}"; do
        word="${word%%$'\t'*}"
        COMPREPLY+=("$(printf '%q' "${word#"$before"}")")
      done
      ;;
  esac
}

complete -F _minitoolstream minitoolstream
)script";

constexpr std::string_view kZsh = R"script(#compdef minitoolstream
# Completion of minitoolstream for zsh; load it after compinit with: source <(minitoolstream completion zsh)

_minitoolstream() {
  local -a lines candidates
  local line
  lines=("${(@f)$("${(Q)words[1]}" __complete "${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
  case "$lines[1]" in
    files)
      [[ "$PREFIX" == --*=* ]] && compset -P '*='
      _files
      ;;
    folders)
      [[ "$PREFIX" == --*=* ]] && compset -P '*='
      _files -/
      ;;
    *)
      for line in "${(@)lines[2,-1]}"; do
        [[ -n "$line" ]] && candidates+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
      done
      _describe 'minitoolstream' candidates
      ;;
  esac
}

if [[ "$funcstack[1]" == _minitoolstream ]]; then
  _minitoolstream "$@"
else
  compdef _minitoolstream minitoolstream
fi
)script";

constexpr std::string_view kFish =
    R"script(# Completion of minitoolstream for fish; load it with: minitoolstream completion fish | source

function __minitoolstream_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l lines ($words[1] __complete $words[2..-1] "$current" 2>/dev/null)
    switch "$lines[1]"
        case files
            set -l prefix (string match -r -- '^--[^=]*=' $current)
            __fish_complete_path (string replace -r -- '^--[^=]*=' '' $current) | string replace -r -- '^' "$prefix"
        case folders
            set -l prefix (string match -r -- '^--[^=]*=' $current)
            __fish_complete_directories (string replace -r -- '^--[^=]*=' '' $current) | string replace -r -- '^' "$prefix"
        case '*'
            printf '%s\n' $lines[2..-1]
    end
end

complete -c minitoolstream -f -a '(__minitoolstream_complete)'
)script";

}  // namespace

std::string_view CompletionScript(std::string_view shell) {
  if (shell == "bash") return kBash;
  if (shell == "zsh") return kZsh;
  return shell == "fish" ? kFish : std::string_view();
}

}  // namespace mts::cli
