// Builds a tree from the reader's events. The reader has already refused what is too deep, so the
// tree's own recursive destructor and comparison are harmless.
#include "schema/json.hpp"

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/json_reader.hpp"

namespace gatepost::schema {

namespace {

class tree_builder final : public json_events {
  public:
    status on_null() override { return put(nullptr); }
    status on_boolean(bool value) override { return put(value); }
    status on_integer(int64_t value) override { return put(value); }
    status on_number(double value, std::string_view) override { return put(value); }
    status on_string(std::string_view piece, bool last) override {
        string_ += piece;
        if (!last) return success{};
        status done = put(std::move(string_));
        string_.clear();
        return done;
    }
    status on_key(std::string_view key) override {
        key_ = key;
        return success{};
    }
    status on_object_begin() override { return open(nlohmann::json::object()); }
    status on_array_begin() override { return open(nlohmann::json::array()); }
    status on_object_end() override { return close(); }
    status on_array_end() override { return close(); }

    nlohmann::json root;

  private:
    nlohmann::json& place(nlohmann::json value) {
        if (open_.empty()) return root = std::move(value);
        nlohmann::json& parent = *open_.back();
        if (parent.is_object()) return parent[key_] = std::move(value);
        parent.push_back(std::move(value));
        return parent.back();
    }
    status put(nlohmann::json value) {
        place(std::move(value));
        return success{};
    }
    // A pointer stays good while its container is open: nothing is added to the parent meanwhile.
    status open(nlohmann::json container) {
        open_.push_back(&place(std::move(container)));
        return success{};
    }
    status close() {
        open_.pop_back();
        return success{};
    }

    std::vector<nlohmann::json*> open_;
    std::string key_, string_;
};

}  // namespace

result<nlohmann::json> parse_json(std::string_view text) {
    tree_builder builder;
    json_reader reader(builder);
    if (status fed = reader.feed(text); !fed) return std::move(fed).error();
    if (status end = reader.finish(); !end) return std::move(end).error();
    return std::move(builder.root);
}

}  // namespace gatepost::schema
