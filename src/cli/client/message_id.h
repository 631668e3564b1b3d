// Message ids that make publishing repeatable.
//
// Threading: pure functions; a run's random part comes from the system.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "cli/client/source_folder.h"

namespace mts::cli {

// 16 hexadecimal digits, other ones for every call.
std::string RandomRunId();

// "PREFIX-INDEX": message number `index` of this run.
std::string IndexedMessageId(std::string_view prefix, uint64_t index);

// "PREFIX-HASH": the same for the same name, size and time of change, so that a later run with the same prefix sends
// only what is new.
std::string FileMessageId(std::string_view prefix, const SourceFile& file);

}  // namespace mts::cli
