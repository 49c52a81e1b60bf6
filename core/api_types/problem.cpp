// Reading is lenient, because the other side may be another version; writing is exact.
#include "api_types/problem.hpp"

#include <nlohmann/json.hpp>

#include "api_types/json_writer.hpp"
#include "base/text.hpp"

namespace gatepost::api_types {
namespace {

std::string text_of(const nlohmann::json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

void read_fields(const nlohmann::json& document, error& into) {
    const auto list = document.find("errors");
    if (list == document.end() || !list->is_array()) return;
    for (const auto& item : *list) {
        if (item.is_object())
            into.fields.push_back({text_of(item, "pointer"), text_of(item, "detail")});
    }
}

}  // namespace

std::string write_problem(const error& failure) {
    const error_facts& facts = facts_of(failure.kind);
    std::string out;
    json_writer json(out);
    json.begin_object()
        .member("type", facts.urn)
        .member("title", facts.title)
        .member("status", facts.http_status)
        .member("detail", failure.detail);
    if (!failure.fields.empty()) {
        json.key("errors").begin_array();
        for (const field_error& field : failure.fields) {
            json.begin_object()
                .member("pointer", field.pointer)
                .member("detail", field.detail)
                .end_object();
        }
        json.end_array();
    }
    json.end_object();
    return out;
}

error read_problem(std::string_view json, int http_status) {
    const auto document = nlohmann::json::parse(json, nullptr, false);
    if (!document.is_object() || !document.contains("type")) {
        return {error_kind::internal, "the daemon answered " + std::to_string(http_status) + ": " +
                                          text::sanitize(json, 200)};
    }
    error out{kind_of_urn(text_of(document, "type")), text_of(document, "detail")};
    if (out.detail.empty()) out.detail = text_of(document, "title");
    read_fields(document, out);
    return out;
}

unsigned retry_after_seconds(const error& failure) {
    if (failure.retry_after) return static_cast<unsigned>(failure.retry_after->count());
    switch (failure.kind) {
        case error_kind::busy: return 1;
        case error_kind::outcome_unknown: return 5;
        case error_kind::storage: return 10;
        case error_kind::not_running: return 5;
        default: return 0;
    }
}

}  // namespace gatepost::api_types
