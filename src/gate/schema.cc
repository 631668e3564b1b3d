#include "gate/schema.h"

namespace mts::gate {
namespace {

constexpr uint32_t kField0[] = {0}, kField1[] = {1}, kField2[] = {2}, kField3[] = {3}, kField4[] = {4};
constexpr uint32_t kFields01[] = {0, 1}, kFields02[] = {0, 2}, kFields30[] = {3, 0};

constexpr Field kSpaceFields[] = {{"id", "unsigned"},   {"owner", "unsigned"},       {"name", "string"},
                                  {"engine", "string"}, {"field_count", "unsigned"}, {"flags", "map"},
                                  {"format", "array"}};
constexpr Index kSpaceIndexes[] = {
    {0, "primary", true, kField0}, {1, "owner", false, kField1}, {2, "name", true, kField2}};

constexpr Field kIndexFields[] = {{"id", "unsigned"}, {"iid", "unsigned"}, {"name", "string"},
                                  {"type", "string"}, {"opts", "map"},     {"parts", "array"}};
constexpr Index kIndexIndexes[] = {{0, "primary", true, kFields01}, {2, "name", true, kFields02}};

constexpr Field kMessageFields[] = {{"sequence", "unsigned"},
                                    {"headers", "map"},
                                    {"object_name", "string"},
                                    {"subject", "string"},
                                    {"create_at", "unsigned"}};
constexpr Index kMessageIndexes[] = {{kPrimary, "primary", true, kField0},
                                     {kMessageBySubject, "subject", false, kField3},
                                     {kMessageBySubjectSequence, "subject_sequence", true, kFields30},
                                     {kMessageByTime, "create_at", false, kField4}};

constexpr Field kConsumersFields[] = {{"durable_name", "string"}, {"subject", "string"}, {"last_sequence", "unsigned"}};
constexpr Index kConsumersIndexes[] = {{kPrimary, "primary", true, kFields01},
                                       {kConsumersBySubject, "subject", false, kField1}};

constexpr Space kSpaces[] = {
    {kSpaceSpace, "_space", "memtx", kSpaceFields, kSpaceIndexes, true},
    {kViewSpace, "_vspace", "sysview", kSpaceFields, kSpaceIndexes, true},
    {kSpaceIndex, "_index", "memtx", kIndexFields, kIndexIndexes, true},
    {kViewIndex, "_vindex", "sysview", kIndexFields, kIndexIndexes, true},
    {kMessageSpace, "message", "memtx", kMessageFields, kMessageIndexes, false},
    {kConsumersSpace, "consumers", "memtx", kConsumersFields, kConsumersIndexes, false},
};

}  // namespace

std::span<const Space> Spaces() { return kSpaces; }

const Space* FindSpace(uint64_t id) {
  for (const Space& space : kSpaces) {
    if (space.id == id) return &space;
  }
  return nullptr;
}

const Index* FindIndex(const Space& space, uint64_t id) {
  for (const Index& index : space.indexes) {
    if (index.id == id) return &index;
  }
  return nullptr;
}

}  // namespace mts::gate
