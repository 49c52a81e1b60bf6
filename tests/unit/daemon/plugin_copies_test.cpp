#include "daemon/plugin_copies.hpp"

#include <fstream>

#include "support/catch.hpp"
#include "support/temp_folder.hpp"

using namespace gatepost;

TEST_CASE("old copies of plugins go, used ones and other files stay") {
    const tests::temp_folder folder;
    const std::string used(64, 'a'), old = std::string(63, 'b') + "0";
    for (const std::string& name :
         {used + ".so", old + ".so", old + ".so.tmp42", used + ".so.tmp7", std::string("readme.so"),
          used + ".txt", used.substr(1) + ".so", std::string(64, 'Z') + ".so"})
        std::ofstream(folder.path() / name) << "x";
    CHECK(daemon::remove_old_copies(folder.path(), {used}) == 3);
    const auto there = [&](const std::string& name) {
        return std::filesystem::exists(folder.path() / name);
    };
    CHECK(there(used + ".so"));
    CHECK_FALSE(there(old + ".so"));
    CHECK(there("readme.so"));
    CHECK(there(used + ".txt"));
    CHECK(there(used.substr(1) + ".so"));
    CHECK(there(std::string(64, 'Z') + ".so"));
    CHECK(daemon::remove_old_copies(folder.path() / "missing", {}) == 0);
}
