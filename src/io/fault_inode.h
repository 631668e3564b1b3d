// What the simulated disk of io/fault_file_system.h holds: files and directories, each with what is durable and what is
// not yet.
//
// Threading: none; FaultFileSystem's mutex guards all of it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace mts::io {

using RandomBits = std::mt19937_64;

// True with probability 1 / `one_in`.
inline bool Chance(RandomBits& random, uint64_t one_in) { return random() % one_in == 0; }

// A file's bytes: as readers see them now, as they are on the disk, and the changes between the two.
class FaultFileContent {
 public:
  const std::string& bytes() const { return current_; }
  void Write(uint64_t offset, std::string_view bytes);
  // Cuts off, or extends with zeros.
  void Resize(uint64_t size);
  void Sync();
  // A sync that failed: some of the changes reached the disk, and none of them will be tried again, as in a kernel that
  // marks the pages clean. Readers go on seeing them until the power goes.
  void FailSync(RandomBits& random);
  // Keeps a random part of what was not synced.
  void CutPower(RandomBits& random);
  // Changes what is on the disk behind everybody's back.
  void Damage(uint64_t offset, std::string_view bytes);
  bool HasUnsynced() const { return !unsynced_.empty(); }

 private:
  struct Change {
    uint64_t offset;
    std::string bytes;
    uint64_t size_after;
  };
  // Which of the changes reach the disk, decided for each sector: those before its limit.
  std::string AfterLoss(RandomBits& random) const;
  std::string AfterSectorLoss(RandomBits& random) const;
  static void Apply(const Change& change, std::string& to);

  std::string current_;
  std::string synced_;
  std::vector<Change> unsynced_;
};

struct FaultInode {
  explicit FaultInode(bool is_directory) : directory(is_directory) {}

  const bool directory;
  FaultFileContent content;
  std::map<std::string, std::shared_ptr<FaultInode>> entries;         // as seen now
  std::map<std::string, std::shared_ptr<FaultInode>> synced_entries;  // as on the disk
  uint64_t links = 0;                                                 // names that lead here now
  uint64_t opens = 0;                                                 // handles
  uint64_t charged = 0;                                               // of the capacity, bytes
};
using FaultInodePtr = std::shared_ptr<FaultInode>;

// Creations, renames, links and removals that no SyncDirectory has made durable. A rename never loses the file, as in
// every file system with a journal. Between two directories its new name is durable after a sync of the new directory,
// and that the old one is gone after a later sync of the old directory: until then both may be there.
class FaultDirectoryJournal {
 public:
  struct Effect {
    FaultInodePtr directory;
    std::string name;
    FaultInodePtr target;  // null: the name goes
  };
  void Add(std::vector<Effect> effects);
  void Sync(const FaultInode* directory);
  // Applies a random part to what is on the disk and forgets the rest. Changes of one name keep their order.
  void CutPower(RandomBits& random);

 private:
  std::vector<std::vector<Effect>> changes_;  // in order; an effect leaves when it becomes durable
};

}  // namespace mts::io
