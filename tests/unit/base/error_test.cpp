// One table for API, CLI and log: it must know every kind, and tell them apart.
#include <cerrno>
#include <set>
#include <string>

#include "base/error.hpp"
#include "base/result.hpp"
#include "support/catch.hpp"

using namespace gatepost;

namespace {

constexpr int kinds = static_cast<int>(error_kind::internal) + 1;

error_kind kind_of(int number) {
    return static_cast<error_kind>(number);
}

}  // namespace

TEST_CASE("every kind of error has its own URN, a status of an error, and an exit code") {
    std::set<std::string> urns;
    for (int i = 0; i < kinds; ++i) {
        const error_facts& facts = facts_of(kind_of(i));
        CAPTURE(i, std::string(facts.urn));
        CHECK(urns.insert(std::string(facts.urn)).second);
        CHECK(facts.urn.starts_with("urn:gatepost:"));
        CHECK(facts.urn.find_first_not_of("abcdefghijklmnopqrstuvwxyz-:") == std::string::npos);
        CHECK((facts.http_status >= 400 && facts.http_status <= 599));
        CHECK((facts.exit_code >= 64 && facts.exit_code <= 78));
        CHECK_FALSE(facts.title.empty());
        CHECK_FALSE(facts.title.ends_with('.'));
        CHECK(kind_of_urn(facts.urn) == kind_of(i));
    }
}

TEST_CASE("a kind that nobody knows is our own defect") {
    CHECK(facts_of(kind_of(kinds)).urn == "urn:gatepost:internal");
    CHECK(facts_of(kind_of(-1)).urn == "urn:gatepost:internal");
    CHECK(kind_of_urn("urn:gatepost:news") == error_kind::internal);
    CHECK(kind_of_urn("") == error_kind::internal);
}

TEST_CASE("what makes a caller try again is a 5xx with the exit code for later") {
    for (const error_kind kind :
         {error_kind::busy, error_kind::storage, error_kind::outcome_unknown}) {
        CHECK(facts_of(kind).http_status == 503);
        CHECK(facts_of(kind).exit_code == 75);
    }
}

TEST_CASE("errno becomes a sentence, and a full disk is told apart from other trouble") {
    const error denied = error_from_errno(EACCES, "cannot open /x");
    CHECK(denied.kind == error_kind::io);
    CHECK(denied.detail == "cannot open /x: Permission denied");
    for (const int number : {ENOSPC, EDQUOT, EROFS})
        CHECK(error_from_errno(number, "x").kind == error_kind::storage);
}

TEST_CASE("a result holds a value or an error, also when both are strings") {
    const auto half = [](int number) -> result<std::string> {
        if (number % 2 != 0) return error{error_kind::invalid, "odd"};
        return std::to_string(number / 2);
    };
    REQUIRE(half(4).ok());
    CHECK(*half(4) == "2");
    CHECK(half(4)->size() == 1);
    REQUIRE_FALSE(half(3));
    CHECK(half(3).error().detail == "odd");
    const status fine = success{};
    CHECK(fine.ok());
}
