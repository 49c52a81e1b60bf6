// The two filters a decoded part passes: its transfer encoding undone by GMime's step functions,
// and its charset by iconv. Both take any bytes and any cut.
#include <iconv.h>

#include <cerrno>

#include "base/text.hpp"
#include "mail/code_points.hpp"
#include "mail/decode.hpp"
#include "mail/gmime_ptr.hpp"

namespace gatepost::mail {
namespace {

class undo_encoding final : public byte_filter {
  public:
    explicit undo_encoding(GMimeContentEncoding encoding)
        : padded_(encoding == GMIME_CONTENT_ENCODING_BASE64) {
        g_mime_encoding_init_decode(&state_, encoding);
    }
    void feed(std::string_view in, std::string& out) override { step(in, out, false); }
    // Padding that a careless writer left out is added; after a full group it changes nothing.
    void finish(std::string& out) override {
        if (padded_) step("==", out, false);
        step({}, out, true);
    }

  private:
    void step(std::string_view in, std::string& out, bool last) {
        const size_t before = out.size();
        out.resize(before + g_mime_encoding_outlen(&state_, in.size()) + 16);
        const size_t made =
            last ? g_mime_encoding_flush(&state_, in.data(), in.size(), out.data() + before)
                 : g_mime_encoding_step(&state_, in.data(), in.size(), out.data() + before);
        out.resize(before + made);
    }

    GMimeEncoding state_{};
    bool padded_;
};

constexpr std::string_view replacement = "\xEF\xBF\xBD";

// UTF-8 that may not be: bad bytes become U+FFFD.
class repair_utf8 final : public byte_filter {
  public:
    void feed(std::string_view in, std::string& out) override {
        held_ += in;
        pass(out, false);
    }
    void finish(std::string& out) override { pass(out, true); }

  private:
    void pass(std::string& out, bool last) {
        std::string_view rest = held_;
        while (!rest.empty()) {
            const code_point c = first_code_point(rest);
            if (c.value != bad_code_point) {
                out += rest.substr(0, c.length);
            } else if (!last && rest.size() < 4) {
                break;
            } else {
                out += replacement;
            }
            rest.remove_prefix(c.length);
        }
        held_ = std::string(rest);
    }

    std::string held_;
};

class convert final : public byte_filter {
  public:
    explicit convert(iconv_t converter) : converter_(converter) {}
    ~convert() override { ::iconv_close(converter_); }
    convert(const convert&) = delete;
    convert& operator=(const convert&) = delete;

    void feed(std::string_view in, std::string& out) override {
        held_ += in;
        pass(out, false);
    }
    void finish(std::string& out) override {
        pass(out, true);
        repair_.finish(out);
    }

  private:
    void pass(std::string& out, bool last) {
        char buffer[4096];
        char* in = held_.data();
        size_t left = held_.size();
        while (left > 0) {
            char* to = buffer;
            size_t room = sizeof buffer;
            const size_t done = ::iconv(converter_, &in, &left, &to, &room);
            const int why = errno;
            repair_.feed({buffer, sizeof buffer - room}, out);
            if (done != static_cast<size_t>(-1) || why == E2BIG) continue;
            if (why == EINVAL && !last) break;
            repair_.feed(replacement, out);
            ++in;
            --left;
        }
        held_ = std::string(in, left);
    }

    iconv_t converter_;
    std::string held_;
    repair_utf8 repair_;
};

bool is_utf8_name(std::string_view charset) {
    for (const std::string_view name : {"", "utf-8", "utf8", "us-ascii", "ascii"}) {
        if (text::equal_ignoring_case(charset, name)) return true;
    }
    return false;
}

}  // namespace

std::unique_ptr<byte_filter> transfer_decoder(std::string_view encoding) {
    need_gmime();
    const std::string name = text::to_lower(text::trim(encoding));
    const GMimeContentEncoding known = g_mime_content_encoding_from_string(name.c_str());
    switch (known) {
        case GMIME_CONTENT_ENCODING_BASE64:
        case GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE:
        case GMIME_CONTENT_ENCODING_UUENCODE: return std::make_unique<undo_encoding>(known);
        default: return nullptr;
    }
}

std::unique_ptr<byte_filter> charset_decoder(std::string_view charset) {
    if (is_utf8_name(charset) || charset.find('/') != std::string_view::npos) {
        return std::make_unique<repair_utf8>();
    }
    need_gmime();
    const iconv_t converter = g_mime_iconv_open("UTF-8", std::string(charset).c_str());
    if (converter == reinterpret_cast<iconv_t>(-1)) return std::make_unique<repair_utf8>();
    return std::make_unique<convert>(converter);
}

}  // namespace gatepost::mail
