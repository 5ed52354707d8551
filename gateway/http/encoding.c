/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/http/encoding.h"

enum { WHOLE = 1000, UNSAID = -1 }; /* a weight, in thousandths */

static const char *const names[HTTP_ENCODINGS] = {"identity", "gzip", "br"};

const char *http_encoding_name(enum http_encoding encoding)
{
	return encoding == HTTP_IDENTITY ? NULL : names[encoding];
}

/* "0.5" in thousandths; what is no weight is none. */
static int weight_of(struct slice text)
{
	int value = 0, place = WHOLE;

	if (!text.size || text.size > 5 || text.data[0] < '0' || text.data[0] > '1')
		return 0;
	if (text.size > 1 && text.data[1] != '.')
		return 0;
	value = (text.data[0] - '0') * WHOLE;
	for (size_t i = 2; i < text.size; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return 0;
		place /= 10;
		value += (text.data[i] - '0') * place;
	}
	return value > WHOLE ? 0 : value;
}

/* One element, "gzip;q=0.5": its name, and its weight. */
static int read_element(struct slice *name, struct slice element)
{
	struct slice parameter, value;

	if (!slice_cut(element, ';', name, &parameter)) {
		*name = slice_trim(element);
		return WHOLE;
	}
	*name = slice_trim(*name);
	if (!slice_cut(slice_trim(parameter), '=', &parameter, &value) ||
	    !slice_equal_ignoring_case(slice_trim(parameter), S("q")))
		return 0;
	return weight_of(slice_trim(value));
}

static void read_weights(int weights[HTTP_ENCODINGS], struct slice accept)
{
	int others = UNSAID;
	bool more = accept.size > 0;

	for (size_t i = 0; i < HTTP_ENCODINGS; i++)
		weights[i] = UNSAID;
	while (more) {
		struct slice element, name;
		int weight;

		more = slice_cut(accept, ',', &element, &accept);
		weight = read_element(&name, element);
		if (slice_equal(name, S("*")))
			others = weight;
		for (size_t i = 0; i < HTTP_ENCODINGS; i++)
			if (slice_equal_ignoring_case(name, slice_of_string(names[i])))
				weights[i] = weight;
	}
	for (size_t i = 0; i < HTTP_ENCODINGS; i++)
		if (weights[i] == UNSAID)
			weights[i] = others;
}

enum http_encoding http_encoding_of(struct slice accept, const bool has[HTTP_ENCODINGS])
{
	enum http_encoding best = HTTP_IDENTITY;
	int weights[HTTP_ENCODINGS];

	read_weights(weights, accept);
	if (weights[HTTP_IDENTITY] == UNSAID) /* accepted, and liked less than what is named */
		weights[HTTP_IDENTITY] = 0;
	for (enum http_encoding i = HTTP_GZIP; i <= HTTP_BROTLI; i++)
		if (has[i] && weights[i] > 0 && weights[i] >= weights[best])
			best = i;
	return best;
}
