#include "rpc/publish_decoder.h"

#include <algorithm>

#include "absl/container/flat_hash_map.h"
#include "model/headers.h"
#include "model/subject.h"
#include "rpc/wire_reader.h"

namespace mts::rpc {
namespace {

// Up to here a repeated header is looked for pair by pair.
constexpr size_t kFewHeaders = 16;

constexpr uint32_t Length(uint32_t number) { return WireReader::Tag(number, WireReader::kLength); }
constexpr uint32_t Varint(uint32_t number) { return WireReader::Tag(number, WireReader::kVarint); }

bool ReadText(WireReader& reader, std::string_view& text) { return reader.ReadBytes(text) && IsValidUtf8(text); }

}  // namespace

void PublishDecoder::Clear() {
  messages_.clear();
  pairs_.clear();
  headers_.clear();
  ranges_.clear();
  scheduled_position_ = -1;
}

bool PublishDecoder::DecodeRequest(std::string_view bytes) {
  Clear();
  if (!DecodeMessage(bytes, WireReader::kMaxDepth)) return false;
  SetHeaderViews();
  return true;
}

bool PublishDecoder::DecodeBatch(std::string_view bytes, uint64_t max_messages) {
  Clear();
  WireReader reader(bytes);
  while (!reader.AtEnd()) {
    uint32_t tag;
    if (!reader.ReadTag(tag)) return false;
    if (tag != Length(1)) {
      if (!reader.SkipField(tag, WireReader::kMaxDepth)) return false;
      continue;
    }
    std::string_view message;
    if (!reader.ReadBytes(message) || !DecodeMessage(message, WireReader::kMaxDepth - 1)) return false;
    if (messages_.size() > max_messages) break;  // refused whatever follows
  }
  SetHeaderViews();
  return true;
}

bool PublishDecoder::DecodeMessage(std::string_view bytes, int depth) {
  pairs_.clear();
  NewMessage& message = messages_.emplace_back();
  WireReader reader(bytes);
  while (!reader.AtEnd()) {
    uint32_t tag;
    if (!reader.ReadTag(tag)) return false;
    bool valid = true;
    std::string_view part;
    uint64_t number = 0;
    switch (tag) {
      case Length(1):
        valid = ReadText(reader, message.subject);
        break;
      case Length(2):
        valid = reader.ReadBytes(message.payload);
        break;
      case Length(3):
        valid = reader.ReadBytes(part) && DecodeHeader(part, depth - 1);
        break;
      case Length(10):
        valid = ReadText(reader, message.message_id);
        break;
      case Varint(11):
        valid = reader.ReadVarint(number);
        message.expected_last_sequence = Sequence(number);
        break;
      case Length(12):  // refused by the broker, whatever its value
        valid = reader.ReadBytes(part) && IsWellFormed(part, depth - 1);
        message.ttl_micros = 0;
        break;
      case Length(13):
        valid = reader.ReadBytes(part) && IsWellFormed(part, depth - 1);
        if (scheduled_position_ < 0) scheduled_position_ = static_cast<int64_t>(messages_.size()) - 1;
        break;
      default:
        valid = reader.SkipField(tag, depth);
        break;
    }
    if (!valid) return false;
  }
  if (!pairs_.empty()) EncodeHeaders();
  return true;
}

bool PublishDecoder::DecodeHeader(std::string_view bytes, int depth) {
  std::string_view key, value;
  WireReader reader(bytes);
  while (!reader.AtEnd()) {
    uint32_t tag;
    if (!reader.ReadTag(tag)) return false;
    bool valid = true;
    if (tag == Length(1)) {
      valid = ReadText(reader, key);
    } else if (tag == Length(2)) {
      valid = ReadText(reader, value);
    } else {
      valid = reader.SkipField(tag, depth);
    }
    if (!valid) return false;
  }
  pairs_.emplace_back(key, value);
  return true;
}

// A map's key may come several times; the last one counts.
void PublishDecoder::EncodeHeaders() {
  std::vector<std::pair<std::string_view, std::string_view>>& pairs = pairs_;
  size_t kept = 0;
  if (pairs.size() <= kFewHeaders) {
    for (const auto& pair : pairs) {
      const auto same = std::find_if(pairs.begin(), pairs.begin() + static_cast<ptrdiff_t>(kept),
                                     [&](const auto& other) { return other.first == pair.first; });
      if (same != pairs.begin() + static_cast<ptrdiff_t>(kept)) {
        same->second = pair.second;
      } else {
        pairs[kept++] = pair;
      }
    }
  } else {
    absl::flat_hash_map<std::string_view, size_t> places;
    for (const auto& pair : pairs) {
      const auto [place, is_new] = places.try_emplace(pair.first, kept);
      if (is_new) {
        pairs[kept++] = pair;
      } else {
        pairs[place->second].second = pair.second;
      }
    }
  }
  const size_t begin = headers_.size();
  HeadersEncoder encoder(headers_);
  encoder.Begin(kept);
  for (size_t i = 0; i < kept; ++i) encoder.Add(pairs[i].first, pairs[i].second);
  ranges_.push_back({messages_.size() - 1, begin, headers_.size()});
}

// Only now does headers_ stay where it is.
void PublishDecoder::SetHeaderViews() {
  const std::string_view all = headers_;
  for (const HeaderRange& range : ranges_) {
    messages_[range.position].headers = all.substr(range.begin, range.end - range.begin);
  }
}

}  // namespace mts::rpc
