// What the disk gives to a program that only writes and syncs: the yardstick beside the server's figures. Writes groups
// of the given size into files of 64 MiB, as the engine does: appended, allocated beforehand, or written before.
//
// usage: bare_write GROUP_BYTES appended|allocated|prepared SECONDS DIRECTORY   → one JSON line
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

namespace {

constexpr uint64_t kFileBytes = 64ULL << 20;
constexpr int kPreparedFiles = 8;

using Clock = std::chrono::steady_clock;

[[noreturn]] void Fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

int OpenFile(const std::string& path, const std::string& kind) {
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) Fail("open");
  if (kind == "appended") return file;
  if (posix_fallocate(file, 0, kFileBytes) != 0) Fail("posix_fallocate");
  if (kind == "prepared") {
    const std::vector<char> zeros(1 << 20);
    for (uint64_t offset = 0; offset < kFileBytes; offset += zeros.size()) {
      if (pwrite(file, zeros.data(), zeros.size(), static_cast<off_t>(offset)) < 0) Fail("pwrite");
    }
  }
  if (fsync(file) != 0) Fail("fsync");
  return file;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: bare_write GROUP_BYTES appended|allocated|prepared SECONDS DIRECTORY\n");
    return 2;
  }
  const uint64_t group = std::strtoull(argv[1], nullptr, 10);
  const std::string kind = argv[2];
  const double limit = std::strtod(argv[3], nullptr);
  std::vector<char> bytes(group);
  std::mt19937_64 random(1);
  for (char& byte : bytes) byte = static_cast<char>(random());

  std::vector<double> micros;
  uint64_t written = 0;
  double seconds = 0;
  // Files that are written before are few, as in the engine's pool; the others go on as long as the time does.
  for (int number = 0; seconds < limit && (kind != "prepared" || number < kPreparedFiles); ++number) {
    const std::string path = std::string(argv[4]) + "/bare-" + std::to_string(number);
    const int file = OpenFile(path, kind);
    for (uint64_t offset = 0; offset + group <= kFileBytes && seconds < limit; offset += group) {
      const auto begin = Clock::now();
      if (pwrite(file, bytes.data(), group, static_cast<off_t>(offset)) != static_cast<ssize_t>(group)) Fail("pwrite");
      if (fdatasync(file) != 0) Fail("fdatasync");
      const double took = std::chrono::duration<double, std::micro>(Clock::now() - begin).count();
      micros.push_back(took);
      seconds += took / 1e6;
      written += group;
    }
    close(file);
  }
  for (int number = 0;; ++number) {
    if (unlink((std::string(argv[4]) + "/bare-" + std::to_string(number)).c_str()) != 0) break;
  }
  std::sort(micros.begin(), micros.end());
  std::printf(
      "{\"work\":\"bare-write\",\"kind\":\"%s\",\"group\":%llu,\"seconds\":%.3f,\"mb_per_s\":%.1f,\"per_s\":%.0f,"
      "\"latency_ms\":{\"p50\":%.4f,\"p99\":%.4f}}\n",
      kind.c_str(), static_cast<unsigned long long>(group), seconds, static_cast<double>(written) / seconds / 1e6,
      static_cast<double>(micros.size()) / seconds, micros[micros.size() / 2] / 1e3,
      micros[micros.size() * 99 / 100] / 1e3);
  return 0;
}
