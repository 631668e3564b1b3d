// The simple functions of SCHEMA.md: their arguments and answers.
//
// Threading: pure functions. Errors: refusals of Tarantool; an answer that cannot be read is UNAVAILABLE.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "model/consumer.h"
#include "model/payload.h"
#include "model/retention.h"
#include "store/message_store.h"
#include "store/payload_references.h"

namespace mts::store {

// An encoded array of texts and numbers.
class Arguments {
 public:
  explicit Arguments(uint64_t count);
  Arguments& Text(std::string_view text);
  Arguments& Number(uint64_t number);
  std::string Take() { return std::move(encoded_); }

 private:
  std::string encoded_;
};

struct Hello {
  bool writable = false;
  Sequence visible;
  std::string instance;
};
inline constexpr uint64_t kFunctionsVersion = 1;
absl::StatusOr<Hello> DecodeHello(std::string_view data);

std::string EncodeRead(const ReadRequest& request);

absl::StatusOr<Sequence> DecodeSequence(std::string_view data);
absl::StatusOr<uint64_t> DecodeNumber(std::string_view data);
absl::StatusOr<bool> DecodeFlag(std::string_view data);
absl::StatusOr<std::optional<Sequence>> DecodePosition(std::string_view data);
absl::StatusOr<StoreInfo> DecodeInfo(std::string_view data);

// Appends to `states`; answers whether there may be further ones.
absl::StatusOr<bool> DecodeSubjects(std::string_view data, std::vector<SubjectState>& states);
absl::StatusOr<std::vector<ConsumerState>> DecodeConsumers(std::string_view data);

struct ExpireStep {
  bool more = false;
  std::vector<PayloadReference> objects;  // kind and key only
};
// At most `max_rows` messages.
std::string EncodeExpire(const Retention& limits, uint64_t max_rows);
absl::StatusOr<ExpireStep> DecodeExpire(std::string_view data);

std::string EncodeNamed(const std::vector<std::string>& keys);
// Those of `keys` that are named.
absl::StatusOr<std::vector<std::string>> DecodeNamed(std::string_view data, std::vector<std::string> keys);

std::string EncodeLiveBytes(absl::Span<const PayloadReferences::ObjectBytes> objects);
// Appends what was counted to `counted`, at least one number and no more than `count` altogether.
absl::Status DecodeLiveBytes(std::string_view data, size_t count, std::vector<uint64_t>& counted);

// Those of the messages behind `after` that have their payload in `key`, ascending.
absl::StatusOr<std::vector<PayloadReferences::MessagePayload>> DecodePayloadsOf(std::string_view data,
                                                                                const std::string& key, Sequence after);

std::string EncodeMoves(absl::Span<const PayloadReferences::Move> moves);

}  // namespace mts::store
