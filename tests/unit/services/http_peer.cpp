#include "http_peer.hpp"

#include "base/text.hpp"

namespace gatepost::tests {
namespace {

std::string without_end(std::string line) {
    while (line.ends_with('\n') || line.ends_with('\r'))
        line.pop_back();
    return line;
}

void heard_answer(void* user, gatepost_operation, const gatepost_result* result) {
    auto& answer = *static_cast<web_heard*>(user);
    ++answer.times;
    answer.status = result->status;
    if (result->text.size > 0) answer.text.assign(result->text.data, result->text.size);
    if (result->data.size > 0) answer.data.assign(result->data.data, result->data.size);
    if (result->detail == nullptr) return;
    const auto& detail = *static_cast<const gatepost_http_response*>(result->detail);
    answer.http_status = detail.http_status;
    answer.failed_at = detail.failed_at;
    for (uint32_t i = 0; i < detail.headers.count; ++i) {
        const auto& pair = static_cast<const gatepost_pair*>(detail.headers.items)[i];
        answer.headers.emplace(std::string(pair.name.data, pair.name.size),
                               std::string(pair.value.data, pair.value.size));
    }
}

}  // namespace

web_request read_head(talk& from) {
    web_request got;
    got.line = without_end(from.line());
    for (std::string line = without_end(from.line()); !line.empty();
         line = without_end(from.line())) {
        got.head.push_back(line);
        const size_t colon = line.find(':');
        if (colon == line.npos) continue;
        const size_t value = line.find_first_not_of(' ', colon + 1);
        got.headers[text::to_lower(line.substr(0, colon))] =
            value == line.npos ? std::string() : line.substr(value);
    }
    return got;
}

web_request read_web_request(talk& from) {
    web_request got = read_head(from);
    const auto size = text::parse_unsigned(got.header("content-length")).value_or(0);
    if (size > 0) got.body = from.bytes(static_cast<size_t>(size));
    got.whole = !got.line.empty() && got.body.size() == size;
    return got;
}

std::string web_answer(const std::string& status, const std::string& body,
                       const std::string& headers) {
    return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
           headers + "\r\n" + body;
}

web_server::web_server(answers how, const peer_tls* tls)
    : how_(std::move(how)),
      secure_(tls != nullptr),
      tls_(tls != nullptr ? *tls : peer_tls{}),
      peer_([this](talk& with) { play(with); }) {}

void web_server::play(talk& with) {
    if (secure_ && !with.start_tls(tls_)) return;
    for (;;) {
        const web_request got = read_web_request(with);
        if (got.line.empty()) return;
        int number = 0;
        {
            const std::lock_guard lock(mutex_);
            requests_.push_back(got);
            number = static_cast<int>(requests_.size());
        }
        if (!got.whole) return;
        const std::string answer = how_(got, number);
        if (answer.empty()) return;  // the connection ends
        with.say(answer);
    }
}

std::vector<web_request> web_server::requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
}

std::string web_server::url(const std::string& path) const {
    return (secure_ ? "https://localhost:" : "http://127.0.0.1:") + std::to_string(port()) + path;
}

gatepost_status begin_fetch(stage& on, web_heard& answer, const web_facts& what) {
    std::vector<gatepost_pair> headers;
    for (const auto& [name, value] : what.headers)
        headers.push_back({str(name), str(value)});
    gatepost_http_request request{};
    request.size = sizeof request;
    request.required = what.required;
    request.method = str(what.method);
    request.url = str(what.url);
    request.headers = {headers.data(), static_cast<uint32_t>(headers.size()),
                       sizeof(gatepost_pair)};
    request.body = list_of(what.body);
    request.parts = {what.parts.data(), static_cast<uint32_t>(what.parts.size()),
                     sizeof(gatepost_form_part)};
    request.max_response = what.max_response;
    request.timeout = what.timeout;
    request.ca_file = str(what.ca_file);
    request.proxy = str(what.proxy);
    return on.table<gatepost_http>("gatepost.http/1")
        .fetch(on.host(), on.call, &request, heard_answer, &answer, &answer.operation);
}

web_heard fetch(stage& on, const web_facts& what) {
    web_heard answer;
    const gatepost_status taken = begin_fetch(on, answer, what);
    if (taken != GATEPOST_OK) {
        answer.status = taken;
        return answer;
    }
    on.until([&] { return answer.done(); });
    return answer;
}

}  // namespace gatepost::tests
