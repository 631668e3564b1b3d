// Waiting forms of PayloadFiles' calls, for its tests.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "io/file_system.h"
#include "store/files/payload_files.h"
#include "tests/wait_for.h"

namespace mts::store {

inline absl::StatusOr<PayloadReference> Put(PayloadStore& store, const std::string& payload) {
  return WaitFor<absl::StatusOr<PayloadReference>>([&](auto done) { store.Put("subject", payload, std::move(done)); });
}

inline absl::StatusOr<std::string> Get(PayloadStore& store, const PayloadReference& reference, uint64_t offset = 0,
                                       uint64_t length = UINT64_MAX) {
  return WaitFor<absl::StatusOr<std::string>>(
      [&](auto done) { store.Get(reference, offset, length, std::move(done)); });
}

inline absl::StatusOr<uint64_t> Size(PayloadStore& store, const PayloadReference& reference) {
  return WaitFor<absl::StatusOr<uint64_t>>([&](auto done) { store.Size(reference, std::move(done)); });
}

inline absl::Status Remove(PayloadStore& store, const std::vector<PayloadReference>& references) {
  return WaitFor<absl::Status>([&](auto done) { store.Remove(references, std::move(done)); });
}

inline absl::Status Write(PayloadUpload& upload, std::string chunk) {
  return WaitFor<absl::Status>([&](auto done) { upload.Write(std::move(chunk), std::move(done)); });
}

inline absl::StatusOr<PayloadReference> Finish(PayloadUpload& upload) {
  return WaitFor<absl::StatusOr<PayloadReference>>([&](auto done) { upload.Finish(std::move(done)); });
}

inline std::unique_ptr<PayloadFiles> OpenStore(io::FileSystem& files, const std::string& directory,
                                               uint64_t min_free_bytes = 0) {
  PayloadFiles::Options options;
  options.files = &files;
  options.directory = directory;
  options.min_free_bytes = min_free_bytes;
  options.write_threads = 2;
  options.read_threads = 2;
  options.open_files = 4;
  auto store = PayloadFiles::Open(options);
  EXPECT_TRUE(store.ok()) << store.status();
  return *std::move(store);
}

// All payload files below `directory`, with their paths from there.
inline std::vector<std::string> ListPayloadFiles(io::FileSystem& files, const std::string& directory) {
  std::vector<std::string> found;
  const std::vector<std::string> tops = files.List(directory).value_or(std::vector<std::string>());
  for (const std::string& top : tops) {
    const std::string upper = io::JoinPath(directory, top);
    const std::vector<std::string> names = files.List(upper).value_or(std::vector<std::string>());
    for (const std::string& name : names) {
      if (top == "incoming") {
        found.push_back(io::JoinPath(top, name));
        continue;
      }
      const auto keys = files.List(io::JoinPath(upper, name)).value_or(std::vector<std::string>());
      for (const std::string& key : keys) found.push_back(io::JoinPath(top, io::JoinPath(name, key)));
    }
  }
  return found;
}

}  // namespace mts::store
