// `completion`: the script with which a shell completes command lines, and the answers to that script.
//
// Threading: see commands.h; the whole command line is looked at when they run.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace mts::cli {

void AddCompletionCommand(CLI::App& app, int& exit_code);

// The first word of the scripts' requests.
inline constexpr std::string_view kCompleteRequest = "__complete";

// Prints how the shell is to complete ("words", "files" or "folders"), then a line for each word it may offer: the
// word, a tab, its description. Says nothing about failures: a server that does not answer within half a second has no
// subjects. Gives the exit code.
int AnswerCompletion(const CLI::App& program, const std::vector<std::string>& words);

}  // namespace mts::cli
