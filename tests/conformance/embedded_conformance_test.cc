// The suite against the embedded engine with payload files, on a real directory.

#include <cstdlib>
#include <filesystem>

#include "server/stores.h"
#include "store_suite.h"

namespace mts::conformance {
namespace {

class EmbeddedStores : public StoresUnderTest {
 public:
  EmbeddedStores() {
    std::string pattern = (std::filesystem::temp_directory_path() / "mts-stores-XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
    configuration_.data_dir = directory_;
    configuration_.segment_bytes = 1 << 20;
    configuration_.prepared_segments = 1;
    configuration_.min_free_bytes = 0;
    Open();
  }
  ~EmbeddedStores() override {
    Close();
    std::filesystem::remove_all(directory_);
  }
  store::MessageStore& messages() override { return *stores_.messages; }
  store::PayloadStore& payloads() override { return *stores_.payloads; }
  bool Restart() override {
    Close();
    Open();
    return true;
  }

 private:
  void Open() {
    absl::StatusOr<server::Stores> stores = server::OpenStores(configuration_);
    ASSERT_TRUE(stores.ok()) << stores.status();
    stores_ = *std::move(stores);
  }
  void Close() {
    stores_.messages.reset();
    stores_.payloads.reset();
  }

  std::string directory_;
  server::Configuration configuration_;
  server::Stores stores_;
};

const Implementation kEmbedded{"Embedded", [] { return std::make_unique<EmbeddedStores>(); }};

INSTANTIATE_TEST_SUITE_P(Embedded, MessageStoreTest, testing::Values(kEmbedded), NameOf);
INSTANTIATE_TEST_SUITE_P(Embedded, ConsumerStoreTest, testing::Values(kEmbedded), NameOf);
INSTANTIATE_TEST_SUITE_P(Embedded, PayloadStoreTest, testing::Values(kEmbedded), NameOf);

}  // namespace
}  // namespace mts::conformance
