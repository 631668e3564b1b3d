// A whole data directory with patches anywhere: it opens or is refused, and no message comes back other than it was
// published (promise P5).
#include <cstdint>
#include <map>
#include <string>

#include "base/text.h"
#include "fuzz_check.h"
#include "fuzz_input.h"
#include "io/fault_file_system.h"
#include "log/log.h"
#include "spdlog/spdlog.h"

namespace {

using namespace mts;  // NOLINT

constexpr char kDirectory[] = "/log";
using Directory = std::map<std::string, std::string>;

const ManualClock& Clock() {
  static const auto* const clock = new ManualClock;
  return *clock;
}

absl::StatusOr<std::unique_ptr<log::Log>> Open(io::FileSystem& files) {
  log::LogOptions options;
  options.files = &files;
  options.directory = kDirectory;
  options.clock = &Clock();
  options.segment_bytes = limits::kMinSegmentBytes;
  options.prepared_segments = 0;
  options.min_free_bytes = 0;
  options.checkpoint_min_bytes = 4096;
  return log::Log::Open(std::move(options));
}

std::string PayloadOf(uint64_t sequence) {
  return Concat("payload ", sequence * 7919, std::string(sequence % 50, '.'));
}

// Batches of 1 to 4 messages, a restart in between, some positions; every file as the last shutdown left it.
Directory GoodDirectory() {
  io::FaultFileSystem files;
  FUZZ_CHECK(files.CreateDirectories(kDirectory).ok());
  uint64_t sequence = 0;
  for (int life = 0; life < 2; ++life) {
    auto log = Open(files);
    FUZZ_CHECK(log.ok());
    for (int batch = 0; batch < 30; ++batch) {
      std::vector<std::string> payloads;
      for (int i = 0; i <= batch % 4; ++i) payloads.push_back(PayloadOf(++sequence));
      std::vector<NewMessage> messages;
      for (const std::string& payload : payloads) {
        messages.emplace_back();
        messages.back().subject = batch % 2 == 0 ? "even" : "odd";
        messages.back().payload = payload;
      }
      (*log)->Append(messages, nullptr, [](store::AppendOutcome outcome) { FUZZ_CHECK(outcome.status.ok()); });
    }
    (*log)->SetPosition(*Pattern::Parse("even"), {{"durable", "even"}, Sequence(5)}, [](absl::StatusOr<Sequence>) {});
    (*log)->Shutdown();
  }
  Directory directory;
  const auto names = files.List(kDirectory);
  FUZZ_CHECK(names.ok());
  for (const std::string& name : *names) {
    const std::string path = io::JoinPath(kDirectory, name);
    auto bytes = io::ReadWholeFile(files, path, 8 << 20);
    FUZZ_CHECK(bytes.ok());
    directory[path] = *std::move(bytes);
  }
  return directory;
}

// The part of a segment that was never written to would take most of the patches.
size_t UsedBytes(const std::string& bytes) { return bytes.find_last_not_of('\0') + 1; }

void ReadAll(log::Log& log) {
  Sequence last = kNoSequence;
  for (;;) {
    store::ReadRequest request;
    request.after = last;
    request.max_messages = 50;
    const auto block = log.Read(request);
    if (!block.ok() || (*block)->messages.empty()) return;
    for (const StoredMessage& message : (*block)->messages) {
      FUZZ_CHECK(message.sequence > last);
      if (message.payload_included) FUZZ_CHECK(message.payload == PayloadOf(message.sequence.value()));
      last = message.sequence;
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  spdlog::set_level(spdlog::level::off);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Directory& good = *new Directory(GoodDirectory());
  fuzz::Input input(data, size);
  const size_t chosen = input.Number<uint8_t>() % good.size();
  io::FaultFileSystem files;
  FUZZ_CHECK(files.CreateDirectories(kDirectory).ok());
  size_t position = 0;
  for (const auto& [path, bytes] : good) {
    std::string patched = bytes;
    if (position++ == chosen) fuzz::Patch(input, patched.data(), UsedBytes(patched));
    auto file = files.Open(path, io::OpenMode::kCreate);
    FUZZ_CHECK(file.ok() && (*file)->Write(0, patched).ok());
  }
  auto log = Open(files);
  if (size == 0) FUZZ_CHECK(log.ok() && (*log)->counters().damaged_spots == 0);
  if (!log.ok()) return 0;
  ReadAll(**log);
  (*log)->Shutdown();
  return 0;
}
