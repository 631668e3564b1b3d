// Sets the process's log up: one line an event on stderr, for people or as JSON.
//
// Threading: once, before other threads log.
#pragma once

#include <string>

namespace mts::server {

// `level` and `format` as the configuration's log.level and log.format.
void SetUpLogging(const std::string& level, const std::string& format);

}  // namespace mts::server
