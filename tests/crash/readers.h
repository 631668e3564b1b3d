// The consumers of one round: they read with a durable name, remember what they saw, and acknowledge.
//
// Threading: Run on a thread of its own.
#pragma once

#include <string>
#include <vector>

#include "ledger.h"
#include "writers.h"

namespace mts::crash {

struct Consumer {
  std::string durable_name;
  std::string subject;  // or a pattern

  std::string Name() const { return durable_name + " of " + subject; }
};

const std::vector<Consumer>& Consumers();

// Reads and acknowledges until the first error.
void RunConsumer(const Consumer& consumer, Round& round, Ledger& ledger);

}  // namespace mts::crash
