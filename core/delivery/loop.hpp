// One delivery loop: a thread and the carriers that live on it. Private to this room.
#pragma once

#include <pthread.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "delivery/carrier.hpp"

namespace gatepost::delivery {

// A thread, its io_context, and the letters that the spool's writer leaves for it: many a wake-up.
struct loop {
    boost::asio::io_context io{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard{
        io.get_executor()};
    // This loop's thread only: the present ones, and those that end what they have begun.
    std::map<std::string, std::shared_ptr<carrier>> carriers;
    std::map<std::string, std::vector<std::shared_ptr<carrier>>> leaving;
    bool stopping = false;
    std::mutex mutex;
    std::vector<spool::due_message> letters;
    std::thread thread;

    std::vector<std::shared_ptr<carrier>> everyone() const {
        std::vector<std::shared_ptr<carrier>> all;
        for (const auto& [name, who] : carriers)
            all.push_back(who);
        for (const auto& [name, list] : leaving)
            all.insert(all.end(), list.begin(), list.end());
        return all;
    }

    void run() {
        thread = std::thread([this] {
            ::pthread_setname_np(::pthread_self(), "delivery");
            io.run();
        });
    }

    void leave(spool::due_message letter) {
        bool first = false;
        {
            const std::lock_guard lock(mutex);
            first = letters.empty();
            letters.push_back(std::move(letter));
        }
        if (first) boost::asio::post(io, [this] { deliver_letters(); });
    }

    // Slots that the connection's older carriers hold.
    uint32_t held_by_leaving(const std::string& connection) const {
        uint32_t sum = 0;
        const auto found = leaving.find(connection);
        if (found == leaving.end()) return sum;
        for (const auto& each : found->second)
            sum += each->holds();
        return sum;
    }

    void deliver_letters() {
        std::vector<spool::due_message> batch;
        {
            const std::lock_guard lock(mutex);
            batch.swap(letters);
        }
        std::map<std::string, carrier*> touched;
        for (spool::due_message& letter : batch) {
            const auto found = carriers.find(letter.connection);
            if (found == carriers.end() || stopping)
                continue;  // waits in the spool until the connection is there
            touched.emplace(letter.connection, found->second.get());
            found->second->add(std::move(letter));
        }
        for (const auto& [name, who] : touched)
            who->pump();
    }
};

}  // namespace gatepost::delivery
