#include "services/http/form.hpp"

#include <openssl/evp.h>

#include <array>
#include <memory>
#include <vector>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "plugin/instance.hpp"
#include "plugin/strings.hpp"
#include "services/body.hpp"

namespace gatepost::services {
namespace {

constexpr size_t boundary_bytes = 12;  // 96 bits
constexpr size_t field_bytes = 4096;   // of a name or a filename

struct digest_end {
    void operator()(EVP_MD_CTX* context) const { ::EVP_MD_CTX_free(context); }
};

// Everything with its length before it, so that no two forms look the same.
class form_digest {
  public:
    form_digest() : context_(::EVP_MD_CTX_new()) {
        ::EVP_DigestInit_ex(context_.get(), ::EVP_sha256(), nullptr);
    }
    void add(std::string_view bytes) {
        add(uint64_t{bytes.size()});
        ::EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size());
    }
    void add(uint64_t number) { ::EVP_DigestUpdate(context_.get(), &number, sizeof number); }
    std::string hex() {
        std::array<unsigned char, EVP_MAX_MD_SIZE> sum{};
        ::EVP_DigestFinal_ex(context_.get(), sum.data(), nullptr);
        return text::to_hex({reinterpret_cast<const char*>(sum.data()), boundary_bytes});
    }

  private:
    std::unique_ptr<EVP_MD_CTX, digest_end> context_;
};

bool is_name(std::string_view text) {
    return text.size() <= field_bytes && text.find('\0') == text.npos;
}

// What a content is made of: bytes as they are, bodies by their size, and windows by where they
// are.
gatepost_status digest_content(gatepost_array segments, plugin::call_context& context,
                               form_digest& into) {
    if (segments.count > limits::segments_per_request) return GATEPOST_LIMIT;
    if (!plugin::is_array_of<gatepost_segment>(segments)) return GATEPOST_INVALID;
    for (uint32_t i = 0; i < segments.count; ++i) {
        const auto segment = plugin::item_of<gatepost_segment>(segments, i);
        into.add(uint64_t{segment.kind});
        const auto body =
            segment.kind == GATEPOST_SEGMENT_BYTES ? nullptr : find_body(context, segment.body);
        if (!body) {
            into.add(plugin::view_of(segment.bytes));
            continue;
        }
        into.add(body->size());
        if (segment.kind != GATEPOST_SEGMENT_WINDOW) continue;
        into.add(segment.offset);
        into.add(segment.length);
    }
    return GATEPOST_OK;
}

gatepost_status digest_part(const gatepost_form_part& part, plugin::call_context& context,
                            form_digest& into) {
    const auto name = plugin::view_of(part.name), filename = plugin::view_of(part.filename),
               type = plugin::view_of(part.type);
    if (name.empty() || !is_name(name) || !is_name(filename) || type.size() > field_bytes ||
        text::has_control(type))
        return GATEPOST_INVALID;
    into.add(name);
    into.add(filename);
    into.add(type);
    return digest_content(part.content, context, into);
}

std::string head_of(const gatepost_form_part& part, const std::string& boundary) {
    std::string head = "--" + boundary + "\r\nContent-Disposition: form-data; name=\"" +
                       quoted_for_form(plugin::view_of(part.name)) + "\"";
    if (part.filename.size > 0)
        head += "; filename=\"" + quoted_for_form(plugin::view_of(part.filename)) + "\"";
    if (part.type.size > 0) head.append("\r\nContent-Type: ").append(plugin::view_of(part.type));
    return head + "\r\n\r\n";
}

gatepost_status make_boundary(gatepost_array parts, plugin::call_context& context,
                              std::string& boundary) {
    form_digest digest;
    for (const std::string& each : context.owner().secrets())
        digest.add(each);
    if (const auto* message = context.message()) digest.add(message->id.to_string());
    for (uint32_t i = 0; i < parts.count; ++i) {
        const auto part = plugin::item_of<gatepost_form_part>(parts, i);
        if (const auto status = digest_part(part, context, digest); status != GATEPOST_OK)
            return status;
    }
    boundary = "--------------------------" + digest.hex();
    return GATEPOST_OK;
}

}  // namespace

std::string quoted_for_form(std::string_view text) {
    std::string quoted;
    for (const char each : text) {
        switch (each) {
            case '"': quoted += "%22"; break;
            case '\r': quoted += "%0D"; break;
            case '\n': quoted += "%0A"; break;
            default: quoted += each;
        }
    }
    return quoted;
}

gatepost_status build_form(gatepost_array parts, plugin::call_context& context, segment_list& into,
                           std::string& content_type) {
    if (parts.count > limits::http_parts) return GATEPOST_LIMIT;
    if (parts.count == 0 || !plugin::is_array_of<gatepost_form_part>(parts))
        return GATEPOST_INVALID;
    std::string boundary;
    if (const auto status = make_boundary(parts, context, boundary); status != GATEPOST_OK)
        return status;
    for (uint32_t i = 0; i < parts.count; ++i) {
        const auto part = plugin::item_of<gatepost_form_part>(parts, i);
        into.append(head_of(part, boundary));
        if (const auto status = into.take(part.content, context); status != GATEPOST_OK)
            return status;
        into.append("\r\n");
    }
    into.append("--" + boundary + "--\r\n");
    content_type = "multipart/form-data; boundary=" + boundary;
    return GATEPOST_OK;
}

}  // namespace gatepost::services
