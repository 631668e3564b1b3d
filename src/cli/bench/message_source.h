// The requests of a publishing benchmark. Equal rounds are encoded once and sent again and again; where they would not
// fit 64 MiB, or every message has an id, each request is encoded when it is needed.
//
// Threading: any thread.
#pragma once

#include <grpcpp/support/byte_buffer.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "cli/bench/settings.h"

namespace mts::cli {

// Bytes that no compression shortens, the same ones in every run.
std::string PseudoRandomBytes(uint64_t size);

class MessageSource {
 public:
  enum class Form { kPublishRequest, kBatchRequest };
  MessageSource(const BenchSettings& settings, Form form, uint64_t messages_a_request);

  grpc::ByteBuffer Next();
  // Request number `index`; messages go over the subjects in turn.
  grpc::ByteBuffer Get(uint64_t index) const;
  uint64_t messages_a_request() const { return messages_; }

 private:
  grpc::ByteBuffer Encode(uint64_t index) const;

  const BenchSettings& settings_;
  const Form form_;
  const uint64_t messages_;
  const std::string payload_;
  const std::string run_id_;
  std::vector<grpc::ByteBuffer> prepared_;
  std::atomic<uint64_t> next_{0};
};

}  // namespace mts::cli
