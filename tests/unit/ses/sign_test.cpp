// The signature against its vectors, every intermediate value.
#include "sign.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "support/catch.hpp"
#include "text.hpp"

using namespace ses;

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

nlohmann::json vectors() {
    std::ifstream in(std::string(SES_CAPTURES) + "/vectors-ses-sigv4.json");
    return nlohmann::json::parse(in)["vectors"];
}

}  // namespace

TEST_CASE("every vector of SigV4 is met at every step") {
    for (const auto& vector : vectors()) {
        const auto& input = vector["input"];
        INFO(vector["name"]);
        const std::string date = input["amzDate"], region = input["region"];
        canonical form{input["method"], input["path"], input.value("query", ""), {}, {}};
        form.payload_hash = hex(sha256(input["body"]));
        for (const auto& [name, value] : input["headers"].items())
            form.headers.emplace_back(name, value.get<std::string>());
        form.headers.emplace_back("x-amz-content-sha256", form.payload_hash);
        form.headers.emplace_back("x-amz-date", date);
        const std::string token = input.value("sessionToken", "");
        if (!token.empty()) form.headers.emplace_back("x-amz-security-token", token);
        CHECK(canonical_request(form) == vector["canonicalRequest"].get<std::string>());
        const std::string hash = hex(sha256(canonical_request(form)));
        CHECK(hash == vector["canonicalRequestSha256Hex"].get<std::string>());
        const std::string scope = scope_of(date, region);
        CHECK(string_to_sign(date, scope, hash) == vector["stringToSign"].get<std::string>());
        std::string key = "AWS4" + input["secretAccessKey"].get<std::string>();
        for (const std::string& one : key_chain(date, region))
            key = hmac(key, one);
        CHECK(hex(key) == vector["signingKeyHex"].get<std::string>());
        const std::string signature = hex(hmac(key, string_to_sign(date, scope, hash)));
        CHECK(signature == vector["signatureHex"].get<std::string>());
        const credentials by{input["accessKeyId"], input["secretAccessKey"], token};
        CHECK(authorization(by, scope, signed_names(form), signature) ==
              vector["authorization"].get<std::string>());
    }
}

TEST_CASE("the signatures of the captures are recomputed") {
    for (const char* name :
         {"ses-send-simple", "ses-send-full", "ses-send-raw", "ses-send-template",
          "ses-send-session-token", "ses-verify-get-account"}) {
        INFO(name);
        std::ifstream in(std::string(SES_CAPTURES) + "/" + name + ".json");
        const auto capture = nlohmann::json::parse(in);
        const auto& request = capture["request"];
        const auto& headers = request["headers"];
        const std::string given = headers["authorization"];
        const size_t begin = given.find("SignedHeaders=") + 14;
        std::string names = given.substr(begin, given.find(',', begin) - begin) + ";";
        canonical form{request["method"], request["path"], {}, {}, request["bodySha256Hex"]};
        while (!names.empty()) {
            const std::string one = names.substr(0, names.find(';'));
            names.erase(0, one.size() + 1);
            form.headers.emplace_back(one, headers[one].get<std::string>());
        }
        CHECK(hex(sha256(request["body"])) == form.payload_hash);
        const std::string date = headers["x-amz-date"];
        const std::string region = capture["credentials"]["region"];
        const credentials by{capture["credentials"]["accessKeyId"],
                             capture["credentials"]["secretAccessKey"], ""};
        std::string key = "AWS4" + by.secret;
        for (const std::string& one : key_chain(date, region))
            key = hmac(key, one);
        const std::string scope = scope_of(date, region);
        const std::string text = string_to_sign(date, scope, hex(sha256(canonical_request(form))));
        CHECK(authorization(by, scope, signed_names(form), hex(hmac(key, text))) == given);
    }
}

TEST_CASE("a path is encoded once on the wire and twice in the signature") {
    CHECK(encoded_segment("a@b/c") == "a%40b%2Fc");
    const canonical form{"GET", "/v2/email/identities/" + encoded_segment("a@b"), {}, {}, "h"};
    CHECK(canonical_request(form) == "GET\n/v2/email/identities/a%2540b\n\n\n\nh");
}

TEST_CASE("dates are written and read") {
    CHECK(amz_date(1'795'355'100'000) == "20261122T134500Z");
    CHECK(iso_date("2026-11-22T13:45:00Z") == 1'795'355'100'000);
    CHECK(iso_date("2026-11-22T13:45:00.123Z") == 1'795'355'100'000);
    CHECK_FALSE(iso_date("2026-13-22T13:45:00Z"));
    CHECK_FALSE(iso_date("yesterday"));
}

TEST_CASE("names of mailboxes are plain, quoted or encoded") {
    const auto text = [](std::string_view name) {
        gatepost::sdk::mailbox who;
        who.address = who.ascii_address = "a@example.org";
        who.name = name;
        return mailbox_text(who);
    };
    CHECK(text("") == "a@example.org");
    CHECK(text("Support Team") == "Support Team <a@example.org>");
    CHECK(text("Doe, John \"JD\"") == "\"Doe, John \\\"JD\\\"\" <a@example.org>");
    CHECK(text("Zpráv") == "=?UTF-8?B?WnByw6F2?= <a@example.org>");
    CHECK(text("=?x?=") == "=?UTF-8?B?PT94Pz0=?= <a@example.org>");
    CHECK(text(" a") == "\" a\" <a@example.org>");
}
