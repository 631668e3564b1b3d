// Everything that the log's records add up to, besides the messages themselves. Recovery fills it, the commit thread
// changes it, a checkpoint writes it down.
//
// Threading: as each member says; the scalars belong to the commit thread.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "log/catalogue.h"
#include "log/consumer_table.h"
#include "log/deduplication.h"
#include "log/format.h"

namespace mts::log {

struct State {
  State(uint64_t max_subjects, int64_t deduplication_window_micros, uint64_t max_deduplication_ids)
      : catalogue(max_subjects), deduplication(deduplication_window_micros, max_deduplication_ids) {}

  Catalogue catalogue;
  ConsumerTable consumers;
  DeduplicationWindow deduplication;

  Sequence last_sequence;     // the greatest assigned
  Sequence reserved_through;  // weak durability: may have been used (reservation record)
  GroupNumber next_group{1};
  Timestamp last_time;  // of the last commit
  TrimBody trim;        // what retention keeps
  // Payload removals that are announced and not done, by the group of their intent record.
  std::map<GroupNumber, std::vector<PayloadReference>> pending_removals;
};

}  // namespace mts::log
