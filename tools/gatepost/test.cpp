// gatepost test: the stages of a connection's test as they come, and what to do about the end.
#include <cstdio>
#include <functional>
#include <nlohmann/json.hpp>

#include "api_types/problem.hpp"
#include "base/text.hpp"
#include "gatepost/commands.hpp"

namespace gatepost::cli {
namespace {

using nlohmann::json;

std::string trace_line(const terminal& out, const json& line) {
    return out.paint(
               "       " + text_of(line, "direction") + " " + clean(text_of(line, "text"), 1000),
               colour::dim) +
           "\n";
}

// Lines of NDJSON out of pieces.
class line_splitter {
  public:
    explicit line_splitter(std::function<void(const std::string&)> give) : give_(std::move(give)) {}
    void feed(std::string_view piece) {
        for (const char c : piece) {
            if (c != '\n') {
                line_ += c;
            } else if (!line_.empty()) {
                give_(std::exchange(line_, {}));
            }
        }
    }

  private:
    std::function<void(const std::string&)> give_;
    std::string line_;
};

}  // namespace

std::string test_report::title_of(const json& stage) {
    std::string& known = titles_[text_of(stage, "id")];
    if (const std::string said = text_of(stage, "title"); !said.empty()) known = said;
    return clean(known.empty() ? text_of(stage, "id") : known, 60);
}

std::string test_report::wipe() {
    return std::exchange(waiting_, false) ? "\r\x1b[K" : "";
}

// A stage may take a minute: a terminal shows which one it is, until it has ended.
std::string test_report::stage(const json& stage) {
    const std::string title = title_of(stage), state = text_of(stage, "state");
    if (state == "started") {
        if (!live_) return {};
        const std::string line = wipe() + out_.paint("...    " + title, colour::dim);
        waiting_ = true;
        return line;
    }
    std::string line = wipe();
    line += state == "passed"   ? out_.paint("ok    ", colour::good)
            : state == "failed" ? out_.paint("FAILED", colour::bad)
                                : out_.paint("skip  ", colour::dim);
    line += " " + title;
    const std::string text = text_of(stage, "text"), advice = text_of(stage, "advice");
    said_.insert({text, advice});
    if (!text.empty()) line += ": " + clean(text, 300);
    if (!advice.empty()) line += "\n         " + clean(advice, 300);
    return line + "\n";
}

std::string test_report::trace(const json& line) {
    return wipe() + trace_line(out_, line);
}

// What a stage has said is not said again.
std::string test_report::end(const json& result) {
    std::string lines = wipe();
    const std::string message = text_of(result, "message"), advice = text_of(result, "advice");
    if (!message.empty() && !said_.contains(message)) lines += clean(message, 500) + "\n";
    if (!advice.empty() && advice != message && !said_.contains(advice))
        lines += clean(advice, 500) + "\n";
    return lines;
}

int test_connection(const context& with, const test_options& options) {
    json body = json::object();
    if (!options.to.empty()) body["to"] = options.to;
    if (options.trace) body["trace"] = true;
    http_request request{"POST",
                         "/v1/connections/" + text::percent_encode(options.name) + "/test",
                         {},
                         body.dump(-1, ' ', false, json::error_handler_t::replace),
                         "application/json"};
    if (!with.json) request.headers.emplace_back("Accept", "application/x-ndjson");
    json last;
    test_report report(with.out, with.out.live());
    const auto print = [&](const std::string& lines) {
        if (with.json) return;
        std::fputs(lines.c_str(), stdout);
        std::fflush(stdout);
    };
    line_splitter lines([&](const std::string& line) {
        json document = json::parse(line, nullptr, false);
        if (document.is_discarded()) return;
        if (document.contains("trace") && !document.contains("success")) {
            print(report.trace(document["trace"]));
        } else if (document.contains("stage")) {
            print(report.stage(document["stage"]));
        } else {  // the end: {"result": ...} of NDJSON, or all there is
            last = document.contains("result") ? document["result"] : std::move(document);
        }
    });
    auto answer = ask(with.socket, request, [&](std::string_view piece) {
        if (with.json) std::fwrite(piece.data(), 1, piece.size(), stdout);
        lines.feed(piece);
    });
    if (!answer) return fail(with, answer.error());
    if (answer->status / 100 != 2) {
        return fail_of_connection(with, api_types::read_problem(answer->body, answer->status),
                                  options.name);
    }
    lines.feed("\n");
    if (with.json)
        std::fputs("\n", stdout);
    else
        print(report.end(last));
    return last.value("success", false) ? 0 : 69;
}

}  // namespace gatepost::cli
