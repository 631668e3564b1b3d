// What a process uses: anonymous memory and processor time, from /proc.
//
// Threading: pure functions. Errors: 0 for a process that is not there or not ours to look at.
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace mts::cli {

uint64_t AnonymousMemoryOf(pid_t pid);
// User and system time in seconds.
double ProcessorSecondsOf(pid_t pid);

}  // namespace mts::cli
