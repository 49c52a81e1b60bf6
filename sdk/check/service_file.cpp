// file/1 in a map, with the refusals of the real one: relative paths and "..", folders that are
// not lent, folders that do not exist; and crypto/1.
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/limits.hpp"
#include "check/host_core.hpp"

namespace gatepost::check {
namespace {

std::string folder_of(std::string_view path) {
    const size_t slash = path.rfind('/');
    return std::string(slash == 0 || slash == std::string_view::npos ? "/" : path.substr(0, slash));
}

bool is_clean(std::string_view path) {
    if (path.empty() || path.front() != '/' || path.find('\0') != std::string_view::npos)
        return false;
    const std::string framed = std::string(path) + "/";
    return framed.find("/../") == std::string::npos && framed.find("/./") == std::string::npos;
}

// Nothing, if the path may be used.
std::optional<answer> refused(fake_host::core& host, std::string_view path) {
    if (!is_clean(path)) {
        host.blame("path", "file/1 was asked for \"" + std::string(path.substr(0, 200)) + "\"");
        return answer{GATEPOST_INVALID, "not an absolute path without .."};
    }
    if (host.how.folders.empty()) return std::nullopt;
    for (const std::string& folder : host.how.folders) {
        if (path == folder || path.starts_with(folder + "/")) return std::nullopt;
    }
    host.blame("folder", std::string(path.substr(0, 200)) +
                             " lies outside the folders that the settings name; add the pointer of "
                             "a setting that names it to \"folders\" of manifest.json");
    return answer{GATEPOST_DENIED, "outside the folders of manifest and settings"};
}

bool exists(const fake_host::core& host, const std::string& folder) {
    return folder == "/" || host.folders.contains(folder);
}

answer write_file(fake_host::core& host, gatepost_call call, const gatepost_file_write& request) {
    const std::string path(text_of(request.path));
    const std::string temp(request.temp.size == 0 ? path : text_of(request.temp));
    for (const std::string& one : {path, temp}) {
        if (auto no = refused(host, one)) return *no;
        if (!exists(host, folder_of(one))) return {GATEPOST_NOT_FOUND, "no such folder"};
    }
    if (host.files.contains(path) && (request.flags & GATEPOST_FILE_REPLACE) == 0)
        return {GATEPOST_EXISTS, "the file is there already"};
    auto bytes = host.join(call, request.segments);
    if (!bytes) {
        host.blame("request", "file/1 write: a segment names no open body of the call");
        return {GATEPOST_INVALID, "a segment names no open body of the call"};
    }
    answer out;
    out.length = bytes->size();
    host.files[path] = std::move(*bytes);
    // The service itself knows the outcome.
    if ((request.required & GATEPOST_COMMITS) != 0)
        host.calls.at(call).record.commits_answered = true;
    return out;
}

gatepost_status file_write(const gatepost_host* table, gatepost_call call,
                           const gatepost_file_write* request, gatepost_done done, void* user,
                           gatepost_operation* operation) {
    fake_host::core& host = core_of(table);
    if (request == nullptr || request->size < sizeof(gatepost_file_write))
        return host.breach("file/1 write", "the request has no size");
    if ((request->required & ~uint32_t{GATEPOST_COMMITS}) != 0) return GATEPOST_UNSUPPORTED;
    return host.begin(
        {table, call, done, user, operation},
        {.what = "file/1 write",
         .commits = (request->required & GATEPOST_COMMITS) != 0,
         .work = [&host, call, request] { return write_file(host, call, taken(request)); }});
}

gatepost_status file_mkdir(const gatepost_host* table, gatepost_call call, gatepost_string path,
                           gatepost_done done, void* user, gatepost_operation* operation) {
    fake_host::core& host = core_of(table);
    return host.begin({table, call, done, user, operation},
                      {.what = "file/1 mkdir", .work = [&host, path]() -> answer {
                           std::string folder(text_of(path));
                           if (auto no = refused(host, folder)) return *no;
                           for (; folder != "/"; folder = folder_of(folder))
                               host.folders.insert(folder);
                           return {};
                       }});
}

gatepost_status file_read(const gatepost_host* table, gatepost_call call, gatepost_string path,
                          gatepost_done done, void* user, gatepost_operation* operation) {
    fake_host::core& host = core_of(table);
    return host.begin({table, call, done, user, operation},
                      {.what = "file/1 read", .work = [&host, path]() -> answer {
                           const std::string name(text_of(path));
                           if (auto no = refused(host, name)) return *no;
                           const auto found = host.files.find(name);
                           if (found == host.files.end())
                               return {GATEPOST_NOT_FOUND, "no such file"};
                           if (found->second.size() > limits::small_file_bytes)
                               return {GATEPOST_LIMIT, "larger than 64 KiB"};
                           answer out;
                           out.data = found->second;
                           out.length = out.data.size();
                           return out;
                       }});
}

gatepost_status file_remove(const gatepost_host* table, gatepost_call call, gatepost_string path,
                            gatepost_done done, void* user, gatepost_operation* operation) {
    fake_host::core& host = core_of(table);
    return host.begin({table, call, done, user, operation},
                      {.what = "file/1 remove", .work = [&host, path]() -> answer {
                           const std::string name(text_of(path));
                           if (auto no = refused(host, name)) return *no;
                           if (host.files.erase(name) == 0)
                               return {GATEPOST_NOT_FOUND, "no such file"};
                           return {};
                       }});
}

answer digest(fake_host::core& host, gatepost_call call, const gatepost_digest_request& request) {
    const auto bytes = host.join(call, request.segments);
    if (!bytes) return {GATEPOST_INVALID, "a segment names no open body of the call"};
    unsigned char out[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    const std::string_view key = text_of(request.key);
    const auto* data = reinterpret_cast<const unsigned char*>(bytes->data());
    bool made = false;
    if (request.algorithm == GATEPOST_SHA256) {
        made = EVP_Digest(data, bytes->size(), out, &size, EVP_sha256(), nullptr) == 1;
    } else if (request.algorithm == GATEPOST_HMAC_SHA256 ||
               request.algorithm == GATEPOST_HMAC_MD5) {
        const EVP_MD* kind = request.algorithm == GATEPOST_HMAC_MD5 ? EVP_md5() : EVP_sha256();
        made = HMAC(kind, key.empty() ? "" : key.data(), static_cast<int>(key.size()), data,
                    bytes->size(), out, &size) != nullptr;
    }
    if (!made) return {GATEPOST_UNSUPPORTED, "no such algorithm"};
    answer result;
    result.data.assign(reinterpret_cast<const char*>(out), size);
    return result;
}

gatepost_status crypto_digest(const gatepost_host* table, gatepost_call call,
                              const gatepost_digest_request* request, gatepost_done done,
                              void* user, gatepost_operation* operation) {
    fake_host::core& host = core_of(table);
    if (request == nullptr || request->size < sizeof(gatepost_digest_request))
        return host.breach("crypto/1 digest", "the request has no size");
    if (request->required != 0) return GATEPOST_UNSUPPORTED;
    return host.begin({table, call, done, user, operation},
                      {.what = "crypto/1 digest", .work = [&host, call, request] {
                           return digest(host, call, taken(request));
                       }});
}

}  // namespace

const void* lend_file(fake_host::core& host) {
    return host.lend(gatepost_file{0, 0, file_write, file_mkdir, file_read, file_remove},
                     offsetof(gatepost_file, remove));
}
const void* lend_crypto(fake_host::core& host) {
    return host.lend(gatepost_crypto{0, 0, crypto_digest});
}

}  // namespace gatepost::check
