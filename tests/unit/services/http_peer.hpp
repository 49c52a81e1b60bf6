// A web server's side in plain blocking code, on the peer of the stream tests; and a plugin's side
// of http/1 in short form.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "stream_peer.hpp"

namespace gatepost::tests {

struct web_request {
    std::string line;                            // "POST /send HTTP/1.1"
    std::vector<std::string> head;               // "Host: localhost", as they came
    std::map<std::string, std::string> headers;  // names in lower case
    std::string body;
    bool whole = false;
    bool has(const std::string& name) const { return headers.contains(name); }
    std::string header(const std::string& name) const {
        const auto at = headers.find(name);
        return at == headers.end() ? std::string() : at->second;
    }
};
// Empty line: the connection ended.
web_request read_web_request(talk& from);
web_request read_head(talk& from);
std::string web_answer(const std::string& status, const std::string& body,
                       const std::string& headers = {});

// Keeps what it got, also what broke off, and answers each as `answers` says, on kept connections.
class web_server {
  public:
    using answers = std::function<std::string(const web_request&, int number)>;
    explicit web_server(answers how, const peer_tls* tls = nullptr);
    uint16_t port() const { return peer_.port(); }
    int connections() const { return peer_.connections(); }
    std::vector<web_request> requests();
    std::string url(const std::string& path = "/send") const;

  private:
    void play(talk& with);
    answers how_;
    bool secure_;
    peer_tls tls_;
    std::mutex mutex_;
    std::vector<web_request> requests_;
    peer peer_;  // ends first
};

struct web_facts {
    std::string url, method = "POST";
    std::vector<std::pair<std::string, std::string>> headers = {};
    std::vector<gatepost_segment> body = {};
    std::vector<gatepost_form_part> parts = {};
    uint32_t required = GATEPOST_HTTP_CLEAR;
    uint64_t max_response = 0, timeout = 0;
    std::string ca_file = {}, proxy = {};
};

struct web_heard {
    int times = 0;
    gatepost_operation operation = 0;
    gatepost_status status = 1;
    std::string text, data;
    uint32_t http_status = 0, failed_at = 0;
    std::map<std::string, std::string> headers;
    bool done() const { return times > 0; }
};

// Waits for the answer.
web_heard fetch(stage& on, const web_facts& what);
gatepost_status begin_fetch(stage& on, web_heard& answer, const web_facts& what);

}  // namespace gatepost::tests
