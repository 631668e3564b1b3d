// The tables that clients of this protocol see: `message` and `consumers` as in the quick start's schema, and the views
// that tell of them.
//
// Threading: constants and pure functions.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace mts::gate {

inline constexpr uint64_t kSpaceSpace = 280;
inline constexpr uint64_t kViewSpace = 281;
inline constexpr uint64_t kSpaceIndex = 288;
inline constexpr uint64_t kViewIndex = 289;
inline constexpr uint64_t kMessageSpace = 512;
inline constexpr uint64_t kConsumersSpace = 513;

// Indexes of `message` and of `consumers`.
inline constexpr uint64_t kPrimary = 0;
inline constexpr uint64_t kMessageBySubject = 1;
inline constexpr uint64_t kMessageBySubjectSequence = 2;
inline constexpr uint64_t kMessageByTime = 3;
inline constexpr uint64_t kConsumersBySubject = 1;

struct Field {
  std::string_view name;
  std::string_view type;
};

struct Index {
  uint64_t id;
  std::string_view name;
  bool unique;
  std::span<const uint32_t> parts;  // numbers of fields
};

struct Space {
  uint64_t id;
  std::string_view name;
  std::string_view engine;
  std::span<const Field> fields;
  std::span<const Index> indexes;
  bool for_guests;  // whoever has not authenticated sees these only
};

std::span<const Space> Spaces();
const Space* FindSpace(uint64_t id);
const Index* FindIndex(const Space& space, uint64_t id);

}  // namespace mts::gate
