// An upload into a payload file: gathers small chunks, writes on the store's threads.
//
// Threading, errors: as store/payload_store.h; RESOURCE_EXHAUSTED also when the store's queue is full. Limits: holds at
// most kGatherBytes and one chunk.
#pragma once

#include <memory>
#include <string>

#include "base/limits.h"
#include "base/thread_pool.h"
#include "store/files/payload_file_writer.h"
#include "store/payload_store.h"

namespace mts::store {

inline constexpr uint64_t kGatherBytes = limits::kMiB;

std::unique_ptr<PayloadUpload> MakePayloadFileUpload(ThreadPool* pool, std::unique_ptr<PayloadFileWriter> writer);

}  // namespace mts::store
