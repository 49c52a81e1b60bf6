// A basic_parser of our own: it keeps the few header fields the API reads, in strings that are used
// again, so that a request on a kept-alive connection costs hardly an allocation.
#include "api/http_parser.hpp"

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include "base/text.hpp"

namespace gatepost::api {
namespace {

namespace http = boost::beast::http;
using boost::beast::error_code;
using body_sink = std::function<status(std::string_view)>;
using beast_view = boost::beast::string_view;

std::string_view view(beast_view text) {
    return {text.data(), text.size()};
}

class parser final : public http::basic_parser<true> {
  public:
    explicit parser(request& into) : into_(into) {
        header_limit(limits::request_header_bytes);
        body_limit(boost::none);
    }

    const body_sink* sink = nullptr;
    std::optional<error> failure;
    bool expects_continue = false;
    bool is_1_1 = false;

  private:
    void on_request_impl(http::verb, beast_view method, beast_view target, int version,
                         error_code& ec) override {
        const std::string_view whole = view(target);
        const size_t mark = whole.find('?');
        into_.method = view(method);
        is_1_1 = version >= 11;
        into_.path = whole.substr(0, mark);
        into_.query = mark == std::string_view::npos ? std::string_view() : whole.substr(mark + 1);
        if (whole.starts_with("http://") || whole.starts_with("https://")) strip_authority();
        if (into_.path.empty() || into_.path.front() != '/') ec = http::error::bad_target;
    }

    // The absolute form of RFC 9112 3.2.2: a server must take it.
    void strip_authority() {
        const size_t slash = into_.path.find('/', into_.path.find("//") + 2);
        into_.path = slash == std::string::npos ? "/" : into_.path.substr(slash);
    }

    void on_response_impl(int, beast_view, int, error_code&) override {}

    void on_field_impl(http::field name, beast_view name_text, beast_view value_text,
                       error_code&) override {
        const std::string_view value = view(value_text);
        switch (name) {
            case http::field::content_type: into_.content_type = value; return;
            case http::field::accept: append(into_.accept, value); return;
            case http::field::prefer: append(into_.prefer, value); return;
            case http::field::expect:
                expects_continue = text::equal_ignoring_case(value, "100-continue");
                return;
            case http::field::unknown: break;
            default: return;
        }
        if (!text::equal_ignoring_case(view(name_text), "idempotency-key")) return;
        into_.repeated_key = into_.has_key;
        into_.has_key = true;
        into_.idempotency_key = value;
    }

    static void append(std::string& list, std::string_view value) {
        if (!list.empty()) list += ", ";
        list += value;
    }

    void on_header_impl(error_code&) override {}
    void on_body_init_impl(const boost::optional<uint64_t>&, error_code&) override {}
    void on_chunk_header_impl(uint64_t, beast_view, error_code&) override {}
    void on_finish_impl(error_code&) override {}

    size_t on_body_impl(beast_view body, error_code& ec) override {
        if (sink == nullptr || body.empty()) return body.size();
        if (auto done = (*sink)(view(body)); !done) {
            failure = std::move(done).error();
            ec = http::error::body_limit;
        }
        return body.size();
    }
    size_t on_chunk_body_impl(uint64_t, beast_view body, error_code& ec) override {
        return on_body_impl(body, ec);
    }

    request& into_;
};

error explain(const error_code& code) {
    if (code == http::error::header_limit || code == http::error::buffer_overflow) {
        return {error_kind::too_large, "the request's head is larger than " +
                                           std::to_string(limits::request_header_bytes) + " bytes"};
    }
    return {error_kind::malformed, "this is not HTTP/1.1: " + code.message()};
}

void clear(request& what) {
    for (auto* text : {&what.method, &what.path, &what.query, &what.content_type, &what.accept,
                       &what.prefer, &what.idempotency_key}) {
        text->clear();
    }
    what.has_key = what.repeated_key = false;
}

}  // namespace

class http_parser::state {
  public:
    std::optional<parser> beast;
    size_t head_bytes = 0;

    progress put(std::string_view input, bool in_head) {
        progress out;
        while (true) {
            error_code code;
            const std::string_view rest = input.substr(out.used);
            const size_t used =
                beast->put(boost::asio::const_buffer(rest.data(), rest.size()), code);
            out.used += used;
            if (code == http::error::need_more) return out;
            if (code) return fail(out, code);
            if (beast->is_done()) return ended(out, step::all_done);
            if (in_head && beast->is_header_done()) return ended(out, step::head_done);
            if (out.used == input.size() || used == 0) return out;
        }
    }

  private:
    static progress ended(progress out, step state) {
        out.state = state;
        return out;
    }
    progress fail(progress out, const error_code& code) {
        if (!beast->failure) beast->failure = explain(code);
        return ended(out, step::failed);
    }
};

http_parser::http_parser() : state_(std::make_unique<state>()) {}
http_parser::~http_parser() = default;

void http_parser::reset() {
    state_->beast.reset();
    state_->head_bytes = 0;
}

http_parser::progress http_parser::head(std::string_view input, request& into) {
    if (!state_->beast) {
        clear(into);
        state_->beast.emplace(into);
    }
    auto out = state_->put(input, true);
    state_->head_bytes += out.used;
    // Beast's own limit is on what it holds back; this one is on the whole.
    if (out.state != step::failed && state_->head_bytes > limits::request_header_bytes) {
        state_->beast->failure = explain(http::error::header_limit);
        out.state = step::failed;
    }
    return out;
}

http_parser::progress http_parser::body(std::string_view input, const body_sink& sink) {
    state_->beast->sink = &sink;
    auto out = state_->put(input, false);
    state_->beast->sink = nullptr;
    return out;
}

bool http_parser::keep_alive() const {
    return state_->beast->keep_alive();
}
bool http_parser::expects_continue() const {
    return state_->beast->expects_continue;
}
bool http_parser::is_http_1_1() const {
    return state_->beast->is_1_1;
}
std::optional<uint64_t> http_parser::content_length() const {
    const auto length = state_->beast->content_length();
    return length ? std::optional<uint64_t>(*length) : std::nullopt;
}
const error& http_parser::failure() const {
    return *state_->beast->failure;
}
bool http_parser::started() const {
    return state_->beast.has_value();
}

}  // namespace gatepost::api
