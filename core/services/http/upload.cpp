#include "services/http/upload.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <cstring>
#include <utility>

#include "base/limits.hpp"

namespace gatepost::services {

upload::upload(segment_list content, blocking_pool& pool, boost::asio::any_io_executor strand)
    : content_(std::move(content)), pool_(pool), strand_(std::move(strand)) {}

upload::step upload::give_from_memory(std::span<char> out, size_t& got) {
    const auto most = static_cast<size_t>(std::min<uint64_t>(out.size(), size() - given_));
    const auto read = reader_.read(out.first(most));
    if (!read || *read != most) {
        problem_ = read ? "the content ended before its length" : read.error().detail;
        return step::failed;
    }
    got = most;
    given_ += most;
    return step::bytes;
}

upload::step upload::read(std::span<char> out, size_t& got) {
    got = 0;
    if (!problem_.empty()) return step::failed;
    if (whole()) return step::bytes;
    if (content_.in_memory()) return give_from_memory(out, got);
    if (!ready_ || taken_ == ready_->size) {
        ready_ = nullptr;
        if (!load()) return step::failed;
        awaited_ = true;
        return step::later;
    }
    got = std::min(out.size(), ready_->size - taken_);
    std::memcpy(out.data(), ready_->bytes.get() + taken_, got);
    taken_ += got;
    given_ += got;
    return step::bytes;
}

bool upload::load() {
    if (loading_) return true;
    auto next = std::make_shared<window>();
    next->size =
        static_cast<size_t>(std::min<uint64_t>(size() - loaded_, limits::body_window_bytes));
    next->bytes = std::make_unique_for_overwrite<char[]>(next->size);
    loading_ = pool_.post([self = shared_from_this(), next] {
        const auto read = self->reader_.read({next->bytes.get(), next->size});
        if (!read || *read != next->size)
            next->problem = read ? "the content ended before its length" : read.error().detail;
        boost::asio::post(self->strand_, [self, next] { self->loaded(next); });
    });
    if (!loading_) problem_ = "the gateway is shutting down";
    return loading_;
}

void upload::loaded(const std::shared_ptr<window>& with) {
    loading_ = false;
    problem_ = with->problem;
    loaded_ += with->size;
    ready_ = with;
    taken_ = 0;
    if (std::exchange(awaited_, false) && on_ready) on_ready();
}

}  // namespace gatepost::services
