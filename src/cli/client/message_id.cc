#include "cli/client/message_id.h"

#include <random>

#include "absl/strings/str_format.h"
#include "base/text.h"

namespace mts::cli {
namespace {

// FNV-1a with 128 bits: stable everywhere, and wide enough that files do not meet by accident.
class StableHash {
 public:
  void Add(std::string_view bytes) {
    for (const char c : bytes) {
      state_ ^= static_cast<unsigned char>(c);
      state_ *= kPrime;
    }
  }
  std::string ToHex() const {
    return absl::StrFormat("%016x%016x", static_cast<uint64_t>(state_ >> 64), static_cast<uint64_t>(state_));
  }

 private:
  __extension__ using Wide = unsigned __int128;
  static constexpr Wide kPrime = (Wide{1} << 88) + 0x13b;
  Wide state_ = (Wide{0x6c62272e07bb0142} << 64) + 0x62b821756295c58d;
};

}  // namespace

std::string RandomRunId() {
  std::random_device device;
  const uint64_t number = (uint64_t{device()} << 32) | device();
  return absl::StrFormat("%016x", number);
}

std::string IndexedMessageId(std::string_view prefix, uint64_t index) { return Concat(prefix, "-", index); }

std::string FileMessageId(std::string_view prefix, const SourceFile& file) {
  StableHash hash;
  hash.Add(file.name);
  hash.Add(Concat("|", file.size, "|", file.modified_nanos));
  return Concat(prefix, "-", hash.ToHex());
}

}  // namespace mts::cli
