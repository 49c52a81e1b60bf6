// cache/1: what a plugin wants to remember between calls, often a token, so values are held as
// secrets. It belongs to one instance and is touched on its strand only. When it is full, what was
// not used for longest is pushed out.
#include <gatepost/json.hpp>

#include <list>
#include <map>
#include <optional>

#include "base/limits.hpp"
#include "base/secret.hpp"
#include "plugin/strings.hpp"
#include "services/backstage.hpp"

namespace gatepost::services {
namespace {

constexpr char cache_slot = 0;
constexpr size_t overhead = 64;  // of an entry, so that empty ones are not free

class store {
  public:
    std::optional<secret> get(std::string_view key, mono_time now) {
        const auto found = by_key_.find(key);
        if (found == by_key_.end()) return std::nullopt;
        if (found->second->until && *found->second->until <= now) {
            drop(found->second);
            return std::nullopt;
        }
        newest_first_.splice(newest_first_.begin(), newest_first_, found->second);
        return found->second->value;
    }

    // False if it is larger than the whole cache; the old value is gone then, too.
    bool put(std::string_view key, std::string_view value, std::optional<mono_time> until) {
        if (const auto found = by_key_.find(key); found != by_key_.end()) drop(found->second);
        if (value.empty()) return true;
        const size_t cost = cost_of(key, value);
        if (cost > limits::cache_bytes) return false;
        while (bytes_ + cost > limits::cache_bytes)
            drop(std::prev(newest_first_.end()));
        newest_first_.push_front({std::string(key), secret(std::string(value)), until});
        by_key_.emplace(newest_first_.front().key, newest_first_.begin());
        bytes_ += cost;
        return true;
    }

  private:
    struct entry {
        std::string key;
        secret value;
        std::optional<mono_time> until;
    };
    using place = std::list<entry>::iterator;

    static size_t cost_of(std::string_view key, std::string_view value) {
        return key.size() + value.size() + overhead;
    }
    void drop(place which) {
        bytes_ -= cost_of(which->key, which->value.reveal());
        by_key_.erase(which->key);
        newest_first_.erase(which);
    }

    std::list<entry> newest_first_;
    std::map<std::string_view, place> by_key_;  // views into the list
    size_t bytes_ = 0;
};

store& store_of(plugin::call_context& context) {
    std::shared_ptr<void>& slot = context.owner().slot(&cache_slot);
    if (!slot) slot = std::make_shared<store>();
    return *static_cast<store*>(slot.get());
}

constexpr size_t least_secret = 16, most_secret = 16 * 1024;

void hide(plugin::hidden_words& words, std::string_view text) {
    if (text.size() >= least_secret && text.size() <= most_secret) words.add(text);
}

void hide_strings(plugin::hidden_words& words, const sdk::json_value& value) {
    if (value.is_string()) return hide(words, value.text());
    for (const sdk::json_value& each : value.items())
        hide_strings(words, each);
}

// What a plugin keeps is its own, most of all what it got while it runs, and nobody said of it what
// is secret: every long string in it is, or all of it where it is no JSON.
void hide_what_is_kept(plugin::hidden_words& words, std::string_view value) {
    if (value.size() < least_secret) return;
    const sdk::json_document document = sdk::read_json(value);
    document.ok() ? hide_strings(words, document.root) : hide(words, value);
}

bool is_key(std::string_view key) {
    return !key.empty() && key.size() <= limits::cache_key_bytes;
}

// Never before now, also if the lifetime passes the end of time.
std::optional<mono_time> until_of(uint64_t lifetime, mono_time now) {
    const auto left = static_cast<uint64_t>((mono_time::max() - now).count());
    if (lifetime == 0 || lifetime >= left) return std::nullopt;
    return now + std::chrono::nanoseconds(static_cast<int64_t>(lifetime));
}

gatepost_status cache_get(const gatepost_host* host, gatepost_call call, gatepost_string key,
                          gatepost_done done, void* user, gatepost_operation* operation) {
    return serve(host, call, done, [&](plugin::call_context& context, backstage& house) {
        if (!is_key(plugin::view_of(key))) return gatepost_status{GATEPOST_INVALID};
        auto value = store_of(context).get(plugin::view_of(key), house.clock.mono_now());
        return answer_with(context, house, {done, user, operation}, where::here,
                           [&value](const auto&) -> plugin::operation::answer {
                               if (!value) return {GATEPOST_NOT_FOUND, "not there", 0, 0, {}, {}};
                               std::string bytes(value->reveal());
                               return {GATEPOST_OK, {}, 0, bytes.size(), std::move(bytes), {}};
                           });
    });
}

gatepost_status cache_put(const gatepost_host* host, gatepost_call call, gatepost_string key,
                          gatepost_string value, uint64_t lifetime, gatepost_done done, void* user,
                          gatepost_operation* operation) {
    return serve(host, call, done, [&](plugin::call_context& context, backstage& house) {
        if (!is_key(plugin::view_of(key))) return gatepost_status{GATEPOST_INVALID};
        if (value.size > 0 && value.data == nullptr) return gatepost_status{GATEPOST_INVALID};
        hide_what_is_kept(context.owner().hidden(), plugin::view_of(value));
        return answer_with(
            context, house, {done, user, operation}, where::here,
            [&](const auto&) -> plugin::operation::answer {
                const auto until = until_of(lifetime, house.clock.mono_now());
                if (store_of(context).put(plugin::view_of(key), plugin::view_of(value), until))
                    return {};
                return {GATEPOST_LIMIT, "larger than the whole cache", 0, 0, {}, {}};
            });
    });
}

}  // namespace

const gatepost_cache cache_table{sizeof(gatepost_cache), 0, cache_get, cache_put};

}  // namespace gatepost::services
