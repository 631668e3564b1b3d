#include "io/fault_inode.h"

#include <algorithm>
#include <set>
#include <utility>

namespace mts::io {
namespace {

void Overlay(std::string& to, uint64_t offset, std::string_view bytes) {
  if (to.size() < offset + bytes.size()) to.resize(offset + bytes.size(), '\0');
  std::copy(bytes.begin(), bytes.end(), to.begin() + static_cast<ptrdiff_t>(offset));
}

// A sector that the power cut met while it was written: its first bytes are new, or all of what was written is noise.
void OverlayTorn(std::string& to, uint64_t offset, std::string_view bytes, RandomBits& random) {
  if (Chance(random, 4)) {
    std::string noise(bytes.size(), '\0');
    for (char& c : noise) c = static_cast<char>(random());
    Overlay(to, offset, noise);
  } else {
    Overlay(to, offset, bytes.substr(0, random() % (bytes.size() + 1)));
  }
}

void ApplyEffect(const FaultDirectoryJournal::Effect& effect) {
  if (effect.target == nullptr) {
    effect.directory->synced_entries.erase(effect.name);
  } else {
    effect.directory->synced_entries[effect.name] = effect.target;
  }
}

}  // namespace

void FaultFileContent::Apply(const Change& change, std::string& to) {
  Overlay(to, change.offset, change.bytes);
  to.resize(change.size_after, '\0');
}

void FaultFileContent::Write(uint64_t offset, std::string_view bytes) {
  if (bytes.empty()) return;
  unsynced_.push_back({offset, std::string(bytes), std::max<uint64_t>(current_.size(), offset + bytes.size())});
  Apply(unsynced_.back(), current_);
}

void FaultFileContent::Resize(uint64_t size) {
  if (size == current_.size()) return;
  // What is cut off counts as overwritten with zeros: it must not come back when the file grows again.
  const uint64_t cut = size < current_.size() ? current_.size() - size : 0;
  unsynced_.push_back({std::min<uint64_t>(size, current_.size()), std::string(cut, '\0'), size});
  Apply(unsynced_.back(), current_);
}

void FaultFileContent::Sync() {
  for (const Change& change : unsynced_) Apply(change, synced_);
  unsynced_.clear();
}

void FaultFileContent::FailSync(RandomBits& random) {
  synced_ = AfterLoss(random);
  unsynced_.clear();
}

void FaultFileContent::CutPower(RandomBits& random) {
  current_ = AfterLoss(random);
  synced_ = current_;
  unsynced_.clear();
}

void FaultFileContent::Damage(uint64_t offset, std::string_view bytes) {
  Overlay(current_, offset, bytes);
  Overlay(synced_, offset, bytes);
}

std::string FaultFileContent::AfterLoss(RandomBits& random) const {
  if (unsynced_.empty() || Chance(random, 4)) return synced_;
  if (Chance(random, 2)) return AfterSectorLoss(random);
  // The first changes in order, perhaps all.
  std::string disk = synced_;
  const size_t kept = Chance(random, 3) ? unsynced_.size() : random() % (unsynced_.size() + 1);
  for (size_t i = 0; i < kept; ++i) Apply(unsynced_[i], disk);
  return disk;
}

std::string FaultFileContent::AfterSectorLoss(RandomBits& random) const {
  const uint64_t sector_bytes = Chance(random, 2) ? 512 : 4096;
  const size_t count = unsynced_.size();
  std::string disk = synced_;
  std::map<uint64_t, size_t> limits;  // sector → the first change that did not reach it
  for (size_t i = 0; i < count; ++i) {
    const Change& change = unsynced_[i];
    const uint64_t end = change.offset + change.bytes.size();
    for (uint64_t at = change.offset; at < end;) {
      const uint64_t sector = at / sector_bytes;
      const uint64_t piece_end = std::min(end, (sector + 1) * sector_bytes);
      const auto [limit, added] = limits.try_emplace(sector, 0);
      if (added) limit->second = random() % (count + 1);
      const std::string_view piece = std::string_view(change.bytes).substr(at - change.offset, piece_end - at);
      if (i < limit->second) {
        Overlay(disk, at, piece);
      } else if (i == limit->second && Chance(random, 4)) {
        OverlayTorn(disk, at, piece, random);
      }
      at = piece_end;
    }
  }
  const size_t size_limit = random() % (count + 1);
  disk.resize(size_limit == 0 ? synced_.size() : unsynced_[size_limit - 1].size_after, '\0');
  return disk;
}

void FaultDirectoryJournal::Add(std::vector<Effect> effects) { changes_.push_back(std::move(effects)); }

void FaultDirectoryJournal::Sync(const FaultInode* directory) {
  std::set<std::string> waiting;  // names with a change that has to wait: later ones wait too
  for (std::vector<Effect>& effects : changes_) {
    const bool arrives_elsewhere = std::any_of(effects.begin(), effects.end(), [directory](const Effect& effect) {
      return effect.directory.get() != directory && effect.target != nullptr;
    });
    std::erase_if(effects, [&](const Effect& effect) {
      if (effect.directory.get() != directory) return false;
      if (arrives_elsewhere || waiting.contains(effect.name)) {
        waiting.insert(effect.name);
        return false;
      }
      ApplyEffect(effect);
      return true;
    });
  }
  std::erase_if(changes_, [](const std::vector<Effect>& effects) { return effects.empty(); });
}

void FaultDirectoryJournal::CutPower(RandomBits& random) {
  enum { kNone, kAll, kPrefix, kSubset };
  const uint64_t style = random() % 4;
  const size_t prefix = style == kPrefix ? random() % (changes_.size() + 1) : 0;
  using Name = std::pair<const FaultInode*, std::string>;
  std::set<Name> lost;  // names with a change that was lost: later ones are lost too
  for (size_t i = 0; i < changes_.size(); ++i) {
    const std::vector<Effect>& effects = changes_[i];
    bool keep = style == kAll || (style == kPrefix && i < prefix) || (style == kSubset && Chance(random, 2));
    for (const Effect& effect : effects) keep = keep && !lost.contains({effect.directory.get(), effect.name});
    // Of a rename between two directories the removal of the old name may be lost alone.
    const bool half = keep && style == kSubset && effects.size() == 2 && effects[0].directory != effects[1].directory &&
                      Chance(random, 8);
    for (const Effect& effect : effects) {
      if (keep && !(half && effect.target == nullptr)) {
        ApplyEffect(effect);
      } else {
        lost.emplace(effect.directory.get(), effect.name);
      }
    }
  }
  changes_.clear();
}

}  // namespace mts::io
