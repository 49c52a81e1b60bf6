// Making an instance, starting and completing calls, and the end of it all. What happens to calls
// that do not end by themselves is in deadlines.cpp.
#include "plugin/instance.hpp"

#include <boost/asio/post.hpp>

#include "base/limits.hpp"
#include "base/log.hpp"
#include "plugin/running.hpp"
#include "plugin/strings.hpp"

namespace gatepost::plugin {
namespace {

constexpr size_t complaints_logged = 32;
constexpr size_t exception_bytes = 256;

gatepost_call next_call() {
    static std::atomic<gatepost_call> last{0};
    return ++last;
}

// A plugin that was left behind, and what it may still use: reachable for ever.
void keep_for_ever(std::shared_ptr<host_side> host, void* instance) {
    static std::mutex guard;
    static auto& kept = *new std::vector<std::pair<std::shared_ptr<host_side>, void*>>;
    const std::lock_guard lock(guard);
    kept.emplace_back(std::move(host), instance);
}

std::vector<field_error> errors_of(std::vector<host_side::diagnostic> said) {
    std::vector<field_error> errors;
    for (auto& each : said)
        errors.push_back(std::move(each.what));
    return errors;
}

}  // namespace

result<std::shared_ptr<instance>> instance::create(std::shared_ptr<const loaded_plugin> plugin,
                                                   instance_options how) {
    if (how.clock == nullptr) how.clock = &machine_clock();
    auto settings = settings_view::make(plugin->facts, how.settings_json, how.connection);
    if (!settings) return settings.error();
    auto folders = settings->folders(plugin->facts);
    if (!folders) return folders.error();
    auto destinations = settings->destinations(plugin->facts);
    how.settings_json = settings->json();
    auto made =
        std::make_shared<running_instance>(std::move(plugin), std::move(how), std::move(*settings),
                                           std::move(*folders), std::move(destinations));
    if (auto opened = made->open(); !opened) return opened.error();
    return std::shared_ptr<instance>(std::move(made));
}

running_instance::running_instance(std::shared_ptr<const loaded_plugin> plugin,
                                   instance_options how, settings_view settings,
                                   std::vector<std::string> folders,
                                   std::vector<destination> destinations)
    : instance(settings.secrets()),
      plugin_(std::move(plugin)),
      how_(std::move(how)),
      settings_(std::move(settings)),
      folders_(std::move(folders)),
      destinations_(std::move(destinations)),
      host_(std::make_shared<host_side>(*how_.clock, plugin_->facts.id, how_.connection,
                                        how_.services, hidden_)),
      timer_(how_.executor) {
    host_->owner = this;
}

running_instance::~running_instance() {
    host_->owner = nullptr;  // what destroy says to the host is heard by nobody
    destroy();
}

status running_instance::open() {
    const gatepost_sink sink = host_->open_sink();
    gatepost_status answer = GATEPOST_FAILED;
    std::string thrown;
    try {
        answer = plugin_->table->create(host_->table(), settings_.get(), sink, &instance_);
    } catch (const std::exception& failure) {
        thrown = "it threw an exception: " + host_->for_people(failure.what(), exception_bytes);
    } catch (...) {
        thrown = "it threw something that is no std::exception";
    }
    auto said = host_->close_sink();
    if (!thrown.empty())
        return error{error_kind::plugin_fault, plugin_->facts.name + " failed to start: " + thrown,
                     errors_of(std::move(said))};
    if (answer != GATEPOST_OK)
        return error{error_kind::config, plugin_->facts.name + " did not accept the settings",
                     errors_of(std::move(said))};
    alive_ = true;
    for (const auto& each : said)
        log::write(each.severity == GATEPOST_NOTE ? log::level::info : log::level::warn,
                   "plugin.settings", each.what.detail,
                   {{"connection", connection()}, {"setting", each.what.pointer}});
    return success{};
}

std::optional<call_result> running_instance::obstacle(call_request& request) {
    using mail::blame;
    using mail::verdict;
    const mono_time now = how_.clock->mono_now();
    if (request.deadline == mono_time{})
        request.deadline = now + (request.kind == call_kind::test
                                      ? std::chrono::milliseconds(limits::test_deadline)
                                      : std::chrono::milliseconds(limits::call_deadline));
    if (draining_)
        return same_for_all(request.carry, verdict::deferred, blame::none,
                            "the connection is being closed");
    if (request.deadline <= now)
        return same_for_all(request.carry, verdict::deferred, blame::none,
                            "the deadline had passed before the attempt began");
    const bool wants_parts = request.message && request.message->raw &&
                             !plugin_->facts.can.raw_mime && request.kind != call_kind::lookup;
    if (!wants_parts) return std::nullopt;
    auto with = with_parts(request.message, how_.contents);
    if (with) {
        request.message = std::move(*with);
        return std::nullopt;
    }
    const error_kind kind = with.error().kind;
    const bool passing = kind == error_kind::io || kind == error_kind::storage ||
                         kind == error_kind::internal || kind == error_kind::busy;
    return same_for_all(request.carry, passing ? verdict::deferred : verdict::rejected,
                        passing ? blame::none : blame::message, with.error().detail);
}

uint64_t running_instance::start(call_request request, std::function<void(call_result)> done) {
    const gatepost_call id = next_call();
    if (auto refused = obstacle(request)) {
        answer_later(std::move(done), std::move(*refused));
        return id;
    }
    const auto call =
        std::make_shared<running_call>(self(), host_, id, std::move(request), std::move(done));
    calls_.emplace(id, call);
    host_->lines.open(id);
    call->due = call->deadline();
    arm(call->due);
    const gatepost_request* wire = call->prepare(plugin_->facts.id);
    enter(*call, "start", [&] { plugin_->table->start(instance_, id, wire); });
    return id;
}

std::shared_ptr<running_call> running_instance::find(gatepost_call id) const {
    const auto at = calls_.find(id);
    return at == calls_.end() ? nullptr : at->second;
}

void running_instance::complete(gatepost_call id, const gatepost_outcome* outcome) {
    const auto keep = self();
    if (const auto call = find(id)) return end(*call, judge(call->facts(), outcome));
    if (stuck_.erase(id) > 0)
        return complain("it completed a call after the host had ended it", id);
    complain("it completed a call that is not open: twice, or never begun", id);
}

void running_instance::cancel_operation(gatepost_operation id) {
    for (const auto& [unused, call] : calls_) {
        const auto keep = call;
        if (keep->cancel_operation(id)) return;
    }
}

void running_instance::answer_later(running_call::handler done, call_result with) {
    boost::asio::post(how_.executor, [done = std::move(done), with = std::move(with)]() mutable {
        if (done) done(std::move(with));
    });
}

// The caller keeps the call.
void running_instance::end(running_call& call, judgement verdict) {
    calls_.erase(call.id());
    host_->lines.close(call.id());
    if (!verdict.complaint.empty()) complain(verdict.complaint, call.id());
    const size_t left = call.close();
    if (left > 0 && !stuck_.contains(call.id()) && !verdict.result.plugin_fault)
        complain("it completed a call while operations of it were running", call.id());
    verdict.result.told = call.told();
    answer_later(call.take_handler(), std::move(verdict.result));
    if (draining_ && calls_.empty())
        boost::asio::post(how_.executor, [keep = self()] { keep->close_services(); });
}

void running_instance::threw(running_call& call, const char* where, const char* what) {
    std::string why = std::string("it threw an exception in ") + where + ": " +
                      host_->for_people(what, exception_bytes);
    if (call.over()) return complain(why, call.id());
    end(call, judge_silence(call.facts(), true, mail::blame::plugin, std::move(why)));
}

void running_instance::complain(const std::string& what, gatepost_call call) {
    faults_.fetch_add(1);
    if (complaints_.size() >= complaints_logged || !complaints_.insert(what).second) return;
    log::warn("plugin.fault", "the plugin broke a rule; said once for this connection",
              {{"plugin", plugin_->facts.id},
               {"connection", connection()},
               {"call", call},
               {"fault", what}});
}

void running_instance::drain(std::function<void()> done) {
    draining_ = true;
    drained_ = std::move(done);
    if (calls_.empty())
        return boost::asio::post(how_.executor, [keep = self()] { keep->close_services(); });
    for (const drain_step& close : drain_steps_)
        close([] {});
}

// The last call is over: parked streams say farewell, and the timer, which no call needs any more,
// bounds that.
void running_instance::close_services() {
    if (open_steps_ > 0) return;
    const auto steps = drain_steps_;
    if (steps.empty() || !alive_) return finish_drain();
    open_steps_ = steps.size();
    timer_.expires_after(limits::cancel_grace);
    timer_.async_wait([keep = self()](boost::system::error_code problem) {
        if (!problem) keep->finish_drain();
    });
    for (const drain_step& close : steps) {
        close([weak = weak_from_this()] {
            const auto keep = std::static_pointer_cast<running_instance>(weak.lock());
            if (keep && keep->open_steps_ > 0 && --keep->open_steps_ == 0)
                boost::asio::post(keep->how_.executor, [keep] { keep->finish_drain(); });
        });
    }
}

void running_instance::finish_drain() {
    timer_.cancel();
    drain_steps_.clear();
    slots_.clear();
    destroy();
    if (const auto done = std::exchange(drained_, nullptr)) done();
}

void running_instance::destroy() {
    if (!std::exchange(alive_, false)) return;
    if (!stuck_.empty() || host_->running_operations.load() > 0) {
        log::warn("plugin.left", "the plugin's instance has unfinished work and is left behind",
                  {{"plugin", plugin_->facts.id}, {"connection", connection()}});
        return keep_for_ever(host_, instance_);
    }
    try {
        plugin_->table->destroy(instance_);
    } catch (...) {
        complain("it threw an exception in destroy", 0);
    }
}

}  // namespace gatepost::plugin
