#include "services/oauth/engine.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <future>
#include <utility>

#include "base/log.hpp"
#include "services/http/post.hpp"
#include "services/oauth/failure.hpp"

namespace gatepost::services {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr size_t request_threads = 8;
constexpr milliseconds request_time = 30s;
constexpr auto stop_grace = 5s;     // for an answer that may hold a rotated token
constexpr auto forced_apart = 10s;  // a provider that refuses every token must not cost one a mail
constexpr milliseconds longest_sleep = 1h;

oauth_outcome failed_with(oauth_failure why) {
    return {std::nullopt, std::move(why)};
}

oauth_failure shutting_down() {
    return {oauth_blame::none, "the gateway is shutting down", {}, 1s, false};
}

oauth_failure no_table() {
    return {oauth_blame::config, "this connection has no [oauth] table", {}, {}, true};
}

}  // namespace

// ---- tasks ------------------------------------------------------------------------------------

bool task_line::post(std::function<void()> task) {
    const std::lock_guard lock(mutex_);
    if (ended_) return false;
    tasks_.push_back(std::move(task));
    changed_.notify_one();
    return true;
}

std::function<void()> task_line::next(milliseconds most, bool& ended) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, most, [this] { return ended_ || !tasks_.empty(); });
    ended = ended_ && tasks_.empty();
    if (tasks_.empty()) return nullptr;
    auto task = std::move(tasks_.front());
    tasks_.pop_front();
    return task;
}

void task_line::end() {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    changed_.notify_all();
}

// ---- thread and time ----------------------------------------------------------------------------

std::unique_ptr<oauth_engine> oauth_engine::make(oauth_options how) {
    return std::make_unique<engine>(std::move(how));
}

engine::engine(oauth_options how)
    : how_(std::move(how)), clock_(*how_.clock), pool_(request_threads) {
    if (!how_.transport) {
        ::curl_global_init(CURL_GLOBAL_DEFAULT);
        how_.transport = [this](oauth_request what, std::function<void(oauth_response)> done) {
            const auto job = [this, what = std::move(what), done] {
                done(post_form(what, request_time, abort_));
            };
            oauth_response late;
            late.problem = "the gateway is shutting down";
            if (!pool_.post(job)) done(late);
        };
    }
    take_kept();
    thread_ = std::thread([this] { run(); });
}

void engine::take_kept() {
    for (const auto& [name, text] : how_.kept) {
        account& which = accounts_[name];
        which.name = name;
        which.record = read_record(text);
        if (!which.record) which.lost = "the login that was kept cannot be read any more";
    }
    for (const auto& [name, why] : how_.lost) {
        accounts_[name].name = name;
        accounts_[name].lost = why;
    }
    how_.kept.clear();
}

void engine::run() {
    for (bool ended = false; !ended;) {
        if (const auto task = line_->next(until_next(), ended)) task();
        if (!stopping_) do_what_is_due();
    }
}

milliseconds engine::until_next() const {
    if (stopping_) return longest_sleep;
    auto next = mono_time::max();
    for (const auto& [name, each] : accounts_) {
        if (each.unkept && !each.unkept->under_way) next = std::min(next, each.unkept->next);
        const auto& flow = each.login;
        if (!flow || flow->step != oauth_login_state::step::pending || flow->keeping) continue;
        next = std::min(next, flow->until);
        if (flow->device && !flow->asking) next = std::min(next, flow->next_poll);
    }
    if (next == mono_time::max()) return longest_sleep;
    const auto left = std::chrono::ceil<milliseconds>(next - clock_.mono_now());
    return std::clamp<milliseconds>(left, 1ms, longest_sleep);
}

void engine::do_what_is_due() {
    const mono_time now = clock_.mono_now();
    for (auto& [name, each] : accounts_) {
        if (each.unkept && !each.unkept->under_way && each.unkept->next <= now) try_to_keep(each);
        const auto& flow = each.login;
        if (!flow || flow->step != oauth_login_state::step::pending || flow->keeping) continue;
        if (flow->until <= now)
            end_login(each, false, "it was not finished in time; begin again");
        else if (flow->device && !flow->asking && flow->next_poll <= now)
            poll(each);
    }
}

bool engine::do_and_wait(std::function<void()> task) {
    const auto done = std::make_shared<std::promise<void>>();
    auto future = done->get_future();
    const bool taken = line_->post([task = std::move(task), done] {
        task();
        done->set_value();
    });
    if (taken) future.wait();
    return taken;
}

void engine::on_login(std::function<void(const std::string&)> tell) {
    line_->post([this, tell = std::move(tell)] { on_login_ = tell; });
}

void engine::check_clock() {
    do_and_wait([this] { do_what_is_due(); });
}

bool engine::busy() const {
    return std::ranges::any_of(accounts_, [](const auto& each) {
        const account& which = each.second;
        return which.running || (which.unkept && which.unkept->under_way);
    });
}

// What is under way may bring a refresh token that exists nowhere else: it gets a moment.
void engine::stop() {
    const std::lock_guard lock(stop_mutex_);
    if (!thread_.joinable()) return;
    do_and_wait([this] {
        stopping_ = true;
        for (auto& [name, each] : accounts_) {
            answer_all(each, failed_with(shutting_down()));
            if (each.login && each.login->step == oauth_login_state::step::pending)
                end_login(each, false, "the gateway is shutting down");
        }
    });
    const auto until = std::chrono::steady_clock::now() + stop_grace;
    for (bool waits = true; waits && std::chrono::steady_clock::now() < until;) {
        do_and_wait([this, &waits] { waits = busy(); });
        if (waits) std::this_thread::sleep_for(10ms);
    }
    abort_ = true;
    pool_.stop();
    line_->end();
    thread_.join();
    for (const auto& [name, each] : accounts_)
        if (each.unkept)
            log::error("oauth.lost", "a refresh token could not be kept; log in again",
                       {{"connection", name}});
}

// ---- settings -----------------------------------------------------------------------------------

void engine::configure(std::vector<oauth_client> clients) {
    do_and_wait([this, &clients] { apply(std::move(clients)); });
}

void engine::apply(std::vector<oauth_client> clients) {
    std::map<std::string, client_ptr> next;
    for (oauth_client& each : clients) {
        const std::string name = each.connection;
        next[name] = std::make_shared<const oauth_client>(std::move(each));
    }
    for (auto& [name, client] : next) {
        account& which = accounts_[name];
        which.name = name;
        if (which.client && *which.client == *client) continue;
        change(which, client);
    }
    for (auto& [name, each] : accounts_)
        if (each.client && !next.contains(name)) change(each, nullptr);
}

void engine::change(account& which, client_ptr client) {
    which.client = std::move(client);
    which.held.reset();
    if (!which.unkept) which.problem.reset();  // else it is the disk, whatever the settings say
    which.failures = 0;
    which.forced_until = {};
    which.clock_ahead.reset();
    if (which.login && which.login->step == oauth_login_state::step::pending &&
        !which.login->keeping)
        end_login(which, false, "the [oauth] table was changed meanwhile; begin again");
    if (!which.client) answer_all(which, failed_with(no_table()));
    show(which);
}

account* engine::configured(const std::string& name) {
    const auto found = accounts_.find(name);
    return found == accounts_.end() || !found->second.client ? nullptr : &found->second;
}

// ---- who asks -----------------------------------------------------------------------------------

void engine::token(const std::string& connection, bool force, secret refused, token_handler done) {
    const bool taken = line_->post(
        [=, this, refused = std::move(refused)] { ask(connection, force, refused, done); });
    if (!taken) done(failed_with(shutting_down()));
}

void engine::ask(const std::string& name, bool force, const secret& refused, token_handler done) {
    account* const which = configured(name);
    if (stopping_) return done(failed_with(shutting_down()));
    if (which == nullptr) return done(failed_with(no_table()));
    if (force) refuse_in_hand(*which, refused);
    const readiness how =
        which->held ? readiness_of(*which->held, left(*which->held)) : readiness::wait;
    const mono_time now = clock_.mono_now();
    const bool may_begin =
        !which->running && !which->unkept && !(which->problem && which->problem_until > now);
    if (how != readiness::wait) {
        done(in_hand(*which));
        if (how == readiness::renew && may_begin) begin(*which);
        return;
    }
    const bool first_try = which->unkept && which->unkept->failures == 0;
    if (!which->running && !may_begin && !first_try) {
        const bool old = which->held && left(*which->held) > still_useful;
        return done(old ? in_hand(*which) : problem_of(*which));
    }
    which->waiting.push_back(std::move(done));
    if (may_begin) begin(*which);
}

// Of many that were refused with the same token only the first throws it away.
void engine::refuse_in_hand(account& which, const secret& refused) {
    if (!which.held || (!refused.empty() && !(refused == which.held->value))) return;
    const mono_time now = clock_.mono_now();
    if (which.forced_until > now) return;
    which.forced_until = now + forced_apart;
    which.held.reset();
}

milliseconds engine::left(const held_token& token) const {
    return left_of(token, clock_.mono_now(), clock_.wall_now());
}

oauth_outcome engine::in_hand(const account& which) const {
    return {oauth_token{which.held->value, which.held->expires_at}, {}};
}

oauth_outcome engine::problem_of(const account& which) const {
    if (!which.problem) return failed_with(shutting_down());
    oauth_failure why = *which.problem;
    if (!why.permanent) {
        const auto wait =
            std::chrono::ceil<std::chrono::seconds>(which.problem_until - clock_.mono_now());
        why.retry_after = std::max<std::chrono::seconds>(wait, 1s);
    }
    return failed_with(std::move(why));
}

void engine::answer_all(account& which, const oauth_outcome& with) {
    for (const auto& each : std::exchange(which.waiting, {}))
        each(with);
}

// What they waited for was for other settings, or before a login.
void engine::ask_again(account& which) {
    for (auto& each : std::exchange(which.waiting, {}))
        ask(which.name, false, {}, std::move(each));
}

void engine::send(const client_ptr& client, const std::string& url, bool anywhere, secret body,
                  std::function<void(oauth_response)> then) {
    oauth_request what{url,           std::move(body), client->ca_file,
                       client->proxy, anywhere,        client->allow_http};
    how_.transport(std::move(what), [line = line_, then = std::move(then)](oauth_response answer) {
        line->post([then, answer = std::move(answer)] { then(answer); });
    });
}

// ---- what is shown ------------------------------------------------------------------------------

void engine::show(const account& which) {
    oauth_state now;
    if (which.client) {
        now.configured = true;
        now.grant = name_of(which.client->grant);
        now.profile = which.client->profile;
        now.logged_in = true;
        if (which.client->grant == oauth_grant::refresh_token) {
            const auto chosen = choose_refresh_token(*which.client, which.record, which.lost);
            now.logged_in = !chosen.token.empty();
            now.token_source = chosen.source;
            if (!now.logged_in) now.problem = login_needed(which.name, chosen.problem).sentence;
            now.permanent = !now.logged_in;
        }
        if (which.held) now.expires_at = which.held->expires_at;
        now.last_refresh = which.last_refresh;
        if (which.problem) {
            now.problem = which.problem->sentence;
            now.permanent = which.problem->permanent;
        }
    }
    shown_login login;
    if (which.login) login = {{which.login->step, which.login->sentence, {}}, which.login->until};
    const std::lock_guard lock(shown_mutex_);
    shown_[which.name] = std::move(now);
    shown_logins_[which.name] = std::move(login);
}

oauth_state engine::state(const std::string& connection) const {
    const std::lock_guard lock(shown_mutex_);
    const auto found = shown_.find(connection);
    return found == shown_.end() ? oauth_state{} : found->second;
}

oauth_login_state engine::login(const std::string& connection) const {
    const std::lock_guard lock(shown_mutex_);
    const auto found = shown_logins_.find(connection);
    if (found == shown_logins_.end()) return {};
    oauth_login_state out = found->second.state;
    const auto left =
        std::chrono::ceil<std::chrono::seconds>(found->second.until - clock_.mono_now());
    if (out.now == oauth_login_state::step::pending)
        out.expires_in = std::max<std::chrono::seconds>(left, 0s);
    return out;
}

}  // namespace gatepost::services
