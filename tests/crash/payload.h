// Names of messages, and payloads made from the name alone: whoever reads a message can tell whether its payload is its
// own.
//
// Threading: pure functions.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <string_view>

namespace mts::crash {

using Random = std::mt19937_64;

// A name that holds the payload's size: "w3-n17-s2048".
std::string MakeKey(int worker, uint64_t number, uint64_t size);

// The payload of the message with this name.
std::string PayloadOf(std::string_view key);

// Mostly small, now and then up to `large`.
uint64_t RandomSize(Random& random, uint64_t large);

}  // namespace mts::crash
