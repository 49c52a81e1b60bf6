// Every folder below broken/ is a configuration with a mistake people make, and `expected` holds
// exactly what is said about it. `modes` gives a file other permissions than 0600.
#include <algorithm>
#include <sstream>

#include "support.hpp"

using namespace gatepost;
using config_test::fs::path;

namespace {

std::string read(const path& file) {
    std::ifstream in(file, std::ios::binary);
    std::stringstream out;
    out << in.rdbuf();
    return out.str();
}

void copy_with_modes(const path& from, const config_test::folder& to) {
    for (const auto& entry : config_test::fs::recursive_directory_iterator(from)) {
        const std::string name = entry.path().lexically_relative(from).string();
        if (entry.is_regular_file() && name != "expected" && name != "modes")
            to.write(name, read(entry.path()));
    }
    std::istringstream modes(read(from / "modes"));
    for (std::string mode, name; modes >> mode >> name;)
        REQUIRE(::chmod((to.path / name).c_str(),
                        static_cast<mode_t>(std::stoul(mode, nullptr, 8))) == 0);
}

std::vector<path> cases() {
    std::vector<path> out;
    for (const auto& entry :
         config_test::fs::directory_iterator(path(GATEPOST_SOURCE) / "tests/unit/config/broken"))
        out.push_back(entry.path());
    std::sort(out.begin(), out.end());
    return out;
}

}  // namespace

TEST_CASE("every broken configuration is refused with the message expected") {
    ::unsetenv("CREDENTIALS_DIRECTORY");
    const std::vector<path> all = cases();
    CHECK(all.size() >= 20);
    for (const path& each : all) {
        const config_test::folder copy;
        copy_with_modes(each, copy);
        const auto loaded = config::load(copy.path, config_test::lookup);
        INFO(each.filename());
        REQUIRE_FALSE(loaded.ok());
        CHECK(loaded.error().kind == error_kind::config);
        const std::string said = config_test::told(loaded.error(), copy.path);
        CHECK(said == read(each / "expected"));
        CHECK(said.find("hunter2") == std::string::npos);
        if (const char* record = ::getenv("GATEPOST_RECORD"); record != nullptr)
            std::ofstream(each / "expected") << said;
    }
}
