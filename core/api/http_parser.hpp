// Bytes of one connection into requests: Beast's parser behind plain types, the only place that
// sees Beast. It takes what is there and says how far it came; bodies are handed on piece by piece,
// whether they came with a length or in chunks. Never throws; anything it does not like is an error
// value and the end of the connection.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "api/http.hpp"

namespace gatepost::api {

class http_parser {
  public:
    http_parser();
    ~http_parser();

    enum class step { need_more, head_done, all_done, failed };
    struct progress {
        step state = step::need_more;
        size_t used = 0;  // bytes of the input that are done with
    };
    // Forgets the last request.
    void reset();
    // Until head_done (or all_done, if there is no body).
    progress head(std::string_view input, request& into);
    // After head_done. `sink` may fail; its error is then failure().
    progress body(std::string_view input, const std::function<status(std::string_view)>& sink);

    // Of the head that was read.
    bool keep_alive() const;
    bool expects_continue() const;
    bool is_http_1_1() const;
    std::optional<uint64_t> content_length() const;
    // Why, after step::failed.
    const error& failure() const;
    // Whether any byte of the present request was seen.
    bool started() const;

  private:
    class state;
    std::unique_ptr<state> state_;
};

}  // namespace gatepost::api
