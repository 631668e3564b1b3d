// What `minitoolstream serve` is configured with; the keys, their names and checks are the table in
// configuration_keys.h.
//
// Threading: a value.
#pragma once

#include <cstdint>
#include <string>

#include "base/limits.h"

namespace mts::server {

struct Configuration {
  std::string data_dir = "./data";
  std::string ingress_listen = "0.0.0.0:50051";
  std::string egress_listen = "0.0.0.0:50052";
  std::string gate_listen = "127.0.0.1:3301";  // empty: off
  std::string gate_user = "minitoolstream";
  std::string gate_password = "changeme";

  std::string metadata = "embedded";  // embedded | null
  std::string payload = "files";      // files | null

  std::string durability = "commit";  // commit | interval | none
  int64_t sync_interval_micros = 100'000;
  uint64_t segment_bytes = limits::kSegmentBytes;
  uint64_t prepared_segments = limits::kPreparedSegments;
  uint64_t min_free_bytes = limits::kMinFreeBytes;
  uint64_t reader_threads = 8;

  int64_t retention_max_age_micros = 0;  // 0: kept for ever
  uint64_t retention_max_bytes = 0;
  uint64_t retention_max_messages = 0;

  uint64_t max_message_bytes = limits::kMaxMessageBytes;
  uint64_t max_batch_messages = limits::kMaxBatchMessages;
  uint64_t max_batch_bytes = limits::kMaxBatchBytes;
  uint64_t max_header_bytes = limits::kMaxHeaderBytes;
  uint64_t max_subjects = limits::kMaxSubjects;
  std::string on_unreadable = "mark";  // mark | fail
  uint64_t payload_memory_bytes = 512 * limits::kMiB;

  uint64_t grpc_memory_bytes = 1 * limits::kGiB;
  int64_t grpc_keepalive_time_micros = 60'000'000;
  int64_t grpc_keepalive_timeout_micros = 20'000'000;

  int64_t shutdown_grace_micros = 5'000'000;
  std::string log_level = "info";
  std::string log_format = "console";  // console | json
};

}  // namespace mts::server
