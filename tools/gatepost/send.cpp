// gatepost send: command line to JSON, or a file of RFC 5322 with the envelope in the query.
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "api_types/problem.hpp"
#include "base/file.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "gatepost/commands.hpp"

namespace gatepost::cli {
namespace {

using nlohmann::json;

// A file that is not there is no input (66), what else goes wrong is the system's.
result<std::string> read_named_file(const std::string& path) {
    auto bytes = read_small_file(path, limits::message_bytes);
    if (bytes) return bytes;
    error failure = std::move(bytes).error();
    std::error_code ignored;
    if (std::filesystem::status(path, ignored).type() == std::filesystem::file_type::not_found)
        failure.kind = error_kind::not_found;
    return failure;
}

result<std::string> read_input(const std::string& path) {
    if (path != "-") return read_named_file(path);
    return std::string(std::istreambuf_iterator<char>(std::cin), {});
}

// The few types people attach; the receiving side looks at the name anyway.
std::string type_of(const std::filesystem::path& file) {
    static constexpr std::pair<std::string_view, std::string_view> types[] = {
        {".txt", "text/plain"},      {".html", "text/html"},   {".csv", "text/csv"},
        {".pdf", "application/pdf"}, {".png", "image/png"},    {".jpg", "image/jpeg"},
        {".jpeg", "image/jpeg"},     {".gif", "image/gif"},    {".json", "application/json"},
        {".zip", "application/zip"}, {".ics", "text/calendar"}};
    const std::string suffix = text::to_lower(file.extension().string());
    for (const auto& [known, type] : types) {
        if (known == suffix) return std::string(type);
    }
    return "application/octet-stream";
}

status add_bodies(const send_options& options, json& document) {
    for (const auto& [given, file, key] : {std::tuple{options.text, options.text_file, "text"},
                                           std::tuple{options.html, options.html_file, "html"}}) {
        if (!file.empty()) {
            auto bytes = read_input(file);
            if (!bytes) return bytes.error();
            document[key] = *bytes;
        } else if (!given.empty()) {
            document[key] = given;
        }
    }
    const bool none = !document.contains("text") && !document.contains("html");
    if (none && ::isatty(STDIN_FILENO) == 0) {
        auto bytes = read_input("-");
        if (bytes && !bytes->empty()) document["text"] = *bytes;
    }
    return success{};
}

status add_headers(const send_options& options, json& document) {
    for (const std::string& header : options.headers) {
        const size_t colon = header.find(':');
        if (colon == std::string::npos) {
            return error{error_kind::invalid,
                         "--header takes \"Name: value\"; there is no colon in \"" + header + "\""};
        }
        document["headers"][header.substr(0, colon)] =
            std::string(text::trim(header.substr(colon + 1)));
    }
    return success{};
}

status add_attachments(const send_options& options, json& document) {
    for (const std::string& path : options.attachments) {
        auto bytes = read_named_file(path);
        if (!bytes) return bytes.error();
        document["attachments"].push_back(
            {{"filename", std::filesystem::path(path).filename().string()},
             {"content_type", type_of(path)},
             {"content", text::base64_encode(*bytes)}});
    }
    return success{};
}

result<http_request> make_request(const send_options& options) {
    http_request request{"POST", "/v1/messages", {}, {}, "application/json"};
    if (options.raw_file.empty()) {
        auto document = send_document(options);
        if (!document) return document.error();
        request.body = std::move(*document);
    } else {
        auto bytes = read_input(options.raw_file);
        if (!bytes) return bytes.error();
        request.body = std::move(*bytes);
        request.content_type = "message/rfc822";
        request.target = raw_target(options);
    }
    if (!options.key.empty()) request.headers.emplace_back("Idempotency-Key", options.key);
    if (options.wait > 0)
        request.headers.emplace_back("Prefer", "wait=" + std::to_string(options.wait));
    return request;
}

int exit_code_of(const std::string& status) {
    const bool bad =
        status == "failed" || status == "partial" || status == "expired" || status == "cancelled";
    return bad ? 69 : 0;
}

}  // namespace

std::string raw_target(const send_options& options) {
    std::string query;
    const auto add = [&](const char* key, const std::string& value) {
        if (!value.empty())
            query +=
                (query.empty() ? "?" : "&") + std::string(key) + "=" + text::percent_encode(value);
    };
    add("from", options.from);
    for (const std::string& address : options.to)
        add("to", address);
    add("connection", options.connection);
    add("priority", options.priority);
    add("send_at", options.send_at);
    add("expires_at", options.expires_at);
    for (const std::string& tag : options.tags)
        add("tag", tag);
    return "/v1/messages" + query;
}

result<std::string> send_document(const send_options& options) {
    json document = json::object();
    const auto set = [&](const char* key, const std::string& value) {
        if (!value.empty()) document[key] = value;
    };
    const auto set_list = [&](const char* key, const std::vector<std::string>& values) {
        if (!values.empty()) document[key] = values;
    };
    set("from", options.from);
    set_list("to", options.to);
    set_list("cc", options.cc);
    set_list("bcc", options.bcc);
    set_list("reply_to", options.reply_to);
    set("subject", options.subject);
    set_list("tags", options.tags);
    set("connection", options.connection);
    set("priority", options.priority);
    set("send_at", options.send_at);
    set("expires_at", options.expires_at);
    if (auto added = add_headers(options, document); !added) return added.error();
    if (auto added = add_bodies(options, document); !added) return added.error();
    if (auto added = add_attachments(options, document); !added) return added.error();
    try {
        return document.dump();
    } catch (const json::exception&) {  // dump refuses what is not UTF-8
        return error{error_kind::invalid,
                     "a text is not UTF-8; attach the file, or send it as --raw"};
    }
}

int send(const context& with, const send_options& options) {
    auto request = make_request(options);
    if (!request) return fail(with, request.error());
    auto answer = ask(with.socket, *request);
    if (!answer) return fail(with, answer.error());
    if (answer->status / 100 != 2)
        return fail(with, api_types::read_problem(answer->body, answer->status));
    const json message = json::parse(answer->body, nullptr, false);
    if (message.is_discarded())
        return fail(with, {error_kind::io, "the daemon's answer is not JSON"});
    if (options.wait > 0 && answer->status == 202 && !with.json) {
        // The time has run out: what was said last is of more use than a bare "queued".
        auto now = get(with, "/v1/messages/" + text::percent_encode(text_of(message, "id")));
        if (now) {
            std::fputs(describe_message(with, *now).c_str(), stdout);
            return exit_code_of(text_of(*now, "status"));
        }
    }
    if (!printed_as_json(with, message)) {
        const std::string lines = answer->status == 200
                                      ? describe_message(with, message)
                                      : text_of(message, "id") + "  " +
                                            with.out.status(text_of(message, "status")) + "\n";
        std::fputs(lines.c_str(), stdout);
    }
    return exit_code_of(text_of(message, "status"));
}

}  // namespace gatepost::cli
