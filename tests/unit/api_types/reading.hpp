// Reads sends the way the daemon does, whole or in pieces, and finds complaints by their pointer.
#pragma once

#include <string>
#include <string_view>

#include "api_types/send_reader.hpp"
#include "base/clock.hpp"

namespace reading {

inline constexpr std::string_view now_text = "2026-11-22T12:00:00Z";

inline gatepost::api_types::send_options options(bool fingerprint = false) {
    gatepost::api_types::send_options out;
    out.contents = gatepost::mail::memory_content();
    out.fingerprint = fingerprint;
    return out;
}

inline gatepost::result<gatepost::api_types::send_request> send(
    std::string_view json, size_t piece = std::string_view::npos,
    gatepost::api_types::send_options how = options()) {
    gatepost::api_types::send_reader reader(std::move(how));
    while (!json.empty()) {
        const auto head = json.substr(0, piece);
        if (auto fed = reader.feed(head); !fed) return fed.error();
        json.remove_prefix(head.size());
    }
    return reader.finish();
}

// The smallest send with one member more.
inline std::string with(const std::string& member) {
    return R"({"from":"a@example.org","to":"b@example.net","text":"Hi",)" + member + "}";
}

// The complaint at a pointer, or "" if there is none, or "accepted".
inline std::string complaint(const std::string& json, std::string_view pointer) {
    const auto got = send(json);
    if (got) return "accepted";
    if (got.error().kind != gatepost::error_kind::invalid) return got.error().detail;
    for (const auto& field : got.error().fields) {
        if (field.pointer == pointer) return field.detail;
    }
    return "";
}

inline bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

}  // namespace reading
