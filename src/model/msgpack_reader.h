// Reads msgpack values one after another, as far as headers need it: never past the end, never deeper than told.
//
// Threading: a value, one thread. Errors: Next and Skip answer false at the first byte that is not valid; nothing may
// be read after that. Limits: nesting of kMaxDepth; no allocation.
#pragma once

#include <cstdint>
#include <string_view>

namespace mts {

class MsgpackReader {
 public:
  static constexpr int kMaxDepth = 32;

  enum class Type { kNil, kBool, kUnsigned, kSigned, kFloat, kDouble, kString, kBinary, kArray, kMap, kExtension };

  // The head of a value; for strings, binary and extensions the bytes too. `number` is the count of an array's elements
  // or a map's pairs, which follow.
  struct Value {
    Type type = Type::kNil;
    bool boolean = false;
    uint64_t number = 0;        // kUnsigned, kArray, kMap
    int64_t signed_number = 0;  // kSigned (negative ones only)
    double real = 0;            // kFloat, kDouble
    std::string_view bytes;     // kString, kBinary, kExtension (without its type)
  };

  explicit MsgpackReader(std::string_view bytes) : rest_(bytes) {}

  bool Next(Value& value);
  // Skips one value with all that it holds; `depth` is how deep it lies.
  bool Skip(int depth);
  // Skips what follows the head `value`.
  bool SkipContent(const Value& value, int depth);
  bool AtEnd() const { return rest_.empty(); }
  std::string_view rest() const { return rest_; }

 private:
  template <typename T>
  bool BigEndian(T& value);
  template <typename T>
  bool Count(Value& value, Type type);
  template <typename T>
  bool Sized(Value& value, Type type, size_t extra);
  bool Bytes(Value& value, Type type, uint64_t size);
  template <typename T>
  bool Unsigned(Value& value);
  template <typename T>
  bool Signed(Value& value);
  template <typename T, typename Bits>
  bool Real(Value& value, Type type);
  bool NextLong(Value& value, unsigned char head);

  std::string_view rest_;
};

}  // namespace mts
