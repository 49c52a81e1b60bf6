#include "base/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>

#include "base/text.hpp"

namespace gatepost::log {
namespace {

std::atomic<level> least_level{level::info};

spdlog::logger& logger() {
    static const auto instance = [] {
        auto made = std::make_shared<spdlog::logger>(
            "gatepost", std::make_shared<spdlog::sinks::stderr_sink_mt>());
        // journald stamps lines itself; it says so with JOURNAL_STREAM.
        made->set_pattern(
            std::getenv("JOURNAL_STREAM") != nullptr ? "%l %v" : "%Y-%m-%dT%H:%M:%S.%e%z %l %v");
        made->set_level(spdlog::level::trace);
        made->flush_on(spdlog::level::info);
        return made;
    }();
    return *instance;
}

spdlog::level::level_enum to_spdlog(level severity) {
    switch (severity) {
        case level::debug: return spdlog::level::debug;
        case level::info: return spdlog::level::info;
        case level::warn: return spdlog::level::warn;
        case level::error: return spdlog::level::err;
        case level::off: break;
    }
    return spdlog::level::off;
}

void append_value(std::string& line, std::string_view value) {
    const std::string safe = text::escape_for_log(value);
    const bool bare = !safe.empty() && safe.find_first_of(" =\"") == std::string::npos;
    if (bare) {
        line += safe;
    } else {
        line += '"';
        line += safe;
        line += '"';
    }
}

}  // namespace

void write(level severity, std::string_view event, std::string_view sentence, fields values) {
    if (severity < least_level.load(std::memory_order_relaxed)) return;
    std::string line = text::escape_for_log(event);
    line += ": ";
    line += text::escape_for_log(sentence);
    for (const field& each : values) {
        line += ' ';
        line += text::escape_for_log(each.key);
        line += '=';
        append_value(line, each.value);
    }
    logger().log(to_spdlog(severity), spdlog::string_view_t(line.data(), line.size()));
}

void set_level(level least) {
    least_level.store(least, std::memory_order_relaxed);
}

bool set_level(std::string_view name) {
    static constexpr std::pair<std::string_view, level> names[] = {{"debug", level::debug},
                                                                   {"info", level::info},
                                                                   {"warn", level::warn},
                                                                   {"error", level::error},
                                                                   {"off", level::off}};
    for (const auto& [known, value] : names) {
        if (known == name) return set_level(value), true;
    }
    return false;
}

}  // namespace gatepost::log
