/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /device: where somebody approves their device with a browser. Plain HTML, no script, nothing from
 * elsewhere; the form comes back to the same address. It speaks the language of Accept-Language.
 */
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "gateway/api/signin/device.h"
#include "gateway/api/signin/device_text.h"
#include "gateway/api/signin/oidc.h"
#include "gateway/api/signin/session_cookie.h"
#include "gateway/api/signin/signin.h"
#include "gateway/http/url.h"

enum { PAGE_MAX = 64 * 1024, PAGE_DAYS = 90 };

static void put_html(struct buf *out, struct slice text)
{
	for (size_t i = 0; i < text.size; i++)
		switch (text.data[i]) {
		case '<':
			buf_write(out, S("&lt;"));
			break;
		case '>':
			buf_write(out, S("&gt;"));
			break;
		case '&':
			buf_write(out, S("&amp;"));
			break;
		case '"':
			buf_write(out, S("&quot;"));
			break;
		case '\'':
			buf_write(out, S("&#39;"));
			break;
		default:
			buf_write_u8(out, text.data[i]);
		}
}

/* The language of whoever asks, and the page begun in it. */
static const struct device_text *begin_page(struct buf *page, const struct exchange *x)
{
	const struct device_text *t = device_text_of(
		http_header(exchange_request(x), "Accept-Language"));

	buf_printf(page,
		   "<!doctype html><html lang=\"%s\"><meta charset=\"utf-8\">"
		   "<meta name=\"viewport\" content=\"width=device-width\"><title>%s</title>",
		   t->tag, t->title);
	buf_write(page, S("<style>body{font:1.1em/1.5 sans-serif;max-width:32em;margin:3em auto;"
			  "padding:0 1em}input,button{font:inherit;padding:.4em}:root{"
			  "color-scheme:light dark;background:Canvas}code{overflow-wrap:anywhere}"
			  "</style>"));
	buf_printf(page, "<main><h1>%s</h1>", t->title);
	return t;
}

static void send_page(struct exchange *x, unsigned status, const struct buf *page)
{
	exchange_header(x, "Cache-Control", "no-store");
	exchange_header(x, "Content-Security-Policy",
			"default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
			"frame-ancestors 'none'; base-uri 'none'");
	exchange_header(x, "Referrer-Policy", "same-origin");
	exchange_answer(x, status, "text/html; charset=utf-8", buf_slice(page));
}

static void say(struct exchange *x, unsigned status, struct slice sentence)
{
	AUTO(buf_free) struct buf page = buf_new(PAGE_MAX);

	begin_page(&page, x);
	buf_write(&page, S("<p>"));
	put_html(&page, sentence);
	send_page(x, status, &page);
}

static void put_code_form(struct buf *page, const struct device_text *t)
{
	buf_printf(page,
		   "<form method=\"get\" action=\"/device\"><p><label>%s <input name=\"user_code\""
		   " autocomplete=\"off\" autofocus required></label> <button>%s</button></form>",
		   t->code, t->go_on);
}

static void put_sign_in(struct buf *page, const struct device_text *t, struct exchange *x,
			struct route_context *context, struct slice code)
{
	const struct oidc *o = context->api->oidc;
	const char *back = arena_printf(exchange_arena(x), "/device?user_code=%.*s",
					SLICE_PRINT(code));

	buf_printf(page, "<p>%s<ul>", t->not_signed_in);
	for (size_t i = 0; i < oidc_count(o); i++) {
		buf_printf(page, "<li><a href=\"/api/v1/oidc/%.*s/start?back=",
			   SLICE_PRINT(oidc_at(o, i)->name));
		url_write_component(page, slice_of_string(back));
		buf_write(page, S("\">"));
		put_html(page, oidc_at(o, i)->title);
		buf_write(page, S("</a>"));
	}
	buf_write(page, S("<li><a href=\"/sign-in?back="));
	url_write_component(page, slice_of_string(back));
	buf_printf(page, "\">%s</a></ul><p>%s <code>sallyport device approve ", t->on_console,
		   t->or_approve);
	put_html(page, code);
	buf_write(page, S("</code>"));
}

static void put_bold(struct buf *page, struct slice text)
{
	buf_write(page, S(" <b>"));
	put_html(page, text);
	buf_write(page, S("</b>"));
}

static void put_question(struct buf *page, const struct device_text *t, const struct principal *who,
			 const struct store_device *device)
{
	buf_printf(page, "<p>%s", t->you_are);
	put_bold(page, who->person.name);
	buf_printf(page, ". %s", t->program);
	put_bold(page, device->client);
	buf_printf(page, ", %s", t->at);
	put_bold(page, device->address);
	buf_printf(page, ", %s", t->asks);
	put_bold(page, device->user_code);
	buf_write(page, S("<form method=\"post\" action=\"/device\">"
			  "<input type=\"hidden\" name=\"user_code\" value=\""));
	put_html(page, device->user_code);
	buf_printf(page,
		   "\"><p><button name=\"answer\" value=\"approve\">%s</button> "
		   "<button name=\"answer\" value=\"deny\">%s</button></form>",
		   t->approve, t->turn_away);
}

/* A code as somebody might type it; nothing else goes into an address of ours. */
static struct slice plain_code(struct slice typed)
{
	for (size_t i = 0; i < typed.size; i++)
		if (!((typed.data[i] | 0x20) >= 'a' && (typed.data[i] | 0x20) <= 'z') &&
		    typed.data[i] != '-')
			return S("");
	return slice_part(typed, 0, 16);
}

static bool is_signed_in(const struct principal *who)
{
	return who->authenticated && slice_equal(who->person.state, S("active"));
}

/* No code of ours, or one that nobody waits with. */
static bool is_absent(enum err result)
{
	return result == ERR_NOT_FOUND || result == ERR_FORMAT;
}

void device_page(struct exchange *x, struct route_context *context)
{
	AUTO(buf_free) struct buf page = buf_new(PAGE_MAX);
	const struct principal *who = authorize_principal(x);
	struct slice code = plain_code(api_query(x, "user_code"));
	const struct device_text *t = begin_page(&page, x);
	struct store_device device;
	enum err result;

	if (!is_signed_in(who)) {
		put_sign_in(&page, t, x, context, code);
	} else if (!code.size) {
		put_code_form(&page, t);
	} else {
		result = device_find(&device, x, context, code);
		if (result == OK) {
			put_question(&page, t, who, &device);
		} else {
			buf_write(&page, S("<p>"));
			put_html(&page,
				 slice_of_string(is_absent(result) ? t->absent : failure_text()));
			put_code_form(&page, t);
		}
	}
	send_page(x, 200, &page);
}

static enum err take_answer(struct exchange *x, struct route_context *context)
{
	const struct principal *who = authorize_principal(x);
	struct scope scope = {0};
	struct slice code, answer;
	struct store_device device;

	TRY(oauth_field(&code, x, NULL, "user_code"));
	TRY(oauth_field(&answer, x, NULL, "answer"));
	if (!principal_is_whole(who))
		return failure(ERR_DENIED, "what you have signed in with is narrowed");
	TRY(device_find(&device, x, context, code));
	device_narrow(&device, who, &scope, PAGE_DAYS);
	return device_decide(x, context, &device, slice_equal(answer, S("approve")));
}

void device_answer(struct exchange *x, struct route_context *context)
{
	const struct device_text *t = device_text_of(
		http_header(exchange_request(x), "Accept-Language"));
	const struct principal *who = authorize_principal(x);
	struct store_attempt attempts[STORE_ATTEMPT_SUBJECTS];
	enum err result;

	if (!is_signed_in(who)) {
		say(x, who->authenticated ? 403 : 401,
		    slice_of_string(who->why ? who->why : t->signed_out));
		return;
	}
	if (!signin_may_try(attempts, x, context, who->person.name))
		return;
	result = take_answer(x, context);
	if (result == OK)
		result = store_attempt_was_right(context->store, attempts);
	if (result == OK)
		say(x, 200, slice_of_string(t->done));
	else
		say(x, 400, slice_of_string(failure_text()));
}
