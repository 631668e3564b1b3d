// Notes about clients' objects that removed messages named: an object below `released/` holds the names of one removal,
// so that they survive whoever removed the messages.
//
// Threading: any thread starts it; it goes on as its requests are answered. Errors: those of ObjectClient; a note that
// cannot be understood is an empty one. Limits: one page of 1,000 notes, names of 1 MiB a note.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "store/object_inventory.h"
#include "store/s3/object_client.h"

namespace mts::store::s3 {

void NoteRelease(ObjectClient& client, std::string note, const std::vector<std::string>& names,
                 absl::AnyInvocable<void(absl::Status)> done);

class ReleaseReader : public std::enable_shared_from_this<ReleaseReader> {
 public:
  using Done = absl::AnyInvocable<void(absl::StatusOr<std::vector<ObjectInventory::Release>>)>;
  // All notes below `prefix`, with their names.
  static void Read(ObjectClient& client, const std::string& prefix, Done done);

 private:
  ReleaseReader(ObjectClient& client, Done done) : client_(client), done_(std::move(done)) {}
  void Next();

  ObjectClient& client_;
  Done done_;
  std::vector<std::string> notes_;  // still to be read, the first one last
  std::vector<ObjectInventory::Release> releases_;
};

std::string EncodeNames(const std::vector<std::string>& names);
std::vector<std::string> DecodeNames(std::string_view bytes);

}  // namespace mts::store::s3
