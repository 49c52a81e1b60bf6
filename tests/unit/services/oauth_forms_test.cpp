// The pure half of OAuth2: forms as the vendors' own SDKs send them (captures oauth-*.json),
// assertions, PKCE, and what a table needs for its grant. Answers: oauth_answers_test.cpp.
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <algorithm>

#include "oauth_kit.hpp"
#include "services/oauth/account.hpp"
#include "services/oauth/grant.hpp"
#include "services/oauth/jwt.hpp"
#include "support/catch.hpp"

using namespace gatepost;
using namespace gatepost::tests;
using namespace gatepost::services;
using namespace std::chrono_literals;

services::oauth_client gatepost::tests::completed(services::oauth_client client) {
    auto whole = complete_client(std::move(client), oauth_profiles_with({}));
    if (!whole) {
        for (const field_error& each : whole.error().fields)
            UNSCOPED_INFO(each.pointer << " " << each.detail);
        FAIL("the client is not complete");
    }
    return *whole;
}

certificate gatepost::tests::make_rsa_key() {
    certificate out;
    out.key = {EVP_RSA_gen(2048), EVP_PKEY_free};
    return out;
}

std::string gatepost::tests::key_file_of(const certificate& key) {
    std::string escaped;
    for (const char each : key.key_pem())
        escaped += each == '\n' ? std::string("\\n") : std::string(1, each);
    return R"({"type":"service_account","client_email":"mail@project.iam.example.com",)"
           R"("private_key_id":"key-1","token_uri":"https://oauth2.googleapis.com/token",)"
           R"("private_key":")" +
           escaped + "\"}";
}

namespace {

constexpr auto now = wall_time(1'800'000'000s);

std::string problems(const oauth_client& client, const plugin::oauth_profiles& manifest = {}) {
    const auto whole = complete_client(client, oauth_profiles_with(manifest));
    std::string out;
    if (!whole)
        for (const field_error& each : whole.error().fields)
            out += each.pointer + " " + each.detail + "\n";
    return out;
}

oauth_client application() {
    oauth_client out;
    out.connection = "office";
    out.profile = "microsoft";
    out.grant = oauth_grant::client_credentials;
    out.tenant = "11111111-2222-3333-4444-555555555555";
    out.client_id = "66666666-7777-8888-9999-000000000000";
    out.client_secret = secret("fake-client-secret");
    return out;
}

// What @azure/identity sends, without its telemetry, which is optional.
form_map without_telemetry(std::string_view body) {
    form_map all = read_form(body);
    std::erase_if(all, [](const auto& each) {
        return each.first.starts_with("x-") || each.first == "client-request-id";
    });
    return all;
}

std::string from_base64url(std::string text) {
    std::ranges::replace(text, '-', '+');
    std::ranges::replace(text, '_', '/');
    return text::base64_decode(text).value_or("?");
}

bool verifies(const certificate& by, const std::string& bytes, const std::string& signature) {
    EVP_MD_CTX* const context = EVP_MD_CTX_new();
    const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
    const auto* sign = reinterpret_cast<const unsigned char*>(signature.data());
    const bool right =
        EVP_DigestVerifyInit(context, nullptr, EVP_sha256(), nullptr, by.key.get()) == 1 &&
        EVP_DigestVerify(context, sign, signature.size(), data, bytes.size()) == 1;
    EVP_MD_CTX_free(context);
    return right;
}

}  // namespace

TEST_CASE("a Google refresh is byte for byte what nodemailer sends") {
    const auto client = completed(google_client());
    CHECK(client.token_url == "https://oauth2.googleapis.com/token");
    CHECK(refresh_form(client, client.refresh_token).reveal() ==
          "client_id=fake-client-id.apps.example.com&client_secret=fake-client-secret&refresh_"
          "token=1%2F%2Ffake-refresh-token&grant_type=refresh_token");
}

TEST_CASE("a Microsoft application asks as @azure/identity does, but for its telemetry") {
    const char* const smtp =
        "client_id=66666666-7777-8888-9999-000000000000&scope=https%3A%2F%2Foutlook.office365.com%"
        "2F.default&grant_type=client_credentials&x-client-SKU=msal.js.node&x-client-VER=5.6.0&x-"
        "client-OS=linux&client-request-id=2c978b79-4cf6-4c04-bf80-e47a9a01f35b&client_secret=fake-"
        "client-secret";
    const char* const azure =
        "client_id=66666666-7777-8888-9999-000000000000&scope=https%3A%2F%2Fcommunication.azure."
        "com%2F.default&grant_type=client_credentials&x-client-SKU=msal.js.node&client-request-id="
        "17664934-ebd9-4f5f-b445-dae37f7e01ce&client_secret=fake-client-secret";
    const auto client = completed(application());
    CHECK(client.token_url ==
          "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/oauth2/v2.0/"
          "token");
    CHECK(read_form(client_credentials_form(client).reveal()) == without_telemetry(smtp));
    // The scope is the manifest's word, not the host's.
    plugin::oauth_profiles manifest;
    manifest["microsoft"].client_credentials_scope = "https://communication.azure.com/.default";
    const auto other = complete_client(application(), oauth_profiles_with(manifest));
    REQUIRE(other.ok());
    CHECK(read_form(client_credentials_form(*other).reveal()) == without_telemetry(azure));
}

TEST_CASE("a Microsoft refresh says its scope again, and works without a secret") {
    const auto client = completed(microsoft_client());
    CHECK(client.token_url == "https://login.microsoftonline.com/common/oauth2/v2.0/token");
    CHECK(read_form(refresh_form(client, secret("r")).reveal()) ==
          form_map{{"client_id", client.client_id},
                   {"scope", "https://outlook.office.com/SMTP.Send offline_access"},
                   {"refresh_token", "r"},
                   {"grant_type", "refresh_token"}});
    CHECK(read_form(device_begin_form(client).reveal()) ==
          form_map{{"client_id", client.client_id},
                   {"scope", "https://outlook.office.com/SMTP.Send offline_access"}});
    CHECK(read_form(device_poll_form(client, secret("d")).reveal()) ==
          form_map{{"client_id", client.client_id},
                   {"device_code", "d"},
                   {"grant_type", "urn:ietf:params:oauth:grant-type:device_code"}});
    CHECK(read_form(code_form(client, "c", secret("v"), "http://127.0.0.1:1/").reveal()) ==
          form_map{{"client_id", client.client_id},
                   {"code", "c"},
                   {"code_verifier", "v"},
                   {"redirect_uri", "http://127.0.0.1:1/"},
                   {"grant_type", "authorization_code"}});
}

TEST_CASE("a service account's assertion is signed, says what Google wants, and is set back") {
    const certificate keys = make_rsa_key();
    oauth_client client;
    client.connection = "workspace";
    client.profile = "google";
    client.grant = oauth_grant::service_account;
    client.subject = "ana@example.org";
    client.service_account = secret(key_file_of(keys));
    client = completed(client);
    const auto form = service_account_form(client, now);
    REQUIRE(form.ok());
    const form_map fields = read_form(form->reveal());
    CHECK(fields.at("grant_type") == "urn:ietf:params:oauth:grant-type:jwt-bearer");
    const std::string jwt = fields.at("assertion");
    const size_t first = jwt.find('.'), second = jwt.rfind('.');
    CHECK(from_base64url(jwt.substr(0, first)) == R"({"alg":"RS256","typ":"JWT","kid":"key-1"})");
    CHECK(from_base64url(jwt.substr(first + 1, second - first - 1)) ==
          R"({"iss":"mail@project.iam.example.com","scope":"https://mail.google.com/",)"
          R"("aud":"https://oauth2.googleapis.com/token","sub":"ana@example.org",)"
          R"("iat":1799999940,"exp":1800003540})");
    const std::string signature = from_base64url(jwt.substr(second + 1));
    CHECK(verifies(keys, jwt.substr(0, second), signature));
    CHECK_FALSE(verifies(keys, jwt.substr(0, second) + "x", signature));
    CHECK_FALSE(verifies(make_rsa_key(), jwt.substr(0, second), signature));
}

TEST_CASE("a key file that is none is refused with what is missing") {
    const auto why = [](const char* text) {
        const auto read = read_service_account(secret(text));
        return read ? std::string() : read.error().detail;
    };
    CHECK(why("x") == "must be the content of a service account's JSON key file");
    CHECK(why(R"({"type":"authorized_user"})") ==
          "has no client_email: it is no service account's key file");
    CHECK(why(R"({"client_email":"a@b","private_key":"x"})") ==
          "has no private_key that can be read: it must be an RSA key in PEM form");
    CHECK(why(key_file_of(make_self_signed()).c_str()) ==  // an elliptic curve's
          "has no private_key that can be read: it must be an RSA key in PEM form");
}

TEST_CASE("PKCE is the example of RFC 7636, appendix B") {
    CHECK(pkce_challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") ==
          "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    const std::string word = random_word();
    CHECK(word.size() == 43);
    CHECK(word != random_word());
}

TEST_CASE("the consent page is asked with PKCE, the state and what the provider needs") {
    const auto google = completed(google_client());
    CHECK(authorize_address(google, "http://127.0.0.1:8400/", "st", "ch") ==
          "https://accounts.google.com/o/oauth2/v2/auth?client_id=fake-client-id.apps.example.com&"
          "response_type=code&redirect_uri=http%3A%2F%2F127.0.0.1%3A8400%2F&scope=https%3A%2F%"
          "2Fmail.google.com%2F&state=st&code_challenge=ch&code_challenge_method=S256&access_type="
          "offline&prompt=consent");
    CHECK(is_loopback_address("http://127.0.0.1:8400/"));
    CHECK(is_loopback_address("http://[::1]:8400/back"));
    CHECK(is_loopback_address("http://localhost/"));
    CHECK_FALSE(is_loopback_address("http://example.com/"));
    CHECK_FALSE(is_loopback_address("https://127.0.0.1/"));
    CHECK_FALSE(is_loopback_address("http://127.0.0.1.example.com/"));
}

TEST_CASE("what a table lacks for its grant is said in a sentence, all at once") {
    oauth_client empty;
    empty.connection = "x";
    CHECK(problems(empty) ==
          "/profile or token_url is required; profiles are: \"google\", \"microsoft\"\n"
          "/client_id is required: the application's id at the provider\n");
    auto wrong = google_client();
    wrong.profile = "gogle";
    CHECK(problems(wrong) == "/profile is not known; did you mean \"google\"?\n");
    auto app = application();
    app.tenant.clear();
    app.client_secret = secret();
    CHECK(problems(app) ==
          "/tenant is required: the id or domain of your directory\n"
          "/client_secret is required: an application signs in with its own secret\n");
    app = application();
    app.tenant = "common";
    app.refresh_token = secret("r");
    CHECK(problems(app) ==
          "/tenant must be the id or domain of your directory: an application signs in to one, not "
          "to \"common\"\n"
          "/refresh_token is not for grant = \"client_credentials\"\n");
    auto account = google_client();
    account.grant = oauth_grant::service_account;
    account.refresh_token = secret();
    CHECK(problems(account) ==
          "/client_id is not for grant = \"service_account\"\n"
          "/client_secret is not for grant = \"service_account\"\n"
          "/subject is required: the mailbox to send as\n"
          "/service_account is required: the content of the JSON key file, such as { file = "
          "\"service-account.json\" }\n");
    auto tenant = google_client();
    tenant.tenant = "example.com";
    CHECK(problems(tenant) == "/tenant is not used: no address has {tenant}\n");
}

TEST_CASE("addresses are https unless allow_http says so, and a tenant cannot change the host") {
    auto client = google_client();
    client.token_url = "http://127.0.0.1:8080/token";
    CHECK(
        problems(client) ==
        "/token_url must begin with https://; allow_http = true allows http://, which shows every "
        "secret to the network\n");
    client.allow_http = true;
    CHECK(problems(client).empty());
    client.token_url = "https://user@host/token";
    CHECK(problems(client) ==
          "/token_url must be an address such as https://login.example.com/token\n");
    for (const char* name : {"a/../b", "evil.example.com/x?", "@evil", "{tenant}"}) {
        auto office = microsoft_client();
        office.tenant = name;
        CHECK(problems(office) == "/tenant must be the id or domain of your directory\n");
    }
    auto proxied = google_client();
    proxied.proxy = secret("ftp://host:1");
    CHECK(problems(proxied).starts_with("/proxy "));
}

TEST_CASE("a manifest adds profiles, and lays its words over the host's") {
    plugin::oauth_profiles manifest;
    manifest["yandex"].token_url = "https://oauth.example.com/token";
    manifest["yandex"].scope = "mail:smtp";
    auto client = google_client();
    client.profile = "yandex";
    const auto whole = complete_client(client, oauth_profiles_with(manifest));
    REQUIRE(whole.ok());
    CHECK(whole->scope == "mail:smtp");
    CHECK_FALSE(whole->owners_token_url);
    CHECK(oauth_profiles_with(manifest).at("google").scope == "https://mail.google.com/");
}

TEST_CASE("the kept refresh token wins, unless the configured one or the client was changed") {
    const auto client = completed(google_client());
    const refresh_record kept = record_for(client, secret("kept"), "rotation");
    const auto again = read_record(write_record(kept));
    REQUIRE(again.has_value());
    const auto chosen = [&](const oauth_client& with) {
        const auto got = choose_refresh_token(with, again, {});
        return std::string(got.token.reveal()) + " " + got.source + got.problem;
    };
    CHECK(chosen(client) == "kept rotation");
    auto changed = client;
    changed.refresh_token = secret("another");
    CHECK(chosen(changed) == "another settings");
    auto removed = client;
    removed.refresh_token = secret();
    CHECK(chosen(removed) == "kept rotation");
    auto elsewhere = removed;
    elsewhere.token_url = "https://evil.example.com/token";
    CHECK(chosen(elsewhere) == " the login that is kept is of another client_id or provider");
    auto other = client;
    other.client_id = "other";
    CHECK(chosen(other) == "1//fake-refresh-token settings");
    CHECK(choose_refresh_token(removed, {}, "it is lost").problem == "it is lost");
    CHECK_FALSE(read_record(secret("{}")).has_value());
    CHECK_FALSE(read_record(secret("garbage")).has_value());
}

TEST_CASE("a token is renewed five minutes early, a short one by a quarter of its life") {
    const auto held = [](std::chrono::seconds lifetime) {
        return hold({secret("t"), {}, lifetime}, {}, now);
    };
    CHECK(readiness_of(held(1h), 6min) == readiness::good);
    CHECK(readiness_of(held(1h), 5min) == readiness::renew);
    CHECK(readiness_of(held(1h), 61s) == readiness::renew);
    CHECK(readiness_of(held(1h), 60s) == readiness::wait);
    CHECK(readiness_of(held(40s), 11s) == readiness::good);
    CHECK(readiness_of(held(40s), 10s) == readiness::renew);
    CHECK(readiness_of(held(40s), 4s) == readiness::wait);
    CHECK(left_of(held(1h), mono_time(10min), now) == 50min);
    CHECK(left_of(held(1h), {}, now + 20min) == 40min);
    CHECK(back_off(1) == 1s);
    CHECK(back_off(3) == 5s);
    CHECK(back_off(100) == 60s);
}
