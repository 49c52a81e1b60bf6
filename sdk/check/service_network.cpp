// http/1 and oauth/1, answered by the scripts of host_options.
#include "check/host_core.hpp"

namespace gatepost::check {
namespace {

struct response_memory {
    gatepost_http_response response{};
    view_memory memory;
};

void read_pairs(const gatepost_array& given,
                std::vector<std::pair<std::string, std::string>>& out) {
    for (uint32_t i = 0; i < given.count; ++i) {
        const auto& one = item_at<gatepost_pair>(given, i);
        out.emplace_back(text_of(one.name), text_of(one.value));
    }
}

std::optional<http_seen> seen(fake_host::core& host, gatepost_call call,
                              const gatepost_http_request& request) {
    http_seen out;
    out.method = text_of(request.method);
    out.url = text_of(request.url);
    out.commits = (request.required & GATEPOST_COMMITS) != 0;
    out.clear_text = (request.required & GATEPOST_HTTP_CLEAR) != 0;
    read_pairs(request.headers, out.headers);
    auto body = host.join(call, request.body);
    if (!body) return std::nullopt;
    out.body = std::move(*body);
    for (uint32_t i = 0; i < request.parts.count; ++i) {
        const auto& one = item_at<gatepost_form_part>(request.parts, i);
        auto content = host.join(call, one.content);
        if (!content) return std::nullopt;
        out.parts.push_back({std::string(text_of(one.name)), std::string(text_of(one.filename)),
                             std::string(text_of(one.type)), std::move(*content)});
    }
    return out;
}

destination place_of(const std::string& url) {
    destination out = read_destination(url, false);
    if (out.port == 0) out.port = url.starts_with("https://") ? 443 : 80;
    return out;
}

// What the real ledger would know after that answer.
void note_certainty(call_record& record, const http_seen& request, const http_answer& given) {
    if (!request.commits) return;
    if (given.http_status != 0) record.commits_answered = true;
    if (given.http_status != 0 || given.status == GATEPOST_UNCERTAIN) record.commits_written = true;
}

answer fetch(fake_host::core& host, gatepost_call call, const gatepost_http_request& request) {
    const auto asked_for = seen(host, call, request);
    if (!asked_for) {
        host.blame("request", "http/1 fetch: a segment names no open body of the call");
        return {GATEPOST_INVALID, "a segment names no open body of the call"};
    }
    if (!asked_for->clear_text && !asked_for->url.starts_with("https://"))
        return {GATEPOST_DENIED,
                "http:// sends everything in clear: set clear_text (GATEPOST_HTTP_CLEAR) where a "
                "setting such as allow_http says so"};
    const destination place = place_of(asked_for->url);
    if (auto no = host.forbidden(place.host, place.port, text_of(request.proxy))) return *no;
    const http_answer given = host.how.http(*asked_for);
    auto kept = std::make_shared<response_memory>();
    std::vector<gatepost_pair> headers;
    for (const auto& [name, value] : given.headers)
        headers.push_back({kept->memory.string(name), kept->memory.string(value)});
    kept->response = {sizeof(gatepost_http_response), given.http_status,
                      kept->memory.array(headers), given.failed_at, 0};
    note_certainty(host.calls.at(call).record, *asked_for, given);
    answer out;
    out.status = given.status;
    if (given.status != GATEPOST_OK) out.text = "scripted";
    out.data = given.body;
    out.length = given.body.size();
    out.detail = std::shared_ptr<const void>(kept, &kept->response);
    return out;
}

gatepost_status http_fetch(const gatepost_host* table, gatepost_call call,
                           const gatepost_http_request* request, gatepost_done done, void* user,
                           gatepost_operation* operation) {
    fake_host::core& host = core_of(table);
    if (request == nullptr || request->size < offsetof(gatepost_http_request, max_response))
        return host.breach("http/1 fetch", "the request has no size");
    constexpr uint32_t known = uint32_t{GATEPOST_COMMITS} | uint32_t{GATEPOST_HTTP_MULTIPART} |
                               uint32_t{GATEPOST_HTTP_CLEAR};
    if ((request->required & ~known) != 0) return GATEPOST_UNSUPPORTED;
    return host.begin(
        {table, call, done, user, operation},
        {.what = "http/1 fetch",
         .commits = (request->required & GATEPOST_COMMITS) != 0,
         .work = [&host, call, request] { return fetch(host, call, taken(request)); }});
}

gatepost_status oauth_token(const gatepost_host* table, gatepost_call call, uint32_t force_refresh,
                            gatepost_done done, void* user, gatepost_operation* operation) {
    fake_host::core& host = core_of(table);
    return host.begin({table, call, done, user, operation},
                      {.what = "oauth/1 token", .work = [&host, force_refresh]() -> answer {
                           const oauth_answer said = host.how.oauth(force_refresh != 0);
                           if (said.status != GATEPOST_OK)
                               return {said.status, said.text, 0, said.seconds};
                           answer out;
                           out.data = said.token;
                           return out;
                       }});
}

}  // namespace

const void* lend_http(fake_host::core& host) {
    return host.how.http ? host.lend(gatepost_http{0, 0, http_fetch}) : nullptr;
}
const void* lend_oauth(fake_host::core& host) {
    return host.how.oauth ? host.lend(gatepost_oauth{0, 0, oauth_token}) : nullptr;
}

}  // namespace gatepost::check
