// What gatepost send asks the daemon for.
#include "gatepost/commands.hpp"
#include "support/catch.hpp"

using namespace gatepost::cli;

TEST_CASE("a finished message takes the envelope and every rule along in the query") {
    send_options options;
    options.from = "bounce@example.com";
    options.to = {"a@example.net", "b+c@example.net"};
    options.connection = "relay";
    options.priority = "high";
    options.send_at = "2027-01-01T08:00:00Z";
    options.expires_at = "2027-01-02T08:00:00Z";
    options.tags = {"one", "two words"};
    CHECK(raw_target(options) ==
          "/v1/messages?from=bounce%40example.com&to=a%40example.net&to=b%2Bc%40example.net"
          "&connection=relay&priority=high&send_at=2027-01-01T08%3A00%3A00Z"
          "&expires_at=2027-01-02T08%3A00%3A00Z&tag=one&tag=two%20words");
    CHECK(raw_target({}) == "/v1/messages");
}
