// What an idle daemon gives back, and that nobody misses it.
#include "daemon/memory.hpp"

#include <algorithm>
#include <cstdint>
#include <ctime>
#include <fstream>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/catch.hpp"

using namespace gatepost;

namespace {

// Pages of files that are mapped here and were not changed, in KiB.
long clean_pages() {
    std::ifstream rollup("/proc/self/smaps_rollup");
    long clean = 0, number = 0;
    for (std::string line, name; std::getline(rollup, line);) {
        std::istringstream words(line);
        words >> name >> number;
        if (name == "Private_Clean:" || name == "Shared_Clean:") clean += number;
    }
    return clean;
}

// In the file, where nothing may be written; whole pages lie in it, however large they are.
const char constants[2 * 65536] = {'c'};

// Has to find code, constants, tables of virtual functions and the heap where they were.
std::string some_work() {
    std::ostringstream out;
    std::vector<std::unique_ptr<std::string>> words;
    for (const char* word : {"gate", "post", "back"})
        words.push_back(std::make_unique<std::string>(word));
    std::sort(words.begin(), words.end(), [](const auto& a, const auto& b) { return *a < *b; });
    for (const auto& word : words)
        out << *word << ' ' << 0.5 << ' ';
    return out.str();
}

}  // namespace

TEST_CASE("an idle daemon gives back what only its start has touched, and goes on") {
    const std::string before = some_work();
    const long held = clean_pages();
    REQUIRE(held > 0);
    daemon::give_memory_back();
    const long holds = clean_pages();
    CHECK(holds < held / 2);
    CHECK(some_work() == before);
    CHECK_THROWS_AS(std::string("x").at(7),
                    std::out_of_range);  // unwinding reads tables of its own
}

TEST_CASE("what a debugger has changed in place is not given back") {
    const auto* changed = constants + sizeof constants / 2;
    std::fstream memory("/proc/self/mem", std::ios::in | std::ios::out | std::ios::binary);
    memory.seekp(static_cast<std::streamoff>(reinterpret_cast<uintptr_t>(changed)));
    if (!memory.put('x').flush()) {
        WARN("not looked at: this kernel lets nobody write to read-only memory");
        return;
    }
    daemon::give_memory_back();
    CHECK(*static_cast<const volatile char*>(changed) == 'x');
}

TEST_CASE("memory is given back when work is over, and not again without work") {
    daemon::idle_watch watch;
    const auto work = [] {
        volatile unsigned long sum = 0;
        const std::clock_t end = std::clock() + CLOCKS_PER_SEC / 10;
        while (std::clock() < end)
            sum = sum + 1;
        return some_work();
    };
    const std::string said = work();
    const long busy = clean_pages();
    watch.look();  // there was work
    CHECK(clean_pages() >= busy);
    watch.look();  // there was none since
    const long idle = clean_pages();
    CHECK(idle < busy);
    CHECK(some_work() == said);
    const long back = clean_pages();
    CHECK(back >= idle);
    watch.look();
    CHECK(clean_pages() >= back);
}
