#include "broker/named_keys.h"

#include <algorithm>

#include "base/await.h"
#include "base/limits.h"
#include "base/status.h"

namespace mts::broker {
namespace {

constexpr uint32_t kMessagesOfRead = 10'000;
constexpr uint64_t kBytesOfRead = 8 * limits::kMiB;

absl::StatusOr<KeySet> AskIndex(store::KeyIndex& index, const std::vector<std::string>& keys) {
  KeySet named;
  const size_t step = index.max_named_keys();
  for (size_t begin = 0; begin < keys.size(); begin += step) {
    const auto first = keys.begin() + static_cast<ptrdiff_t>(begin);
    const auto last = keys.begin() + static_cast<ptrdiff_t>(std::min(keys.size(), begin + step));
    MTS_ASSIGN_OR_RETURN(const std::vector<std::string> found,
                         Await<absl::StatusOr<std::vector<std::string>>>([&](auto done) {
                           index.NamedKeys({first, last}, std::move(done));
                         }));
    named.insert(found.begin(), found.end());
  }
  return named;
}

}  // namespace

absl::StatusOr<KeySet> FindNamedKeys(store::MessageStore& messages, store::KeyIndex* index,
                                     const std::vector<std::string>& keys) {
  if (keys.empty()) return KeySet();
  if (index != nullptr) return AskIndex(*index, keys);
  const absl::flat_hash_set<std::string_view> asked(keys.begin(), keys.end());
  KeySet named;
  // What comes later than now is not read; the sweep asks again before it removes anything.
  MTS_ASSIGN_OR_RETURN(const Sequence last, Await<absl::StatusOr<Sequence>>(
                                                [&](auto done) { messages.Last(Pattern::All(), std::move(done)); }));
  store::ReadRequest request;
  request.max_messages = kMessagesOfRead;
  request.max_bytes = kBytesOfRead;
  request.max_inline_bytes = 0;
  while (request.after < last) {
    MTS_ASSIGN_OR_RETURN(
        const store::MessageBlockPtr block,
        Await<absl::StatusOr<store::MessageBlockPtr>>([&](auto done) { messages.Read(request, std::move(done)); }));
    for (const StoredMessage& message : block->messages) {
      if (message.reference && asked.contains(message.reference->key)) named.insert(message.reference->key);
    }
    if (block->scanned_through <= request.after) break;
    request.after = block->scanned_through;
  }
  return named;
}

}  // namespace mts::broker
