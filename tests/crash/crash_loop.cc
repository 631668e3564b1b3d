// The kill -9 loop: the real server under load of all publishing calls and acknowledgements is killed at a random
// moment and started again, over and over on the same data; after each restart everything that a client was told must
// still be true.
//
//   crash_loop --server PATH [--rounds N] [--seed N] [--keep] [--between COMMAND] [-- FLAG OF SERVE...]
//
// The shell runs COMMAND after every kill, before the next start: to kill and start again what the server itself needs.
//
// Ends with 0 when all rounds held, 1 with the violations otherwise, and then leaves the data directory.
#include <stdlib.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "ledger.h"
#include "readers.h"
#include "server_process.h"
#include "verify.h"
#include "writers.h"

namespace mts::crash {
namespace {

struct Options {
  std::string server;
  uint64_t rounds = 20;
  uint64_t seed = 1;
  bool keep = false;
  std::string between;
  std::vector<std::string> serve_flags;
};

bool ParseOptions(int argc, char** argv, Options& options) {
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const std::string value = i + 1 < argc ? argv[i + 1] : "";
    if (word == "--") {
      options.serve_flags.assign(argv + i + 1, argv + argc);
      break;
    }
    if (word == "--keep") {
      options.keep = true;
    } else if (word == "--server") {
      options.server = argv[++i];
    } else if (word == "--between") {
      options.between = argv[++i];
    } else if (word == "--rounds" && absl::SimpleAtoi(value, &options.rounds)) {
      ++i;
    } else if (word == "--seed" && absl::SimpleAtoi(value, &options.seed)) {
      ++i;
    } else {
      return false;
    }
  }
  return !options.server.empty();
}

// All clients, until the kill `load` later.
void RunLoad(ServerProcess& server, std::vector<std::unique_ptr<Writer>>& writers, Ledger& ledger,
             absl::Duration load) {
  std::vector<std::unique_ptr<Round>> rounds;
  std::vector<std::thread> threads;
  const auto start = [&](auto run) {
    rounds.push_back(std::make_unique<Round>());
    rounds.back()->channel = server.Connect();
    threads.emplace_back([run, round = rounds.back().get()] { run(*round); });
  };
  for (auto& writer : writers) start([&writer](Round& round) { writer->Run(round); });
  for (const Consumer& consumer : Consumers()) {
    start([&consumer, &ledger](Round& round) { RunConsumer(consumer, round, ledger); });
  }
  absl::SleepFor(load);
  for (auto& round : rounds) round->killed = true;
  server.Kill();
  for (std::thread& thread : threads) thread.join();
}

bool StartServer(ServerProcess& server, Ledger& ledger) {
  server.Start();
  if (server.WaitUntilReady()) return true;
  ledger.Violation(absl::StrCat("the server did not become ready; its log: ", server.log_path()));
  return false;
}

// Sometimes the server dies during its recovery, too.
void KillDuringStart(ServerProcess& server, Random& random) {
  server.Start();
  absl::SleepFor(absl::Microseconds(random() % 60'000));
  server.Kill();
}

int RunRounds(const Options& options, const std::string& folder) {
  Ledger ledger;
  Random random(options.seed);
  ServerProcess server(options.server, absl::StrCat(folder, "/data"), options.serve_flags);
  auto writers = MakeWriters(options.seed, ledger);
  uint64_t verified = 0;
  for (uint64_t round = 1; round <= options.rounds && ledger.violations().empty(); ++round) {
    if (!StartServer(server, ledger)) break;
    const absl::Duration load = absl::Milliseconds(20 + random() % 700);
    RunLoad(server, writers, ledger, load);
    if (!options.between.empty() && std::system(options.between.c_str()) != 0) {
      ledger.Violation(absl::StrCat("failed: ", options.between));
      break;
    }
    if (random() % 4 == 0) KillDuringStart(server, random);
    const absl::Time restart = absl::Now();
    if (!StartServer(server, ledger)) break;
    const absl::Duration ready = absl::Now() - restart;
    // Every tenth time, and the last, from the very first message.
    const bool all = round % 10 == 0 || round == options.rounds;
    verified = Verify(server.Connect(), ledger, all ? 0 : verified);
    std::printf("round %llu of %llu: load %lld ms, ready after %lld ms, %llu messages known, last sequence %llu\n",
                static_cast<unsigned long long>(round), static_cast<unsigned long long>(options.rounds),
                static_cast<long long>(absl::ToInt64Milliseconds(load)),
                static_cast<long long>(absl::ToInt64Milliseconds(ready)),
                static_cast<unsigned long long>(ledger.messages()), static_cast<unsigned long long>(verified));
    std::fflush(stdout);
    server.Kill();
  }
  for (const std::string& violation : ledger.violations()) std::printf("VIOLATION: %s\n", violation.c_str());
  return ledger.violations().empty() ? 0 : 1;
}

int Main(int argc, char** argv) {
  Options options;
  if (!ParseOptions(argc, argv, options)) {
    std::fprintf(stderr, "usage: crash_loop --server PATH [--rounds N] [--seed N] [--keep] [-- FLAG OF SERVE...]\n");
    return 2;
  }
  const char* base = getenv("TMPDIR");
  std::string folder = absl::StrCat(base == nullptr ? "/tmp" : base, "/mts-crash-XXXXXX");
  if (mkdtemp(folder.data()) == nullptr) {
    std::perror(folder.c_str());
    return 2;
  }
  std::printf("seed %llu, data in %s\n", static_cast<unsigned long long>(options.seed), folder.c_str());
  const int code = RunRounds(options, folder);
  if (code == 0 && !options.keep) {
    std::filesystem::remove_all(folder);
  } else {
    std::printf("the data and the server's log are kept in %s\n", folder.c_str());
  }
  return code;
}

}  // namespace
}  // namespace mts::crash

int main(int argc, char** argv) { return mts::crash::Main(argc, argv); }
