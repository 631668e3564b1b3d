#include "model/subject.h"

#include <array>

#include "base/limits.h"
#include "base/status.h"
#include "base/text.h"

namespace mts {
namespace {

// What a byte means inside a name.
enum ByteClass : unsigned char { kPlain, kNotAscii, kControl, kSpace, kWildcard };

constexpr std::array<ByteClass, 256> MakeByteClasses() {
  std::array<ByteClass, 256> classes{};
  for (size_t byte = 0; byte < classes.size(); ++byte) {
    if (byte < 0x20 || byte == 0x7F) classes[byte] = kControl;
    if (byte >= 0x80) classes[byte] = kNotAscii;
  }
  classes[' '] = kSpace;
  classes['*'] = kWildcard;
  classes['>'] = kWildcard;
  return classes;
}
constexpr std::array<ByteClass, 256> kByteClasses = MakeByteClasses();

// U+0080 to U+009F in valid UTF-8.
bool HasLatinControl(std::string_view text) {
  for (size_t i = 0; i + 1 < text.size(); ++i) {
    if (static_cast<unsigned char>(text[i]) == 0xC2 && static_cast<unsigned char>(text[i + 1]) < 0xA0) return true;
  }
  return false;
}

absl::Status ControlCharacter(std::string_view what) {
  return absl::InvalidArgumentError(Concat(what, " must not contain control characters"));
}

absl::Status ValidateLength(std::string_view name, std::string_view what, uint64_t limit) {
  if (name.empty()) return absl::InvalidArgumentError(Concat(what, " cannot be empty"));
  if (name.size() > limit) {
    return absl::InvalidArgumentError(Concat(what, " has ", name.size(), " bytes, at most ", limit, " are allowed"));
  }
  return absl::OkStatus();
}

absl::Status ValidateNotAscii(std::string_view name, std::string_view what) {
  if (!IsValidUtf8(name)) return absl::InvalidArgumentError(Concat(what, " is not valid UTF-8"));
  if (HasLatinControl(name)) return ControlCharacter(what);
  return absl::OkStatus();
}

}  // namespace

absl::Status ValidateSubject(std::string_view subject) {
  MTS_RETURN_IF_ERROR(ValidateLength(subject, "subject", limits::kMaxSubjectBytes));
  bool ascii = true;
  for (const char c : subject) {
    switch (kByteClasses[static_cast<unsigned char>(c)]) {
      case kPlain:
        break;
      case kNotAscii:
        ascii = false;
        break;
      case kControl:
        return ControlCharacter("subject");
      case kSpace:
        return absl::InvalidArgumentError("subject must not contain spaces");
      case kWildcard:
        return absl::InvalidArgumentError("subject must not contain '*' or '>'");
    }
  }
  return ascii ? absl::OkStatus() : ValidateNotAscii(subject, "subject");
}

absl::Status ValidateDurableName(std::string_view name) {
  MTS_RETURN_IF_ERROR(ValidateLength(name, "durable_name", limits::kMaxDurableNameBytes));
  for (const char c : name) {
    if (kByteClasses[static_cast<unsigned char>(c)] == kControl) return ControlCharacter("durable_name");
  }
  return ValidateNotAscii(name, "durable_name");
}

absl::StatusOr<Pattern> Pattern::Parse(std::string_view text) {
  if (text == "*") return All();
  const Kind kind = text.ends_with(".*") ? Kind::kBelow : Kind::kExact;
  const std::string_view base = kind == Kind::kBelow ? text.substr(0, text.size() - 2) : text;
  if (kind == Kind::kBelow && base.empty()) return absl::InvalidArgumentError("subject must not begin with '.*'");
  MTS_RETURN_IF_ERROR(ValidateSubject(base));
  return Pattern(kind, std::string(base));
}

bool Pattern::Matches(std::string_view subject) const {
  switch (kind_) {
    case Kind::kAll:
      return true;
    case Kind::kExact:
      return subject == base_;
    case Kind::kBelow:
      return subject.starts_with(base_) && (subject.size() == base_.size() || subject[base_.size()] == '.');
  }
  return false;
}

std::string Pattern::ToString() const {
  switch (kind_) {
    case Kind::kAll:
      return "*";
    case Kind::kBelow:
      return Concat(base_, ".*");
    case Kind::kExact:
      break;
  }
  return base_;
}

}  // namespace mts
