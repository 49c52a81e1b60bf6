// The two doors of body/1: the whole message, or one part, in the form that was asked for.
#include "mail/mime.hpp"

#include <utility>

#include "mail/domain.hpp"
#include "mail/render.hpp"
#include "mail/sources.hpp"

namespace gatepost::mail {
namespace {

// The fault of who asks, not of the message: `invalid` would say that it can never go.
error no_such_form(const char* what) {
    return {error_kind::internal, std::string("This form is not offered for ") + what + "."};
}

}  // namespace

result<std::unique_ptr<byte_source>> open_whole(const message& mail, form as,
                                                render_options options) {
    auto plan = mail.raw ? render_raw(mail, options) : render_parts(mail, options);
    if (!plan) return plan;
    switch (as) {
        case form::identity: return plan;
        case form::base64: return base64_source(std::move(*plan), 0);
        case form::dot_stuffed: return dot_stuffed_source(std::move(*plan));
        case form::json: break;
    }
    return no_such_form("a whole message; open it as identity, base64 or dot-stuffed");
}

result<std::unique_ptr<byte_source>> open_part(const part& which, form as) {
    source_ptr bytes = content_source(which.body);
    switch (as) {
        case form::identity: return bytes;
        case form::base64: return base64_source(std::move(bytes), 0);
        case form::json: return json_source(std::move(bytes));
        case form::dot_stuffed: break;
    }
    return no_such_form("a part; open it as identity, base64 or json");
}

std::string make_message_id(mail_id id, const std::optional<mailbox>& from, std::string_view host) {
    std::string right;
    if (from) {
        if (auto domain = domain_to_ascii(from->addr.domain())) right = std::move(*domain);
    }
    if (right.empty()) right = host.empty() ? "localhost" : host;
    return id.to_string() + "@" + right;
}

}  // namespace gatepost::mail
