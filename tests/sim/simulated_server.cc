#include "simulated_server.h"

#include <algorithm>

#include "base/status.h"

namespace mts::sim {
namespace {

std::string PayloadDirectory() { return io::JoinPath(kDataDirectory, "payloads"); }

std::vector<std::string> NamesIn(io::FileSystem& disk, const std::string& directory) {
  return disk.List(directory).value_or(std::vector<std::string>());
}

}  // namespace

absl::StatusOr<std::unique_ptr<SimulatedServer>> SimulatedServer::Start(const ServerOptions& options) {
  std::unique_ptr<SimulatedServer> server(new SimulatedServer);
  store::PayloadFiles::Options file_options;
  file_options.files = options.disk;
  file_options.directory = PayloadDirectory();
  file_options.min_free_bytes = 0;
  file_options.write_threads = 2;
  file_options.read_threads = 1;
  MTS_ASSIGN_OR_RETURN(server->payloads_, store::PayloadFiles::Open(std::move(file_options)));
  store::PayloadFiles& payloads = *server->payloads_;

  store::EmbeddedOptions store_options;
  store_options.data_dir = kDataDirectory;
  store_options.reader_threads = 1;
  log::LogOptions& log = store_options.log;
  log.files = options.disk;
  log.clock = options.clock;
  log.segment_bytes = options.segment_bytes;
  log.prepared_segments = options.prepared_segments;
  log.durability = options.durability;
  log.sync_interval_micros = 1'000;
  log.min_free_bytes = 0;
  log.checkpoint_min_bytes = options.segment_bytes / 2;
  log.keep_payloads = [&payloads](const auto& references) { payloads.Keep(references); };
  log.sync_payloads = [&payloads] { return payloads.SyncKept(); };
  log.recover_payloads = [&payloads](const auto& named) { return payloads.Recover(named); };
  log.remove_payloads = [&payloads](const auto& references, auto done) {
    payloads.Remove(references, std::move(done));
  };
  MTS_ASSIGN_OR_RETURN(server->messages_, store::EmbeddedStore::Open(std::move(store_options)));
  return server;
}

SimulatedServer::~SimulatedServer() {
  if (messages_ != nullptr) messages_->Shutdown();
  payloads_.reset();
}

store::AppendOutcome SimulatedServer::Append(const std::vector<NewMessage>& batch) {
  return WaitFor<store::AppendOutcome>([&](auto done) { messages_->Append(batch, std::move(done)); });
}

absl::StatusOr<store::MessageBlockPtr> SimulatedServer::Read(const Pattern& pattern, uint64_t after, uint32_t max) {
  store::ReadRequest request;
  request.pattern = pattern;
  request.after = Sequence(after);
  request.max_messages = max;
  return WaitFor<absl::StatusOr<store::MessageBlockPtr>>([&](auto done) { messages_->Read(request, std::move(done)); });
}

absl::StatusOr<PayloadReference> SimulatedServer::Put(const std::string& payload) {
  return WaitFor<absl::StatusOr<PayloadReference>>([&](auto done) { payloads_->Put("s", payload, std::move(done)); });
}

absl::StatusOr<std::string> SimulatedServer::Get(const PayloadReference& reference) {
  return WaitFor<absl::StatusOr<std::string>>(
      [&](auto done) { payloads_->Get(reference, 0, reference.size, std::move(done)); });
}

absl::StatusOr<bool> SimulatedServer::Expire(uint64_t max_messages) {
  Retention limits;
  limits.max_messages = max_messages;
  return WaitFor<absl::StatusOr<bool>>([&](auto done) { messages_->Expire(limits, std::move(done)); });
}

std::vector<std::string> PayloadKeysOnDisk(io::FileSystem& disk) {
  std::vector<std::string> keys;
  for (const std::string& top : NamesIn(disk, PayloadDirectory())) {
    const std::string upper = io::JoinPath(PayloadDirectory(), top);
    for (const std::string& name : NamesIn(disk, upper)) {
      if (top == "incoming") {
        keys.push_back(name);
        continue;
      }
      for (std::string& key : NamesIn(disk, io::JoinPath(upper, name))) keys.push_back(std::move(key));
    }
  }
  std::sort(keys.begin(), keys.end());
  return keys;
}

}  // namespace mts::sim
