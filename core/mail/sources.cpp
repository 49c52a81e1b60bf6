// The simple sources: bytes, contents, base64, and the plan that lines them up. base64 is computed
// by position, so any offset costs one block.
#include "mail/sources.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace gatepost::mail {
namespace {

size_t copy_window(std::string_view bytes, uint64_t at, std::span<char> out) {
    if (at >= bytes.size()) return 0;
    const size_t size = std::min(out.size(), bytes.size() - static_cast<size_t>(at));
    std::memcpy(out.data(), bytes.data() + at, size);
    return size;
}

class of_string final : public byte_source {
  public:
    explicit of_string(std::string bytes) : bytes_(std::move(bytes)) {}
    uint64_t size() const override { return bytes_.size(); }
    result<size_t> read(uint64_t at, std::span<char> out) override {
        return copy_window(bytes_, at, out);
    }

  private:
    std::string bytes_;
};

class of_content final : public byte_source {
  public:
    explicit of_content(content bytes) : bytes_(std::move(bytes)) {}
    uint64_t size() const override { return bytes_.size(); }
    result<size_t> read(uint64_t at, std::span<char> out) override { return bytes_.read(at, out); }

  private:
    content bytes_;
};

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// Twelve bits at once: two characters for every value.
constexpr auto pairs = [] {
    std::array<char, 4096 * 2> table{};
    for (size_t i = 0; i < 4096; ++i) {
        table[i * 2] = alphabet[i >> 6];
        table[i * 2 + 1] = alphabet[i & 63];
    }
    return table;
}();

char* encode_group(const unsigned char* in, char* out) {
    const uint32_t bits = static_cast<uint32_t>(in[0]) << 16 | static_cast<uint32_t>(in[1]) << 8 |
                          static_cast<uint32_t>(in[2]);
    std::memcpy(out, pairs.data() + size_t{bits >> 12} * 2, 2);
    std::memcpy(out + 2, pairs.data() + size_t{bits & 0xFFF} * 2, 2);
    return out + 4;
}

char* encode_rest(const unsigned char* in, size_t size, char* out) {
    const unsigned char last[3] = {in[0], size > 1 ? in[1] : static_cast<unsigned char>(0), 0};
    encode_group(last, out);
    if (size == 1) out[2] = '=';
    out[3] = '=';
    return out + 4;
}

class of_base64 final : public byte_source {
  public:
    of_base64(source_ptr input, size_t columns) : input_(std::move(input)), columns_(columns) {
        const uint64_t characters = (input_->size() + 2) / 3 * 4;
        size_ = characters;
        if (columns_ > 0 && characters > 0) size_ += (characters - 1) / columns_ * 2;
        line_input_ = columns_ > 0 ? columns_ / 4 * 3 : 57;
        line_output_ = columns_ > 0 ? columns_ + 2 : 76;
    }

    uint64_t size() const override { return size_; }

    result<size_t> read(uint64_t at, std::span<char> out) override {
        size_t done = 0;
        while (done < out.size() && at + done < size_) {
            const uint64_t block = (at + done) / (line_output_ * lines_per_block);
            if (const auto loaded = load(block); !loaded) return loaded.error();
            const uint64_t begin = block * line_output_ * lines_per_block;
            done += copy_window(block_, at + done - begin, out.subspan(done));
        }
        return done;
    }

  private:
    static constexpr size_t lines_per_block = 512;

    status load(uint64_t block) {
        if (block == loaded_) return success{};
        const uint64_t begin = block * line_input_ * lines_per_block;
        const uint64_t left = input_->size() - begin;
        std::string raw(
            static_cast<size_t>(std::min<uint64_t>(left, line_input_ * lines_per_block)), '\0');
        const auto got = input_->read(begin, raw);
        if (!got) return got.error();
        if (*got != raw.size()) return error{error_kind::internal, "A content ended too early."};
        encode(raw, begin + raw.size() == input_->size());
        loaded_ = block;
        return success{};
    }

    void encode(std::string_view raw, bool last) {
        block_.resize((raw.size() / line_input_ + 1) * (line_output_ + 4));
        const auto* in = reinterpret_cast<const unsigned char*>(raw.data());
        const auto* const end = in + raw.size();
        char* out = block_.data();
        while (in < end) {
            const unsigned char* const stop = in + std::min<ptrdiff_t>(end - in, line());
            for (; stop - in >= 3; in += 3)
                out = encode_group(in, out);
            if (in < stop) out = encode_rest(in, static_cast<size_t>(stop - in), out);
            in = stop;
            if (columns_ > 0 && !(last && in == end)) {
                *out++ = '\r';
                *out++ = '\n';
            }
        }
        block_.resize(static_cast<size_t>(out - block_.data()));
    }

    [[nodiscard]] ptrdiff_t line() const { return static_cast<ptrdiff_t>(line_input_); }

    source_ptr input_;
    size_t columns_;
    size_t line_input_, line_output_;
    uint64_t size_ = 0;
    uint64_t loaded_ = UINT64_MAX;
    std::string block_;
};

}  // namespace

source_ptr string_source(std::string bytes) {
    return std::make_unique<of_string>(std::move(bytes));
}

source_ptr content_source(content bytes) {
    return std::make_unique<of_content>(std::move(bytes));
}

source_ptr base64_source(source_ptr input, size_t columns) {
    return std::make_unique<of_base64>(std::move(input), columns);
}

void plan_source::add(std::string_view bytes) {
    if (bytes.empty()) return;
    if (segments_.empty() || segments_.back().source) segments_.push_back({size_, {}, nullptr});
    segments_.back().bytes += bytes;
    size_ += bytes.size();
}

void plan_source::add(source_ptr source) {
    const uint64_t size = source->size();
    if (size == 0) return;
    segments_.push_back({size_, {}, std::move(source)});
    size_ += size;
}

result<size_t> plan_source::read(uint64_t at, std::span<char> out) {
    if (at >= size_) return size_t{0};
    if (at < segments_[last_].begin) last_ = 0;
    size_t done = 0;
    while (done < out.size() && last_ < segments_.size()) {
        segment& from = segments_[last_];
        const uint64_t inside = at + done - from.begin;
        if (inside >= from.size()) {
            if (last_ + 1 == segments_.size()) break;
            ++last_;
            continue;
        }
        if (!from.source) {
            done += copy_window(from.bytes, inside, out.subspan(done));
            continue;
        }
        const auto got = from.source->read(inside, out.subspan(done));
        if (!got) return got.error();
        if (*got == 0) return error{error_kind::internal, "A content ended too early."};
        done += *got;
    }
    return done;
}

}  // namespace gatepost::mail
