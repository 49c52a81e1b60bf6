// Writing: a message of ordinary size leaves in one system call from one window; a large one in
// windows of 64 KiB, made on a blocking thread where its content is not in memory. Certainty: the
// ledger says `begun` before the first byte and `written` when the kernel has the last one.
#include <boost/asio/post.hpp>

#include "base/limits.hpp"
#include "plugin/strings.hpp"
#include "services/stream/pending.hpp"
#include "services/stream/room.hpp"

namespace gatepost::services {
namespace {

// Then others have their turn on the loop.
constexpr int windows_in_a_row = 4;

}  // namespace

gatepost_status stream::write(const caller& who, const gatepost_stream_write& request) {
    constexpr uint32_t known = uint32_t{GATEPOST_COMMITS} | uint32_t{GATEPOST_STREAM_SECRET};
    if ((request.required & ~known) != 0) return GATEPOST_UNSUPPORTED;
    if (writing_ || busy_ || spoiled_) return GATEPOST_INVALID;
    auto job = std::make_shared<pending_write>();
    if (const auto status = job->content.take(request.segments, *owner); status != GATEPOST_OK)
        return status;
    gatepost_status refused = GATEPOST_FAILED;
    job->operation = owner->begin(who.done, who.user, who.operation, refused);
    if (!job->operation) return refused;
    job->left = job->content.size();
    job->commits = (request.required & GATEPOST_COMMITS) != 0;
    job->due = due_of_block();
    job->heard = wire_->received();
    if (traced()) trace_write(request, job->content);
    writing_ = std::move(job);
    if (writing_->commits) owner->ledger_begun();
    write_more();
    if (!writing_) return GATEPOST_OK;
    writing_->operation->on_cancel([weak = weak_from_this()] {
        const auto self = weak.lock();
        if (!self || !self->writing_) return;
        self->finish_write(cancelled_answer());
        self->wire_->close("closed, because a write was cancelled");
    });
    watch(writing_->due);
    return GATEPOST_OK;
}

// RFC 5321 4.5.3.2.5: three minutes for each block. A peer that has stopped reading must not keep
// its lane until the call's deadline.
mono_time stream::due_of_block() const {
    return std::min(owner->deadline(), house_.clock.mono_now() + std::chrono::minutes(3));
}

void stream::write_more() {
    for (int windows = 0; writing_ && writing_->left > 0; ++windows) {
        if (windows == windows_in_a_row) {
            boost::asio::post(strand_, [self = shared_from_this(), job = writing_] {
                if (self->writing_ == job) self->write_more();
            });
            return;
        }
        std::string_view piece = writing_->content.only_bytes();
        if (piece.empty()) {
            if (!next_window()) return;
            piece = {writing_->window.get(), writing_->piece_bytes};
        } else {
            piece.remove_prefix(piece.size() - static_cast<size_t>(writing_->left));
            piece = piece.substr(0, limits::body_window_bytes);
            writing_->piece_bytes = piece.size();
        }
        const auto now = wire_->send(piece);
        writing_->waiting = now == channel::sent::later;
        if (now == channel::sent::later) return;
        if (now == channel::sent::failed) return fail_write(GATEPOST_DISCONNECTED, {});
        writing_->left -= piece.size();
        writing_->due = due_of_block();
    }
    if (writing_) written();
}

// False: it comes later, or never.
bool stream::next_window() {
    if (!writing_->window) {
        const uint64_t size = std::min<uint64_t>(writing_->left, limits::body_window_bytes);
        writing_->window = std::make_unique_for_overwrite<char[]>(static_cast<size_t>(size));
    }
    if (!writing_->content.in_memory()) {
        load_window();
        return false;
    }
    const size_t size =
        static_cast<size_t>(std::min<uint64_t>(writing_->left, limits::body_window_bytes));
    const auto got = writing_->reader.read({writing_->window.get(), size});
    if (got && *got > 0) {
        writing_->piece_bytes = *got;
        return true;
    }
    fail_write(GATEPOST_FAILED, got ? "the content ended before its length" : got.error().detail);
    return false;
}

// On a blocking thread; the job keeps everything that is touched there.
void stream::load_window() {
    const auto job = writing_;
    const bool taken = house_.pool.post([weak = weak_from_this(), strand = strand_, job] {
        std::string problem;
        const size_t size =
            static_cast<size_t>(std::min<uint64_t>(job->left, limits::body_window_bytes));
        const auto got = job->reader.read({job->window.get(), size});
        if (!got)
            problem = got.error().detail;
        else if (*got == 0)
            problem = "the content ended before its length";
        const size_t bytes = got ? *got : 0;
        boost::asio::post(strand, [weak, job, bytes, problem] {
            job->piece_bytes = bytes;
            if (const auto self = weak.lock()) self->window_loaded(job, problem);
        });
    });
    if (!taken) fail_write(GATEPOST_FAILED, "the gateway is shutting down");
}

void stream::window_loaded(const std::shared_ptr<pending_write>& job, const std::string& problem) {
    if (writing_ != job) return;
    if (!problem.empty()) return fail_write(GATEPOST_FAILED, problem);
    job->waiting = true;
    output(wire_->send({job->window.get(), job->piece_bytes}));
}

// What was sent last is out, or cannot be.
void stream::output(channel::sent now) {
    const auto keep = shared_from_this();
    if (!writing_ || !writing_->waiting || now == channel::sent::later) return;
    if (now == channel::sent::failed) return fail_write(GATEPOST_DISCONNECTED, {});
    writing_->waiting = false;
    writing_->left -= writing_->piece_bytes;
    writing_->due = due_of_block();
    write_more();
}

void stream::written() {
    if (writing_->commits) {
        owner->ledger_written();
        marks_.push_back(writing_->heard);
    }
    finish_write({GATEPOST_OK, {}, 0, writing_->content.size(), {}, nullptr});
}

void stream::finish_write(answer with) {
    const auto job = std::exchange(writing_, nullptr);
    job->operation->finish(std::move(with));
}

// The peer may have said why before it left: that stays to be read. Content that broke off leaves
// half a message at the peer, so the stream must not go on.
void stream::fail_write(gatepost_status status, std::string why) {
    if (why.empty()) why = wire_->send_problem();
    finish_write({status, where + ": " + why, 0, 0, {}, nullptr});
    if (status == GATEPOST_FAILED)
        wire_->close("closed, because a write failed");
    else if (wire_->open())
        wire_->look();
    if (reading_) news();
}

void stream::trace_write(const gatepost_stream_write& request, const segment_list& content) {
    if ((request.required & GATEPOST_STREAM_SECRET) != 0) return trace(">", "(secret)");
    const auto tell = [this](std::string_view way, std::string_view text) { trace(way, text); };
    content.each([&](std::string_view bytes, uint64_t body_bytes) {
        if (body_bytes == 0) return trace_bytes(">", bytes);
        if (tracer_) tracer_->flush(">", tell);
        trace(">", "(" + std::to_string(body_bytes) + " bytes of the message)");
    });
    if (tracer_) tracer_->flush(">", tell);
}

}  // namespace gatepost::services
