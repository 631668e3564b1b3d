// Subjects, patterns and durable names as clients write them.
#include <cstdint>
#include <string>

#include "fuzz_check.h"
#include "model/subject.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)mts::ValidateDurableName(text);
  const bool subject = mts::ValidateSubject(text).ok();
  const auto pattern = mts::Pattern::Parse(text);
  if (subject) {
    FUZZ_CHECK(mts::IsValidUtf8(text) && size >= 1 && size <= 255);
    FUZZ_CHECK(pattern.ok() && pattern->exact() && pattern->Matches(text));
    FUZZ_CHECK(mts::Pattern::All().Matches(text));
  }
  if (pattern.ok()) {
    FUZZ_CHECK(pattern->ToString() == text);
    if (pattern->kind() == mts::Pattern::Kind::kBelow) {
      FUZZ_CHECK(pattern->Matches(pattern->base()) && pattern->Matches(pattern->base() + ".x"));
      FUZZ_CHECK(!pattern->Matches(pattern->base() + "x"));
    }
  }
  return 0;
}
