// Identities of segments and checkpoints: random, drawn anew each time a file is taken into use, so that bytes of an
// earlier life are never taken for the present one (docs/log_format.md).
//
// Threading: any thread.
#pragma once

#include <cstdint>

namespace mts::log {

uint64_t NewIdentity();

}  // namespace mts::log
