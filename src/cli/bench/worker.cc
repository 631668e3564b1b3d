#include "cli/bench/worker.h"

#include <algorithm>

#include "base/text.h"
#include "cli/terminal/exit_code.h"

namespace mts::cli {
namespace {

// What a reader may receive before it has taken it: enough for a fast lane on one machine.
constexpr int kLookaheadBytes = 8 << 20;

}  // namespace

RawConnections::RawConnections(const std::string& address, uint64_t count) : address_(address) {
  for (uint64_t i = 0; i < std::max<uint64_t>(count, 1); ++i) {
    grpc::ChannelArguments arguments = ClientChannelArguments();
    // Without it equal channels share one connection.
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetInt(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, kLookaheadBytes);
    channels_.push_back(grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments));
    stubs_.push_back(std::make_unique<RawStub>(channels_.back()));
  }
}

absl::Status RawConnections::WaitUntilConnected(absl::Duration timeout) {
  const auto deadline = absl::ToChronoTime(absl::Now() + timeout);
  for (const auto& channel : channels_) channel->GetState(/*try_to_connect=*/true);
  for (const auto& channel : channels_) {
    if (!channel->WaitForConnected(deadline)) {
      return UnreachableError(Concat("cannot reach the server at ", address_));
    }
  }
  return absl::OkStatus();
}

void Worker::Poll() {
  void* tag = nullptr;
  bool ok = false;
  while (queue_.Next(&tag, &ok)) static_cast<Event*>(tag)->OnEvent(ok);
}

void Worker::Join() {
  if (joined_) return;
  joined_ = true;
  queue_.Shutdown();
  if (thread_.joinable()) thread_.join();
  void* tag = nullptr;
  bool ok = false;
  while (queue_.Next(&tag, &ok)) {
  }
}

}  // namespace mts::cli
