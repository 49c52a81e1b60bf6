// One process a check: what a plugin does to its process (a crash, a loop, a leak) ends with it.
// The child writes "<status><text>" into one pipe; its standard error is kept for the report.
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/file.hpp"
#include "base/text.hpp"
#include "check/kit.hpp"

namespace gatepost::check {
namespace {

using steady = std::chrono::steady_clock;

finding in_child(const check_case& which, const options& how) {
    subject of;
    of.file = std::filesystem::absolute(how.plugin);
    if (which.need != check_case::needs::file) {
        auto loaded = load(how);
        if (!loaded) return failed(loaded.error().detail);
        of = std::move(*loaded);
        if (of.table->abi_major != GATEPOST_ABI_MAJOR && which.name != "table")
            return skipped("the table is of another major");
        if (!GATEPOST_HAS(gatepost_plugin, of.table, cancel) && which.name != "table")
            return skipped("the table is too short");
        if (which.name != "table") prepare_settings(of);
    }
    return which.run(of);
}

[[noreturn]] void child(const check_case& which, const options& how, int report, int errors) {
    dup2(errors, STDERR_FILENO);
    const rlimit none{0, 0};
    setrlimit(RLIMIT_CORE, &none);
    finding found;
    try {
        found = in_child(which, how);
    } catch (const std::exception& failure) {
        found = failed(std::string("an exception came through: ") + failure.what());
    } catch (...) {
        found = failed("an exception came through");
    }
    const std::string line = std::to_string(static_cast<int>(found.status)) + found.text;
    static_cast<void>(write_all(report, line));
    _exit(0);
}

struct heard {
    std::string report, errors;
    bool late = false;
};

// False at the end of the pipe.
bool take_some(int fd, std::string& into) {
    char buffer[4096];
    const ssize_t got = read(fd, buffer, sizeof buffer);
    if (got <= 0) return false;
    if (into.size() < 65536) into.append(buffer, static_cast<size_t>(got));
    return true;
}

heard listen(int report, int errors, steady::time_point until) {
    heard out;
    bool open[2] = {true, true};
    while (open[0] || open[1]) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(until - steady::now()).count();
        if (left <= 0) {
            out.late = true;
            return out;
        }
        pollfd fds[2] = {{open[0] ? report : -1, POLLIN, 0}, {open[1] ? errors : -1, POLLIN, 0}};
        if (poll(fds, 2, static_cast<int>(left)) <= 0) continue;
        if (fds[0].revents != 0) open[0] = take_some(report, out.report);
        if (fds[1].revents != 0) open[1] = take_some(errors, out.errors);
    }
    return out;
}

std::string first_line(const std::string& errors) {
    const auto line = text::trim(std::string_view(errors).substr(0, errors.find('\n', 1)));
    return line.empty() ? std::string() : ": " + text::sanitize(line, 300);
}

finding verdict_of(const heard& what, int status, std::chrono::milliseconds limit) {
    if (what.late)
        return {finding_status::crashed,
                "not finished after " + std::to_string(limit.count()) + " ms"};
    if (WIFSIGNALED(status))
        return {finding_status::crashed,
                std::string("ended by ") + strsignal(WTERMSIG(status)) + first_line(what.errors)};
    if (WEXITSTATUS(status) != 0 || what.report.empty())
        return {
            finding_status::crashed,
            "left with exit code " + std::to_string(WEXITSTATUS(status)) + first_line(what.errors)};
    return {static_cast<finding_status>(what.report[0] - '0'),
            text::sanitize(what.report.substr(1), 2000)};
}

}  // namespace

check_result run_check(const check_case& which, const options& how) {
    int report[2], errors[2];
    if (pipe2(report, O_CLOEXEC) != 0 || pipe2(errors, O_CLOEXEC) != 0) std::abort();
    const auto begun = steady::now();
    std::fflush(nullptr);
    const pid_t pid = fork();
    if (pid < 0) std::abort();
    if (pid == 0) child(which, how, report[1], errors[1]);
    close(report[1]);
    close(errors[1]);
    const heard what = listen(report[0], errors[0], begun + how.time_limit);
    if (what.late) kill(pid, SIGKILL);
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    close(report[0]);
    close(errors[0]);
    return {which.name, which.sentence, verdict_of(what, status, how.time_limit),
            std::chrono::duration_cast<std::chrono::milliseconds>(steady::now() - begun)};
}

}  // namespace gatepost::check
