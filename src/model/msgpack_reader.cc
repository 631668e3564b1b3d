#include "model/msgpack_reader.h"

#include <bit>
#include <type_traits>

namespace mts {

template <typename T>
bool MsgpackReader::BigEndian(T& value) {
  if (rest_.size() < sizeof(T)) return false;
  std::make_unsigned_t<T> bits = 0;
  for (size_t i = 0; i < sizeof(T); ++i) {
    bits = static_cast<std::make_unsigned_t<T>>((uint64_t{bits} << 8) | static_cast<unsigned char>(rest_[i]));
  }
  value = static_cast<T>(bits);
  rest_.remove_prefix(sizeof(T));
  return true;
}

template <typename T>
bool MsgpackReader::Count(Value& value, Type type) {
  T count;
  if (!BigEndian(count)) return false;
  value.type = type;
  value.number = count;
  return true;
}

template <typename T>
bool MsgpackReader::Sized(Value& value, Type type, size_t extra) {
  T size;
  return BigEndian(size) && Bytes(value, type, uint64_t{size} + extra);
}

bool MsgpackReader::Bytes(Value& value, Type type, uint64_t size) {
  if (rest_.size() < size) return false;
  value.type = type;
  value.bytes = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return true;
}

template <typename T>
bool MsgpackReader::Unsigned(Value& value) {
  T number;
  if (!BigEndian(number)) return false;
  value.type = Type::kUnsigned;
  value.number = number;
  return true;
}

template <typename T>
bool MsgpackReader::Signed(Value& value) {
  T number;
  if (!BigEndian(number)) return false;
  value.type = number < 0 ? Type::kSigned : Type::kUnsigned;
  value.signed_number = number;
  value.number = static_cast<uint64_t>(number);
  return true;
}

template <typename T, typename Bits>
bool MsgpackReader::Real(Value& value, Type type) {
  Bits bits;
  if (!BigEndian(bits)) return false;
  value.type = type;
  value.real = std::bit_cast<T>(bits);
  return true;
}

bool MsgpackReader::Next(Value& value) {
  if (rest_.empty()) return false;
  const auto head = static_cast<unsigned char>(rest_[0]);
  rest_.remove_prefix(1);
  if (head <= 0x7F) {
    value.type = Type::kUnsigned;
    value.number = head;
    return true;
  }
  if (head >= 0xE0) {
    value.type = Type::kSigned;
    value.signed_number = static_cast<signed char>(head);
    return true;
  }
  if (head <= 0x9F) {
    value.type = head <= 0x8F ? Type::kMap : Type::kArray;
    value.number = head & 0x0F;
    return true;
  }
  if (head <= 0xBF) return Bytes(value, Type::kString, head & 0x1F);
  return NextLong(value, head);
}

bool MsgpackReader::NextLong(Value& value, unsigned char head) {
  switch (head) {
    case 0xC0:
      value.type = Type::kNil;
      return true;
    case 0xC2:
    case 0xC3:
      value.type = Type::kBool;
      value.boolean = head == 0xC3;
      return true;
    case 0xC4:
      return Sized<uint8_t>(value, Type::kBinary, 0);
    case 0xC5:
      return Sized<uint16_t>(value, Type::kBinary, 0);
    case 0xC6:
      return Sized<uint32_t>(value, Type::kBinary, 0);
    case 0xC7:
      return Sized<uint8_t>(value, Type::kExtension, 1);
    case 0xC8:
      return Sized<uint16_t>(value, Type::kExtension, 1);
    case 0xC9:
      return Sized<uint32_t>(value, Type::kExtension, 1);
    case 0xCA:
      return Real<float, uint32_t>(value, Type::kFloat);
    case 0xCB:
      return Real<double, uint64_t>(value, Type::kDouble);
    case 0xCC:
      return Unsigned<uint8_t>(value);
    case 0xCD:
      return Unsigned<uint16_t>(value);
    case 0xCE:
      return Unsigned<uint32_t>(value);
    case 0xCF:
      return Unsigned<uint64_t>(value);
    case 0xD0:
      return Signed<int8_t>(value);
    case 0xD1:
      return Signed<int16_t>(value);
    case 0xD2:
      return Signed<int32_t>(value);
    case 0xD3:
      return Signed<int64_t>(value);
    case 0xD4:
    case 0xD5:
    case 0xD6:
    case 0xD7:
    case 0xD8:
      return Bytes(value, Type::kExtension, (uint64_t{1} << (head - 0xD4)) + 1);
    case 0xD9:
      return Sized<uint8_t>(value, Type::kString, 0);
    case 0xDA:
      return Sized<uint16_t>(value, Type::kString, 0);
    case 0xDB:
      return Sized<uint32_t>(value, Type::kString, 0);
    case 0xDC:
      return Count<uint16_t>(value, Type::kArray);
    case 0xDD:
      return Count<uint32_t>(value, Type::kArray);
    case 0xDE:
      return Count<uint16_t>(value, Type::kMap);
    case 0xDF:
      return Count<uint32_t>(value, Type::kMap);
    default:  // 0xC1 is never used
      return false;
  }
}

bool MsgpackReader::Skip(int depth) {
  Value value;
  return Next(value) && SkipContent(value, depth);
}

bool MsgpackReader::SkipContent(const Value& value, int depth) {
  if (value.type != Type::kArray && value.type != Type::kMap) return true;
  if (depth > kMaxDepth) return false;
  // Each element takes at least one byte, so a false count ends the loop at the end of the bytes.
  const uint64_t elements = value.type == Type::kMap ? value.number * 2 : value.number;
  for (uint64_t i = 0; i < elements; ++i) {
    if (!Skip(depth + 1)) return false;
  }
  return true;
}

}  // namespace mts
