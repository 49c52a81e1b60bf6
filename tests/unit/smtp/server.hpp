// A small SMTP server as a scripted peer: it understands the commands, keeps what it was told, and
// lets a test answer any line differently, close the connection or fall silent.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "check/fake_host.hpp"

namespace smtp_test {

// What every server of a test saw; outlives them.
struct seen {
    std::vector<std::string> lines;     // commands without CRLF, in order, over all connections
    std::vector<std::string> writes;    // as they came
    std::vector<uint32_t> flags;        // of each write
    std::vector<std::string> messages;  // taken over, without dot-stuffing
    int connections = 0;
    int quits = 0;

    int count(std::string_view start) const {
        int found = 0;
        for (const std::string& line : lines)
            found += line.starts_with(start) ? 1 : 0;
        return found;
    }
};

struct plan {
    std::string greeting = "220 mx.example.org ESMTP\r\n";
    std::vector<std::string> offers = {"PIPELINING", "8BITMIME", "SIZE 35882577",
                                       "DSN",        "SMTPUTF8", "ENHANCEDSTATUSCODES"};
    std::vector<std::string> offers_after_tls = {};  // empty: the same
    bool lmtp = false;
    uint32_t refuses_tls = 0;
    // Its answer instead of ours ("": ours; "-": none). `message` is the line for what comes after
    // DATA or BDAT. It may set `close`.
    std::function<std::string(const std::string& line, bool& close)> answer = {};
};

class server : public gatepost::check::peer {
  public:
    server(plan how, std::shared_ptr<seen> into) : how_(std::move(how)), seen_(std::move(into)) {
        ++seen_->connections;
    }

    std::string greeting() override {
        bool close = false;
        const std::string other = how_.answer ? how_.answer("greeting", close) : "";
        closed_ = closed_ || close;
        return other.empty() ? how_.greeting : other == "-" ? "" : other;
    }
    bool closed() const override { return closed_; }
    uint32_t refuses_tls() const override { return how_.refuses_tls; }
    void secured() override { tls_ = true; }
    void flagged(uint32_t required) override { seen_->flags.push_back(required); }
    void close() { closed_ = true; }

    std::string receive(std::string_view bytes) override {
        seen_->writes.emplace_back(bytes);
        buffer_ += bytes;
        std::string out;
        while (!closed_) {
            if (left_ > 0 || bdat_) {
                if (!take_chunk(out)) break;
            } else if (data_) {
                if (!take_data(out)) break;
            } else {
                const size_t end = buffer_.find("\r\n");
                if (end == std::string::npos) break;
                const std::string line = buffer_.substr(0, end);
                buffer_.erase(0, end + 2);
                out += take_line(line);
            }
        }
        return out;
    }

  private:
    std::string say(const std::string& line, const std::string& usual) {
        bool close = false;
        const std::string other = how_.answer ? how_.answer(line, close) : "";
        closed_ = closed_ || close;
        return other.empty() ? usual : other == "-" ? "" : other;
    }

    std::string take_line(const std::string& line) {
        seen_->lines.push_back(line);
        if (login_ > 0) {
            --login_;
            return say(line, login_ > 0 ? "334 UGFzc3dvcmQ6\r\n" : "235 2.7.0 Accepted\r\n");
        }
        if (line.starts_with("EHLO") || line.starts_with("LHLO")) return say(line, hello());
        if (line.starts_with("HELO")) return say(line, "250 mx.example.org\r\n");
        if (line == "STARTTLS") return say(line, "220 2.0.0 go ahead\r\n");
        if (line.starts_with("AUTH LOGIN")) {
            login_ = 2;
            return say(line, "334 VXNlcm5hbWU6\r\n");
        }
        if (line.starts_with("AUTH CRAM-MD5")) {
            login_ = 1;
            return say(line, "334 PDE4OTYuNjk3MTcwOTUyQG9sZC5leGFtcGxlLmNvbT4=\r\n");
        }
        if (line.starts_with("AUTH")) return say(line, "235 2.7.0 Accepted\r\n");
        if (line.starts_with("MAIL")) return take_mail(line);
        if (line.starts_with("RCPT")) return take_recipient(line);
        if (line == "DATA") return take_start(line);
        if (line.starts_with("BDAT")) return begin_chunk(line);
        if (line == "RSET") {
            mail_ = false;
            return say(line, "250 2.0.0 reset\r\n");
        }
        if (line == "QUIT") {
            ++seen_->quits;
            closed_ = true;
            return "221 2.0.0 bye\r\n";
        }
        return say(line, "500 5.5.2 what\r\n");
    }

    std::string hello() const {
        std::string out = "250-mx.example.org at your service\r\n";
        const auto& offers =
            tls_ && !how_.offers_after_tls.empty() ? how_.offers_after_tls : how_.offers;
        for (const std::string& one : offers)
            out += "250-" + one + "\r\n";
        return out + "250 HELP\r\n";
    }
    std::string take_mail(const std::string& line) {
        const std::string said = say(line, "250 2.1.0 ok\r\n");
        mail_ = said.starts_with("2");
        recipients_ = 0;
        return said;
    }
    std::string take_recipient(const std::string& line) {
        const std::string said = say(line, mail_ ? "250 2.1.5 ok\r\n" : "503 5.5.1 MAIL first\r\n");
        if (said.starts_with("2")) ++recipients_;
        return said;
    }
    std::string take_start(const std::string& line) {
        const std::string said =
            say(line, recipients_ > 0 ? "354 go ahead\r\n" : "503 5.5.1 no recipients\r\n");
        data_ = said.find("354") != std::string::npos;
        return said;
    }
    std::string begin_chunk(const std::string& line) {
        left_ = std::stoull(line.substr(5));
        bdat_ = true;
        chunk_.clear();
        return {};
    }
    bool take_chunk(std::string& out) {
        const size_t size = std::min<size_t>(left_, buffer_.size());
        chunk_ += buffer_.substr(0, size);
        buffer_.erase(0, size);
        left_ -= size;
        if (left_ > 0) return false;
        bdat_ = false;
        out += recipients_ > 0 ? finish(chunk_) : "503 5.5.1 no recipients\r\n";
        return true;
    }
    bool take_data(std::string& out) {
        if (buffer_.starts_with(".\r\n")) {
            buffer_.erase(0, 3);
            data_ = false;
            out += recipients_ > 0 ? finish("") : "554 5.5.1 no recipients\r\n";
            return true;
        }
        const size_t end = buffer_.find("\r\n.\r\n");
        if (end == std::string::npos) return false;
        std::string message;
        for (const char letter : buffer_.substr(0, end + 2)) {
            const bool stuffed =
                letter == '.' && (message.empty() || message.ends_with('\n')) && !dot_;
            dot_ = stuffed;
            if (!stuffed) message += letter;
        }
        buffer_.erase(0, end + 5);
        data_ = false;
        out += finish(message);
        return true;
    }
    std::string finish(const std::string& message) {
        std::string out;
        const int answers = how_.lmtp ? recipients_ : 1;
        bool taken = false;
        for (int i = 0; i < answers && !closed_; ++i) {
            const std::string said = say("message", "250 2.0.0 Ok: queued as A1B2C3\r\n");
            taken = taken || said.starts_with("2");
            out += said;
        }
        if (taken) seen_->messages.push_back(message);
        mail_ = false;
        recipients_ = 0;
        return out;
    }

    plan how_;
    std::shared_ptr<seen> seen_;
    std::string buffer_, chunk_;
    size_t left_ = 0;
    int recipients_ = 0, login_ = 0;
    bool tls_ = false, mail_ = false, data_ = false, bdat_ = false, dot_ = false, closed_ = false;
};

}  // namespace smtp_test
