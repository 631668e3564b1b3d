// What --help prints: every line within the terminal's width, headings in bold on a terminal.
//
// Threading: pure functions.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <string_view>

#include "cli/manual/command_tree.h"

namespace mts::cli {

std::string HelpText(const CommandDescription& command, int width, bool colour);

// `text` in lines of at most `width` columns, each after the first one with `indentation` spaces before it; the first
// one is thought to stand there already.
std::string Wrapped(std::string_view text, size_t indentation, size_t width);

// Makes CLI11 print HelpText. Set before the first command is added, which inherits it.
std::shared_ptr<CLI::FormatterBase> HelpFormatter();

}  // namespace mts::cli
