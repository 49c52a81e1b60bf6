// The signature against its vectors and the captures; the connection string; the operation's UUID.
#include "sign.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <gatepost/mail_text.hpp>

#include <fstream>
#include <nlohmann/json.hpp>

#include "settings.hpp"
#include "support/catch.hpp"

using namespace azure;
using gatepost::sdk::base64;

namespace {

std::string sha256(const std::string& text) {
    unsigned char out[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    EVP_Digest(text.data(), text.size(), out, &size, EVP_sha256(), nullptr);
    return {reinterpret_cast<const char*>(out), size};
}

std::string hmac(const std::string& key, const std::string& text) {
    unsigned char out[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
         reinterpret_cast<const unsigned char*>(text.data()), text.size(), out, &size);
    return {reinterpret_cast<const char*>(out), size};
}

nlohmann::json read(const std::string& name) {
    std::ifstream in(std::string(AZURE_CAPTURES) + "/" + name + ".json");
    return nlohmann::json::parse(in);
}

}  // namespace

TEST_CASE("every vector of the HMAC scheme is met at every step") {
    const auto file = read("vectors-azure-hmac");
    for (const auto& vector : file["vectors"]) {
        const std::string hash = base64(sha256(vector["body"]));
        CHECK(hash == vector["contentHashBase64"].get<std::string>());
        const std::string text = string_to_sign(
            vector["method"].get<std::string>(), vector["pathAndQuery"].get<std::string>(),
            vector["xMsDate"].get<std::string>(), vector["host"].get<std::string>(), hash);
        CHECK(text == vector["stringToSign"].get<std::string>());
        const auto key = from_base64(vector["accessKeyBase64"].get<std::string>());
        REQUIRE(key);
        const std::string signature = base64(hmac(*key, text));
        CHECK(signature == vector["signatureBase64"].get<std::string>());
        CHECK(authorization(signature) == vector["authorization"].get<std::string>());
    }
}

TEST_CASE("the signatures of the captures are recomputed") {
    for (const char* name : {"azure-send-simple", "azure-send-full",
                             "azure-send-apiversion-2023-03-31", "azure-poll-status"}) {
        INFO(name);
        const auto capture = read(name);
        const auto& request = capture["request"];
        const auto& headers = request["headers"];
        const auto parts =
            read_connection_string(capture["credentials"]["connectionString"].get<std::string>());
        REQUIRE(parts);
        const std::string hash = base64(sha256(request["body"]));
        CHECK(hash == headers["x-ms-content-sha256"].get<std::string>());
        const std::string text = string_to_sign(
            request["method"].get<std::string>(), request["path"].get<std::string>(),
            headers["x-ms-date"].get<std::string>(), headers["Host"].get<std::string>(), hash);
        CHECK(authorization(base64(hmac(*from_base64(parts->access_key), text))) ==
              headers["Authorization"].get<std::string>());
    }
}

TEST_CASE("the date is that of RFC 1123") {
    CHECK(mail_date_text(1'795'355'100'000) == "Sun, 22 Nov 2026 13:45:00 GMT");
    CHECK(mail_date_text(1'704'067'209'999) == "Mon, 01 Jan 2024 00:00:09 GMT");
}

TEST_CASE("a connection string is read in any order and letter case") {
    for (const char* text : {"endpoint=https://a.example/;accesskey=Zm9v",
                             "accesskey=Zm9v;endpoint=https://a.example/",
                             "Endpoint=https://a.example/; AccessKey=Zm9v;"}) {
        const auto parts = read_connection_string(text);
        REQUIRE(parts);
        CHECK(parts->endpoint == "https://a.example/");
        CHECK(parts->access_key == "Zm9v");
    }
    CHECK(read_connection_string("endpoint=https://a/;accesskey=YQ==")->access_key == "YQ==");
    CHECK_FALSE(read_connection_string("endpoint=https://a/"));
    CHECK_FALSE(read_connection_string("accesskey=YQ=="));
    CHECK_FALSE(read_connection_string(";;=;"));
}

TEST_CASE("base64 is read strictly") {
    CHECK(from_base64("Zm9v") == "foo");
    CHECK(from_base64("Zm8=") == "fo");
    CHECK(from_base64("Zg==") == "f");
    CHECK_FALSE(from_base64("Zg="));
    CHECK_FALSE(from_base64("Z*=="));
    CHECK_FALSE(from_base64("Z"));
}

TEST_CASE("an operation's id is a UUID of version 8") {
    const std::string id = uuid_of(std::string(16, '\xFF'));
    CHECK(id == "ffffffff-ffff-8fff-bfff-ffffffffffff");
    CHECK(uuid_of("").size() == 36);
}
