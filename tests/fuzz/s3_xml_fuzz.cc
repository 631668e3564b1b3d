// The bodies that an S3 server answers with: any bytes give a value or an error.
#include <cstdint>
#include <string>
#include <string_view>

#include "fuzz_check.h"
#include "store/s3/xml.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view xml(reinterpret_cast<const char*>(data), size);
  (void)mts::store::s3::ParseError(xml);
  const auto page = mts::store::s3::ParseList(xml);
  if (page.ok()) {
    for (const auto& object : page->objects) FUZZ_CHECK(object.key.size() <= size);
  }
  const auto upload = mts::store::s3::ParseUploadId(xml);
  if (upload.ok()) FUZZ_CHECK(!upload->empty());
  (void)mts::store::s3::ParseDeleteResult(xml);
  return 0;
}
