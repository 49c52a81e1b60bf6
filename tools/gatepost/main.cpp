// gatepost: the command line client. This file is the command line; commands.hpp has what the
// commands do.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <optional>

#include "base/text.hpp"
#include "base/version.hpp"
#include "gatepost/commands.hpp"

namespace {

using namespace gatepost::cli;

struct arguments {
    send_options send;
    list_options list;
    test_options test;
    login_options login;
    bool device = false, browser = false, paste = false;
    std::string id, verb, name, config;
    std::vector<std::string> plugins;
};

void add_send(CLI::App& app, arguments& into) {
    auto* command = app.add_subcommand(
        "send", "hand a mail to the gateway; the text may come from standard input");
    send_options& send = into.send;
    command->add_option("--from", send.from,
                        "sender, \"Name <address>\"; the connection's if left out");
    command->add_option("--to,to", send.to, "recipients");
    command->add_option("--cc", send.cc, "visible copies");
    command->add_option("--bcc", send.bcc, "blind copies");
    command->add_option("--reply-to", send.reply_to, "where answers go");
    command->add_option("-s,--subject", send.subject, "subject");
    command->add_option("--text", send.text, "plain text");
    command->add_option("--html", send.html, "HTML");
    command->add_option("--text-file", send.text_file,
                        "plain text from a file, - for standard input");
    command->add_option("--html-file", send.html_file, "HTML from a file");
    command->add_option("-a,--attach", send.attachments, "files to attach");
    command->add_option("--header", send.headers, "\"Name: value\"");
    command->add_option("--tag", send.tags, "tags");
    command->add_option("--connection", send.connection, "the connection that shall carry it");
    command->add_option("--priority", send.priority, "low, normal or high");
    command->add_option("--send-at", send.send_at, "not before this time, RFC 3339");
    command->add_option("--expires-at", send.expires_at, "not after this time, RFC 3339");
    command->add_option("--key", send.key,
                        "Idempotency-Key: the same key never sends twice within 24 hours");
    command->add_option("--raw", send.raw_file,
                        "a finished RFC 5322 message, - for standard input; --to, if given, stands "
                        "for all recipients that it names");
    command
        ->add_flag("--wait{30}", send.wait,
                   "wait up to so many seconds (30) until every recipient is final")
        ->type_name("[SECONDS]")
        ->check(CLI::Range(0, 120));
}

void add_messages(CLI::App& app, arguments& into) {
    auto* command = app.add_subcommand(
        "messages", "list messages, or show one: gatepost messages ID [content|cancel|retry]");
    command->add_option("id", into.id, "a message's id");
    command->add_option("verb", into.verb, "content, cancel or retry")
        ->check(CLI::IsMember({"content", "cancel", "retry"}));
    command->add_option("--status", into.list.status, "only these: queued, sent, failed, ...");
    command->add_option("--recipient", into.list.recipient, "only with this recipient");
    command->add_option("--tag", into.list.tag, "only with this tag");
    command->add_option("--limit", into.list.limit, "how many")->check(CLI::Range(1, 200));
    command->add_option("--cursor", into.list.cursor, "where the last page ended");
}

void add_oauth(CLI::App& app, arguments& into) {
    auto* command = app.add_subcommand("oauth", "logins by OAuth2")
                        ->require_subcommand(1)
                        ->add_subcommand("login", "ask the provider for consent to send mail");
    command->add_option("name", into.login.name, "the connection")->required();
    auto* device = command->add_flag("--device", into.device,
                                     "type a code in a browser on any machine (the default)");
    auto* browser = command->add_flag("--browser", into.browser, "with a browser on this machine");
    auto* paste = command->add_flag("--paste", into.paste,
                                    "with a browser anywhere: paste the address that it ends at");
    device->excludes(browser)->excludes(paste);
    browser->excludes(paste);
}

// An option that would have no effect beside --raw, which brings a finished message: its name, or
// nothing. What is not in this list is refused, so that a new option is never dropped in silence.
std::string useless_with_raw(const CLI::App& send) {
    static const std::vector<std::string> good = {"help",     "raw",     "from",       "to",
                                                  "tag",      "key",     "connection", "wait",
                                                  "priority", "send-at", "expires-at"};
    if (send.get_option("--raw")->count() == 0) return {};
    for (const CLI::Option* option : send.get_options()) {
        const std::string name = option->get_single_name();
        if (option->count() > 0 && std::ranges::find(good, name) == good.end()) return "--" + name;
    }
    return {};
}

// The first word that is no option, of words in their order; where --socket stands, what follows is
// its value.
std::string command_of(const std::vector<std::string>& words) {
    for (size_t i = 0; i < words.size(); ++i) {
        if (words[i] == "--socket")
            ++i;
        else if (!words[i].starts_with('-'))
            return words[i];
    }
    return {};
}

// What is neither sent nor asked: help, no command at all, or one that there is not. Nothing: go
// on.
std::optional<int> answer_without_command(const CLI::App& app,
                                          const std::vector<std::string>& words) {
    const std::string command = command_of(words);
    if (words.empty()) {
        std::fputs(app.help().c_str(), stderr);
        return 64;
    }
    if (command.empty()) return std::nullopt;
    std::vector<std::string> names;
    for (const CLI::App* each : app.get_subcommands([](const CLI::App*) { return true; }))
        names.push_back(each->get_name());
    if (command == "help") {
        const auto about = std::ranges::find(names, words.back());
        const CLI::App& which = about == names.end() ? app : *app.get_subcommand(*about);
        std::fputs(which.help().c_str(), stdout);
        return 0;
    }
    if (std::ranges::find(names, command) != names.end()) return std::nullopt;
    const auto near = gatepost::text::nearest(command, names);
    const std::string advice =
        near ? "did you mean \"" + *near + "\"?" : "gatepost help lists what there is";
    std::fprintf(stderr, "gatepost: \"%s\" is no command; %s\n", clean(command).c_str(),
                 advice.c_str());
    return 64;
}

login_way way_of(const arguments& given) {
    if (given.device) return login_way::device;
    if (given.browser) return login_way::browser;
    return given.paste ? login_way::paste : login_way::any;
}

// `--wait` may stand alone, and an address may follow it; only a number belongs to it.
std::vector<std::string> words_of(int argc, char* argv[]) {
    std::vector<std::string> words;
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        const bool number = !word.empty() && word.find_first_not_of("0123456789") == word.npos;
        if (number && !words.empty() && words.back() == "--wait")
            words.back() += "=" + std::string(word);
        else
            words.emplace_back(word);
    }
    std::reverse(words.begin(), words.end());  // as CLI11 wants them
    return words;
}

int run_messages(const context& with, const arguments& given) {
    if (given.id.empty()) return list_messages(with, given.list);
    if (given.verb.empty()) return show_message(with, given.id);
    if (given.verb == "content") return show_content(with, given.id);
    return change_message(with, given.id, given.verb);
}

}  // namespace

int main(int argc, char* argv[]) {
    CLI::App app{"gatepost: talks to gatepostd, the mail gateway of this machine", "gatepost"};
    app.set_version_flag("--version", std::string("gatepost ") + gatepost::version);
    app.footer(
        "Leaves with 0 (with --wait: all is well so far), 64 wrong usage, 65 refused data, 66 no "
        "such\n"
        "thing or file, 69 failed or no daemon, 70 or 74 a defect or the system's error, 75 try "
        "again\n"
        "later, 77 not allowed, 78 wrong configuration.");
    app.require_subcommand(1);
    app.fallthrough();
    context with;
    arguments given;
    with.socket = default_socket();
    app.add_option("--socket", with.socket, "the daemon's socket (also GATEPOST_SOCKET)")
        ->capture_default_str();
    app.add_flag("--json", with.json, "print the daemon's JSON");
    add_send(app, given);
    add_messages(app, given);
    auto* providers = app.add_subcommand(
        "providers", "the plugins there are and the refused ones, or one with its settings");
    providers->add_option("name", given.name, "a provider");
    auto* connections =
        app.add_subcommand("connections", "the configured connections, or one of them");
    connections->add_option("name", given.name, "a connection");
    auto* test = app.add_subcommand("test", "test a connection, step by step");
    test->add_option("name", given.test.name, "the connection")->required();
    test->add_option("--to", given.test.to, "also send a test mail to this address");
    test->add_flag("--trace", given.test.trace,
                   "show the dialogue with the server, without secrets");
    app.add_subcommand("status", "is all well? what waits, what is wrong");
    add_oauth(app, given);
    auto* config = app.add_subcommand("config", "the configuration");
    auto* check = config->require_subcommand(1)->add_subcommand(
        "check", "check the files, name every mistake");
    check->add_option("--config", given.config, "folder with gatepost.toml");
    check->add_option("--plugins", given.plugins, "folders with plugins");
    if (const auto done = answer_without_command(app, {argv + 1, argv + argc})) return *done;
    try {
        app.parse(words_of(argc, argv));
    } catch (const CLI::ParseError& failure) {
        return app.exit(failure) == 0 ? 0 : 64;
    }
    const std::string command = app.get_subcommands().front()->get_name();
    if (command == "send") {
        const std::string useless = useless_with_raw(*app.get_subcommand("send"));
        if (useless.empty()) return send(with, given.send);
        std::fprintf(stderr, "gatepost: %s does not go with --raw: the message is finished\n",
                     useless.c_str());
        return 64;
    }
    if (command == "messages") return run_messages(with, given);
    if (command == "providers")
        return given.name.empty() ? list_providers(with) : show_provider(with, given.name);
    if (command == "connections")
        return given.name.empty() ? list_connections(with) : show_connection(with, given.name);
    if (command == "test") return test_connection(with, given.test);
    if (command == "status") return show_status(with);
    if (command == "oauth") {
        given.login.way = way_of(given);
        return oauth_login(with, given.login);
    }
    return config_check(with, given.config, given.plugins);
}
