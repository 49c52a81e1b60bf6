// See connection.hpp. advance() is the whole machine: it makes one step and says whether another
// may follow; what comes from outside (bytes, an answer, the end of a write) calls process().
#include "api/connection.hpp"

#include <utility>

#include "api/http_text.hpp"
#include "base/log.hpp"

namespace gatepost::api {

// What a handler holds. It outlives the connection if it must, and then does nothing.
class connection::turn final : public exchange {
  public:
    explicit turn(connection& where) : where_(&where) {}

    void answer(response with) override {
        if (where_ == nullptr || answered_) return;
        answered_ = true;
        const auto keep = where_->shared_from_this();
        keep->answer_ = std::move(with);
        keep->process();
    }
    void begin_stream(std::string_view type) override {
        if (where_ == nullptr || answered_) return;
        answered_ = streaming_ = true;
        where_->begin_stream(type);
    }
    void write_stream(std::string piece) override {
        if (where_ == nullptr || !streaming_ || piece.empty()) return;
        const auto keep = where_->shared_from_this();
        keep->write_stream(piece);
    }
    void end_stream() override {
        if (where_ == nullptr || !std::exchange(streaming_, false)) return;
        const auto keep = where_->shared_from_this();
        keep->end_stream();
    }
    void on_gone(std::function<void()> handler) override { on_gone_ = std::move(handler); }
    bool gone() const override { return left_; }

    void detach() {
        where_ = nullptr;
        on_gone_ = nullptr;
    }
    void leave() {
        where_ = nullptr;
        left_ = true;
        if (auto handler = std::exchange(on_gone_, nullptr)) handler();
    }

  private:
    connection* where_;
    bool answered_ = false, streaming_ = false, left_ = false;
    std::function<void()> on_gone_;
};

connection::connection(const connection_host& host, socket with, const peer& who)
    : host_(host),
      socket_(std::move(with)),
      in_(std::make_unique_for_overwrite<char[]>(input_bytes)) {
    request_.caller = who;
}

void connection::start() {
    set_deadline(host_.limits.header_time);
    read_more();
}

void connection::set_deadline(std::chrono::milliseconds from_now) {
    deadline_ = std::chrono::steady_clock::now() + from_now;
}

// ---- requests ----------------------------------------------------------------------------------

void connection::process() {
    if (processing_) return;
    processing_ = true;
    while (advance()) {
    }
    if (input_ended_ && half_a_request()) {
        refuse({error_kind::malformed, "the request ended before it was complete"});
        while (advance()) {
        }
    }
    processing_ = false;
    flush();
    read_more();
}

bool connection::half_a_request() const {
    return phase_ == phase::body || (phase_ == phase::head && parser_.started());
}

bool connection::advance() {
    switch (phase_) {
        case phase::head: return read_head();
        case phase::body: return read_body();
        case phase::answer: return send_answer();
        case phase::streaming: return pump_source();
        case phase::linger: begin_ = end_; return false;
        case phase::closed: return false;
    }
    return false;
}

bool connection::read_head() {
    if (begin_ == end_ || writing_) return false;  // who does not read is not served further
    if (!parser_.started()) set_deadline(host_.limits.header_time);
    const auto got = parser_.head({in_.get() + begin_, end_ - begin_}, request_);
    begin_ += got.used;
    switch (got.state) {
        case http_parser::step::need_more: return false;
        case http_parser::step::failed: refuse(parser_.failure()); return true;
        case http_parser::step::head_done: return begin_request(false);
        case http_parser::step::all_done: return begin_request(true);
    }
    return false;
}

bool connection::begin_request(bool without_body) {
    closing_ = !parser_.keep_alive();
    phase_ = phase::body;
    body_open_ = !without_body;
    body_bytes_ = 0;
    turn_ = std::make_shared<turn>(*this);
    auto how = host_.begin(request_, turn_);
    handler_ = std::move(how.handler);
    max_body_ = how.max_body;
    if (without_body) return end_body();
    if (!answer_ && parser_.content_length().value_or(0) > max_body_) {
        handler_.reset();
        answer_ = problem(body_too_large(max_body_));
    }
    if (!answer_ && parser_.expects_continue() && begin_ == end_) {
        out_ += "HTTP/1.1 100 Continue\r\n\r\n";
    }
    set_deadline(host_.limits.body_time);
    return true;
}

bool connection::read_body() {
    if (begin_ < end_) {
        const auto got = parser_.body({in_.get() + begin_, end_ - begin_},
                                      [this](std::string_view piece) { return take_piece(piece); });
        begin_ += got.used;
        if (got.state == http_parser::step::all_done) return end_body();
        if (got.state == http_parser::step::failed) {
            refuse(parser_.failure());
            return true;
        }
    }
    if (answer_) {  // before its time: the rest is not wanted
        closing_ = true;
        phase_ = phase::answer;
        return true;
    }
    return false;
}

// What a handler refuses is answered, and the rest read past: the parser has nothing to do with it.
status connection::take_piece(std::string_view piece) {
    body_bytes_ += piece.size();
    if (body_bytes_ > max_body_ && !answer_) answer_ = problem(body_too_large(max_body_));
    if (answer_) handler_.reset();
    if (!handler_) return success{};
    if (auto taken = handler_->on_piece(piece); !taken) {
        handler_.reset();
        if (!answer_) answer_ = problem(taken.error());
    }
    return success{};
}

bool connection::end_body() {
    phase_ = phase::answer;
    body_open_ = false;
    deadline_.reset();
    if (const auto handler = std::move(handler_)) handler->on_end();
    return true;
}

void connection::refuse(const error& why) {
    handler_.reset();
    leave_turn();
    answer_ = problem(why);
    closing_ = true;
    body_open_ = true;
    phase_ = phase::answer;
}

void connection::leave_turn() {
    if (const auto gone = std::move(turn_)) gone->leave();
}

// ---- answers -----------------------------------------------------------------------------------

void connection::put_head(const response& with, std::optional<uint64_t> length) {
    const bool chunked = parser_.started() && parser_.is_http_1_1();
    chunked_out_ = !length && chunked;
    if (!length && !chunked) closing_ = true;
    append_head(out_, with, length, chunked_out_, closing_);
}

bool connection::send_answer() {
    if (!answer_) return false;
    response with = *std::exchange(answer_, std::nullopt);
    if (with.source) {
        put_head(with, with.source->size());
        source_ = std::move(with.source);
        source_at_ = 0;
        phase_ = phase::streaming;
        return true;
    }
    // Nothing here takes HEAD, but whoever asks that way expects no body after the refusal.
    closing_ = closing_ || request_.method == "HEAD";
    put_head(with, with.body.size());
    if (request_.method != "HEAD") out_ += with.body;
    return end_request();
}

// Only one window at a time: the next is read when this one has left.
bool connection::pump_source() {
    if (!source_) return false;
    if (source_at_ == source_->size()) {
        source_.reset();
        return end_request();
    }
    if (writing_ || out_.size() > limits::body_window_bytes) return false;
    window_.resize(limits::body_window_bytes);
    auto got = source_->read(source_at_, window_);
    if (!got || *got == 0) {
        log::warn(
            "api.content", "a message's content could not be read",
            {{"reason", got ? std::string("it is shorter than it was") : got.error().detail}});
        close();
        return false;
    }
    source_at_ += *got;
    out_.append(window_, 0, *got);
    flush();
    return true;
}

bool connection::end_request() {
    if (turn_) std::exchange(turn_, nullptr)->detach();
    if (closing_) {
        phase_ = phase::linger;
        deadline_.reset();  // begins when the answer has left
        return false;
    }
    if (!window_.empty()) std::string().swap(window_);
    parser_.reset();
    phase_ = phase::head;
    set_deadline(host_.limits.keep_alive_time);
    return true;
}

void connection::begin_stream(std::string_view type) {
    if (phase_ != phase::answer) return;
    response head;
    head.type = type;
    put_head(head, std::nullopt);
    phase_ = phase::streaming;
    if (!processing_) flush();
}

void connection::write_stream(std::string_view piece) {
    if (phase_ != phase::streaming) return;
    chunked_out_ ? append_chunk(out_, piece) : static_cast<void>(out_ += piece);
    if (!processing_) flush();
}

void connection::end_stream() {
    if (phase_ != phase::streaming) return;
    if (chunked_out_) append_last_chunk(out_);
    end_request();
    process();
}

}  // namespace gatepost::api
