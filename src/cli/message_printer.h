// Prints messages to the standard output: a line each for people, a JSON object each for machines, or payloads only.
//
// Threading: one thread. Errors: those of writing, and of the download of a large payload (raw only).
#pragma once

#include "absl/status/status.h"
#include "cli/client/command.h"
#include "cli/client/connection.h"

namespace mts::cli {

class MessagePrinter {
 public:
  MessagePrinter(const Connection& connection, Format format) : connection_(connection), format_(format) {}
  absl::Status Print(const pb::Message& message);

 private:
  absl::Status PrintTable(const pb::Message& message);
  absl::Status PrintJson(const pb::Message& message);
  absl::Status PrintRaw(const pb::Message& message);

  const Connection& connection_;
  const Format format_;
  bool title_printed_ = false;
  size_t subject_columns_ = 16;
};

// "", or what is the matter with the payload.
std::string_view PayloadTrouble(const pb::Message& message);

absl::Time TimeOf(const google::protobuf::Timestamp& time);

}  // namespace mts::cli
