#include "services/http/transfer.hpp"

#include <openssl/ssl.h>

#include <boost/asio/post.hpp>
#include <utility>

#include "base/limits.hpp"
#include "services/http/trace.hpp"
#include "services/stream/stream.hpp"

namespace gatepost::services {
namespace {

constexpr char transfer_slot = 0;

transfer& served(void* by) {
    return *static_cast<prepared*>(by)->serves;
}

}  // namespace

std::shared_ptr<call_requests> call_requests::of(plugin::call_context& context) {
    std::shared_ptr<void>& slot = context.slot(&transfer_slot);
    if (!slot) {
        auto made = std::make_shared<call_requests>();
        made->context = &context;
        slot = std::move(made);
    }
    return std::static_pointer_cast<call_requests>(slot);
}

call_requests::~call_requests() {
    for (const auto& each : std::exchange(running, {}))
        each->drop();
}

transfer::transfer(http_order order, backstage& house, plugin::call_context& context)
    : order_(std::move(order)),
      house_(house),
      call_(call_requests::of(context).get()),
      room_(http_room::of(context, house.clock)),
      strand_(context.executor()),
      timer_(strand_),
      due_(due_after(order_.timeout, house.clock.mono_now(), context.deadline())),
      response_(order_.max_response) {}

transfer::~transfer() = default;

void transfer::start(std::shared_ptr<plugin::operation> operation) {
    operation_ = std::move(operation);
    call_->running.push_back(shared_from_this());
    staged_ = context()->wants_stages() && !std::exchange(call_->shown_stages, true);
    operation_->on_cancel([weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->finish(cancelled_answer());
    });
    if (traced()) {
        for (const std::string& each : shown_request(order_, *room_->scrub()))
            trace(">", each);
    }
    upload_ = std::make_shared<upload>(std::exchange(order_.body, {}), house_.pool, strand_);
    look_up();
}

void transfer::refuse(const std::shared_ptr<plugin::operation>& operation, const objection& why) {
    fail_stage(why.at, why.why, {});
    note(why.why);
    operation->finish({why.status, why.why, 0, 0, {}, response_.take_detail(why.at)});
}

void transfer::drop() {
    call_ = nullptr;
    finish(cancelled_answer());
}

// ---- the name ---------------------------------------------------------------------------------

void transfer::look_up() {
    enter_stage(GATEPOST_AT_NAME);
    const std::string where = host_and_port(order_.first_host(), order_.first_port());
    auto known = room_->known_name(where);
    if (staged_) known.clear();
    if (const auto literal = socket_address::parse(order_.first_host(), order_.first_port()))
        known = {*literal};
    if (!known.empty()) return dial_out(std::move(known));
    const auto latest = house_.clock.mono_now() + limits::http_connect_time;
    timer_.expires_after(std::min(due_, latest) - house_.clock.mono_now());
    timer_.async_wait([weak = weak_from_this()](boost::system::error_code stopped) {
        const auto self = weak.lock();
        if (self && !stopped)
            self->fail(GATEPOST_CONNECT, GATEPOST_AT_NAME,
                       "no name server answered in time for " + self->order_.first_host());
    });
    const bool taken = house_.names.post([weak = weak_from_this(), strand = strand_,
                                          host = order_.first_host(), port = order_.first_port()] {
        auto found = resolve(host, port);
        boost::asio::post(strand, [weak, found = std::move(found)] {
            if (const auto self = weak.lock()) self->looked_up(found);
        });
    });
    if (!taken) fail(GATEPOST_CONNECT, GATEPOST_AT_NAME, "the gateway is shutting down");
}

void transfer::looked_up(const result<std::vector<socket_address>>& found) {
    if (!operation_) return;
    timer_.cancel();
    if (!found) return fail(GATEPOST_CONNECT, GATEPOST_AT_NAME, found.error().detail);
    room_->keep_name(host_and_port(order_.first_host(), order_.first_port()), *found);
    dial_out(*found);
}

void transfer::dial_out(std::vector<socket_address> addresses) {
    if (auto why = hold_against(order_.allowed, order_.first_host(), addresses); !why.empty())
        return fail(GATEPOST_DENIED, GATEPOST_AT_NAME, why);
    if (staged_ || traced()) {
        std::string list;
        for (const socket_address& each : addresses)
            list += (list.empty() ? "" : ", ") + each.text();
        pass_stage(GATEPOST_AT_NAME, list);
    }
    enter_stage(GATEPOST_AT_CONNECT);
    loop_ = room_->loop();
    if (!loop_ || set_up(addresses) != CURLE_OK)
        return fail(GATEPOST_FAILED, 0,
                    "the request cannot be set up: no memory, or another libcurl");
    upload_->on_ready = [weak = weak_from_this()] {
        const auto self = weak.lock();
        if (self && self->operation_ && self->loop_) self->loop_->resume(self->handle());
    };
    begin_transfer();
}

void transfer::begin_transfer() {
    const bool added = loop_->add(handle(), [weak = weak_from_this()](CURLcode code) {
        if (const auto self = weak.lock()) self->ended(code);
    });
    if (!added) fail(GATEPOST_FAILED, 0, "the request cannot be begun");
}

// Nothing of the request was given to the connection that had ended.
void transfer::begin_on_a_new_connection() {
    note("a kept connection had ended; a new one is opened");
    plain_ = false;
    prepared_->problem[0] = 0;
    option_setter set(handle());
    set(CURLOPT_FRESH_CONNECT, true);
    begin_transfer();
}

// ---- libcurl's callbacks: no exception may pass them
// ---------------------------------------------

size_t transfer::on_read(char* into, size_t size, size_t count, void* self) {
    try {
        return served(self).give({into, size * count});
    } catch (const std::exception&) {
        return CURL_READFUNC_ABORT;
    }
}

size_t transfer::give(std::span<char> into) {
    size_t got = 0;
    switch (upload_->read(into, got)) {
        case upload::step::later: return CURL_READFUNC_PAUSE;
        case upload::step::failed: return CURL_READFUNC_ABORT;
        case upload::step::bytes: break;
    }
    auto* const call = context();
    if (got > 0 && upload_->whole() && order_.commits && call != nullptr) call->ledger_written();
    return got;
}

// libcurl would begin the body again: never.
int transfer::on_seek(void*, curl_off_t, int) {
    return CURL_SEEKFUNC_FAIL;
}

size_t transfer::on_header(char* line, size_t size, size_t count, void* self_pointer) {
    auto& self = served(self_pointer);
    try {
        switch (self.response_.line({line, size * count})) {
            case response_reader::heard::too_long:
                if (self.response_.status() != 0) self.head_complete();
                return 0;
            case response_reader::heard::head_complete: self.head_complete(); break;
            case response_reader::heard::more: break;
        }
        return size * count;
    } catch (const std::exception&) {
        return 0;
    }
}

void transfer::head_complete() {
    auto* const call = context();
    if (order_.commits && call != nullptr) call->ledger_answered();
    if (!traced()) return;
    trace("<", shown(*room_->scrub(), response_.status_line()));
    for (const auto& [name, value] : response_.headers())
        trace("<", shown_header(name, value, *room_->scrub()));
}

size_t transfer::on_body(char* bytes, size_t size, size_t count, void* self) {
    try {
        const bool fits = served(self).response_.body({bytes, size * count});
        return fits ? size * count : 0;
    } catch (const std::exception&) {
        return 0;
    }
}

// The address that is really connected to, whatever a name or a resolver said.
curl_socket_t transfer::on_open(void* self_pointer, curlsocktype, curl_sockaddr* address) {
    auto& self = served(self_pointer);
    try {
        const socket_address to(&address->addr, address->addrlen);
        if (!self.order_.allowed.anywhere && to.is_private()) {
            self.denied_ = true;
            return CURL_SOCKET_BAD;
        }
        const int socket = ::socket(
            address->family, address->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, address->protocol);
        if (socket >= 0) self.loop_->opened(socket, self.stood_);
        return socket;
    } catch (const std::exception&) {
        return CURL_SOCKET_BAD;
    }
}

// The way stands, and the request is about to be sent.
int transfer::on_session(void* self, char* peer, char* own, int peer_port, int own_port) {
    try {
        const auto address = socket_address::parse(peer, static_cast<uint16_t>(peer_port));
        if (!address) return CURL_PREREQFUNC_ABORT;
        const std::string ends = host_and_port(own, static_cast<uint32_t>(own_port)) + " " +
                                 host_and_port(peer, static_cast<uint32_t>(peer_port));
        const bool go = served(self).begin_request(*address, ends);
        return go ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
    } catch (const std::exception&) {
        return CURL_PREREQFUNC_ABORT;
    }
}

// Over HTTP/2 a server may speak at any time.
bool transfer::takes_turns() const {
    if (!order_.tls) return true;
    const auto* const session = info_of<curl_tlssessioninfo*>(handle(), CURLINFO_TLS_SSL_PTR);
    if (session == nullptr || session->internals == nullptr) return false;
    const unsigned char* chosen = nullptr;
    unsigned size = 0;
    ::SSL_get0_alpn_selected(static_cast<SSL*>(session->internals), &chosen, &size);
    return size != 2;  // "h2"
}

bool transfer::begin_request(const socket_address& peer, const std::string& ends) {
    if (!order_.allowed.anywhere && peer.is_private()) {
        denied_ = true;
        return false;
    }
    metadata_ = peer.is_metadata();
    const bool empty = upload_->size() == 0;
    if (session_ && (upload_->given() > 0 || (empty && order_.commits))) return false;
    // libcurl looks whether a kept connection has ended, but not whether something came before its
    // end: that would be taken for the answer.
    const curl_socket_t socket = loop_->find(stood_, ends);
    if (!session_ && loop_->is_stale(socket, stood_) && takes_turns()) {
        stale_ = true;
        return false;
    }
    loop_->cork(socket);
    plain_ = plain_ && !session_;
    if (std::exchange(session_, true)) return true;
    pass_stage(GATEPOST_AT_CONNECT, peer.text());
    if (order_.tls) {
        enter_stage(GATEPOST_AT_TLS);
        pass_stage(GATEPOST_AT_TLS, tls_words());
    }
    if (auto* const call = context(); call != nullptr && order_.commits) {
        call->ledger_begun();
        if (empty) call->ledger_written();  // its head is all there is
    }
    return true;
}

// ---- the end ------------------------------------------------------------------------------------

http_ending transfer::how_it_ended(CURLcode code) {
    http_ending how;
    // libcurl calls a head that broke off a success.
    how.code = code == CURLE_OK && response_.status() == 0 ? CURLE_GOT_NOTHING : code;
    how.session = session_;
    how.whole = upload_->whole();
    how.over_limit = response_.over_limit();
    how.answered = response_.status() != 0;
    loop_->look(stood_);
    how.dialled = session_ || *stood_;
    how.tls = order_.tls;
    how.proxied = order_.proxy.has_value();
    how.own_ca = !order_.ca_file.empty();
    how.proxy_answer = info_of<long>(handle(), CURLINFO_HTTP_CONNECTCODE);
    how.certificate = info_of<long>(handle(), CURLINFO_SSL_VERIFYRESULT);
    how.body_problem = upload_->problem();
    how.where = order_.where();
    how.first_where = order_.first_where();
    how.detail = prepared_->problem;
    if (how.detail.find("callback") != how.detail.npos) how.detail.clear();  // our own refusal
    return how;
}

void transfer::ended(CURLcode code) {
    if (std::exchange(stale_, false)) return begin_on_a_new_connection();
    if (denied_ && response_.status() == 0)
        return fail(GATEPOST_DENIED, GATEPOST_AT_CONNECT,
                    order_.first_where() +
                        " leads inside this machine or its network, where only "
                        "a name from the settings may lead");
    // Nearly every time there is nothing to judge, and no sentence to make.
    const bool good = code == CURLE_OK && response_.status() != 0 && !response_.over_limit();
    well_ = good && plain_;
    const http_judgement said = good ? http_judgement{} : judge_ending(how_it_ended(code));
    if (said.failed_at != 0) {
        room_->forget_name(host_and_port(order_.first_host(), order_.first_port()));
        return fail(said.status, said.failed_at, said.text, said.advice);
    }
    if (traced() && response_.status() != 0 && !response_.bytes().empty())
        trace("<", shown_body(response_.bytes(), metadata_ || asks_for_credentials(order_),
                              *room_->scrub()));
    if (said.status != GATEPOST_OK) note(said.text);
    const uint64_t bytes = response_.bytes().size();
    auto detail = response_.take_detail(0);
    finish({said.status, said.text, 0, bytes, response_.take_bytes(), std::move(detail)});
}

void transfer::fail(gatepost_status status, uint32_t at, const std::string& text,
                    const std::string& advice) {
    fail_stage(at, text, advice);
    note(text);
    finish({status,
            advice.empty() ? text : text + "; " + advice,
            0,
            0,
            {},
            response_.take_detail(at)});
}

void transfer::finish(answer with) {
    const auto keep = shared_from_this();
    const auto operation = std::exchange(operation_, nullptr);
    if (!operation) return;
    timer_.cancel();
    if (call_ != nullptr) std::erase(call_->running, keep);
    if (loop_ && prepared_) loop_->remove(handle());
    if (loop_ && well_) room_->keep(std::move(prepared_));
    prepared_ = nullptr;
    loop_ = nullptr;
    operation->finish(std::move(with));
    room_->request_over();
}

}  // namespace gatepost::services
