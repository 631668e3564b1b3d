// The publishes of one read burst, appended in one go: they share a commit, and their answers leave together. Each is
// still a message of its own: when the whole is refused, every one is tried alone, so that none suffers from its
// neighbours.
//
// Threading: filled by one thread, then Start; it keeps itself alive until all are answered. Errors: as a publish's
// answer. Limits: kMaxBurstBytes, beyond which the caller begins a new burst.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "broker/publisher.h"
#include "gate/reply.h"
#include "iproto/call_arguments.h"
#include "model/message.h"

namespace mts::gate {

// What the client is told: the map of grpc_publish, or just the sequence, and then a refusal is an error.
enum class PublishAnswer { kMap, kSequence };

class PublishBurst : public std::enable_shared_from_this<PublishBurst> {
 public:
  static constexpr size_t kMaxBurstBytes = 256 * 1024;

  PublishBurst(broker::Publisher& publisher, std::shared_ptr<iproto::ReplyChannel> channel)
      : publisher_(publisher), channel_(std::move(channel)) {}

  // Copies what it needs of the arguments.
  void Add(ReplyHead head, PublishAnswer answer, const iproto::PublishArguments& arguments);
  bool empty() const { return items_.empty(); }
  // False when the next message should not come into this burst.
  bool HasRoomFor(const iproto::PublishArguments& arguments) const;

  void Start();

 private:
  struct Item {
    ReplyHead head;
    PublishAnswer answer;
    size_t offset;  // in bytes_: subject, headers, payload
    size_t subject_size;
    size_t headers_size;
    size_t payload_size;
    PayloadReference reference;  // kInline: none
  };

  void Append(size_t first, size_t count);
  void OnAppended(size_t first, size_t count, const store::AppendOutcome& outcome);

  broker::Publisher& publisher_;
  const std::shared_ptr<iproto::ReplyChannel> channel_;
  std::string bytes_;
  std::vector<Item> items_;
  std::vector<NewMessage> messages_;
};

// The answer to one publish that was not stored.
void AppendRefusal(std::string& to, ReplyHead head, PublishAnswer answer, const absl::Status& status);
// The same for arguments of wrong types.
void AppendRefusal(std::string& to, ReplyHead head, PublishAnswer answer, const iproto::Error& error);

}  // namespace mts::gate
