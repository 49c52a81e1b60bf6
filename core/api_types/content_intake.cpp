// A string with many escapes comes in many short runs; gathering them spares the writer as many
// calls.
#include "api_types/content_intake.hpp"

namespace gatepost::api_types {
namespace {

constexpr size_t fair_size = 32 * 1024;

error wrong(const char* sentence) {
    return {error_kind::invalid, sentence};
}

}  // namespace

content_intake::content_intake(const mail::content_factory& contents, coding how, bool hashed)
    : writer_(contents()), how_(how) {
    if (hashed) hash_.emplace();
}

status content_intake::feed(std::string_view piece) {
    if (how_ == coding::base64) {
        if (!decoder_.feed(piece, waiting_)) return wrong("is not base64 (RFC 4648)");
    } else {
        if (piece.find('\0') != std::string_view::npos) return wrong("holds a NUL character");
        waiting_ += piece;
    }
    return waiting_.size() < fair_size ? success{} : flush();
}

result<mail::content> content_intake::finish() {
    if (how_ == coding::base64 && !decoder_.finish(waiting_)) {
        return wrong("is not base64: it ends in the middle of a byte");
    }
    if (auto done = flush(); !done) return done.error();
    return writer_->finish();
}

status content_intake::flush() {
    if (waiting_.empty()) return success{};
    if (hash_) hash_->add(waiting_);
    size_ += waiting_.size();
    auto done = writer_->write(waiting_);
    waiting_.clear();
    return done;
}

}  // namespace gatepost::api_types
