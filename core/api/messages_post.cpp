// POST /v1/messages, in either form. The message is built while the body arrives; at its end it is
// named, admitted, and given to the spool, whose commit callback is what lets the 202 leave.
#include <optional>

#include "api/answers.hpp"
#include "api/handlers.hpp"
#include "api_types/rfc822_reader.hpp"
#include "api_types/send_reader.hpp"
#include "base/text.hpp"

namespace gatepost::api {
namespace {

using api_types::send_options;
using api_types::send_request;

enum class form { json, rfc822, other };

// A body without a type, or with the one curl adds by itself, is JSON.
form form_of(std::string_view content_type) {
    const std::string type =
        text::to_lower(text::trim(content_type.substr(0, content_type.find(';'))));
    if (type.empty() || type == "application/json" || type == "application/x-www-form-urlencoded" ||
        type == "text/json") {
        return form::json;
    }
    if (type == "message/rfc822" || type == "message/global") return form::rfc822;
    return form::other;
}

// RFC 7240: `wait=10`, perhaps among others. What cannot be read is ignored, as that RFC says.
std::chrono::seconds wait_of(std::string_view prefer) {
    while (!prefer.empty()) {
        const std::string_view one = prefer.substr(0, prefer.find_first_of(",;"));
        prefer.remove_prefix(std::min(prefer.size(), one.size() + 1));
        const std::string_view word = text::trim(one);
        const size_t equals = word.find('=');
        if (equals == std::string_view::npos) continue;
        if (!text::equal_ignoring_case(text::trim(word.substr(0, equals)), "wait")) continue;
        const auto seconds = text::parse_unsigned(text::trim(word.substr(equals + 1)));
        if (!seconds) return {};
        constexpr auto most = static_cast<uint64_t>(limits::prefer_wait_max.count());
        return std::chrono::seconds(std::min(*seconds, most));
    }
    return {};
}

// One send, from its head to its answer.
struct sending {
    service& with;
    exchange_ptr to;
    peer caller;
    std::string key;
    std::chrono::seconds wait{};
    std::shared_ptr<void> interest;

    wall_time now() const { return with.options.clock->wall_now(); }
};

// What is known before the message moves into the spool.
struct receipt {
    bool later = false;
    std::chrono::seconds wait{};
    std::shared_ptr<void> interest;

    response now(mail_id id) const {
        auto out =
            accepted(id, later ? spool::message_status::scheduled : spool::message_status::queued);
        if (wait.count() > 0) {
            out.headers += "Preference-Applied: wait=" + std::to_string(wait.count()) + "\r\n";
        }
        return out;
    }
};

void answer_accepted(service& with, const exchange_ptr& to, const receipt& what,
                     const result<spool::accept_answer>& got) {
    if (!got) {
        to->answer(problem(got.error()));
    } else if (what.wait.count() == 0) {
        to->answer(what.now(got->id));
    } else {
        const mail_id id = got->id;
        with.waiting.wait(id, to, {what.wait, what.interest, [what, id] { return what.now(id); }});
    }
}

receipt receipt_of(const sending& send, const mail::message& mail) {
    return {mail.send_at && *mail.send_at > send.now(), send.wait, send.interest};
}

spool::idempotency key_of(const sending& send, send_request& request) {
    return {"uid:" + std::to_string(send.caller.uid), send.key, std::move(request.fingerprint)};
}

// What could not be admitted today may have been accepted yesterday: whoever repeats a send with
// its key gets the answer of the first, also when its time is over or its connection is gone.
void refuse_unless_known(const sending& send, send_request request, error why) {
    if (send.key.empty()) {
        send.to->answer(problem(why));
        return;
    }
    send.with.options.spool->find_key(
        key_of(send, request),
        [with = &send.with, to = send.to, what = receipt_of(send, request.mail),
         why = std::move(why)](result<std::optional<mail_id>> got) {
            with->loop.post([with, to, what, why, got = std::move(got)] {
                const bool other = !got && got.error().kind == error_kind::idempotency_mismatch;
                if (got && *got)
                    answer_accepted(*with, to, what, spool::accept_answer{**got, true});
                else
                    to->answer(problem(other ? got.error() : why));
            });
        });
}

void give_to_spool(const sending& send, send_request request, std::string connection) {
    receipt what = receipt_of(send, request.mail);
    spool::accept_request job;
    job.owner_uid = send.caller.uid;
    job.connection = std::move(connection);
    if (!send.key.empty()) job.key = key_of(send, request);
    job.mail = std::make_shared<const mail::message>(std::move(request.mail));
    send.with.options.spool->accept(
        std::move(job), [with = &send.with, to = send.to,
                         what = std::move(what)](result<spool::accept_answer> got) {
            with->loop.post(
                [with, to, what, got = std::move(got)] { answer_accepted(*with, to, what, got); });
        });
}

void accept(const sending& send, result<send_request> read, mail_id id) {
    if (!read) {
        send.to->answer(problem(read.error()));
        return;
    }
    mail::message& mail = read->mail;
    const auto& options = send.with.options;
    mail.id = id;
    if (!mail.raw) mail.date = send.now();
    const auto config = options.config();
    auto admitted =
        options.admit(mail, *config, *options.plugins, send.with.checks(config), send.now());
    if (!admitted) {
        refuse_unless_known(send, *std::move(read), admitted.error());
        return;
    }
    if (mail.message_id.empty()) {
        mail.message_id = mail::make_message_id(mail.id, mail.from, options.host_name);
    }
    give_to_spool(send, *std::move(read), std::move(admitted->connection));
}

class json_body final : public body_handler {
  public:
    json_body(sending send, send_options how) : send_(std::move(send)), reader_(std::move(how)) {}
    status on_piece(std::string_view piece) override { return reader_.feed(piece); }
    void on_end() override {
        accept(send_, reader_.finish(), send_.with.options.ids->next(send_.now()));
    }

  private:
    sending send_;
    api_types::send_reader reader_;
};

class rfc822_body final : public body_handler {
  public:
    rfc822_body(sending send, api_types::rfc822_reader reader)
        : send_(std::move(send)), reader_(std::move(reader)) {}
    status on_piece(std::string_view piece) override { return reader_.feed(piece); }
    void on_end() override {
        const mail_id id = send_.with.options.ids->next(send_.now());
        accept(send_, reader_.finish(id, send_.now(), send_.with.options.host_name), id);
    }

  private:
    sending send_;
    api_types::rfc822_reader reader_;
};

status check_key(const request& what) {
    if (!what.has_key) return success{};
    const std::string& key = what.idempotency_key;
    if (what.repeated_key || key.empty() || key.size() > limits::idempotency_key_bytes ||
        !text::is_utf8(key) || text::has_control(key)) {
        return error{error_kind::malformed, "Idempotency-Key must stand once and hold 1 to " +
                                                std::to_string(limits::idempotency_key_bytes) +
                                                " printable bytes"};
    }
    return success{};
}

send_options reading_options(service& with, const request& what) {
    send_options out;
    out.contents = with.options.spool->contents();
    out.addresses = with.addresses();
    out.fingerprint = what.has_key;
    const auto config = with.options.config();
    if (config->message_bytes > 0) {
        out.max_bytes = std::min<uint64_t>(config->message_bytes, limits::message_bytes);
    }
    return out;
}

result<std::unique_ptr<body_handler>> begin(sending send, const request& what) {
    auto how = reading_options(send.with, what);
    switch (form_of(what.content_type)) {
        case form::json:
            if (!what.query.empty()) {
                return error{error_kind::malformed,
                             "a JSON send takes no query; the parameters are members of the body"};
            }
            return std::unique_ptr<body_handler>(
                std::make_unique<json_body>(std::move(send), std::move(how)));
        case form::rfc822: {
            auto reader = api_types::rfc822_reader::begin(what.query, std::move(how));
            if (!reader) return reader.error();
            return std::unique_ptr<body_handler>(
                std::make_unique<rfc822_body>(std::move(send), *std::move(reader)));
        }
        case form::other: break;
    }
    return error{error_kind::unsupported_media,
                 "a send is application/json or message/rfc822, not " +
                     text::sanitize(what.content_type, 100)};
}

}  // namespace

handling post_message(service& with, const request& what, const std::string&, exchange_ptr to) {
    if (auto good = check_key(what); !good) {
        to->answer(problem(good.error()));
        return {};
    }
    sending send{with, to, what.caller, what.idempotency_key, wait_of(what.prefer), nullptr};
    if (send.wait.count() > 0) send.interest = with.waiting.interest();
    auto handler = begin(std::move(send), what);
    if (!handler) {
        to->answer(problem(handler.error()));
        return {};
    }
    return {*std::move(handler), limits::request_body_bytes};
}

}  // namespace gatepost::api
