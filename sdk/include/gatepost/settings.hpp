// The connection's settings, checked by the host against the manifest's schema with defaults filled
// in, and the place for complaints about them. Views: copy what you keep.
//
// A getter without a fallback throws settings_error if the setting is missing or of another type;
// in a constructor that becomes a diagnostic at that setting and the instance is not made.
#pragma once

#include <gatepost/message.hpp>
#include <gatepost/namespace.hpp>

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace gatepost::sdk {
inline namespace GATEPOST_SDK_NAMESPACE {

struct setting {
    std::string_view path;
    uint32_t type = 0;
    bool secret = false;
    std::string_view text;
    int64_t integer = 0;
    double number = 0;

    using abi_type = gatepost_setting;
    static setting read(const gatepost_setting& from) noexcept {
        const bool is_secret = (from.flags & GATEPOST_SETTING_SECRET) != 0;
        return {view_of(from.path), from.type,    is_secret,
                view_of(from.text), from.integer, from.number};
    }
};

// Throw it from a constructor: the person who configures the connection reads it.
class settings_error : public std::runtime_error {
  public:
    settings_error(std::string_view path, const std::string& text, std::string advice = {})
        : std::runtime_error(text), pointer_("/"), advice_(std::move(advice)) {
        for (const char letter : path)
            pointer_ += letter == '.' ? '/' : letter;
    }
    const std::string& pointer() const noexcept { return pointer_; }
    const std::string& advice() const noexcept { return advice_; }

  private:
    std::string pointer_, advice_;
};

class settings {
  public:
    explicit settings(const gatepost_settings& from) noexcept
        : json_(view_of(from.json)), connection_(view_of(from.connection)), values_(from.values) {}

    std::string_view json() const noexcept { return json_; }
    std::string_view connection() const noexcept { return connection_; }
    const list<setting>& all() const noexcept { return values_; }

    std::optional<setting> find(std::string_view path) const noexcept {
        for (const setting& one : values_) {
            if (one.path == path) return one;
        }
        return std::nullopt;
    }
    bool has(std::string_view path) const noexcept { return find(path).has_value(); }

    std::string_view text(std::string_view path) const { return need(path, GATEPOST_STRING).text; }
    int64_t integer(std::string_view path) const { return need(path, GATEPOST_INTEGER).integer; }
    bool boolean(std::string_view path) const { return need(path, GATEPOST_BOOLEAN).integer != 0; }
    double number(std::string_view path) const {
        const std::optional<setting> found = find(path);
        if (found && found->type == GATEPOST_INTEGER) return found->number;
        return need(path, GATEPOST_NUMBER).number;
    }

    std::string_view text(std::string_view path, std::string_view fallback) const {
        return has(path) ? text(path) : fallback;
    }
    int64_t integer(std::string_view path, int64_t fallback) const {
        return has(path) ? integer(path) : fallback;
    }
    bool boolean(std::string_view path, bool fallback) const {
        return has(path) ? boolean(path) : fallback;
    }
    double number(std::string_view path, double fallback) const {
        return has(path) ? number(path) : fallback;
    }

    // The strings of an array: path.0, path.1 ...
    std::vector<std::string_view> texts(std::string_view path) const {
        std::vector<std::string_view> found;
        for (std::size_t at = 0;; ++at) {
            const std::string name = std::string(path) + "." + std::to_string(at);
            const std::optional<setting> one = find(name);
            if (!one || one->type != GATEPOST_STRING) return found;
            found.push_back(one->text);
        }
    }

  private:
    setting need(std::string_view path, uint32_t type) const {
        const std::optional<setting> found = find(path);
        if (!found) throw settings_error(path, "the setting " + std::string(path) + " is missing");
        if (found->type != type) {
            throw settings_error(path, "the setting " + std::string(path) + " has another type");
        }
        return *found;
    }

    std::string_view json_, connection_;
    list<setting> values_;
};

// Where constructors and `check` complain. An error refuses the settings or the message.
class diagnostics {
  public:
    diagnostics(const gatepost_host* host, gatepost_sink sink) noexcept
        : host_(host), sink_(sink) {}

    void note(std::string_view pointer, std::string_view text) {
        say(GATEPOST_NOTE, pointer, text, {});
    }
    void warning(std::string_view pointer, std::string_view text, std::string_view advice = {}) {
        say(GATEPOST_WARNING, pointer, text, advice);
    }
    void error(std::string_view pointer, std::string_view text, std::string_view advice = {}) {
        failed_ = true;
        say(GATEPOST_ERROR, pointer, text, advice);
    }
    bool failed() const noexcept { return failed_; }

  private:
    void say(uint32_t severity, std::string_view pointer, std::string_view text,
             std::string_view advice) noexcept {
        if (!GATEPOST_HAS(gatepost_host, host_, diagnose) || host_->diagnose == nullptr) return;
        gatepost_diagnostic said{};
        said.size = sizeof said;
        said.severity = severity;
        said.pointer = abi_string(pointer);
        said.text = abi_string(text);
        said.advice = abi_string(advice);
        host_->diagnose(host_, sink_, &said);
    }

    const gatepost_host* host_;
    gatepost_sink sink_;
    bool failed_ = false;
};

}  // namespace GATEPOST_SDK_NAMESPACE
}  // namespace gatepost::sdk
