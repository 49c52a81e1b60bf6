#include "daemon/oauth.hpp"

#include <future>
#include <optional>

#include "base/log.hpp"
#include "config/sealing.hpp"

namespace gatepost::daemon {
namespace {

services::oauth_client client_of(const std::string& name, const config::oauth_table& from) {
    services::oauth_client out;
    out.connection = name;
    out.profile = from.profile;
    out.grant = services::grant_named(from.grant).value_or(services::oauth_grant::refresh_token);
    out.client_id = from.client_id;
    out.client_secret = from.client_secret;
    out.refresh_token = from.refresh_token;
    out.scope = from.scope;
    out.tenant = from.tenant;
    out.subject = from.subject;
    out.service_account = from.service_account;
    out.token_url = from.token_url;
    out.authorize_url = from.authorize_url;
    out.device_url = from.device_url;
    out.ca_file = from.ca_file;
    out.proxy = from.proxy;
    out.allow_http = from.allow_http;
    return out;
}

class sealed_store final : public services::oauth_store {
  public:
    sealed_store(std::shared_ptr<spool::spool> spool, result<config::sealer> seal)
        : spool_(std::move(spool)), seal_(std::move(seal)) {}

    void keep(const std::string& connection, secret what,
              std::function<void(status)> done) override {
        if (!seal_) return done(seal_.error());
        auto sealed = seal_->seal(what, connection);
        if (!sealed) return done(sealed.error());
        spool_->put_token(connection, *std::move(sealed), std::move(done));
    }

    result<secret> open(const std::string& connection, const std::string& sealed) const {
        if (!seal_) return seal_.error();
        return seal_->unseal(sealed, connection);
    }

  private:
    std::shared_ptr<spool::spool> spool_;
    result<config::sealer> seal_;
};

std::shared_ptr<sealed_store> open_store(const std::filesystem::path& state,
                                         std::shared_ptr<spool::spool> spool) {
    auto seal = config::sealer::open(state);
    if (!seal)
        log::error("oauth.key", "logins cannot be kept: the key to seal them cannot be used",
                   {{"reason", seal.error().detail}});
    return std::make_shared<sealed_store>(std::move(spool), std::move(seal));
}

std::map<std::string, std::string> sealed_tokens(spool::spool& from) {
    using rows = result<std::map<std::string, std::string>>;
    const auto promise = std::make_shared<std::promise<rows>>();
    auto future = promise->get_future();
    from.tokens([promise](rows read) { promise->set_value(std::move(read)); });
    rows read = future.get();
    if (read) return *std::move(read);
    log::error("oauth.kept", "the logins that are kept cannot be read",
               {{"reason", read.error().detail}});
    return {};
}

}  // namespace

std::function<std::vector<field_error>(const config::oauth_table&)> oauth_check_of(
    std::shared_ptr<const plugin::loaded_plugin> plugin) {
    return [plugin = std::move(plugin)](const config::oauth_table& table) {
        const auto whole = services::complete_client(
            client_of("NAME", table), services::oauth_profiles_with(plugin->facts.oauth));
        return whole ? std::vector<field_error>{} : whole.error().fields;
    };
}

std::vector<services::oauth_client> oauth_clients(const config::settings& config,
                                                  const plugin::registry& plugins) {
    std::vector<services::oauth_client> out;
    for (const auto& [name, connection] : config.connections) {
        const auto plugin = plugins.find(connection.provider);
        if (!connection.oauth || !plugin) continue;
        auto whole = services::complete_client(client_of(name, *connection.oauth),
                                               services::oauth_profiles_with(plugin->facts.oauth));
        if (whole) out.push_back(*std::move(whole));
    }
    return out;
}

std::shared_ptr<services::oauth_store> make_oauth_store(const std::filesystem::path& state,
                                                        std::shared_ptr<spool::spool> spool) {
    return open_store(state, std::move(spool));
}

std::unique_ptr<services::oauth_engine> start_oauth(const std::filesystem::path& state,
                                                    std::shared_ptr<spool::spool> spool) {
    services::oauth_options how;
    const auto sealed = sealed_tokens(*spool);
    const auto store = open_store(state, std::move(spool));
    for (const auto& [name, bytes] : sealed) {
        auto opened = store->open(name, bytes);
        if (opened) {
            how.kept[name] = *std::move(opened);
            continue;
        }
        how.lost[name] = "the login that is kept cannot be opened: " + opened.error().detail;
        log::warn("oauth.kept", how.lost[name] + "; log in again", {{"connection", name}});
    }
    how.store = store;
    return services::oauth_engine::make(std::move(how));
}

}  // namespace gatepost::daemon
