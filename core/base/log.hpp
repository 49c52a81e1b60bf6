// One line an event: a level, a stable name, a sentence, and fields as key=value. Any thread. The
// sink is standard error (journald adds time and unit; a terminal gets a time). Values are escaped,
// so that a message or a provider cannot forge a line. spdlog is seen only in log.cpp.
//
//     log::warn("plugin.refused", "the plugin was not loaded", {{"file", path}, {"reason",
//     reason}});
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace gatepost::log {

enum class level { debug, info, warn, error, off };

struct field {
    std::string_view key;
    std::string value;
    field(std::string_view k, std::string_view v) : key(k), value(v) {}
    field(std::string_view k, const char* v) : key(k), value(v) {}
    field(std::string_view k, std::string v) : key(k), value(std::move(v)) {}
    template <class Number>
        requires std::is_arithmetic_v<Number>
    field(std::string_view k, Number v) : key(k), value(std::to_string(v)) {}
};

using fields = std::initializer_list<field>;

void write(level severity, std::string_view event, std::string_view sentence, fields values = {});

inline void debug(std::string_view e, std::string_view s, fields f = {}) {
    write(level::debug, e, s, f);
}
inline void info(std::string_view e, std::string_view s, fields f = {}) {
    write(level::info, e, s, f);
}
inline void warn(std::string_view e, std::string_view s, fields f = {}) {
    write(level::warn, e, s, f);
}
inline void error(std::string_view e, std::string_view s, fields f = {}) {
    write(level::error, e, s, f);
}

// What is below this is dropped without being formatted. The default is info.
void set_level(level least);
// "debug", "info", "warn", "error", "off"; anything else is false and changes nothing.
bool set_level(std::string_view name);

}  // namespace gatepost::log
