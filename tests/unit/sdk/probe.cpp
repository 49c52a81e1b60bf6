// See probe.hpp.
#include "probe.hpp"

#include "support/catch.hpp"

namespace probe {
namespace {

using namespace gatepost::sdk;

shape current = nullptr;

class provider {
  public:
    explicit provider(const settings&) {}
    task<outcome> send(context& with, message mail) { return current(with, mail); }
    task<outcome> test(context& with, message mail) { return current(with, mail); }
};

}  // namespace

const gatepost_plugin* plugin() {
    static const gatepost_plugin table =
        detail::entry<provider>::table(R"({"id": "probe", "version": "1"})");
    return &table;
}

void set(shape next) {
    current = next;
}

run::run(shape with, std::set<std::string> missing)
    : host(std::move(missing)), instance(host.create(plugin())) {
    set(with);
    counted::alive = 0;
}

run::~run() {
    if (instance != nullptr) plugin()->destroy(instance);
}

gatepost_call run::start(uint32_t kind) {
    call = host.start(plugin(), instance, kind, &message.view);
    return call;
}

fake::completion run::finish() {
    start();
    host.run();
    return the_completion();
}

fake::completion run::the_completion() const {
    REQUIRE(host.pending() == 0);
    REQUIRE(host.completions.size() == 1);
    CHECK(host.completions[0].call == call);
    CHECK(counted::alive == 0);
    return host.completions[0];
}

}  // namespace probe
