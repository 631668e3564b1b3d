// Where in the program a sync is asked for: found at run time from the call stack, so that no list of them has to be
// kept.
//
// Threading: any thread. Errors: none. Limits: a site is told apart by the two callers next above src/io.
#pragma once

#include <cstdint>
#include <string>

namespace mts::sim {

struct SyncSite {
  uint64_t key = 0;  // the same for the same code in one process
  std::string name;  // "callee < caller", for people
};

// The site whose call to the file system is under way on this thread.
SyncSite CurrentSyncSite();

}  // namespace mts::sim
