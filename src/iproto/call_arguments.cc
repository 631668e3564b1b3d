#include "iproto/call_arguments.h"

#include <algorithm>
#include <cmath>

#include "base/limits.h"
#include "base/text.h"
#include "model/msgpack_reader.h"

namespace mts::iproto {
namespace {

using Type = MsgpackReader::Type;

struct Argument {
  bool given = false;
  MsgpackReader::Value value;
  std::string_view encoded;

  bool missing() const { return !given || value.type == Type::kNil; }
  bool is_text() const { return given && (value.type == Type::kString || value.type == Type::kBinary); }
};

// The arguments one after another; what is not there, or cannot be read, comes as not given.
class ArgumentReader {
 public:
  explicit ArgumentReader(std::string_view arguments) : reader_(arguments) {
    MsgpackReader::Value head;
    if (!arguments.empty() && reader_.Next(head) && head.type == Type::kArray) left_ = head.number;
  }

  Argument Next() {
    Argument argument;
    if (left_ == 0) return argument;
    --left_;
    const std::string_view before = reader_.rest();
    if (!reader_.Next(argument.value) || !reader_.SkipContent(argument.value, 2)) {
      left_ = 0;
      return Argument();
    }
    argument.given = true;
    argument.encoded = before.substr(0, before.size() - reader_.rest().size());
    return argument;
  }

 private:
  MsgpackReader reader_;
  uint64_t left_ = 0;
};

std::string_view TypeName(const Argument& argument) {
  if (!argument.given) return "nil";
  switch (argument.value.type) {
    case Type::kNil:
      return "nil";
    case Type::kBool:
      return "boolean";
    case Type::kUnsigned:
    case Type::kSigned:
    case Type::kFloat:
    case Type::kDouble:
      return "number";
    case Type::kString:
    case Type::kBinary:
      return "string";
    case Type::kArray:
    case Type::kMap:
      return "table";
    case Type::kExtension:
      break;
  }
  return "cdata";
}

Error FieldError(int field, std::string_view expected) {
  return {ErrorCode::kFieldType,
          Concat("Tuple field ", field, " type does not match one required by operation: expected ", expected)};
}

Error KeyPartError(int part, std::string_view expected) {
  return {ErrorCode::kKeyPartType,
          Concat("Supplied key type of part ", part, " does not match index part type: expected ", expected)};
}

Error NumberError(const Argument& argument, std::string_view name) {
  return {ErrorCode::kProcedure,
          Concat("attempt to compare ", TypeName(argument), " with number: ", name, " must be a number")};
}

struct Number {
  uint64_t value = 0;
  bool negative = false;
  bool whole = true;
};

// A number as Lua takes it: any of msgpack's. A fraction is rounded up, as a comparison with whole numbers has it.
std::optional<Number> NumberOf(const Argument& argument) {
  if (!argument.given) return std::nullopt;
  switch (argument.value.type) {
    case Type::kUnsigned:
      return Number{.value = argument.value.number};
    case Type::kSigned:
      return Number{.negative = true};
    case Type::kFloat:
    case Type::kDouble: {
      const double real = argument.value.real;
      if (std::isnan(real)) return std::nullopt;
      if (real < 0) return Number{.negative = true, .whole = std::trunc(real) == real};
      constexpr double kTooLarge = 18446744073709551616.0;
      if (real >= kTooLarge) return Number{.value = UINT64_MAX, .whole = false};
      return Number{.value = static_cast<uint64_t>(std::ceil(real)), .whole = std::trunc(real) == real};
    }
    default:
      return std::nullopt;
  }
}

uint32_t BatchSizeOf(const Number& number) {
  return number.negative ? 0 : static_cast<uint32_t>(std::min<uint64_t>(number.value, kMaxFetchBatch));
}

// The map of headers as the model stores it: nothing at all for an empty one.
std::string_view HeadersOf(const Argument& argument) {
  return argument.value.number == 0 ? std::string_view() : argument.encoded;
}

// A consumer's key; `part` counts as the index `consumers.primary` does.
std::optional<Error> ReadConsumer(const Argument& durable_name, const Argument& subject, ConsumerArguments& consumer) {
  if (!durable_name.is_text()) return KeyPartError(0, "string");
  if (!subject.is_text()) return KeyPartError(1, "string");
  consumer.durable_name = durable_name.value.bytes;
  consumer.subject = subject.value.bytes;
  return std::nullopt;
}

}  // namespace

Decoded<PublishArguments> DecodePublish(std::string_view arguments) {
  ArgumentReader reader(arguments);
  const Argument subject = reader.Next();
  const Argument object_name = reader.Next();
  const Argument headers = reader.Next();
  if (!headers.given || headers.value.type != Type::kMap) return FieldError(2, "map");
  if (!object_name.is_text()) return FieldError(3, "string");
  if (!subject.is_text()) return FieldError(4, "string");
  return PublishArguments{.subject = subject.value.bytes,
                          .object_name = object_name.value.bytes,
                          .headers = HeadersOf(headers),
                          .payload = {}};
}

Decoded<PublishArguments> DecodePublishMsgpack(std::string_view arguments) {
  ArgumentReader reader(arguments);
  const Argument subject = reader.Next();
  const Argument payload = reader.Next();
  const Argument headers = reader.Next();
  const Argument object_name = reader.Next();
  if (!headers.given || headers.value.type != Type::kMap) return FieldError(2, "map");
  if (!object_name.missing() && !object_name.is_text()) return FieldError(3, "string");
  if (!subject.is_text()) return FieldError(4, "string");
  if (!payload.missing() && !payload.is_text()) return FieldError(6, "string");
  return PublishArguments{.subject = subject.value.bytes,
                          .object_name = object_name.missing() ? std::string_view() : object_name.value.bytes,
                          .headers = HeadersOf(headers),
                          .payload = payload.missing() ? std::string_view() : payload.value.bytes};
}

absl::Status CheckPublish(Function function, const PublishArguments& arguments) {
  if (arguments.object_name.size() > limits::kMaxObjectNameBytes) {
    return absl::InvalidArgumentError(Concat("object_name has ", arguments.object_name.size(), " bytes, at most ",
                                             limits::kMaxObjectNameBytes, " are allowed"));
  }
  if (function == Function::kGrpcPublishMsgpack && arguments.payload.empty()) {
    return absl::InvalidArgumentError("data_msgpack is required and cannot be empty");
  }
  if (!arguments.object_name.empty() && !arguments.payload.empty()) {
    return absl::InvalidArgumentError("a message has either data_msgpack or an object_name");
  }
  return absl::OkStatus();
}

Decoded<SubjectArgument> DecodeSubject(std::string_view arguments) {
  ArgumentReader reader(arguments);
  const Argument subject = reader.Next();
  if (!subject.given) return SubjectArgument();
  if (!subject.is_text()) return KeyPartError(0, "string");
  return SubjectArgument{subject.value.bytes};
}

Decoded<FetchArguments> DecodeFetch(std::string_view arguments) {
  ArgumentReader reader(arguments);
  const Argument subject = reader.Next();
  const Argument durable_name = reader.Next();
  const Argument batch_size = reader.Next();
  const Argument auto_ack = reader.Next();
  ConsumerArguments consumer;
  if (const auto error = ReadConsumer(durable_name, subject, consumer)) return *error;
  const std::optional<Number> size = NumberOf(batch_size);
  if (!size.has_value()) return NumberError(batch_size, "batch_size");
  if (!auto_ack.missing() && auto_ack.value.type != Type::kBool) {
    return Error{ErrorCode::kProcedure, Concat("auto_ack must be a boolean, not a ", TypeName(auto_ack))};
  }
  return FetchArguments{.subject = consumer.subject,
                        .durable_name = consumer.durable_name,
                        .batch_size = BatchSizeOf(*size),
                        .auto_ack = !auto_ack.missing() && auto_ack.value.boolean};
}

Decoded<RangeArguments> DecodeRange(std::string_view arguments) {
  ArgumentReader reader(arguments);
  const Argument subject = reader.Next();
  const Argument start = reader.Next();
  const Argument limit = reader.Next();
  if (!subject.is_text()) return KeyPartError(0, "string");
  const std::optional<Number> from = start.missing() ? Number() : NumberOf(start);
  if (!from.has_value() || from->negative) return KeyPartError(1, "unsigned");
  const std::optional<Number> count = NumberOf(limit);
  if (!count.has_value()) return NumberError(limit, "limit");
  return RangeArguments{.subject = subject.value.bytes, .start_sequence = from->value, .limit = BatchSizeOf(*count)};
}

Decoded<uint64_t> DecodeSequence(std::string_view arguments) {
  ArgumentReader reader(arguments);
  const std::optional<Number> sequence = NumberOf(reader.Next());
  if (!sequence.has_value() || sequence->negative || !sequence->whole) return KeyPartError(0, "unsigned");
  return sequence->value;
}

Decoded<ConsumerArguments> DecodeConsumer(std::string_view arguments) {
  ArgumentReader reader(arguments);
  const Argument durable_name = reader.Next();
  const Argument subject = reader.Next();
  ConsumerArguments consumer;
  if (const auto error = ReadConsumer(durable_name, subject, consumer)) return *error;
  return consumer;
}

Decoded<ConsumerArguments> DecodeCheckNewMessages(std::string_view arguments) {
  ArgumentReader reader(arguments);
  const Argument subject = reader.Next();
  const Argument durable_name = reader.Next();
  ConsumerArguments consumer;
  if (const auto error = ReadConsumer(durable_name, subject, consumer)) return *error;
  return consumer;
}

Decoded<PositionArguments> DecodeAck(std::string_view arguments) {
  ArgumentReader reader(arguments);
  const Argument durable_name = reader.Next();
  const Argument subject = reader.Next();
  const Argument sequence = reader.Next();
  PositionArguments position;
  if (const auto error = ReadConsumer(durable_name, subject, position.consumer)) return *error;
  const std::optional<Number> number = NumberOf(sequence);
  if (!number.has_value()) return NumberError(sequence, "sequence");
  if (!number->whole) return FieldError(3, "unsigned");
  position.sequence = number->value;
  position.negative = number->negative;
  return position;
}

Decoded<PositionArguments> DecodeUpdatePosition(std::string_view arguments) {
  ArgumentReader reader(arguments);
  const Argument durable_name = reader.Next();
  const Argument subject = reader.Next();
  const std::optional<Number> number = NumberOf(reader.Next());
  PositionArguments position;
  if (const auto error = ReadConsumer(durable_name, subject, position.consumer)) return *error;
  if (!number.has_value() || number->negative || !number->whole) return FieldError(3, "unsigned");
  position.sequence = number->value;
  return position;
}

Decoded<CountArguments> DecodeNewMessagesCount(std::string_view arguments) {
  ArgumentReader reader(arguments);
  const Argument subject = reader.Next();
  const Argument durable_name = reader.Next();
  const Argument since = reader.Next();
  if (!subject.is_text()) return KeyPartError(0, "string");
  CountArguments count{.subject = subject.value.bytes, .durable_name = {}, .since_sequence = 0};
  if (!durable_name.missing()) {
    if (!durable_name.is_text()) return KeyPartError(0, "string");
    count.durable_name = durable_name.value.bytes;
  } else if (!since.missing()) {
    const std::optional<Number> number = NumberOf(since);
    if (!number.has_value()) return NumberError(since, "since_sequence");
    count.since_sequence = number->value;
  }
  return count;
}

Decoded<int64_t> DecodeTtlMicros(std::string_view arguments) {
  constexpr int64_t kMicros = 1'000'000;
  ArgumentReader reader(arguments);
  const Argument ttl = reader.Next();
  const std::optional<Number> seconds = NumberOf(ttl);
  if (!seconds.has_value()) return NumberError(ttl, "ttl_seconds");
  if (seconds->negative) return Error{ErrorCode::kProcedure, "ttl_seconds must not be negative"};
  return static_cast<int64_t>(std::min<uint64_t>(seconds->value, INT64_MAX / kMicros)) * kMicros;
}

}  // namespace mts::iproto
