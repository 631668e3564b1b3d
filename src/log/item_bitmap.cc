#include "log/item_bitmap.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/bytes.h"
#include "base/status.h"
#include "base/text.h"

namespace mts::log {
namespace {

constexpr uint64_t kPieceItems = 4096;
constexpr uint64_t kWordBytes = 8;

absl::Status SetAll(const NameTable& table, const NameRange& range, uint64_t bits, std::string& words) {
  MTS_ASSIGN_OR_RETURN(const ItemRange items, table.ItemsOf(range));
  const uint64_t item_bytes = table.item_bytes();
  SequentialReader reader(table.file(), table.layout().lists_at + items.first * item_bytes,
                          table.layout().lists_at + (items.first + items.count) * item_bytes);
  for (uint64_t done = 0; done < items.count;) {
    const uint64_t count = std::min(kPieceItems, items.count - done);
    MTS_ASSIGN_OR_RETURN(const std::string_view piece, reader.Read(count * item_bytes));
    for (uint64_t i = 0; i < count; ++i) {
      const auto number = LoadInteger<uint32_t>(piece.data() + i * item_bytes);
      if (number >= bits) return absl::DataLossError(Concat(table.file().path(), ": a list has the number ", number));
      words[number / 8] = static_cast<char>(words[number / 8] | 1 << number % 8);
    }
    done += count;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ItemBitmap> ItemBitmap::Of(const NameTable& table, const NameRanges& ranges, uint64_t bits) {
  BlockCache& cache = table.file().cache();
  // Pages have 0 as the second part; here it is the end of a range that is not empty.
  const uint64_t base = ranges.base.empty() ? UINT32_MAX : ranges.base.begin;
  const BlockCache::Key key{table.file().cache_id(), base << 32 | ranges.below.begin, uint64_t{ranges.below.end} + 1};
  if (BlockCache::Value found = cache.Find(key)) return ItemBitmap(std::move(found));
  auto words = std::make_shared<std::string>(AlignUp(bits, 8 * kWordBytes) / 8, '\0');
  MTS_RETURN_IF_ERROR(SetAll(table, ranges.base, bits, *words));
  MTS_RETURN_IF_ERROR(SetAll(table, ranges.below, bits, *words));
  cache.Insert(key, words);
  return ItemBitmap(std::move(words));
}

uint64_t ItemBitmap::Word(uint64_t index) const { return LoadInteger<uint64_t>(words_->data() + index * kWordBytes); }

uint64_t ItemBitmap::Next(uint64_t from, uint64_t end) const {
  while (from < end) {
    const uint64_t word = Word(from / 64) >> from % 64;
    if (word != 0) return std::min<uint64_t>(end, from + static_cast<uint64_t>(std::countr_zero(word)));
    from = (from / 64 + 1) * 64;
  }
  return end;
}

uint64_t ItemBitmap::CountFrom(uint64_t from, uint64_t end) const {
  uint64_t count = 0;
  while (from < end) {
    const uint64_t in_word = std::min(end - from, 64 - from % 64);
    uint64_t word = Word(from / 64) >> from % 64;
    if (in_word < 64) word &= (uint64_t{1} << in_word) - 1;
    count += static_cast<uint64_t>(std::popcount(word));
    from += in_word;
  }
  return count;
}

}  // namespace mts::log
