/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The web console: index.html for each of its addresses, and what that asks for. From memory, and
 * under a policy by which a page runs only our own scripts, loads nothing from elsewhere, and is
 * shown in nobody's frame.
 */
#include "gateway/api/api.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "gateway/console/assets.h"
#include "gateway/http/conditions.h"

static const char policy[] =
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
	"connect-src 'self'; font-src 'self'; manifest-src 'self'; frame-ancestors 'none'; "
	"base-uri 'none'; form-action 'self'; require-trusted-types-for 'script'; "
	"trusted-types 'none'";

static const char absent[] =
	"This gateway was built without its web console.\n"
	"\n"
	"Everything can be done with the command line (sallyport --help) and over HTTP\n"
	"(/openapi.json). To have the console, install Debian's packages nodejs and npm and build\n"
	"again; with -DSALLYPORT_CONSOLE=ON the build says what it lacks.\n";

static void write_headers(struct exchange *x, const struct asset *asset,
			  enum http_encoding encoding)
{
	exchange_header(x, "Cache-Control", "%s",
			asset->is_hashed ? "public, max-age=31536000, immutable" : "no-cache");
	exchange_header(x, "ETag", "\"%s-%d\"", asset->tag, (int)encoding);
	exchange_header(x, "Vary", "Accept-Encoding");
	exchange_header(x, "Content-Security-Policy", "%s", policy);
	exchange_header(x, "X-Content-Type-Options", "nosniff");
	exchange_header(x, "Referrer-Policy", "same-origin");
	exchange_header(x, "Cross-Origin-Opener-Policy", "same-origin");
	exchange_header(x, "Cross-Origin-Resource-Policy", "same-origin");
	exchange_header(x, "Permissions-Policy",
			"camera=(), microphone=(), geolocation=(), payment=(), usb=()");
}

static void send_asset(struct exchange *x, const struct asset *asset)
{
	const struct http_request *request = exchange_request(x);
	bool has[HTTP_ENCODINGS];
	enum http_encoding encoding;
	const char *tag;

	for (size_t i = 0; i < HTTP_ENCODINGS; i++)
		has[i] = asset->in[i].size > 0;
	encoding = http_encoding_of(http_header(request, "Accept-Encoding"), has);
	tag = arena_printf(exchange_arena(x), "\"%s-%d\"", asset->tag, (int)encoding);
	write_headers(x, asset, encoding);
	if (condition_of((struct slice){0}, http_header(request, "If-None-Match"),
			 slice_of_string(tag)) == CONDITION_NOT_MODIFIED) {
		reply_empty(x, 304);
		return;
	}
	if (http_encoding_name(encoding))
		exchange_header(x, "Content-Encoding", "%s", http_encoding_name(encoding));
	exchange_answer(x, 200, asset->type, asset->in[encoding]);
}

void console_page(struct exchange *x, struct route_context *context)
{
	struct asset page;

	(void)context;
	if (assets_find(&page, S("index.html")))
		send_asset(x, &page);
	else if (slice_equal(exchange_request(x)->path, S("/")))
		reply_text(x, 200, "text/plain; charset=utf-8", slice_of_string(absent));
	else
		reply_code(x, CODE_NOT_FOUND, "this gateway was built without its web console",
			   NULL);
}

void console_asset(struct exchange *x, struct route_context *context)
{
	const char *name = arena_printf(exchange_arena(x), "assets/%.*s",
					SLICE_PRINT(exchange_param(x, "file")));
	struct asset asset;

	(void)context;
	if (assets_find(&asset, slice_of_string(name)))
		send_asset(x, &asset);
	else
		reply_code(x, CODE_NOT_FOUND, "the console has no such file; load its page anew",
			   NULL);
}
