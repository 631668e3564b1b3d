// Decodes PublishRequest and PublishBatchRequest straight into views of the received bytes, accepting exactly what the
// generated parsers accept; headers become the msgpack form that the stores keep.
//
// Threading: a value, one thread; it can be used again and then keeps its memory. Errors: false for what is not a valid
// message (text that is not UTF-8 included). Limits: those of the bytes; at most `max_messages` + 1 messages are kept,
// so that the broker can refuse too many of them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/message.h"

namespace mts::rpc {

class PublishDecoder {
 public:
  // `bytes` needs to live as long as the messages.
  bool DecodeRequest(std::string_view bytes);
  bool DecodeBatch(std::string_view bytes, uint64_t max_messages);

  const std::vector<NewMessage>& messages() const { return messages_; }
  // The first message that asks to be delivered later; -1: none does.
  int64_t scheduled_position() const { return scheduled_position_; }
  void Clear();

 private:
  struct HeaderRange {
    size_t position;  // of the message
    size_t begin;     // in headers_
    size_t end;
  };

  bool DecodeMessage(std::string_view bytes, int depth);
  bool DecodeHeader(std::string_view bytes, int depth);
  // Turns the pairs of one message into its encoded headers.
  void EncodeHeaders();
  void SetHeaderViews();

  std::vector<NewMessage> messages_;
  std::vector<std::pair<std::string_view, std::string_view>> pairs_;  // of the message being decoded
  std::string headers_;                                               // encoded, of all messages
  std::vector<HeaderRange> ranges_;
  int64_t scheduled_position_ = -1;
};

}  // namespace mts::rpc
