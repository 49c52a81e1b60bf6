// Reading secrets. Files are judged by their permissions; credentials are not, because systemd has
// already made them readable for the daemon alone, by means that the mode does not show.
#include "config/secrets.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "config/trust.hpp"

namespace gatepost::config {

namespace {

error wrong(std::string reason) {
    return {error_kind::config, std::move(reason)};
}

bool is_bare_name(const std::string& name) {
    return !name.empty() && name != "." && name != ".." && name.find('/') == std::string::npos &&
           !text::has_control(name);
}

result<std::string> cleaned(std::string value, const std::string& source) {
    if (value.ends_with('\n')) value.pop_back();
    if (value.ends_with('\r')) value.pop_back();
    if (value.empty()) return wrong(source + " is empty");
    if (!text::is_utf8(value)) return wrong(source + " is not UTF-8 text");
    return value;
}

result<std::string> from_file(const std::filesystem::path& file) {
    auto read = read_with_facts(file, limits::secret_bytes);
    if (!read) return wrong(read.error().detail);
    if (const auto why = readable_by_others(read->facts))
        return wrong("the secret file " + file.string() + " " + *why);
    return cleaned(std::move(read->text), "the secret file " + file.string());
}

result<std::string> from_named_file(const std::filesystem::path& folder, const std::string& name,
                                    origin from) {
    const std::filesystem::path given(name);
    const bool bare = is_bare_name(name);
    if (from == origin::api && !bare)
        return wrong("must name a file in the secrets folder, without a path");
    if (!bare && (!given.is_absolute() || text::has_control(name)))
        return wrong("must name a file in " + (folder / "secrets").string() +
                     " without a path, or an absolute path");
    if (!bare) return from_file(given);
    struct stat facts{};
    if (::stat((folder / "secrets").c_str(), &facts) == 0)
        if (const auto why = writable_by_others(facts))
            return wrong("the folder " + (folder / "secrets").string() + " " + *why);
    return from_file(folder / "secrets" / given);
}

result<std::string> from_environment(const std::string& name) {
    const char* value = name.empty() ? nullptr : std::getenv(name.c_str());
    if (value == nullptr)
        return wrong("the environment variable " + text::escape_for_log(name) + " is not set");
    return cleaned(value, "the environment variable " + text::escape_for_log(name));
}

result<std::string> from_credential(const std::string& name) {
    const char* folder = std::getenv("CREDENTIALS_DIRECTORY");
    if (folder == nullptr)
        return wrong("there are no credentials: systemd did not set CREDENTIALS_DIRECTORY");
    if (!is_bare_name(name)) return wrong("must name a credential, without a path");
    auto read = read_with_facts(std::filesystem::path(folder) / name, limits::secret_bytes);
    if (!read) return wrong("the credential " + text::escape_for_log(name) + " is not there");
    return cleaned(std::move(read->text), "the credential " + text::escape_for_log(name));
}

}  // namespace

result<std::string> resolve_secret(const std::filesystem::path& folder,
                                   const nlohmann::json& reference, origin from) {
    if (reference.size() == 1 && reference.begin().value().is_string()) {
        const std::string& source = reference.begin().key();
        const std::string name = reference.begin().value().get<std::string>();
        if (source == "file") return from_named_file(folder, name, from);
        if (from == origin::api && (source == "env" || source == "credential"))
            return wrong("{" + source + "} is for configuration files only");
        if (source == "env") return from_environment(name);
        if (source == "credential") return from_credential(name);
    }
    return wrong(from == origin::api
                     ? "must be a string or {\"file\": \"name\"}"
                     : "must be a string, { file = \"name\" }, { env = \"NAME\" } or "
                       "{ credential = \"name\" }");
}

}  // namespace gatepost::config
