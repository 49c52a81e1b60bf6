#include "services/http/post.hpp"

#include <sys/socket.h>

#include <utility>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "services/http/easy.hpp"
#include "services/http/order.hpp"
#include "services/http/response.hpp"
#include "services/http/verdict.hpp"
#include "services/http/way.hpp"
#include "services/socket_address.hpp"

namespace gatepost::services {
namespace {

class posting {
  public:
    posting(const oauth_request& what, http_order order, const std::atomic<bool>& stop)
        : what_(what), order_(std::move(order)), stop_(stop) {}

    oauth_response run(std::chrono::milliseconds limit) {
        oauth_response out;
        easy_.reset(::curl_easy_init());
        if (!easy_ || set_up(limit) != CURLE_OK) {
            out.problem = "the request cannot be set up: no memory, or another libcurl";
            return out;
        }
        const CURLcode code = ::curl_easy_perform(easy_.get());
        out.denied = denied_;
        if (denied_) {
            out.problem = order_.first_where() +
                          " leads inside this machine or its network, where only an address from "
                          "the [oauth] table may lead";
        } else if (stop_) {
            out.problem = "the gateway is shutting down";
        } else if (out.problem = why(code); out.problem.empty()) {
            out.http_status = static_cast<int>(response_.status());
            out.headers = response_.headers();
            out.body = response_.take_bytes();
        }
        return out;
    }

  private:
    std::string why(CURLcode code) {
        http_ending how;
        how.code = code == CURLE_OK && response_.status() == 0 ? CURLE_GOT_NOTHING : code;
        how.session = session_;
        how.whole = true;
        how.over_limit = too_large_ || response_.over_limit();
        how.dialled = session_ || info_of<curl_off_t>(easy_.get(), CURLINFO_CONNECT_TIME_T) > 0;
        how.answered = response_.status() != 0;
        how.tls = order_.tls;
        how.proxied = order_.proxy.has_value();
        how.own_ca = !order_.ca_file.empty();
        how.proxy_answer = info_of<long>(easy_.get(), CURLINFO_HTTP_CONNECTCODE);
        how.certificate = info_of<long>(easy_.get(), CURLINFO_SSL_VERIFYRESULT);
        how.where = order_.where();
        how.first_where = order_.first_where();
        how.detail = problem_;
        const http_judgement said = judge_ending(how);
        return said.advice.empty() ? said.text : said.text + "; " + said.advice;
    }

    CURLcode set_up(std::chrono::milliseconds limit) {
        option_setter set(easy_.get());
        set(CURLOPT_ERRORBUFFER, problem_);
        set_rules(set, order_);
        set_proxy(set, order_);
        set_request(set);
        set_socket(set);
        set(CURLOPT_TIMEOUT_MS, static_cast<long>(limit.count()));
        set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(limit.count()));
        set(CURLOPT_HEADERFUNCTION, &on_header);
        set(CURLOPT_HEADERDATA, this);
        set(CURLOPT_WRITEFUNCTION, &on_body);
        set(CURLOPT_WRITEDATA, this);
        set(CURLOPT_NOPROGRESS, false);
        set(CURLOPT_XFERINFOFUNCTION, &on_progress);
        set(CURLOPT_XFERINFODATA, this);
        return set.failed();
    }

    void set_request(option_setter& set) {
        const std::string_view body = what_.body.reveal();
        set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
        set(CURLOPT_POSTFIELDS, body.data());  // borrowed: what_ outlives the transfer
        add_line(headers_, "Expect:");
        add_line(headers_, "Accept: application/json");
        set(CURLOPT_HTTPHEADER, headers_.get());
        set(CURLOPT_USERAGENT, "Gatepost");
    }

    void set_socket(option_setter& set) {
        set(CURLOPT_FRESH_CONNECT, true);
        set(CURLOPT_FORBID_REUSE, true);
        set(CURLOPT_OPENSOCKETFUNCTION, &on_open);
        set(CURLOPT_OPENSOCKETDATA, this);
        set(CURLOPT_PREREQFUNCTION, &on_session);
        set(CURLOPT_PREREQDATA, this);
    }

    // ---- libcurl's callbacks: no exception may pass them

    static size_t on_header(char* line, size_t size, size_t count, void* self) {
        try {
            const auto heard = static_cast<posting*>(self)->response_.line({line, size * count});
            return heard == response_reader::heard::too_long ? 0 : size * count;
        } catch (const std::exception&) {
            return 0;
        }
    }
    static size_t on_body(char* bytes, size_t size, size_t count, void* self_pointer) {
        auto& self = *static_cast<posting*>(self_pointer);
        try {
            if (self.response_.body({bytes, size * count})) return size * count;
            self.too_large_ = true;  // libcurl may come again with nothing
            return 0;
        } catch (const std::exception&) {
            return 0;
        }
    }
    static int on_progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
        return static_cast<posting*>(self)->stop_ ? 1 : 0;
    }
    // The address that is really connected to, whatever a name server said. A proxy is the owner's.
    static curl_socket_t on_open(void* self_pointer, curlsocktype, curl_sockaddr* address) {
        auto& self = *static_cast<posting*>(self_pointer);
        try {
            const socket_address to(&address->addr, address->addrlen);
            if (!self.what_.anywhere && !self.order_.proxy && to.is_private()) {
                self.denied_ = true;
                return CURL_SOCKET_BAD;
            }
            return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
        } catch (const std::exception&) {
            return CURL_SOCKET_BAD;
        }
    }
    static int on_session(void* self, char*, char*, int, int) {
        // Never a second time: what a refresh token was given for must not be asked again.
        const bool again = std::exchange(static_cast<posting*>(self)->session_, true);
        return again ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
    }

    const oauth_request& what_;
    http_order order_;
    const std::atomic<bool>& stop_;
    response_reader response_{post_answer_bytes};
    string_list headers_;
    easy_handle easy_;
    char problem_[CURL_ERROR_SIZE] = {};
    bool session_ = false, denied_ = false, too_large_ = false;
};

oauth_response refused(std::string why) {
    oauth_response out;
    out.denied = true;
    out.problem = std::move(why);
    return out;
}

}  // namespace

std::string oauth_response::header(std::string_view name) const {
    for (const auto& [each, value] : headers)
        if (each == name) return value;
    return {};
}

oauth_response post_form(const oauth_request& what, std::chrono::milliseconds limit,
                         const std::atomic<bool>& stop) {
    http_order order;
    order.ca_file = what.ca_file;
    if (!read_url(what.url, order)) return refused("the address of the provider cannot be used");
    if (!order.tls && !what.allow_http)
        return refused(order.where() + " would be asked in clear, and allow_http is not set");
    if (!what.proxy.empty()) {
        auto proxy = parse_proxy(what.proxy.reveal());
        if (!proxy) return refused("proxy " + proxy.error().detail);
        order.proxy = *std::move(proxy);
    }
    return posting(what, std::move(order), stop).run(limit);
}

std::optional<wall_time> read_http_date(std::string_view text) {
    const std::time_t seconds = ::curl_getdate(std::string(text).c_str(), nullptr);
    if (seconds < 0) return std::nullopt;
    return wall_time(std::chrono::seconds(seconds));
}

}  // namespace gatepost::services
