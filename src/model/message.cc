#include "model/message.h"

#include "base/text.h"

namespace mts {

std::string ObjectName(std::string_view subject, Sequence sequence, const PayloadReference* reference) {
  if (reference != nullptr && !reference->key.empty()) return reference->key;
  return Concat(subject, "_", sequence.value());
}

}  // namespace mts
