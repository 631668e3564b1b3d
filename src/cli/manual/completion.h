// What may stand at the end of an unfinished command line: found in the commands' description, so that it is what the
// parser takes.
//
// Threading: pure functions.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "cli/manual/command_tree.h"

namespace mts::cli {

struct Candidate {
  std::string text;
  std::string description;  // one line; may be empty
};

// What else than `candidates` the last word can be: something that only the shell, the server or a file knows.
enum class ValueSource { kNone, kFiles, kFolders, kSubjects, kConsumers, kContexts };

struct Completion {
  std::vector<Candidate> candidates;
  ValueSource values = ValueSource::kNone;
  std::string prefix;                        // stands before a value in its word: "--format="
  std::string partial;                       // what is there of the value
  std::map<std::string, std::string> given;  // values of the options before, by long name
};

// `words`: what follows the program's name; the last one is unfinished, perhaps empty.
Completion Complete(const CommandDescription& program, const std::vector<std::string>& words);

// The script with which `shell` (bash, zsh or fish) asks the program; empty for another one.
std::string_view CompletionScript(std::string_view shell);

}  // namespace mts::cli
