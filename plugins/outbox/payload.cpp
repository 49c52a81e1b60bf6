// See payload.hpp. Addresses and ids come from the host and are safe; what would break a line or
// leave the folder is taken out here all the same, because this file is the last to look.
#include "payload.hpp"

#include <algorithm>
#include <cstdint>

namespace outbox {
namespace {

using gatepost::sdk::message;
using gatepost::sdk::recipient;

constexpr std::size_t longest_id = 100;  // a name of a file has 255 bytes at most

uint64_t fnv1a(uint64_t hash, std::string_view bytes) {
    for (const char byte : bytes) {
        hash ^= static_cast<unsigned char>(byte);
        hash *= 0x100000001b3u;
    }
    return hash;
}
constexpr uint64_t fnv1a_begin = 0xcbf29ce484222325u;

std::string hex(uint64_t value) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string out(16, '0');
    for (std::size_t at = 16; at-- > 0; value >>= 4)
        out[at] = digits[value & 15];
    return out;
}

bool is_plain(char letter) {
    return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'z') ||
           (letter >= 'A' && letter <= 'Z') || letter == '-' || letter == '_';
}

// The id itself where it can be a name, else a hash of it, so that two ids never share a name.
std::string safe_id(std::string_view id) {
    const bool plain = !id.empty() && std::all_of(id.begin(), id.end(), is_plain);
    if (plain && id.size() <= longest_id) return std::string(id);
    return "=" + hex(fnv1a(fnv1a_begin, id));
}

// Nothing when the whole message is carried, which is nearly always.
std::string mark_of_part(const message& mail, const std::vector<recipient>& carried) {
    if (carried.size() == mail.recipients().size()) return {};
    std::vector<uint32_t> indexes;
    for (const recipient& one : carried)
        indexes.push_back(one.index);
    std::sort(indexes.begin(), indexes.end());
    uint64_t hash = fnv1a_begin;
    for (const uint32_t index : indexes)
        hash = fnv1a(hash, std::to_string(index) + ",");
    return ".r" + hex(hash);
}

void add_line(std::string& out, std::string_view name, std::string_view address, bool angle) {
    out += name;
    out += angle ? ": <" : ": ";
    for (const char letter : address) {
        const bool control = static_cast<unsigned char>(letter) < 0x20 || letter == 0x7F;
        out += control ? '?' : letter;
    }
    out += angle ? ">\r\n" : "\r\n";
}

}  // namespace

std::string_view objection_to(std::string_view path) {
    if (!path.starts_with('/')) return "must be an absolute path";
    if (path.find('\0') != path.npos) return "must not hold a NUL";
    const std::string clean = tidy(path);
    if (clean == "/") return "must not be the root folder";
    if ((clean + "/").find("/../") != clean.npos) return "must not hold \"..\"";
    return {};
}

std::string tidy(std::string_view path) {
    std::string clean;
    for (const char letter : path) {
        if (letter != '/' || clean.empty() || clean.back() != '/') clean += letter;
    }
    if (clean.size() > 1 && clean.back() == '/') clean.pop_back();
    return clean;
}

std::array<std::string, 3> folders_of(const std::string& path) {
    return {path + "/tmp", path + "/new", path + "/cur"};
}

std::string name_of(const message& mail, const std::vector<recipient>& carried) {
    return std::to_string(mail.date() / 1000) + "." + safe_id(mail.id()) +
           mark_of_part(mail, carried) + ".gatepost";
}

std::string envelope_lines(const message& mail, const std::vector<recipient>& carried) {
    std::string out;
    add_line(out, "Return-Path", mail.envelope_from().address, true);
    for (const recipient& one : carried)
        add_line(out, "X-Original-To", one.address, false);
    return out;
}

}  // namespace outbox
