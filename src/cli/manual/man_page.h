// The program's manual page, section 1, as troff source for man(1): all commands with their options, examples, exit
// codes, variables and files.
//
// Threading: pure functions.
#pragma once

#include <string>

#include "cli/manual/command_tree.h"

namespace mts::cli {

std::string ManPage(const CommandDescription& program, const std::string& version);

}  // namespace mts::cli
