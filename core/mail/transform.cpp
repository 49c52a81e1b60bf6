// Sources whose output depends on all that came before: line ends, dot-stuffing, JSON escaping. The
// first pass counts (and keeps its output, if the input is small); reading then runs the machine
// again, forward. A read that goes back starts from the beginning.
#include <algorithm>
#include <utility>

#include "base/json_scan.hpp"
#include "base/limits.hpp"
#include "mail/code_points.hpp"
#include "mail/lines.hpp"
#include "mail/sources.hpp"

namespace gatepost::mail {
namespace {

template <class Lines>
struct of_lines {
    Lines machine;
    status feed(std::string_view in, std::string& out) {
        machine.feed(in, out);
        return success{};
    }
    status finish(std::string& out) {
        machine.finish(out);
        return success{};
    }
};

// Escapes what RFC 8259 section 7 asks for and holds back a sequence that a window cut.
class json_escaper {
  public:
    status feed(std::string_view in, std::string& out) {
        if (!held_.empty()) {
            while (!in.empty() && held_.size() < 4 &&
                   first_code_point(held_).value == bad_code_point) {
                held_ += in.front();
                in.remove_prefix(1);
            }
            const std::string whole = std::exchange(held_, {});
            if (const auto done = escape(whole, out); !done) return done;
        }
        return escape(in, out);
    }

    status finish(std::string& /*out*/) { return held_.empty() ? status(success{}) : bad(); }

  private:
    static error bad() {
        return {error_kind::invalid,
                "The part is not well-formed UTF-8 and cannot be written into JSON as text."};
    }

    status escape(std::string_view in, std::string& out) {
        while (!in.empty()) {
            const auto run = json_scan::find_run(in);
            const std::string_view text = in.substr(0, run.length);
            const auto fine = run.all_ascii ? json_scan::utf8_check{run.length, false}
                                            : json_scan::check_utf8(text);
            out.append(text.substr(0, fine.valid));
            if (fine.valid < run.length) {
                if (!fine.truncated || run.length < in.size()) return bad();
                held_ = text.substr(fine.valid);  // the window's end; the next one goes on with it
                break;
            }
            in.remove_prefix(run.length);
            if (in.empty()) break;
            escape_one(in.front(), out);
            in.remove_prefix(1);
        }
        return success{};
    }

    static void escape_one(char c, std::string& out) {
        constexpr std::string_view digits = "0123456789abcdef";
        switch (c) {
            case '"': out += "\\\""; return;
            case '\\': out += "\\\\"; return;
            case '\n': out += "\\n"; return;
            case '\r': out += "\\r"; return;
            case '\t': out += "\\t"; return;
            default: break;
        }
        out += "\\u00";
        out += digits[static_cast<unsigned char>(c) >> 4];
        out += digits[c & 15];
    }

    std::string held_;
};

template <class Machine>
class transformed final : public byte_source {
  public:
    static result<source_ptr> make(source_ptr input) {
        const bool small = input->size() <= limits::body_window_bytes;
        Machine machine;
        std::string out;
        uint64_t size = 0;
        auto ran = for_each_piece(*input, [&](std::string_view piece) {
            if (!small) out.clear();
            auto fed = machine.feed(piece, out);
            if (!small) size += out.size();
            return fed;
        });
        if (!ran) return ran.error();
        if (!small) out.clear();
        if (auto ended = machine.finish(out); !ended) return ended.error();
        if (small) return string_source(std::move(out));
        return source_ptr(new transformed(std::move(input), size + out.size()));
    }

    uint64_t size() const override { return size_; }

    result<size_t> read(uint64_t at, std::span<char> out) override {
        if (at < begin_) restart();
        size_t done = 0;
        while (done < out.size() && at + done < size_) {
            const uint64_t inside = at + done - begin_;
            if (inside >= made_.size()) {
                if (auto more = advance(); !more) return more.error();
                continue;
            }
            const auto from = static_cast<size_t>(inside);
            const size_t count = std::min(out.size() - done, made_.size() - from);
            std::copy_n(made_.data() + from, count, out.data() + done);
            done += count;
        }
        return done;
    }

  private:
    transformed(source_ptr input, uint64_t size) : input_(std::move(input)), size_(size) {}

    void restart() {
        machine_ = Machine{};
        made_.clear();
        begin_ = input_at_ = 0;
    }

    status advance() {
        begin_ += made_.size();
        made_.clear();
        if (input_at_ >= input_->size()) {
            auto ended = machine_.finish(made_);
            if (ended && made_.empty()) {
                return error{error_kind::internal, "A content changed while it was read."};
            }
            return ended;
        }
        window_.resize(limits::body_window_bytes);
        const auto got = input_->read(input_at_, window_);
        if (!got) return got.error();
        if (*got == 0) return error{error_kind::internal, "A content ended too early."};
        input_at_ += *got;
        return machine_.feed(std::string_view(window_).substr(0, *got), made_);
    }

    source_ptr input_;
    uint64_t size_;
    Machine machine_;
    std::string window_, made_;
    uint64_t begin_ = 0;     // offset of made_ in the output
    uint64_t input_at_ = 0;  // what the machine was fed so far
};

}  // namespace

result<source_ptr> normalised_source(source_ptr input) {
    return transformed<of_lines<line_normaliser>>::make(std::move(input));
}

result<source_ptr> dot_stuffed_source(source_ptr input) {
    return transformed<of_lines<dot_stuffer>>::make(std::move(input));
}

result<source_ptr> json_source(source_ptr input) {
    return transformed<json_escaper>::make(std::move(input));
}

}  // namespace gatepost::mail
