/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/courier/mail.h"

#include <netinet/in.h>
#include <stdio.h>

#include "gateway/courier/address.h"
#include "gateway/courier/guard.h"
#include "gateway/courier/mailbox.h"

enum { MAIL_CONNECT_SECONDS = 15, MAIL_MAX_WORD = 1024 };

/* One message on its way. */
struct sending {
	const struct mail *mail;
	struct slice left;
	bool is_refused_address;
};

enum err mail_rules_check(const struct mail_rules *rules)
{
	struct slice server = rules->server;

	if (!server.size)
		return OK;
	if ((!slice_starts_with(server, S("smtp://")) &&
	     !slice_starts_with(server, S("smtps://"))) ||
	    slice_find(server, '@') < server.size || slice_find(server, ' ') < server.size)
		return failure(ERR_FORMAT, "mail.server: smtp://HOST[:PORT] or smtps://HOST[:PORT] "
					   "is expected");
	if (mailbox_check(rules->from) != OK)
		return failure(ERR_FORMAT, "mail.from: a mailbox is expected, name@host");
	if (rules->user.size && !rules->password.size)
		return failure(ERR_FORMAT, "mail.password_file is missing: mail.user has one");
	return OK;
}

static bool is_loopback(const struct curl_sockaddr *address)
{
	if (address->family == AF_INET)
		return ((const uint8_t *)&((const struct sockaddr_in *)(const void *)&address->addr)
				->sin_addr)[0] == 127;
	return address->family == AF_INET6 &&
	       IN6_IS_ADDR_LOOPBACK(
		       &((const struct sockaddr_in6 *)(const void *)&address->addr)->sin6_addr);
}

/* The server is one the operator has named, so it may be inside; without TLS it must be here. */
static curl_socket_t on_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct sending *s = context;

	if (purpose != CURLSOCKTYPE_IPCXN ||
	    address_kind_of(&address->addr, address->addrlen) == ADDRESS_NEVER ||
	    (s->mail->rules->allow_plain_loopback && !is_loopback(address))) {
		s->is_refused_address = true;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static size_t on_read(char *out, size_t size, size_t count, void *context)
{
	struct sending *s = context;
	size_t most = size * count < s->left.size ? size * count : s->left.size;

	memcpy(out, s->left.data, most);
	s->left = slice_part(s->left, most, s->left.size);
	return most;
}

static int on_progress(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	const struct sending *s = context;

	(void)a, (void)b, (void)c, (void)d;
	return atomic_load(s->mail->stop);
}

/* What the server answers is read by libcurl, and is nobody's. */
static size_t on_answer(char *data, size_t size, size_t count, void *context)
{
	(void)data, (void)context;
	return size * count;
}

static void set_safety(CURL *curl, struct sending *s)
{
	const struct mail_rules *rules = s->mail->rules;
	struct curl_blob authorities = {.data = (void *)(uintptr_t)rules->authorities.data,
					.len = rules->authorities.size,
					.flags = CURL_BLOB_NOCOPY};

	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	curl_easy_setopt(curl, CURLOPT_USE_SSL,
			 (long)(rules->allow_plain_loopback ? CURLUSESSL_TRY : CURLUSESSL_ALL));
	curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(curl, CURLOPT_CAINFO_BLOB, &authorities);
	curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, on_socket);
	curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, s);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)MAIL_CONNECT_SECONDS);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)MAIL_SECONDS);
}

static void set_word(CURL *curl, CURLoption option, struct slice value)
{
	char text[MAIL_MAX_WORD + 1];

	snprintf(text, sizeof text, "%.*s", SLICE_PRINT(slice_part(value, 0, MAIL_MAX_WORD)));
	curl_easy_setopt(curl, option, text); /* copied */
	explicit_bzero(text, sizeof text);
}

static void set_message(CURL *curl, struct sending *s, struct curl_slist **recipients)
{
	const struct mail_rules *rules = s->mail->rules;
	char mailbox[MAILBOX_MAX + 3];

	set_word(curl, CURLOPT_URL, rules->server);
	snprintf(mailbox, sizeof mailbox, "<%.*s>", SLICE_PRINT(rules->from));
	curl_easy_setopt(curl, CURLOPT_MAIL_FROM, mailbox);
	snprintf(mailbox, sizeof mailbox, "<%.*s>", SLICE_PRINT(s->mail->to));
	guard_header(recipients, mailbox);
	curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, *recipients);
	if (rules->user.size) {
		set_word(curl, CURLOPT_USERNAME, rules->user);
		set_word(curl, CURLOPT_PASSWORD, rules->password);
	}
	curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(curl, CURLOPT_READFUNCTION, on_read);
	curl_easy_setopt(curl, CURLOPT_READDATA, s);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_answer);
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(curl, CURLOPT_XFERINFODATA, s);
}

static enum err explain(const struct sending *s, CURLcode code)
{
	const char *why = curl_easy_strerror(code);

	if (s->is_refused_address)
		return failure(ERR_DENIED,
			       "the mail server is at an address that must not be "
			       "connected to%s",
			       s->mail->rules->allow_plain_loopback
				       ? ": mail.plain_loopback is for loopback alone"
				       : "");
	if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE)
		return failure(ERR_DENIED,
			       "the mail server's certificate is not trusted (%s); see "
			       "mail.ca_file",
			       why);
	if (code == CURLE_USE_SSL_FAILED)
		return failure(ERR_DENIED, "the mail server has no STARTTLS, and nothing is sent "
					   "without");
	if (code == CURLE_OPERATION_TIMEDOUT)
		return failure(ERR_TIMEOUT, "the mail server took too long");
	return failure(ERR_UNAVAILABLE, "the mail server: %s", why);
}

enum err mail_send(unsigned *status, const struct mail *mail)
{
	AUTO(guard_curl_auto) CURL *curl = NULL;
	AUTO(guard_headers_auto) struct curl_slist *recipients = NULL;
	struct sending s = {.mail = mail, .left = mail->message};
	long said = 0;
	CURLcode code;

	if (!mail->rules->server.size)
		return failure(ERR_UNSUPPORTED, "there is no mail server: mail.server is empty");
	TRY(mailbox_check(mail->to));
	curl = curl_easy_init();
	if (!curl)
		return failure(ERR_INTERNAL, "libcurl gives no handle");
	set_safety(curl, &s);
	set_message(curl, &s, &recipients);
	code = curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &said);
	*status = (unsigned)said;
	if (code == CURLE_OK)
		return OK;
	/* A refusal in SMTP's own words is an answer; libcurl has no other way to tell it. */
	if (said >= 400 && said <= 599 && code != CURLE_USE_SSL_FAILED)
		return OK;
	return explain(&s, code);
}
