// Several payloads in one object, all at once, for the rewriting of packs; a payload store without packs does not offer
// it.
//
// Threading, errors: as PayloadStore. Limits: max_pack_bytes and max_pack_payloads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "model/payload.h"

namespace mts::store {

class PackStore {
 public:
  virtual ~PackStore() = default;

  virtual uint64_t max_pack_bytes() const = 0;
  virtual size_t max_pack_payloads() const = 0;
  // At least one payload; `payloads` needs to live until `done`, which gets a reference to each, in their order.
  virtual void PutPack(const std::vector<std::string>& payloads,
                       absl::AnyInvocable<void(absl::StatusOr<std::vector<PayloadReference>>)> done) = 0;
};

}  // namespace mts::store
