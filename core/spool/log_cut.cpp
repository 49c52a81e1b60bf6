// SQLite's log: a header of 32 bytes (page size at 8, salts at 16), then frames of 24 bytes + page
// (sqlite.org/fileformat2.html, section 4).
#include "spool/log_cut.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/file.hpp"
#include "base/log.hpp"
#include "spool/codec.hpp"

namespace gatepost::spool {
namespace {

constexpr size_t header_bytes = 32, frame_header_bytes = 24;
constexpr const char* refusal_name = "refused";

struct log_header {
    uint64_t salt = 0;
    uint32_t page = 0;
};

std::optional<log_header> read_header(int fd) {
    unsigned char bytes[header_bytes];
    if (::pread(fd, bytes, sizeof bytes, 0) != static_cast<ssize_t>(sizeof bytes))
        return std::nullopt;
    log_header header;
    for (int i = 8; i < 12; ++i)
        header.page = header.page << 8 | bytes[i];
    for (int i = 16; i < 24; ++i)
        header.salt = header.salt << 8 | bytes[i];
    return header;
}

status copy_bytes(int from, int to, uint64_t size) {
    std::string piece(size_t{1} << 18, '\0');
    for (uint64_t at = 0; at < size;) {
        const size_t wanted = static_cast<size_t>(std::min<uint64_t>(piece.size(), size - at));
        const ssize_t got = ::pread(from, piece.data(), wanted, static_cast<off_t>(at));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return error_from_errno(got == 0 ? EIO : errno, "cannot read the log");
        if (auto put = write_all(to, {piece.data(), static_cast<size_t>(got)}); !put) return put;
        at += static_cast<uint64_t>(got);
    }
    return success{};
}

status replace_log(const std::filesystem::path& log, int from, uint64_t size) {
    std::filesystem::path fresh = log;
    fresh += ".new";
    ::unlink(fresh.c_str());
    auto to = open_file(fresh, O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (!to) return to.error();
    if (auto copied = copy_bytes(from, to->get(), size); !copied) return copied;
    if (::fdatasync(to->get()) != 0 || ::rename(fresh.c_str(), log.c_str()) != 0)
        return error_from_errno(errno, "cannot replace " + log.string());
    return sync_folder(log.parent_path());
}

std::string encode_refusal(const log_mark& good, const std::vector<mail_id>& refused) {
    std::string fields;
    byte_writer out(fields);
    out.flag(good.salt.has_value());
    out.fixed64(good.salt.value_or(0));
    out.number(good.frames);
    out.number(refused.size());
    for (const auto id : refused)
        out.number(id.value);
    std::string bytes;
    byte_writer(bytes).fixed64(checksum(fields));
    return bytes + fields;
}

std::optional<log_mark> decode_refusal(std::string_view bytes) {
    byte_reader in(bytes);
    const uint64_t sum = in.fixed64();
    if (in.failed() || checksum(bytes.substr(8)) != sum) return std::nullopt;
    const bool known = in.flag();
    const uint64_t salt = in.fixed64();
    log_mark good;
    if (known) good.salt = salt;
    good.frames = in.number32();
    if (in.failed()) return std::nullopt;
    return good;
}

}  // namespace

std::optional<uint64_t> read_log_salt(const std::filesystem::path& log) {
    auto fd = open_file(log, O_RDONLY);
    if (!fd) return std::nullopt;
    const auto header = read_header(fd->get());
    if (!header) return std::nullopt;
    return header->salt;
}

status cut_log(const std::filesystem::path& log, const log_mark& good) {
    auto fd = open_file(log, O_RDONLY);
    if (!fd) {
        if (::access(log.c_str(), F_OK) != 0 && errno == ENOENT) return success{};
        return fd.error();
    }
    const auto header = read_header(fd->get());
    uint64_t keep = 0;
    if (header && good.salt.value_or(header->salt) == header->salt)
        keep = header_bytes + uint64_t{good.frames} * (frame_header_bytes + header->page);
    return replace_log(log, fd->get(), keep);
}

status write_refusal(const std::filesystem::path& folder, const log_mark& good,
                     const std::vector<mail_id>& refused) {
    return replace_file(folder / refusal_name, encode_refusal(good, refused));
}

status remove_refusal(const std::filesystem::path& folder) {
    if (::unlink((folder / refusal_name).c_str()) != 0) {
        if (errno == ENOENT) return success{};
        return error_from_errno(errno, "cannot remove " + (folder / refusal_name).string());
    }
    return sync_folder(folder);
}

result<uint64_t> obey_refusal(const std::filesystem::path& folder,
                              const std::filesystem::path& log) {
    const auto file = folder / refusal_name;
    if (::access(file.c_str(), F_OK) != 0) return uint64_t{0};
    auto bytes = read_small_file(file, size_t{1} << 20);
    if (!bytes) return bytes.error();
    const auto good = decode_refusal(*bytes);
    if (!good) {
        // It is replaced atomically, so this is damage; without it the batch may come back, which
        // its callers were told ("kept or not kept").
        log::warn("spool.refusal_damaged", "the note about a failed commit cannot be read",
                  {{"file", file.string()}});
        return uint64_t{0};
    }
    if (auto cut = cut_log(log, *good); !cut) return cut.error();
    return uint64_t{1};
}

}  // namespace gatepost::spool
