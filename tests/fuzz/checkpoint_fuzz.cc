// A checkpoint file: first the bytes as they are, then records of any type and body under right checksums.
#include <cstdint>
#include <string>

#include "fuzz_check.h"
#include "fuzz_input.h"
#include "io/fault_file_system.h"
#include "log/checkpoint.h"
#include "log/checkpoint_records.h"
#include "spdlog/spdlog.h"

namespace {

using namespace mts;       // NOLINT
using namespace mts::log;  // NOLINT

constexpr char kDirectory[] = "/log";
constexpr uint64_t kIdentity = 11;

void Load(const std::string& bytes) {
  io::FaultFileSystem files;
  FUZZ_CHECK(files.CreateDirectories(kDirectory).ok());
  auto file = files.Open("/log/checkpoint-0000000000000001", io::OpenMode::kCreate);
  FUZZ_CHECK(file.ok() && (*file)->Write(0, bytes).ok());
  State state(1000, 1'000'000, 1000);
  const auto loaded = LoadCheckpoint(files, kDirectory, 0, state);
  if (!loaded.ok() || !loaded->has_value()) return;
  // What was loaded can be written and loaded again.
  const CheckpointSnapshot snapshot = TakeSnapshot(state, (*loaded)->segments, (*loaded)->info.position, 0, kIdentity);
  FUZZ_CHECK(WriteCheckpoint(files, kDirectory, snapshot).ok());
  State again(1000, 1'000'000, 1000);
  const auto second = LoadCheckpoint(files, kDirectory, 0, again);
  FUZZ_CHECK(second.ok() && second->has_value());
  FUZZ_CHECK((*second)->segments.size() == (*loaded)->segments.size());
  FUZZ_CHECK(again.catalogue.subjects() == state.catalogue.subjects());
  FUZZ_CHECK(again.consumers.size() == state.consumers.size());
}

std::string Records(fuzz::Input input) {
  std::string bytes =
      EncodeCheckpointHeader({kIdentity, 1, {SegmentNumber(1), 4096}, Sequence(9), GroupNumber(2), Timestamp(5)});
  uint64_t count = 0;
  while (!input.empty()) {
    const auto type = static_cast<RecordType>(input.Number<uint8_t>() % 70);
    const auto flags = static_cast<uint8_t>(input.Number<uint8_t>() & kRecordSkippable);
    const auto sequence = Sequence(input.Number<uint8_t>());
    const std::string_view body = input.Piece(input.Number<uint8_t>());
    if (type == RecordType::kCheckpointEnd) continue;
    AppendRecord(bytes, type, flags, body, sequence, Timestamp(7), kIdentity);
    ++count;
  }
  AppendRecord(bytes, RecordType::kCheckpointEnd, 0, EncodeCheckpointEnd(count), Sequence(9), Timestamp(7), kIdentity);
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  spdlog::set_level(spdlog::level::off);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Load(std::string(reinterpret_cast<const char*>(data), size));
  Load(Records(fuzz::Input(data, size)));
  return 0;
}
