// The engine's surroundings, all in a test's hands: a clock that stands still, a provider that
// answers by a script, a disk that may hold an answer back or fail.
#pragma once

#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/text.hpp"
#include "certificates.hpp"
#include "services/oauth/oauth.hpp"

namespace gatepost::tests {

using form_map = std::map<std::string, std::string>;

inline form_map read_form(std::string_view body) {
    form_map out;
    while (!body.empty()) {
        const std::string_view field = body.substr(0, body.find('&'));
        body.remove_prefix(std::min(body.size(), field.size() + 1));
        const size_t equals = field.find('=');
        out[std::string(field.substr(0, equals))] =
            text::percent_decode(field.substr(equals + 1)).value_or("?");
    }
    return out;
}

inline services::oauth_response said(
    int status, std::string body, std::vector<std::pair<std::string, std::string>> headers = {}) {
    services::oauth_response out;
    out.http_status = status;
    out.body = std::move(body);
    out.headers = std::move(headers);
    return out;
}
inline services::oauth_response token_answer(const std::string& token, int lifetime = 3600,
                                             const std::string& refresh = {}) {
    std::string body = R"({"token_type":"Bearer","access_token":")" + token + R"(","expires_in":)" +
                       std::to_string(lifetime);
    if (!refresh.empty()) body += R"(,"refresh_token":")" + refresh + "\"";
    return said(200, body + "}");
}
inline services::oauth_response refusal(const std::string& code, const std::string& text = {},
                                        int status = 400) {
    return said(status, R"({"error":")" + code + R"(","error_description":")" + text + "\"}");
}

// Answers at once, or when `release` is called. Any thread.
class fake_provider {
  public:
    using script = std::function<services::oauth_response(const form_map&, int number)>;
    script answers;
    std::atomic<bool> holds{false};

    services::oauth_transport transport() {
        return [this](services::oauth_request what,
                      std::function<void(services::oauth_response)> done) {
            const std::unique_lock lock(mutex_);
            forms_.push_back(read_form(what.body.reveal()));
            urls_.push_back(what.url);
            const auto answer = answers(forms_.back(), static_cast<int>(forms_.size()));
            if (!holds) return done(answer);
            held_.push_back([done = std::move(done), answer] { done(answer); });
        };
    }
    void release() {
        std::vector<std::function<void()>> all;
        {
            const std::lock_guard lock(mutex_);
            all.swap(held_);
        }
        for (const auto& each : all)
            each();
    }
    void release_reversed() {
        {
            const std::lock_guard lock(mutex_);
            std::reverse(held_.begin(), held_.end());
        }
        release();
    }
    int count() const {
        const std::lock_guard lock(mutex_);
        return static_cast<int>(forms_.size());
    }
    form_map form(int number) const {
        const std::lock_guard lock(mutex_);
        return forms_.at(static_cast<size_t>(number) - 1);
    }
    std::string url(int number) const {
        const std::lock_guard lock(mutex_);
        return urls_.at(static_cast<size_t>(number) - 1);
    }

  private:
    mutable std::mutex mutex_;
    std::vector<form_map> forms_;
    std::vector<std::string> urls_;
    std::vector<std::function<void()>> held_;
};

class fake_disk final : public services::oauth_store {
  public:
    std::atomic<bool> holds{false}, full{false};

    void keep(const std::string& connection, secret what,
              std::function<void(status)> done) override {
        const std::unique_lock lock(mutex_);
        ++tries_;
        if (full) return done(error{error_kind::storage, "no space left"});
        const auto write = [this, connection, what = std::move(what), done = std::move(done)] {
            kept_[connection] = what;
            done(success{});
        };
        if (!holds) return write();
        held_.push_back(write);
    }
    void release() {
        const std::lock_guard lock(mutex_);
        for (const auto& each : held_)
            each();
        held_.clear();
    }
    int tries() const {
        const std::lock_guard lock(mutex_);
        return tries_;
    }
    std::map<std::string, secret> kept() const {
        const std::lock_guard lock(mutex_);
        return kept_;
    }
    bool holds_word(const std::string& word) const {
        const auto all = kept();
        return std::any_of(all.begin(), all.end(), [&](const auto& each) {
            return each.second.reveal().find(word) != std::string_view::npos;
        });
    }

  private:
    mutable std::mutex mutex_;
    int tries_ = 0;
    std::map<std::string, secret> kept_;
    std::vector<std::function<void()>> held_;
};

// What an asker heard.
struct oauth_heard {
    std::atomic<int> times{0};
    services::oauth_outcome got;
    bool done() const { return times > 0; }
    std::string token() const {
        return got.token ? std::string(got.token->value.reveal()) : std::string();
    }
};
using oauth_heard_ptr = std::shared_ptr<oauth_heard>;

inline services::oauth_client google_client() {
    services::oauth_client out;
    out.connection = "gmail";
    out.profile = "google";
    out.client_id = "fake-client-id.apps.example.com";
    out.client_secret = secret("fake-client-secret");
    out.refresh_token = secret("1//fake-refresh-token");
    return out;
}
inline services::oauth_client microsoft_client() {
    services::oauth_client out;
    out.connection = "office";
    out.profile = "microsoft";
    out.client_id = "66666666-7777-8888-9999-000000000000";
    out.refresh_token = secret("0.first-refresh");
    return out;
}
services::oauth_client completed(services::oauth_client client);
// The JSON key file of a service account, with a key of its own.
certificate make_rsa_key();
std::string key_file_of(const certificate& key);

class oauth_bench {
  public:
    explicit oauth_bench(services::oauth_client client, std::map<std::string, secret> kept = {},
                         std::map<std::string, std::string> lost = {})
        : name(client.connection) {
        services::oauth_options how;
        how.clock = &clock;
        how.store = disk;
        how.kept = std::move(kept);
        how.lost = std::move(lost);
        how.transport = provider.transport();
        provider.answers = [](const form_map&, int number) {
            return token_answer("token-" + std::to_string(number));
        };
        engine = services::oauth_engine::make(std::move(how));
        engine->configure({completed(std::move(client))});
    }
    ~oauth_bench() {
        disk->release();
        provider.release();
        engine->stop();
    }
    oauth_bench(const oauth_bench&) = delete;
    oauth_bench& operator=(const oauth_bench&) = delete;

    oauth_heard_ptr ask(bool force = false, const std::string& refused = {}) {
        auto heard = std::make_shared<oauth_heard>();
        engine->token(name, force, secret(refused), [heard](services::oauth_outcome got) {
            heard->got = std::move(got);
            ++heard->times;
        });
        return heard;
    }
    oauth_heard_ptr get(bool force = false, const std::string& refused = {}) {
        auto heard = ask(force, refused);
        settle();
        return heard;
    }
    // Every task that follows from those before has run: none is more than a few steps deep.
    void settle() {
        for (int i = 0; i < 8; ++i)
            engine->check_clock();
    }
    void advance(std::chrono::milliseconds by) {
        clock.advance(by);
        settle();
    }

    std::string name;
    manual_clock clock{wall_time(std::chrono::seconds(1'800'000'000))};
    std::shared_ptr<fake_disk> disk = std::make_shared<fake_disk>();
    fake_provider provider;
    std::unique_ptr<services::oauth_engine> engine;
};

}  // namespace gatepost::tests
