/* SPDX-License-Identifier: Apache-2.0 */
/* Calls of the courier against a server on loopback that leads astray, lies and stalls. */
#include "tests/unit/test.h"

#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/courier/call.h"
#include "tests/unit/gateway/edge/client.h"

enum { SERVERS = 2, HEAD_MAX = 8192 };

struct server {
	int fd;
	unsigned port;
	pthread_t thread;
};

static struct server servers[SERVERS]; /* two places: another port is another one */
static SSL_CTX *tls;
static struct buf certificate, key;
static char allow[300], credentials[200];
static struct guard_rules rules;
static atomic_bool stop;

/* What a path answers; at the end of a head, # stands for /echo at the second server, and @ for
 * /home there, which leads (!) back to the first. */
static const struct {
	const char *path, *head, *body;
} answers[] = {
	{"/here ", "302 Found\r\nLocation: /echo", "moved"},
	{"/away ", "302 Found\r\nLocation: #", ""},
	{"/back ", "302 Found\r\nLocation: @", ""},
	{"/home ", "302 Found\r\nLocation: !", ""},
	{"/inside ", "302 Found\r\nLocation: https://169.254.169.254/latest", ""},
	{"/unlisted ", "302 Found\r\nLocation: https://evil.example/", ""},
	{"/plain ", "302 Found\r\nLocation: http://localhost/", ""},
	{"/round ", "302 Found\r\nLocation: /round", ""},
	{"/packed ", "200 OK\r\nContent-Encoding: gzip", "x"},
};

static void send_text(SSL *ssl, const char *text)
{
	SSL_write(ssl, text, (int)strlen(text));
}

static void write_head(char *out, size_t size, const char *head)
{
	size_t last = strlen(head) - 1;
	unsigned port = servers[head[last] == '!' ? 0 : 1].port;
	const char *path = head[last] == '@' ? "home" : "echo";

	if (strchr("#@!", head[last]))
		snprintf(out, size, "%.*shttps://localhost:%u/%s", (int)last, head, port, path);
	else
		snprintf(out, size, "%s", head);
}

/* Everything else comes back as it was sent. */
static void answer(SSL *ssl, const char *request, const char *path)
{
	char head[400], text[HEAD_MAX + 500];

	for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
		if (strncmp(path, answers[i].path, strlen(answers[i].path)) != 0)
			continue;
		write_head(head, sizeof head, answers[i].head);
		snprintf(text, sizeof text,
			 "HTTP/1.1 %s\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s", head,
			 strlen(answers[i].body), answers[i].body);
		send_text(ssl, text);
		return;
	}
	if (strncmp(path, "/silent ", 8) == 0)
		return;
	snprintf(text, sizeof text,
		 "HTTP/1.1 200 OK\r\nETag: \"e\"\r\nContent-Length: %zu\r\nConnection: "
		 "close\r\n\r\n",
		 strlen(request));
	send_text(ssl, text);
	send_text(ssl, request);
}

/* A GET ends with its head, all else with the exclamation mark of its body. */
static bool is_whole(char *request, size_t size)
{
	request[size] = '\0';
	return strstr(request, "\r\n\r\n") &&
	       (strncmp(request, "GET ", 4) == 0 || strchr(request, '!'));
}

static void serve_one(int fd)
{
	SSL *ssl = SSL_new(tls);
	char request[HEAD_MAX + 1];
	size_t size = 0;
	int got = 1;

	SSL_set_fd(ssl, fd);
	if (SSL_accept(ssl) == 1) {
		while (got > 0 && !is_whole(request, size)) {
			got = SSL_read(ssl, request + size, (int)(HEAD_MAX - size));
			size += got > 0 ? (size_t)got : 0;
		}
		request[size] = '\0';
		answer(ssl, request, strchr(request, '/'));
		if (strstr(request, "/silent "))
			got = SSL_read(ssl, request, HEAD_MAX); /* until the other end goes */
		SSL_shutdown(ssl);
	}
	SSL_free(ssl);
	close(fd);
}

static void *serve(void *context)
{
	const struct server *s = context;
	int fd;

	while ((fd = accept(s->fd, NULL, NULL)) >= 0)
		serve_one(fd);
	return NULL;
}

static void start_server(struct server *s)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof address;

	s->fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(s->fd, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(s->fd, 8), 0);
	assert_int_equal(getsockname(s->fd, (struct sockaddr *)&address, &size), 0);
	s->port = ntohs(address.sin_port);
	assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

static void start_tls(void)
{
	BIO *certificate_bio, *key_bio;
	X509 *x;
	EVP_PKEY *pair;

	certificate = buf_new(HEAD_MAX);
	key = buf_new(HEAD_MAX);
	client_make_certificate(&certificate, &key);
	certificate_bio = BIO_new_mem_buf(certificate.data, (int)certificate.size);
	key_bio = BIO_new_mem_buf(key.data, (int)key.size);
	x = PEM_read_bio_X509(certificate_bio, NULL, NULL, NULL);
	pair = PEM_read_bio_PrivateKey(key_bio, NULL, NULL, NULL);
	tls = SSL_CTX_new(TLS_server_method());
	assert_int_equal(SSL_CTX_use_certificate(tls, x), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(tls, pair), 1);
	X509_free(x);
	EVP_PKEY_free(pair);
	BIO_free(certificate_bio);
	BIO_free(key_bio);
}

static int start(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	start_tls();
	for (size_t i = 0; i < SERVERS; i++)
		start_server(&servers[i]);
	snprintf(allow, sizeof allow, "localhost:%u localhost:%u 169.254.169.254", servers[0].port,
		 servers[1].port);
	snprintf(credentials, sizeof credentials, "c localhost:%u u:p\n", servers[0].port);
	curl_global_init(CURL_GLOBAL_ALL);
	return 0;
}

static int end(void **state)
{
	(void)state;
	for (size_t i = 0; i < SERVERS; i++) {
		shutdown(servers[i].fd, SHUT_RDWR);
		pthread_join(servers[i].thread, NULL);
		close(servers[i].fd);
	}
	SSL_CTX_free(tls);
	buf_free(&certificate);
	buf_free(&key);
	curl_global_cleanup();
	return 0;
}

/* What came back: the status, the body (as text) and the headers. */
static struct {
	unsigned status;
	struct buf body, headers;
} came;

static int forget(void **state)
{
	(void)state;
	buf_free(&came.body);
	buf_free(&came.headers);
	came.body = buf_new(HEAD_MAX);
	came.headers = buf_new(HEAD_MAX);
	atomic_store(&stop, false);
	rules = (struct guard_rules){.allow = slice_of_string(allow),
				     .allow_private = true,
				     .authorities = buf_slice(&certificate),
				     .credentials = slice_of_string(credentials),
				     .stall_seconds = 5};
	return 0;
}

static int forget_all(void **state)
{
	(void)state;
	buf_free(&came.body);
	buf_free(&came.headers);
	return 0;
}

static struct wire_courier_call ask_for(const char *path)
{
	static char url[100];

	snprintf(url, sizeof url, "https://localhost:%u%s", servers[0].port, path);
	return (struct wire_courier_call){.url = slice_of_string(url),
					  .headers = S("Authorization: Bearer t\nAccept: a/b\n"),
					  .timeout_ms = 5000};
}

static enum err run(const struct wire_courier_call *ask, struct slice body)
{
	const struct call call = {.rules = &rules, .ask = ask, .body = body, .stop = &stop};
	struct call_answer got = {.body = &came.body, .headers = &came.headers};
	enum err result = call_run(&got, &call);

	came.status = got.status;
	return result;
}

static bool has(struct buf *text, const char *part)
{
	return strstr(buf_string(text), part) != NULL;
}

static void a_call_is_sent_as_it_was_asked(void **state)
{
	struct wire_courier_call ask = ask_for("/echo");

	(void)state;
	ask.method = WIRE_METHOD_POST;
	ask.headers = S("Content-Type: text/x\n");
	ask.credential = S("c");
	assert_ok(run(&ask, S("the body!")));
	assert_int_equal(came.status, 200);
	assert_true(has(&came.body, "POST /echo HTTP/1.1\r\n"));
	assert_true(has(&came.body, "\r\nContent-Type: text/x\r\n"));
	assert_true(has(&came.body, "\r\nAuthorization: Basic dTpw\r\n"));
	assert_true(has(&came.body, "\r\n\r\nthe body!"));
	assert_true(has(&came.headers, "etag: \"e\"\n"));
	ask.headers = S("");
	assert_err(run(&ask, S("no type!")), ERR_FORMAT);
}

static void a_redirect_is_an_answer_unless_it_was_asked_for(void **state)
{
	struct wire_courier_call ask = ask_for("/here");

	(void)state;
	assert_ok(run(&ask, S("")));
	assert_int_equal(came.status, 302);
	assert_true(has(&came.headers, "location: /echo\n"));
	assert_true(has(&came.body, "moved"));
	ask.redirects = 1;
	assert_ok(run(&ask, S("")));
	assert_int_equal(came.status, 200);
	assert_true(has(&came.body, "GET /echo "));
	assert_true(has(&came.body, "Authorization: Bearer t"));
	ask.method = WIRE_METHOD_POST;
	assert_err(run(&ask, S("")), ERR_FORMAT);
	ask = ask_for("/round");
	ask.redirects = 3;
	assert_ok(run(&ask, S("")));
	assert_int_equal(came.status, 302); /* the last one */
	ask.redirects = 6;
	assert_err(run(&ask, S("")), ERR_FORMAT);
}

static void what_is_for_one_place_goes_to_no_other_not_even_by_a_way_back(void **state)
{
	static const char *const paths[] = {"/away", "/back"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct wire_courier_call ask = ask_for(paths[i]);

		ask.redirects = 3;
		ask.credential = S("c");
		assert_ok(run(&ask, S("")));
		assert_true(has(&came.body, "GET /echo "));
		assert_true(has(&came.body, "Accept: a/b"));
		assert_false(has(&came.body, "Authorization"));
	}
}

static void a_redirect_leads_neither_inside_nor_anywhere(void **state)
{
	static const struct {
		const char *path;
		enum err kind;
		const char *why;
	} rows[] = {
		{"/inside", ERR_DENIED, "must not be connected to"},
		{"/unlisted", ERR_DENIED, "not a host the gateway may call"},
		{"/plain", ERR_FORMAT, "https://"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct wire_courier_call ask = ask_for(rows[i].path);

		ask.redirects = 1;
		assert_err(run(&ask, S("")), rows[i].kind);
		assert_non_null(strstr(failure_text(), rows[i].why));
	}
}

static void where_a_call_may_not_go_it_does_not(void **state)
{
	struct wire_courier_call ask = ask_for("/echo");

	(void)state;
	rules.allow_private = false;
	assert_err(run(&ask, S("")), ERR_DENIED);
	assert_non_null(strstr(failure_text(), "courier.allow_private"));
	rules.allow_private = true;
	rules.allow = S("localhost");
	assert_err(run(&ask, S("")), ERR_DENIED);
	assert_non_null(strstr(failure_text(), "courier.allow"));
	rules.allow = slice_of_string(allow);
	rules.authorities = S("-----BEGIN CERTIFICATE-----\n");
	assert_err(run(&ask, S("")), ERR_DENIED);
	assert_non_null(strstr(failure_text(), "certificate"));
	(void)forget(NULL);
	ask.credential = S("none");
	assert_err(run(&ask, S("")), ERR_DENIED);
}

static void an_answer_has_its_bounds(void **state)
{
	struct wire_courier_call ask = ask_for("/echo");

	(void)state;
	came.body.limit = 50;
	assert_err(run(&ask, S("")), ERR_LIMIT);
	assert_non_null(strstr(failure_text(), "more than 50 bytes"));
	(void)forget(NULL);
	ask = ask_for("/packed");
	assert_err(run(&ask, S("")), ERR_FORMAT);
	ask = ask_for("/silent");
	ask.timeout_ms = 100;
	assert_err(run(&ask, S("")), ERR_TIMEOUT);
	ask.timeout_ms = 0;
	assert_err(run(&ask, S("")), ERR_FORMAT);
	ask = ask_for("/silent");
	atomic_store(&stop, true);
	assert_err(run(&ask, S("")), ERR_CLOSED);
}

#define CALL_TEST(name) cmocka_unit_test_setup_teardown(name, forget, forget_all)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CALL_TEST(a_call_is_sent_as_it_was_asked),
		CALL_TEST(a_redirect_is_an_answer_unless_it_was_asked_for),
		CALL_TEST(what_is_for_one_place_goes_to_no_other_not_even_by_a_way_back),
		CALL_TEST(a_redirect_leads_neither_inside_nor_anywhere),
		CALL_TEST(where_a_call_may_not_go_it_does_not),
		CALL_TEST(an_answer_has_its_bounds),
	};

	return cmocka_run_group_tests(tests, start, end);
}
