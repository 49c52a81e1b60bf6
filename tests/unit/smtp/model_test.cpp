// The session against servers without sense: whatever they say, its promises hold. By chance, and
// by going through what can be.
#include <random>
#include <string>
#include <vector>

#include "model.hpp"
#include "session.hpp"
#include "support/catch.hpp"

using namespace smtp;

namespace {

// Every session that these settings can have with a server that makes sense but for a number of
// surprises: each in every place, in every way. What one run could have chosen leads to the next.
class all_sessions {
  public:
    explicit all_sessions(const options& how)
        : how_(how), mail_(smtp_model::usual_envelope(how.max_recipients > 0 ? 3 : 2)) {}
    void explore(unsigned surprises, const std::vector<uint32_t>& plan = {}) {
        std::vector<uint32_t> could;
        const auto found = smtp_model::referee(how_, mail_, {plan, could}).run();
        INFO(said_of(plan));
        REQUIRE(found.problem == "");
        ++runs;
        accepted += found.accepted ? 1 : 0;
        unknown += found.unknown ? 1 : 0;
        if (surprises == 0) return;
        for (std::size_t at = plan.size(); at < could.size(); ++at) {
            std::vector<uint32_t> next = plan;
            next.resize(at + 1);
            for (next[at] = 1; next[at] < could[at]; ++next[at])
                explore(surprises - 1, next);
        }
    }
    int runs = 0, accepted = 0, unknown = 0;

  private:
    std::string said_of(const std::vector<uint32_t>& plan) const {
        std::string out = "security " + std::to_string(static_cast<int>(how_.security)) +
                          (how_.lmtp ? ", lmtp, plan" : ", plan");
        for (const uint32_t each : plan)
            out += " " + std::to_string(each);
        return out;
    }
    const options& how_;
    const envelope mail_;
};

options kind_of_session(uint32_t number) {
    options how;
    how.host = "h";
    how.hello_name = "gate.example.org";
    how.security = static_cast<security>(number % 4);
    how.lmtp = number / 4 % 2 == 1;
    how.chunking = number / 8 % 2 == 0;
    how.pipelining = number / 16 % 2 == 0;
    how.max_recipients = number / 32 % 2 == 1 ? 2 : 0;
    how.plaintext_auth = true;
    const uint32_t login = number / 64 % 4;
    if (login != 0) how.login.username = "u";
    if (login == 1) how.login.password = "p";
    if (login == 2) how.login.token = "t";
    how.login.lent = login == 3;
    return how;
}

}  // namespace

TEST_CASE("a hundred thousand senseless servers break no promise of the session") {
    std::mt19937 random(20261122);
    int accepted = 0, unknown = 0;
    for (int round = 0; round < 100'000; ++round) {
        std::string bytes(8 + random() % 60, '\0');
        for (char& letter : bytes)
            letter = static_cast<char>(static_cast<unsigned char>(random()));
        const auto found = smtp_model::run_model(bytes);
        INFO("round " << round);
        REQUIRE(found.problem == "");
        accepted += found.accepted ? 1 : 0;
        unknown += found.unknown ? 1 : 0;
    }
    // The walk reaches what matters.
    CHECK(accepted > 5'000);
    CHECK(unknown > 500);
}

TEST_CASE("every session of every kind with one surprise keeps the promises, of some with two") {
    int runs = 0, accepted = 0, unknown = 0;
    for (uint32_t number = 0; number < 256; ++number) {
        const options how = kind_of_session(number);
        all_sessions every(how);
        every.explore(number % 16 == number / 32 ? 2 : 1);
        runs += every.runs;
        accepted += every.accepted;
        unknown += every.unknown;
    }
    CHECK(runs > 100'000);
    CHECK(accepted > runs / 10);
    CHECK(unknown > 1'000);
}
