// An index file that says anything under right checksums: a good one with the fuzzer's patches. Every look-up ends,
// within bounds, with hits in order or an error.
#include <cstdint>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "fuzz_check.h"
#include "fuzz_input.h"
#include "io/fault_file_system.h"
#include "log/catalogue.h"
#include "log/disk_index.h"
#include "log/memory_index.h"
#include "log/segment_index_writer.h"
#include "spdlog/spdlog.h"

namespace {

using namespace mts;       // NOLINT
using namespace mts::log;  // NOLINT

constexpr char kPath[] = "/0000000000000001.index";

// The index of a segment with gaps in its sequences, several subjects and references.
std::string GoodIndex() {
  Catalogue catalogue(100);
  MemoryIndex index(SegmentNumber(1), 77, catalogue);
  uint64_t sequence = 100;
  for (int i = 0; i < 400; ++i) {
    const std::string subject = i % 7 == 0 ? "a.b" : i % 3 == 0 ? "a.b.c" : "subject-" + std::to_string(i % 20);
    const auto id = catalogue.FindOrCreate(subject);
    sequence += i % 50 == 0 ? 3 : 1;
    const VisibleMessage message{*id, static_cast<uint32_t>(512 + i * 16), Sequence(sequence), 100, i % 40 == 0};
    catalogue.Accept(*id, Sequence(sequence));
    catalogue.MakeVisible({&message, 1}, Timestamp(i));
    index.Add({&message, 1}, Timestamp(i));
  }
  index.Close(100'000);
  io::FaultFileSystem files;
  FUZZ_CHECK(WriteSegmentIndex(files, kPath, index).ok());
  auto bytes = io::ReadWholeFile(files, kPath, 1 << 20);
  FUZZ_CHECK(bytes.ok());
  return *bytes;
}

void FixChecksums(std::string& bytes) {
  for (uint64_t page = 0; (page + 1) * kPageBytes <= bytes.size(); ++page) {
    char number[8];
    StoreInteger<uint64_t>(number, page);
    char* content = bytes.data() + page * kPageBytes;
    const uint32_t crc = ExtendCrc32c(Crc32c({number, sizeof(number)}), {content, kPageContentBytes});
    StoreInteger<uint32_t>(content + kPageContentBytes, crc);
  }
}

void LookUp(const DiskIndex& index) {
  for (const char* text : {"*", "a.b", "a.b.*", "subject-3", "nobody", "subject-1.*"}) {
    const Pattern pattern = *Pattern::Parse(text);
    for (const uint64_t after : {0, 250, 501}) {
      std::vector<Hit> hits;
      const absl::Status status = index.Find({pattern, Sequence(after), Sequence(UINT64_MAX), 1000}, hits);
      if (status.ok()) FUZZ_CHECK(hits.size() <= 1000);
      index.CountAfter(pattern, Sequence(after)).status().IgnoreError();
    }
  }
  for (const uint64_t sequence : {0, 103, 250, 520}) index.FindOne(Sequence(sequence)).status().IgnoreError();
  index.Describe([](const SegmentSet::SubjectTotal&) {}, [](const Hit&) {}).IgnoreError();
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  spdlog::set_level(spdlog::level::off);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::string& good = *new std::string(GoodIndex());
  std::string bytes = good;
  fuzz::Input input(data, size);
  fuzz::Patch(input, bytes.data(), bytes.size());
  FixChecksums(bytes);
  io::FaultFileSystem files;
  auto file = files.Open(kPath, io::OpenMode::kCreate);
  FUZZ_CHECK(file.ok() && (*file)->Write(0, bytes).ok());
  OpenFiles open_files(files, 4);
  BlockCache cache(1 << 20);
  const auto index = DiskIndex::Open(open_files, cache, kPath);
  if (size == 0) FUZZ_CHECK(index.ok());
  if (index.ok()) LookUp(**index);
  return 0;
}
