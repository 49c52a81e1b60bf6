// The session machine against a server that says whatever the input chooses: the referee of the
// model test holds it against its promises.
#include "fuzz.hpp"
#include "unit/smtp/model.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const auto found = smtp_model::run_model(gatepost::fuzz::text_of(data, size));
    gatepost::fuzz::expect(found.problem.empty(), found.problem);
    return 0;
}
