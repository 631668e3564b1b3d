#include "maintenance/finding.h"

namespace mts::maintenance {

std::string_view FindingKindName(FindingKind kind) {
  switch (kind) {
    case FindingKind::kSegment:
      return "segment";
    case FindingKind::kMissing:
      return "missing segment";
    case FindingKind::kForeign:
      return "foreign file";
    case FindingKind::kIndex:
      return "index";
    case FindingKind::kTier:
      return "tier";
    case FindingKind::kCheckpoint:
      return "checkpoint";
    case FindingKind::kPayload:
      return "payload";
    case FindingKind::kOrphan:
      return "orphan payload";
    case FindingKind::kTail:
      return "torn tail";
    case FindingKind::kLeftover:
      return "leftover";
  }
  return "unknown";
}

}  // namespace mts::maintenance
