// What a provider cannot carry, and where in the send request it stands.
#include <gatepost/objection.hpp>

#include "support/catch.hpp"

using namespace gatepost::sdk;

TEST_CASE("Recipients are numbered within their own field, whatever order they come in") {
    recipient_pointers at;
    CHECK(at.next(recipient_role::to) == "/to/0");
    CHECK(at.next(recipient_role::bcc) == "/bcc/0");
    CHECK(at.next(recipient_role::cc) == "/cc/0");
    CHECK(at.next(recipient_role::bcc) == "/bcc/1");
    CHECK(at.next(recipient_role::to) == "/to/1");
    CHECK(at.next(static_cast<recipient_role>(77)) == "/to/2");  // of a newer host
}

TEST_CASE("A name with a slash or a tilde is one step of a pointer") {
    CHECK(pointer_step("X-Plain") == "X-Plain");
    CHECK(pointer_step("a/b~c") == "a~1b~0c");
    CHECK(pointer_step("~1") == "~01");
    CHECK(pointer_step("").empty());
}

TEST_CASE("An objection that is found too late refuses the message and says what to change") {
    const outcome said = objection{"/to/3", "stands twice", "Name it once."}.as_outcome();
    CHECK(said.verdict == verdict::rejected);
    CHECK(said.blame == blame::message);
    CHECK(said.text == "stands twice");
    CHECK(said.advice == "Name it once.");
}
