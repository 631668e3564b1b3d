// The publishing clients of one round: each keeps what was not answered and, in the next round, mostly tries it again
// with the same message ids.
//
// Threading: Run on a thread of its own; not two at a time for one writer.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "grpcpp/channel.h"
#include "ledger.h"
#include "minitoolstream/ingress.grpc.pb.h"
#include "payload.h"

namespace mts::crash {

// What the clients of one round share.
struct Round {
  std::shared_ptr<grpc::Channel> channel;
  std::atomic<bool> killed{false};  // set before the signal: errors are expected from here on
};

class Writer {
 public:
  Writer(int number, uint64_t seed, Ledger& ledger) : number_(number), random_(seed * 1000 + number), ledger_(ledger) {}
  virtual ~Writer() = default;

  // Publishes until the first error.
  virtual void Run(Round& round) = 0;

 protected:
  // A new message with a name, and the payload that belongs to it unless `named_only`.
  minitoolstream::PublishRequest NewMessage(uint64_t size, bool named_only = false);
  minitoolstream::PublishBatchRequest NewBatch();
  // Half a second after the kill everything unanswered has failed by itself; the deadline is for a server that hangs.
  std::unique_ptr<grpc::ClientContext> NewContext() const;
  // Takes one answer into the ledger.
  void TakeAnswer(const minitoolstream::PublishRequest& request, const minitoolstream::PublishResponse& response);
  void TakeAnswer(const minitoolstream::PublishBatchRequest& request,
                  const minitoolstream::PublishBatchResponse& response);
  // An error is a violation while the server lives.
  void TakeError(const Round& round, const char* call, const grpc::Status& status);
  bool TriesAgain() { return random_() % 4 != 0; }

  const int number_;
  Random random_;
  Ledger& ledger_;
  uint64_t next_ = 0;
};

// One of each kind of publishing call, several of the cheap ones.
std::vector<std::unique_ptr<Writer>> MakeWriters(uint64_t seed, Ledger& ledger);

// The subjects that writers choose from.
const std::vector<std::string>& Subjects();

}  // namespace mts::crash
