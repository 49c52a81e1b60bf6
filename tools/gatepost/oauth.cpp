// gatepost oauth login: a person's consent for a connection, by device code, by a browser on this
// machine, or by pasting the address that a browser elsewhere ended at. The daemon keeps what comes
// of it; no token passes through here.
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/text.hpp"
#include "gatepost/commands.hpp"
#include "gatepost/redirect.hpp"

namespace gatepost::cli {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

constexpr auto poll_time = 500ms;
constexpr unsigned pasted_port = 49152;  // nobody listens there: the address is all that is wanted

// Paths below the connection.
struct login {
    const context& with;
    std::string path;

    result<json> begin_device() const { return post(with, path + "/oauth/device", "{}"); }
    result<json> begin_redirect(const std::string& redirect_uri) const {
        return post(with, path + "/oauth/authorize", json{{"redirect_uri", redirect_uri}}.dump());
    }
    result<json> finish(const redirected& from) const {
        const json body{{"state", from.state}, {"code", from.code}};
        return post(with, path + "/oauth/finish",
                    body.dump(-1, ' ', false, json::error_handler_t::replace));
    }
    result<json> oauth() const {
        auto shown = get(with, path);
        if (!shown) return shown.error();
        return shown->value("oauth", json::object());
    }
};

void say(const context& with, const std::string& line) {
    if (with.json) return;
    std::printf("%s\n", line.c_str());
    std::fflush(stdout);
}

// What a program that reads JSON must show to somebody before there is an end.
void say_json(const context& with, const json& line) {
    if (!with.json) return;
    std::printf("%s\n", line.dump().c_str());
    std::fflush(stdout);
}

int succeed(const login& at, const json& oauth) {
    say_json(at.with, json{{"oauth", oauth}});
    say(at.with, at.with.out.paint("logged in", colour::good) +
                     ": the gateway keeps the consent and renews the token by itself");
    return 0;
}

int wait_for_device(const login& at) {
    while (true) {
        std::this_thread::sleep_for(poll_time);
        const auto oauth = at.oauth();
        if (!oauth) return fail(at.with, oauth.error());
        const json state = oauth->value("login", json::object());
        const std::string now = text_of(state, "state");
        if (now == "pending") continue;
        if (now == "done") return succeed(at, *oauth);
        const std::string why = text_of(state, "text");
        return fail(at.with, {error_kind::provider, why.empty() ? "the login was given up" : why});
    }
}

int show_code(const login& at, const json& begun) {
    say_json(at.with, json{{"device", begun}});
    const std::string whole = text_of(begun, "verification_uri_complete");
    say(at.with, "Open this address in a browser, on any machine:\n\n  " +
                     clean(text_of(begun, "verification_uri"), 500) +
                     "\n\nand type the code\n\n  " +
                     at.with.out.paint(clean(text_of(begun, "user_code"), 100), colour::bold) +
                     "\n" + (whole.empty() ? "" : "\nor open " + clean(whole, 500) + "\n") +
                     "\nWaiting until that is done ...");
    return wait_for_device(at);
}

void show_address(const login& at, const json& begun, const std::string& then) {
    say_json(at.with, json{{"authorize", {{"authorize_url", begun["authorize_url"]}}}});
    say(at.with, "Open this address in a browser" + then + ":\n\n  " +
                     clean(text_of(begun, "authorize_url"), 8000) + "\n");
}

// What came back belongs to this login, and holds a code.
status check_redirect(const redirected& from, const json& begun) {
    if (from.state != text_of(begun, "state"))
        return error{error_kind::invalid, "this address is not the end of this login"};
    if (!from.problem.empty())
        return error{error_kind::provider,
                     "the provider did not agree: " + clean(from.problem, 300)};
    if (from.code.empty()) return error{error_kind::invalid, "this address holds no code"};
    return success{};
}

int login_by_browser(const login& at) {
    auto listener = redirect_listener::open();
    if (!listener) return fail(at.with, listener.error());
    const auto begun = at.begin_redirect(listener->address());
    if (!begun) return fail(at.with, begun.error());
    show_address(at, *begun, " on this machine");
    say(at.with, "Waiting for the browser to come back to " + listener->address() + " ...");
    const auto deadline =
        std::chrono::steady_clock::now() + std::chrono::seconds(begun->value("expires_in", 600));
    auto came = listener->wait(text_of(*begun, "state"), deadline);
    if (!came) return fail(at.with, came.error());
    status good = check_redirect(came->what, *begun);
    result<json> done = good ? at.finish(came->what) : result<json>(good.error());
    came->answer(done ? "Logged in. This window may be closed."
                      : "The login failed: " + clean(done.error().detail, 300));
    return done ? succeed(at, *done) : fail(at.with, done.error());
}

int login_by_paste(const login& at) {
    const auto begun = at.begin_redirect("http://localhost:" + std::to_string(pasted_port) + "/");
    if (!begun) return fail(at.with, begun.error());
    show_address(at, *begun, ", on any machine");
    say(at.with,
        "In the end the browser shows a page that it cannot open. Copy the address of that "
        "page, which begins with\nhttp://localhost:" +
            std::to_string(pasted_port) + "/, and paste it here:");
    std::string line;
    if (!std::getline(std::cin, line))
        return fail(at.with, {error_kind::invalid, "no address was pasted"});
    const auto came = read_redirect(line);
    if (!came) return fail(at.with, came.error());
    if (status good = check_redirect(*came, *begun); !good) return fail(at.with, good.error());
    const auto done = at.finish(*came);
    return done ? succeed(at, *done) : fail(at.with, done.error());
}

bool has_browser() {
    const auto set = [](const char* name) {
        const char* value = std::getenv(name);
        return value != nullptr && *value != '\0';
    };
    return !set("SSH_CONNECTION") && (set("DISPLAY") || set("WAYLAND_DISPLAY"));
}

}  // namespace

int oauth_login(const context& with, const login_options& options) {
    const login at{with, "/v1/connections/" + text::percent_encode(options.name)};
    if (options.way == login_way::browser) return login_by_browser(at);
    if (options.way == login_way::paste) return login_by_paste(at);
    const auto begun = at.begin_device();
    if (begun) return show_code(at, *begun);
    const bool other_way =
        options.way == login_way::any && begun.error().kind == error_kind::conflict;
    if (!other_way) return fail(with, begun.error());
    return has_browser() ? login_by_browser(at) : login_by_paste(at);
}

}  // namespace gatepost::cli
