// What the server processes are configured with; the keys, their names and checks are the table in
// configuration_keys.h.
//
// Threading: a value.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/limits.h"

namespace mts::server {

// serve does everything; the others share its work (the cluster shape).
enum class ProcessKind : uint8_t { kServe, kIngress, kEgress, kCleaner };

struct Configuration {
  ProcessKind process = ProcessKind::kServe;

  std::string data_dir = "./data";
  std::string ingress_listen = "0.0.0.0:50051";
  std::string egress_listen = "0.0.0.0:50052";
  std::string cleaner_listen = "0.0.0.0:50053";  // of the cleaner: health and administration
  std::string gate_listen = "127.0.0.1:3301";    // empty: off
  std::string gate_user = "minitoolstream";
  std::string gate_password = "changeme";

  std::string metadata = "embedded";  // embedded | tarantool | null
  std::string payload = "files";      // files | s3 | null
  uint64_t inline_limit = limits::kInlineLimit;

  std::string tarantool_addresses = "localhost:3301";  // of a replica set, commas between them
  std::string tarantool_user = "minitoolstream";
  std::string tarantool_password = "changeme";
  std::string tarantool_password_file;
  int64_t tarantool_timeout_micros = 10'000'000;
  uint64_t tarantool_inline_limit = 0;

  std::string s3_endpoint = "localhost:9000";  // without a scheme: s3_tls decides
  bool s3_tls = false;
  std::string s3_region = "us-east-1";
  std::string s3_bucket = "minitoolstream";
  std::string s3_access_key = "minioadmin";
  std::string s3_secret_key = "minioadmin";
  std::string s3_secret_key_file;
  std::string s3_session_token;
  std::string s3_prefix = "mts/";
  std::string s3_layout = "packed";    // packed | plain
  std::string s3_addressing = "path";  // path | virtual
  std::string s3_ca_file;
  bool s3_create_bucket = true;
  uint64_t s3_pack_below = 256 * limits::kKiB;
  bool s3_remove_named = true;
  uint64_t s3_part_bytes = 8 * limits::kMiB;
  uint64_t s3_upload_memory = 256 * limits::kMiB;
  uint64_t s3_cache = 64 * limits::kMiB;
  uint64_t s3_connections = 24;
  int64_t s3_timeout_micros = 15'000'000;

  std::string durability = "commit";  // commit | interval | none
  int64_t sync_interval_micros = 100'000;
  uint64_t segment_bytes = limits::kSegmentBytes;
  uint64_t prepared_segments = limits::kPreparedSegments;
  uint64_t min_free_bytes = limits::kMinFreeBytes;
  uint64_t reader_threads = 8;

  int64_t retention_max_age_micros = 0;  // 0: kept for ever
  uint64_t retention_max_bytes = 0;
  uint64_t retention_max_messages = 0;

  int64_t sweep_grace_micros = 3'600'000'000;
  int64_t sweep_interval_micros = 1'800'000'000;
  int64_t sweep_uploads_micros = int64_t{86'400} * 1'000'000;
  uint64_t sweep_rewrite_bytes = 1 * limits::kGiB;

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

  // Where each key that does not have its default was set last: "file:line", the variable or the flag.
  std::map<std::string, std::string> origins;
};

}  // namespace mts::server
