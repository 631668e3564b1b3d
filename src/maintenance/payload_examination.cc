#include "maintenance/payload_examination.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "base/crc32c.h"
#include "base/limits.h"
#include "base/status.h"
#include "base/text.h"

namespace mts::maintenance {
namespace {

constexpr uint64_t kPieceBytes = 1 * limits::kMiB;
constexpr size_t kFanOutNameBytes = 2;

int HexValue(char c) { return c <= '9' ? c - '0' : c - 'a' + 10; }

bool IsFanOutName(std::string_view name) {
  return name.size() == kFanOutNameBytes &&
         std::all_of(name.begin(), name.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

}  // namespace

PayloadExamination::PayloadExamination(io::FileSystem& files, const std::string& directory,
                                       const ProgressSink& progress, FindingSink found)
    : files_(files), paths_(directory), progress_(progress), found_(std::move(found)) {}

PayloadExamination::Key PayloadExamination::KeyOf(std::string_view name) {
  Key key;
  for (size_t i = 0; i < key.size(); ++i) {
    key[i] = static_cast<char>(HexValue(name[2 * i]) << 4 | HexValue(name[2 * i + 1]));
  }
  return key;
}

void PayloadExamination::Expect(const PayloadReference& reference) {
  if (store::IsPayloadKey(reference.key)) announced_.insert(KeyOf(reference.key));
}

absl::Status PayloadExamination::Check(const NamedPayload& payload) {
  std::string path = paths_.root();
  std::string fault = "its name is not that of a payload file";
  if (store::IsPayloadKey(payload.reference.key)) {
    named_.insert(KeyOf(payload.reference.key));
    MTS_ASSIGN_OR_RETURN(fault, Fault(payload.reference, path));
  }
  if (fault.empty()) return absl::OkStatus();
  Finding finding;
  finding.kind = FindingKind::kPayload;
  finding.file = path;
  finding.what = std::move(fault);
  finding.Touch(payload.subject, payload.sequence);
  found_(std::move(finding));
  return absl::OkStatus();
}

absl::StatusOr<std::string> PayloadExamination::Fault(const PayloadReference& reference, std::string& path) {
  path = paths_.Kept(reference.key);
  absl::StatusOr<std::unique_ptr<io::File>> file = files_.Open(path, io::OpenMode::kRead);
  if (absl::IsNotFound(file.status())) {
    const std::string incoming = paths_.Incoming(reference.key);
    file = files_.Open(incoming, io::OpenMode::kRead);
    if (file.ok()) path = incoming;
  }
  if (absl::IsNotFound(file.status())) return std::string("the file is missing");
  // Rights say nothing about the file.
  if (absl::IsPermissionDenied(file.status())) return file.status();
  if (!file.ok()) return std::string(ToStd(file.status().message()));
  return ReadAll(**file, reference, path);
}

absl::StatusOr<std::string> PayloadExamination::ReadAll(io::File& file, const PayloadReference& reference,
                                                        const std::string& path) {
  MTS_ASSIGN_OR_RETURN(const uint64_t size, file.Size());
  if (size < reference.offset || size - reference.offset < reference.size) {
    return Concat("it has ", size, " bytes, ", reference.size, " are expected");
  }
  const auto buffer = std::make_unique_for_overwrite<char[]>(std::min(kPieceBytes, reference.size + 1));
  uint32_t crc = Crc32c({});
  for (uint64_t done = 0; done < reference.size;) {
    const uint64_t length = std::min(kPieceBytes, reference.size - done);
    const absl::Status status = file.ReadExactly(reference.offset + done, absl::MakeSpan(buffer.get(), length));
    if (!status.ok()) return Concat("it cannot be read at ", done, ": ", ToStd(status.message()));
    crc = ExtendCrc32c(crc, {buffer.get(), length});
    done += length;
    MTS_RETURN_IF_ERROR(progress_.advance(length, path));
  }
  return crc == reference.crc32c ? std::string() : std::string("its checksum is wrong");
}

void PayloadExamination::Report(FindingKind kind, const std::string& path, std::string what) {
  Finding finding;
  finding.kind = kind;
  finding.damage = kind != FindingKind::kLeftover;
  finding.file = path;
  finding.what = std::move(what);
  if (const auto file = files_.Open(path, io::OpenMode::kRead); file.ok()) finding.bytes = (*file)->Size().value_or(0);
  found_(std::move(finding));
}

absl::StatusOr<std::vector<std::string>> PayloadExamination::ListIfThere(const std::string& directory) {
  absl::StatusOr<std::vector<std::string>> names = files_.List(directory);
  if (absl::IsNotFound(names.status())) return std::vector<std::string>();
  return names;
}

absl::Status PayloadExamination::LookThrough(const std::string& directory, std::vector<std::string>& orphans) {
  MTS_ASSIGN_OR_RETURN(const std::vector<std::string> names, ListIfThere(directory));
  for (const std::string& name : names) {
    if (store::IsPayloadKey(name)) {
      const Key key = KeyOf(name);
      if (named_.contains(key) || announced_.contains(key)) continue;
    }
    orphans.push_back(io::JoinPath(directory, name));
  }
  return progress_.advance(0, directory);
}

absl::Status PayloadExamination::FindOrphans(Orphans& orphans) {
  MTS_RETURN_IF_ERROR(LookThrough(paths_.incoming(), orphans.incoming));
  MTS_ASSIGN_OR_RETURN(const std::vector<std::string> uppers, ListIfThere(paths_.root()));
  for (const std::string& upper : uppers) {
    if (!IsFanOutName(upper)) continue;
    const std::string upper_path = io::JoinPath(paths_.root(), upper);
    MTS_ASSIGN_OR_RETURN(const std::vector<std::string> lowers, ListIfThere(upper_path));
    for (const std::string& lower : lowers) {
      if (IsFanOutName(lower)) MTS_RETURN_IF_ERROR(LookThrough(io::JoinPath(upper_path, lower), orphans.kept));
    }
  }
  for (const std::string& path : orphans.incoming) {
    Report(FindingKind::kLeftover, path, "no message names it; the next start removes it");
  }
  for (const std::string& path : orphans.kept) {
    Report(FindingKind::kOrphan, path, "no message names it");
  }
  return absl::OkStatus();
}

}  // namespace mts::maintenance
