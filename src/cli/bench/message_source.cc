#include "cli/bench/message_source.h"

#include <numeric>
#include <random>

#include "cli/bench/wire.h"
#include "cli/client/message_id.h"

namespace mts::cli {
namespace {

constexpr uint64_t kMaxPreparedBytes = uint64_t{64} << 20;

}  // namespace

std::string PseudoRandomBytes(uint64_t size) {
  std::mt19937_64 random(20261123);
  std::string bytes(size, '\0');
  for (uint64_t at = 0; at < size; at += sizeof(uint64_t)) {
    const uint64_t word = random();
    bytes.replace(at, std::min<uint64_t>(sizeof(word), size - at), reinterpret_cast<const char*>(&word),
                  std::min<uint64_t>(sizeof(word), size - at));
  }
  return bytes;
}

MessageSource::MessageSource(const BenchSettings& settings, Form form, uint64_t messages_a_request)
    : settings_(settings),
      form_(form),
      messages_(messages_a_request),
      payload_(PseudoRandomBytes(settings.size)),
      run_id_(RandomRunId()) {
  const uint64_t subjects = std::max<uint64_t>(settings.subjects, 1);
  const uint64_t round = subjects / std::gcd(subjects, messages_);
  const uint64_t bytes = round * messages_ * (settings.size + settings.subject.size() + 16);
  if (settings.message_ids || bytes > kMaxPreparedBytes) return;
  std::vector<grpc::ByteBuffer> prepared;
  for (uint64_t i = 0; i < round; ++i) prepared.push_back(Encode(i));
  prepared_ = std::move(prepared);
}

grpc::ByteBuffer MessageSource::Next() { return Get(next_.fetch_add(1, std::memory_order_relaxed)); }

grpc::ByteBuffer MessageSource::Get(uint64_t index) const {
  return prepared_.empty() ? Encode(index) : prepared_[index % prepared_.size()];
}

grpc::ByteBuffer MessageSource::Encode(uint64_t index) const {
  std::string encoded;
  encoded.reserve(messages_ * (payload_.size() + 64));
  for (uint64_t i = 0; i < messages_; ++i) {
    const uint64_t number = index * messages_ + i;
    const std::string subject = SubjectName(settings_, number % std::max<uint64_t>(settings_.subjects, 1));
    const std::string id = settings_.message_ids ? IndexedMessageId(run_id_, number) : std::string();
    const WireMessage message = {subject, payload_, id};
    if (form_ == Form::kBatchRequest) {
      AppendBatchEntry(encoded, message);
    } else {
      AppendPublishRequest(encoded, message);
    }
  }
  return ToByteBuffer(encoded);
}

}  // namespace mts::cli
